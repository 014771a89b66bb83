"""What stands on one page. Positions are in points, from the left and from the top."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """Words of one line and one column. raised: it begins with a raised sign, as footnotes do."""

    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    bold: bool = False
    mono: bool = False
    raised: bool = False

    @property
    def height(self) -> float:
        """How high it is."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, the first being the heading. edges: where its columns begin and end."""

    rows: tuple[tuple[str, ...], ...]
    x0: float
    x1: float
    top: float
    bottom: float
    edges: tuple[float, ...] = ()

    @property
    def text(self) -> str:
        """All that is written in it."""
        return " ".join(cell for row in self.rows for cell in row if cell)


Piece = Line | Table


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """One page. place: as sources name it. pictured: it shows a picture or a drawing.

    turned, unknown: how many signs are left out, since they stand askew, or since nothing says what
    they mean. garbled: so do most of them, and there is no text.
    """

    number: int
    place: str
    width: float
    height: float
    pieces: tuple[Piece, ...]
    pictured: bool = False
    turned: int = 0
    unknown: int = 0
    garbled: bool = False


def overlap(one: Piece, other: Piece) -> float:
    """Return which share of the lower one's height two pieces have in common."""
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    lower = min(one.bottom - one.top, other.bottom - other.top)
    return shared / lower if lower > 0 else 0.0


def rows_of(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return pieces by line, from the top, each line from the left."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda one: (one.top + one.bottom, one.x0)):
        if rows and overlap(rows[-1][0], piece) > 0.5:  # noqa: PLR2004  (half of the height)
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda one: one.x0) for row in rows]
