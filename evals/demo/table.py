"""The live table of the demo, and its plain lines where there is no terminal."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from assistant.commands.guard.text import STYLES, interval
from assistant.guarding.map_picture import STAGES, VERDICTS
from assistant.wire.guard import MapCellView
from guardrails.types import QUOTE

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_LONGEST: Final = 90
_A_SECOND: Final = 4


class Board:
    """Shows where the comparison stands. Without a terminal, what is done is a line each."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._live: Any = None
        self._last = ""

    @contextmanager
    def live(self) -> Iterator[None]:
        """Keep the table on the screen until the block ends."""
        if not self._console.is_terminal:
            yield
            return
        from rich.live import Live

        with Live(console=self._console, refresh_per_second=_A_SECOND, transient=True) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def say(self, text: str, *, whole: bool = False) -> None:
        """Print a line that stays. whole: to be copied, so never broken."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=whole)

    def update(self, doing: str, left_s: float, cells: Sequence[MapCellView]) -> None:
        """Show what is being done now. left_s: seconds until time is up."""
        if self._live is not None:
            self._live.update(_drawn(doing, left_s, cells))
        elif (what := doing.partition(":")[0].partition(" of ")[0]) != self._last:
            self._last = what
            self.say(f"  {clock(left_s)} left; {shortened(doing)}")


def clock(seconds: float) -> str:
    """Return minutes and seconds; 0:00 when time is up."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02}"


def shortened(text: str, most: int = _LONGEST) -> str:
    """Return the text on one line of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def rows(cells: Sequence[MapCellView]) -> list[tuple[str, ...]]:
    """Return the rows of the table: candidate, segment, pairs, difference, evidence, verdict."""
    return [
        (
            cell.arm,
            cell.segment,
            f"{cell.pairs}",
            interval(cell) if cell.pairs else "–",
            f"{min(cell.evidence / cell.threshold, 1.0):.0%}",
            f"{VERDICTS[cell.verdict]}, {_stage(cell)}",
        )
        for cell in cells
        if cell.stage
    ]


def _stage(cell: MapCellView) -> str:
    return "compared only" if cell.arm == QUOTE else STAGES[cell.stage or "shadow"]


def _drawn(doing: str, left_s: float, cells: Sequence[MapCellView]) -> "RenderableType":
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Column, Table
    from rich.text import Text

    heads = ("candidate", "segment", "pairs", "difference [interval]", "evidence of harm", "so far")
    table = Table(*(Column(head) for head in heads), box=SIMPLE_HEAD, padding=(0, 1))
    shown = [cell for cell in cells if cell.stage]
    for cell, row in zip(shown, rows(cells), strict=True):
        *plain, last = (Text(text) for text in row)
        table.add_row(*plain, Text(last.plain, STYLES[cell.verdict]))
    return Group(table, Text(f"{clock(left_s)} left · {shortened(doing)}", "dim"))
