"""An attack as people read it in a terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from guardrails.attack.result import EVERY, RARE, AttackCell, Result, StreamOutcome

if TYPE_CHECKING:
    from rich.table import Table

_NOTHING: Final = "–"


def table(result: Result, base: str) -> "Table":
    """Return what became of every change on one base."""
    from rich.table import Table

    several = result.languages != (EVERY,)
    shares = sorted({s for cell in result.cells for s in cell.outcomes}, reverse=True)
    drawn = Table(title=f"Base: {base}", title_justify="left", pad_edge=False)
    drawn.add_column("family")
    drawn.add_column("change")
    if several:
        drawn.add_column("")
    drawn.add_column("cases", justify="right")
    for metric in result.metrics:
        drawn.add_column(f"AUC {metric}", justify="right")
    for share in shares:
        note = " (bold: more than is tolerated)" if share == RARE else ""
        drawn.add_column(f"{100 * share:g} %{note}", justify="left")
    drawn.add_column("reader sees", justify="right")
    family = ""
    for cell in (item for item in result.cells if item.base == base):
        if cell.change.family != family:
            drawn.add_section()
        named = "" if cell.change.family == family else cell.change.family
        family = cell.change.family
        language = [cell.language] if several else []
        drawn.add_row(named, cell.name, *language, str(cell.cases), *_numbers(cell, result, shares))
    return drawn


def lines(result: Result) -> Iterator[str]:
    """Yield what is said below the tables."""
    for base, (count, of) in result.whole.items():
        yield f"Unharmed answers of {base} that a reader is shown whole: {count} of {of}."
    yield from _promises(result)
    yield "back n: routed back after a median of n pairs; SERVES n: promoted; k/20 of 20 streams."
    yield f"{result.words()} ({result.seconds:.0f} s)"


def _promises(result: Result) -> Iterator[str]:
    """Yield what became of candidates that are bad in ways that no single answer shows."""
    for outcome in result.promises:
        if outcome.why_not:
            yield f"promise, {outcome.name}: not measured, as {outcome.why_not}."
            continue
        what = "innocents routed back" if outcome.name == "bad-siblings" else "promoted"
        after = "" if outcome.pairs is None else f" after a median of {outcome.pairs:.0f} pairs"
        yield (
            f"promise, {outcome.name}: {outcome.promoted} of {outcome.streams} {what} "
            f"(promised: at most {100 * outcome.bound:g} %), "
            f"{outcome.routed_back} routed back{after}."
        )


def _numbers(cell: AttackCell, result: Result, shares: list[float]) -> list[str]:
    values = [cell.auc.get(metric) for metric in result.metrics]
    areas = [_NOTHING if value is None else f"{value:.2f}" for value in values]
    share = f"{cell.shown} of {cell.cases}" if cell.cases else _NOTHING
    if not cell.measured:
        return [*areas, "not measured", *[""] * (len(shares) - 1), share]
    if not cell.outcomes:
        return [*areas, "repaired", *[""] * (len(shares) - 1), share]
    ends = [
        _outcome(cell.outcomes[s], wrong=s in cell.failing()) if s in cell.outcomes else _NOTHING
        for s in shares
    ]
    return [*areas, *ends, share]


def _outcome(one: StreamOutcome, *, wrong: bool) -> str:
    parts = []
    for count, word, pairs in (
        (one.promoted, "SERVES", one.promoted_pairs),
        (one.routed_back, "back", one.back_pairs),
        (one.undecided, "open", None),
    ):
        if count:
            after = "" if pairs is None else f" {pairs:.0f}"
            some = "" if count == one.streams else f" ({count}/{one.streams})"
            parts.append(f"{word}{after}{some}")
    text = ", ".join(parts)
    return f"[bold red]{text}[/]" if wrong else text
