"""What the guardrail has come to, in a sentence for each candidate. Pure functions; markdown."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from ui import figures
from ui.api import transfer
from ui.api.guard import Seen
from ui.api.transfer import QUOTE, Cell, Stage, Verdict
from ui.format import literal
from ui.quality import labels
from ui.texts.quality import QualityText


def sentences(seen: Seen, text: QualityText, zone: tzinfo) -> list[str]:
    """Return one sentence for each candidate, all of its strengths together; the quotation last.

    It says where the candidate answers, where it is tried, and where and why it was last
    routed back. Where several strengths answer, the best proven one is named. zone: in which days
    are told.
    """
    arms = seen.map.tuned
    lines = [
        _sentence([arm for arm in arms if transfer.name(arm) == name], seen, text, zone)
        for name in dict.fromkeys(transfer.name(arm) for arm in arms)
    ]
    return [*lines, _quoted(seen, text)] if QUOTE in seen.map.candidates else lines


def _quoted(seen: Seen, text: QualityText) -> str:
    """Return how the document's own words do against base."""
    cells = [cell for cell in seen.map.cells if cell.arm == QUOTE and cell.stage and cell.pairs]
    verdicts: tuple[Verdict, ...] = ("better", "equal", "worse", "unproven")
    parts = [
        text.quote_found[verdict].format(where=labels.within(where, len(seen.map.own), text))
        for verdict in verdicts
        if (where := [cell.segment for cell in cells if cell.verdict == verdict])
    ]
    return text.quote_about.format(found="; ".join(parts) or text.quote_open)


def _sentence(arms: Sequence[str], seen: Seen, text: QualityText, zone: tzinfo) -> str:
    cells = [cell for cell in seen.map.cells if cell.arm in arms]
    number = len(seen.map.own)
    lines: list[str] = []
    places: set[str] = set()
    stages: tuple[tuple[Stage, str], ...] = (("serving", text.serves), ("canary", text.tries))
    for stage, words in stages:
        best: dict[str, Cell] = {}
        for cell in cells:
            if cell.stage == stage and not cell.held and cell.segment not in places:
                other = best.get(cell.segment, cell)
                best[cell.segment] = cell if cell.lower >= other.lower else other
        places |= set(best)
        by_arm = {arm: [name for name, cell in best.items() if cell.arm == arm] for arm in arms}
        where = [
            f"{labels.within(names, number, text)}{_strength(arm, arms, text)}"
            for arm, names in by_arm.items()
            if names
        ]
        if where:
            lines.append(words.format(where=figures.listed(where, text.conjunction)))
    if segments := sorted({cell.segment for cell in cells if cell.held}):
        lines.append(text.is_held_in.format(where=labels.within(segments, number, text)))
    if back := [cell for cell in cells if cell.stage == "routed_back"]:
        lines.append(_back(back, arms, seen, text, zone))
    if not lines:
        compared = any(cell.pairs for cell in cells)
        lines.append(text.unseen if compared else text.nothing)
    return f"**{literal(transfer.name(arms[0]))}** {text.joint.join(lines)}."


def _back(
    cells: Sequence[Cell], arms: Sequence[str], seen: Seen, text: QualityText, zone: tzinfo
) -> str:
    def since(cell: Cell) -> datetime:
        return cell.since or datetime.min.replace(tzinfo=UTC)

    last = max(cells, key=lambda cell: (since(cell), cell.key))
    count = len({cell.segment for cell in cells})
    return (text.back if count == 1 else text.backs).format(
        count=count,
        where=labels.within([last.segment], len(seen.map.own), text),
        strength=_strength(last.arm, arms, text),
        day=figures.day(since(last), text.language, zone),
        why=_why(last, seen, text),
    )


def _why(cell: Cell, seen: Seen, text: QualityText) -> str:
    decision = seen.decision(cell.decision)
    cause = decision.cause if decision else "candidate"
    if cause == "person" and decision:
        return text.because["person"].format(by=literal(decision.by))
    if cause == "parent":
        return text.because["parent"]
    if cell.metric in text.beside:
        return text.beside[cell.metric]
    if cell.mean is not None and cell.mean < 0:
        drop = figures.plain(-cell.mean, text.language)
        return text.because["candidate"].format(drop=drop)
    return text.because["lost"]


def _strength(arm: str, arms: Sequence[str], text: QualityText) -> str:
    """Return at which strength, where the candidate has several."""
    if len(arms) == 1 and arm == transfer.name(arm):
        return ""
    strength = transfer.strength(arm)
    if strength == 1:
        return text.at_full_strength
    return text.at_strength.format(strength=figures.plain(strength, text.language))
