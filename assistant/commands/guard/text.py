"""The guardrail in words and tables, from the plain values of ``assistant.guarding.oversight``."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from assistant.wire.guard import (
    CandidateView,
    DecisionView,
    GuardStatus,
    MapCellView,
    MapView,
    MeasureView,
    MetricView,
    ReplayView,
    WriterView,
)
from assistant.wire.labels import RoundsView, RoundView
from guardrails.store.rounds import Agreement
from guardrails.types import QUOTE

if TYPE_CHECKING:
    from rich.table import Table

STYLES: Final = {"better": "green", "equal": "green", "worse": "red", "unproven": "dim"}
WORDS: Final = "the document's own words"


def status_lines(status: GuardStatus) -> Iterator[str]:
    """Yield what a person reads of the status, line by line."""
    if all(candidate.arm == QUOTE for candidate in status.candidates):
        yield "No candidate is configured: what is written, base writes (docs/settings.md, Arms)."
    for candidate in status.candidates:
        yield from _candidate_lines(candidate)
    queue = status.queue
    states = ", ".join(f"{count} {state}" for state, count in queue)
    yield f"Pairs queued: {states}."
    tokens = status.pair_tokens
    yield (
        f"Pair tokens in the last 24 hours: {tokens.last_24_hours:,} of at most {tokens.ceiling:,}."
    )
    yield f"Budget: {status.budget.words}."
    yield f"Promised to readers: {status.budget.promise}."
    yield (
        "Expected false route-backs a month, all candidates and segments: "
        f"at most {status.false_route_backs_per_month:.3g}."
    )
    yield from writing_lines(status.writing)
    yield from _measure_lines(status.measure)
    if not status.alarms:
        yield "No alarm is raised."
    for alarm in status.alarms:
        yield f"ALARM ({alarm.kind}, since {when(alarm.at)}): {alarm.message}"
    if lost := status.messages.given_up:
        yield f"Alarm messages given up in the last 7 days: {lost} ('routeback guard alarms')."


def _measure_lines(measure: MeasureView | None) -> Iterator[str]:
    """Yield in which languages candidates may rise, and why not."""
    if measure is None:
        yield "The measure has not been attacked: 'routeback guard attack' says what it notices."
        return
    for view in measure.languages:
        harms = [c for c in view.changes if c.family != "improvements"]
        count = sum(c.noticed == "noticed" for c in harms)
        verdict = "candidates may rise" if view.rises else f"nobody rises: {view.why}"
        yield (
            f"Attack of {when(measure.at)}, {view.language}: {count} of {len(harms)} harms "
            f"noticed; {verdict}."
        )


def labels_lines(found: RoundsView) -> Iterator[str]:
    """Yield what people say, round by round, and what that says of each metric."""
    if not found.rounds:
        yield "Nobody has labelled a pair yet: 'routeback guard label' asks about the first."
    for view in found.rounds:
        people = view.people
        old = "" if view.current else " (of an earlier version)"
        yield (
            f"Round {view.round}, {when(view.at)}: {view.arm} in {view.segment}, which is "
            f"{view.kind}{old}; {people.labels:,} of {people.pairs:,} pairs labelled"
            f"{_same_words(view)}"
        )
        if people.mean is not None:
            yield f"  people: {interval(people)}"
        for metric in view.metrics:
            wrong = "; people CONTRADICT it" if metric.contradicted else ""
            wrong = "; people say better" if metric.metric in view.underrated else wrong
            yield (
                f"  {metric.metric}: {metric.mean:+.3f}, off by {metric.bias_lower:+.3f} "
                f"to {metric.bias_upper:+.3f}{wrong}"
            )
        by = ", ".join(f"{person.by} {person.labels:,}" for person in view.by)
        yield f"  by: {by or 'nobody yet'}; {_agreement(view.agreement)}"
    for language in found.contradictions:
        yield f"Nobody rises in {language.language}: {language.why}."


def _same_words(one: RoundView) -> str:
    return f", {one.same_words:,} of them with the same words" if one.same_words else ""


def _agreement(found: Agreement) -> str:
    if not found.pairs:
        return "no pair was labelled by two people"
    kappa = "" if found.kappa is None else f", kappa {found.kappa:.2f}"
    return f"two people agree on {found.same:.0%} of {found.pairs:,}{kappa}"


def writing_lines(writing: Sequence[WriterView]) -> Iterator[str]:
    """Yield who writes where an entry could be quoted, and whom the owner might let."""
    for view in writing:
        arm, where, pairs = view.arm, view.segment, f"{interval(view)}, {view.pairs:,} pairs"
        if view.writes:
            forced = " without evidence" if view.forced else ""
            reason = f" ({view.why})" if view.why else ""
            yield (
                f"{arm} writes in {where} where an entry could be quoted: {view.by} let it"
                f"{forced} on {when(view.since)}{reason}. Since then: {pairs}."
            )
        elif view.suggested:
            yield (
                f"{arm} writes better than the document in {where} ({pairs}): let it write with "
                f"'{view.command}'."
            )
        elif not view.refusal and view.policy == "first":
            yield (
                f"{arm} is shown not to write worse than the document in {where}, and scores "
                f"higher on average ({pairs}): '{view.command}' would let it write."
            )


def _quoted_lines(candidate: CandidateView) -> Iterator[str]:
    yield f"{QUOTE}: {WORDS}, compared with base; nothing is routed to it"
    if not candidate.segments:
        yield "  no pair yet"
    for segment in candidate.segments:
        yield f"  {segment.segment}: {segment.words}"
    yield _sight(candidate)


def _candidate_lines(candidate: CandidateView) -> Iterator[str]:
    if candidate.arm == QUOTE:
        yield from _quoted_lines(candidate)
        return
    gone = "" if candidate.configured else " (no longer configured)"
    yield f"{candidate.arm}{gone}"
    if not candidate.segments:
        yield "  no pair yet: unproven everywhere, so base answers"
    for segment in candidate.segments:
        yield f"  {segment.segment}: {segment.stage}, {segment.words}"
    breaker = candidate.breaker
    since = f" since {when(breaker.opened)}" if breaker.opened else ""
    yield (
        f"  breaker: {breaker.state}{since}, {breaker.failures} of the last "
        f"{breaker.calls} calls failed"
    )
    yield _sight(candidate)


def _sight(candidate: CandidateView) -> str:
    unscored = candidate.unscored
    blind = "BLIND: " if unscored.blind else ""
    share, pairs = f"{unscored.share:.0%}", unscored.pairs
    return f"  sight: {blind}{share} of the last {pairs} pairs lack a score"


def map_tables(found: MapView) -> Iterator["Table"]:
    """Yield the transfer map, a table for each arm; rows above others have no stage.

    The strengths of a candidate follow each other, the full one first: a curve for each segment.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Column, Table
    from rich.text import Text

    for arm in found.candidates:
        numbers = [Column(name, no_wrap=True) for name in ("difference", "pairs", "harm", "proof")]
        table = Table(
            Column("segment", overflow="fold"),
            Column("verdict"),
            Column("stage"),
            *numbers,
            title=Text(f"{arm}: {WORDS}, compared only" if arm == QUOTE else arm),
            title_justify="left",
            box=SIMPLE_HEAD,
            padding=0,
            pad_edge=False,
            show_edge=False,
        )
        for cell in found.cells:
            if cell.arm != arm:
                continue
            pin = cell.pin
            table.add_row(
                Text(cell.segment),
                Text(f"{cell.verdict}{'*' if cell.shown_from else ''}", _style(cell)),
                Text(_stage(cell) + (f", pinned by {pin.by}" if pin else "")),
                Text(interval(cell) if cell.pairs else "–"),
                f"{cell.pairs:,}",
                f"{cell.evidence_share:.0%}",
                "–" if cell.proof_share is None else f"{cell.proof_share:.0%}",
            )
        yield table


def map_notes(found: MapView) -> Iterator[str]:
    """Yield what the columns of the map mean."""
    yield "difference: mean of score(candidate) - score(base), and its interval."
    yield "harm: how near the evidence is to what routes back, half-way at first (a head start);"
    yield "proof: how near it is to what lets it rise."
    if any(cell.stage is None for cell in found.cells):
        yield "without a stage: gathers all segments below it."
    if any(cell.verdict == "equal" for cell in found.cells):
        yield "equal: shown harmless, i.e. not worse by more than the tolerance."
    if any(cell.verdict == "unproven" for cell in found.cells):
        yield "unproven: no harm shown yet, which is not the same as shown harmless."
    yield from _curves(found.cells)
    if any(cell.shown_from for cell in found.cells):
        yield "*: as the last promotion or route-back had it; fresh pairs say nothing yet."
    for cell in found.cells:
        if cell.held:
            yield f"{cell.arm} in {cell.segment} is held: {cell.held} got worse."
        elif cell.stage and cell.lacking and cell.proof_share == 1.0:
            yield f"{cell.arm} in {cell.segment} is proven, and lacks {cell.lacking}."
    if promised := _promises(found.cells):
        yield "Promised to readers:"
        yield from promised
    yield (
        "False route-backs a month to expect, over all: at most "
        f"{found.false_route_backs_per_month:.3g}."
    )
    yield from writing_lines(found.writing)


def _promises(cells: Sequence[MapCellView]) -> list[str]:
    """Return what readers are promised, once for all segments of which the same is said."""
    places: dict[str, list[str]] = {}
    for cell in cells:
        if cell.promise:
            places.setdefault(cell.promise.words, []).append(f"{cell.arm} in {cell.segment}")
    return [f"  {', '.join(where)}: {promise}." for promise, where in places.items()]


def _curves(cells: Sequence[MapCellView]) -> Iterator[str]:
    """Yield a line for each segment in which a candidate has been seen at several strengths."""
    curves: dict[tuple[str, str], list[MapCellView]] = {}
    for cell in cells:
        if cell.stage is not None:
            curves.setdefault((cell.candidate, cell.segment), []).append(cell)
    for (candidate, segment), curve in curves.items():
        if len(curve) > 1:
            points = " → ".join(
                f"{c.strength:g}: "
                + (f"{c.mean:+.3f}, {c.words}" if c.mean is not None else c.words)
                for c in curve
            )
            yield f"{candidate} in {segment}, by strength: {points}."


def _stage(cell: MapCellView) -> str:
    """Return a stage as the map has it; what nothing is routed to has none that matters."""
    if cell.stage is None:
        return cell.words if "routed back" in cell.words else "–"
    if cell.held:
        return f"{cell.stage}, held"
    return "compared" if cell.arm == QUOTE else str(cell.stage)


def _style(cell: MapCellView) -> str:
    return STYLES[cell.verdict]


def decisions_lines(found: Sequence[DecisionView]) -> Iterator[str]:
    """Yield decisions, two lines each."""
    for view in found:
        yield (
            f"{view.id}  {when(view.at)}  {view.arm} in {view.segment}: "
            f"{view.before} → {view.after}, by {view.by}"
        )
        yield f"              {view.reason}"


def decision_lines(decision: DecisionView) -> Iterator[str]:
    """Yield one decision as a person reads it."""
    yield f"Decision {decision.id}, {when(decision.at)} UTC, by {decision.by}"
    yield (
        f"{decision.arm} in {decision.segment}: {decision.before} → {decision.after} "
        f"(cause: {decision.cause})"
    )
    yield f"Why: {decision.reason}."
    for view in decision.summary:
        yield (
            f"  {view.metric}: {interval(view)}, {view.pairs} scored pairs, "
            f"{view.unscored} without a score; evidence {view.evidence:,.0f} of "
            f"{view.threshold:,.0f}{_proof(view)}"
        )
    inputs = decision.inputs
    if inputs and inputs.span:
        where, first, last = inputs.span
        yield f"Pairs: number {first} to {last} of {where or 'all segments'}."
    if inputs and (policy := inputs.policy):
        yield (
            f"Policy: false_alarms {policy.false_alarms:g} in {policy.horizon:,} pairs, "
            f"tolerance {policy.tolerance:g}, min_pairs {policy.min_pairs}, metrics "
            f"{', '.join(policy.metrics)}, rule {policy.rule}."
        )
    if decision.promise:
        yield f"Promised to readers: {decision.promise}."
    yield f"SHA-256 {decision.sha256}"


def _proof(measured: MetricView) -> str:
    if measured.proof is None:
        return ""
    return (
        f"; proof {measured.proof:,.3g} of {measured.needed:,.3g} on "
        f"{measured.distinct:,} distinct questions"
    )


def replay_lines(replayed: ReplayView) -> Iterator[str]:
    """Yield what a replay found."""
    if replayed.same:
        yield f"Decision {replayed.id}: the same, byte for byte."
        yield f"SHA-256 {replayed.sha256}"
        return
    yield f"Decision {replayed.id}: NOT the same."
    for difference in replayed.differences:
        yield f"  {difference}"
    yield f"Recorded SHA-256 {replayed.sha256}"
    if replayed.replayed_sha256:
        yield f"Replayed SHA-256 {replayed.replayed_sha256}"


class Interval(Protocol):
    """A mean in [-1, 1], None if there is none, with its interval."""

    @property
    def mean(self) -> float | None:
        """The mean."""
        ...

    @property
    def lower(self) -> float:
        """The lower end."""
        ...

    @property
    def upper(self) -> float:
        """The upper end."""
        ...


def interval(measured: Interval) -> str:
    """Return mean and interval of a difference."""
    mean = "–" if measured.mean is None else f"{measured.mean:+.3f}"
    return f"{mean} [{measured.lower:+.3f}, {measured.upper:+.3f}]"


def when(moment: datetime | None) -> str:
    """Return a time down to the minute."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "–"
