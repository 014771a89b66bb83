"""What the demo says, in words that a support lead understands. Pure functions of plain values."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from assistant.wire.guard import MapCellView
from evals.demo.plan import Cell
from evals.demo.session import Compared
from guardrails.rules.policy import Policy
from guardrails.rules.strengths import parted
from guardrails.types import QUOTE, Score

_CALLED: Final = {"glossary": "glossary questions", "support": "support questions"}
_EXAMPLES: Final = 3
_PLENTY: Final = 300


def opening(
    policy: Policy, questions: Mapping[str, int], arms: Sequence[str], minutes: float
) -> Iterator[str]:
    """Yield what is about to happen, and by which rules."""
    kinds = " and ".join(f"{count} {_kind(segment)}" for segment, count in questions.items())
    full = [arm for arm in arms if parted(arm)[1] == 1.0]
    lower = sorted({parted(arm)[1] for arm in arms if parted(arm)[1] < 1.0}, reverse=True)
    yield (
        f"{kinds}, none of them used in training. Base and {len(full)} tuned "
        f"model{'s' if len(full) > 1 else ''} ({', '.join(full)}) answer them from the same "
        "passages; the same scorers score every answer between 0 and 1. Nobody sees the tuned "
        "models' answers until they have earned it."
    )
    yield (
        "Where the product would show the document's own words, these are scored, too: the row "
        f"`{QUOTE}`. Nothing is routed to it."
    )
    if lower:
        shares = " and ".join(map(_percent, lower))
        yield f"Where a tuned model is routed back, it is tried again at {shares} strength."
    yield (
        f"Rules: at most a {_percent(policy.false_alarms)} chance of routing back a model that is "
        f"not worse, per kind of question, in {policy.horizon:,} scored pairs; a loss of "
        f"{policy.tolerance:g} points is tolerated; promotion after {policy.min_pairs} pairs at "
        "the earliest, in two stages, and only when a larger loss is disproved. A careful owner "
        "asks for more: days, conversations, rare catastrophes, failures, time and tokens."
    )
    yield (
        "To be quick, languages are pooled within a kind of question, and answers are computed "
        f"with the cached opening of the prompt. It ends after {minutes:g} minutes at the latest."
    )


def outcome(cell: MapCellView, more: int | None, failed: str = "") -> str:
    """Return what became of one candidate in one segment.

    cell: of the transfer map. more: pairs that a decision is likely to need yet; None if unknown
    or very many. failed: why the candidate was given up, if so.
    """
    who, where, facts = _who(cell.arm), _kind(cell.segment), _seen(cell)
    if failed:
        return f"NOT ASKED ANY MORE: {who} kept failing on {where} ({failed}). Base answers them."
    if cell.stage == "routed_back":
        pooled = " over all its questions together" if _pooled(cell) else ""
        return (
            f"ROUTED BACK: {who} makes the answers to {where} worse{pooled}: {facts}. Base answers "
            "them; not one user saw a bad answer."
        )
    if not cell.pairs:
        return f"UNPROVEN: {who} on {where}: no pair was scored. Base answers them."
    if cell.verdict == "better":
        return f"{_promoted(cell)}: {who} makes the answers to {where} better: {facts}."
    if cell.verdict == "equal":
        return (
            f"{_promoted(cell)}, SHOWN HARMLESS: {who} is not worse than base on {where} by more "
            f"than is tolerated: {facts}."
        )
    return (
        f"UNPROVEN: {who} on {where}: no harm shown yet, which is not the same as shown harmless: "
        f"{facts}. {_further(more)} Until then base answers them."
    )


def dial(cells: Sequence[MapCellView]) -> Iterator[str]:
    """Yield, for each candidate that was routed back somewhere, what lower strengths came to."""
    routed = [cell for cell in cells if cell.stage == "routed_back" and parted(cell.arm)[1] == 1.0]
    for full in routed:
        lower = [
            cell
            for cell in cells
            if parted(cell.arm)[0] == full.arm
            and cell.segment == full.segment
            and cell.stage
            and cell.arm != full.arm
        ]
        if lower:
            yield _dial(full, lower)


def verdict(cells: Iterable[MapCellView]) -> str:
    """Return the whole demo in one or two sentences."""
    own = [cell for cell in cells if cell.stage and cell.arm != QUOTE]
    back = [c for c in own if c.stage == "routed_back" and parted(c.arm)[1] == 1.0]
    views = [c for c in own if c.verdict in {"better", "equal"} and c.stage != "routed_back"]
    if not back and not views:
        return "Nothing is decided yet: base goes on answering everything. More pairs are needed."
    lines = []
    if back:
        names = "; ".join(f"{_who(c.arm)} on {_kind(c.segment)}" for c in back)
        lines.append(f"The guardrail caught the regression and routed back: {names}.")
    if views:
        names = "; ".join(f"{_who(c.arm)} on {_kind(c.segment)}" for c in views)
        lines.append(f"It let through what the pairs allow: {names}.")
    return " ".join(lines)


def examples(compared: Sequence[Compared], metric: str) -> list[Compared]:
    """Return up to three telling pairs: the worst harm, the greatest help, the next worst harm.

    A pair is shown only if it points the way that the candidate's pairs in that segment do on
    average. Each question is shown once, and the second harm is of another candidate or segment
    if there is one.
    """
    sums: defaultdict[Cell, float] = defaultdict(float)
    scored = [one for one in compared if metric in one.differences]
    for one in scored:
        sums[one.arm, one.segment] += one.differences[metric]
    typical = [one for one in scored if one.differences[metric] * sums[one.arm, one.segment] > 0]
    ranked = sorted(typical, key=lambda one: one.differences[metric])
    chosen: list[Compared] = []

    def take(ordered: Iterable[Compared], *, harm: bool) -> None:
        for one in ordered:
            difference = one.differences[metric]
            fits = difference < 0 if harm else difference > 0
            if fits and all(one.case.id != other.case.id for other in chosen):
                chosen.append(one)
                return

    take(ranked, harm=True)
    take(reversed(ranked), harm=False)
    first = {(one.arm, one.segment) for one in chosen}
    other = [one for one in ranked if (one.arm, one.segment) not in first]
    take([*other, *ranked], harm=True)
    take(reversed(ranked), harm=False)
    return chosen[:_EXAMPLES]


def score_of(one: Compared, metric: str) -> tuple[str, str]:
    """Return base's and the candidate's score of a pair, for people."""
    results = [side.get(metric) for side in one.scores]
    base, tuned = (f"{r.value:.2f}" if isinstance(r, Score) else "unscored" for r in results)
    return base, tuned


def reason_of(one: Compared, metric: str) -> tuple[str, str]:
    """Return by which part of the measure each side of a pair has its score, and why."""
    results = [side.get(metric) for side in one.scores]
    base, tuned = (result.reason if result else "not scored" for result in results)
    return base, tuned


def cell_of(cell: MapCellView) -> Cell:
    """Return which cell of the plan a cell of the map is."""
    return cell.arm, cell.segment


def _dial(full: MapCellView, lower: Sequence[MapCellView]) -> str:
    where = _kind(full.segment)
    start = f"{full.arm} on {where}: full strength is worse"
    ordered = sorted(lower, key=lambda cell: -parted(cell.arm)[1])
    for cell in ordered:
        share = _percent(parted(cell.arm)[1])
        stage = cell.stage if cell.verdict != "unproven" else ""
        if stage == "serving":
            shown = "better" if cell.verdict == "better" else "shown harmless"
            return f"{start}, {share} strength is {shown} and serves."
        if stage == "canary":
            return f"{start}, {share} strength is shown harmless so far and answers on trial."
    open_ = [cell for cell in ordered if cell.stage != "routed_back" and cell.pairs]
    if open_:
        share = _percent(parted(open_[0].arm)[1])
        return f"{start}; at {share} strength no harm is shown yet, and base goes on answering."
    if any(cell.stage != "routed_back" for cell in ordered):
        return f"{start}; lower strengths were not tried for long enough to say anything."
    return f"{start}, and so are the lower strengths that were tried."


def quoted(cell: MapCellView) -> str:
    """Return how the document's own words did in one segment. cell: of the transfer map."""
    who, where = "the document's own words", _kind(cell.segment)
    if not cell.pairs:
        return f"COMPARED ONLY: {who} on {where}: no pair was scored."
    words = {
        "better": f"are better than base's answers to {where}: where an entry answers, quote it",
        "equal": f"are not worse than base's answers to {where} by more than is tolerated",
        "worse": f"are worse than base's answers to {where}: base may be let write there",
        "unproven": f"and base's answers to {where}: which are better is not shown yet",
    }[cell.verdict]
    numbers = _seen(cell).replace("its answers score", "they score")
    return f"COMPARED ONLY: {who} {words}: {numbers}."


def _who(arm: str) -> str:
    candidate, share = parted(arm)
    return arm if share == 1.0 else f"{candidate} at {_percent(share)} strength"


def _kind(segment: str) -> str:
    return "all questions" if segment == "*" else _CALLED.get(segment, f"{segment} questions")


def _seen(cell: MapCellView) -> str:
    mean, lower, upper = cell.mean or 0.0, cell.lower, cell.upper
    way = "lower" if mean < 0 else "higher"
    return (
        f"its answers score {abs(mean):.2f} {way} on average, and the true difference lies between "
        f"{lower:+.2f} and {upper:+.2f}, on {cell.pairs} pairs"
    )


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def _pooled(cell: MapCellView) -> bool:
    return "in all segments" in (cell.reason or "")


def _promoted(cell: MapCellView) -> str:
    return (
        "PROMOTED, it answers now"
        if cell.stage == "serving"
        else "ON TRIAL in a share of the answers"
    )


def _further(more: int | None) -> str:
    if more is None:
        return f"A decision is likely to need more than {_PLENTY} further pairs, or too few are in."
    return f"About {more} more pairs are likely to decide it, if they are like those so far."
