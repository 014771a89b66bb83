"""PDFs as programs print them, drawn for tests line by line."""

import io
from collections.abc import Callable, Sequence

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = A4
LEFT = 72.0


class Paper:
    """One page after the other. y: where the next line goes, from below."""

    def __init__(self, **properties: str) -> None:
        self._out = io.BytesIO()
        self.canvas = Canvas(self._out, pagesize=A4)
        for name, value in properties.items():
            getattr(self.canvas, f"set{name.capitalize()}")(value)
        self.y = 760.0
        self.font, self.size = "Helvetica", 10.0

    def lines(
        self, *texts: str, x: float = LEFT, size: float = 10, bold: bool = False, font: str = ""
    ) -> "Paper":
        """Write lines below each other."""
        self.canvas.setFont(font or ("Helvetica-Bold" if bold else "Helvetica"), size)
        for text in texts:
            self.canvas.drawString(x, self.y, text)
            self.y -= 1.2 * size
        return self

    def gap(self, points: float = 12) -> "Paper":
        """Leave space."""
        self.y -= points
        return self

    def at(self, x: float, y: float, text: str, size: float = 10, *, bold: bool = False) -> "Paper":
        """Write somewhere."""
        self.canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        self.canvas.drawString(x, y, text)
        return self

    def columns(self, *texts: Sequence[str], xs: Sequence[float], size: float = 10) -> "Paper":
        """Write columns line by line across the page."""
        for row in zip(*texts, strict=True):
            for x, text in zip(xs, row, strict=True):
                self.at(x, self.y, text, size)
            self.y -= 1.2 * size
        return self

    def table(
        self, rows: Sequence[Sequence[str]], *, xs: Sequence[float], height: float = 18
    ) -> "Paper":
        """Draw a table with lines; xs: where columns begin and end."""
        self.gap(6)
        top = self.y
        for number, row in enumerate(rows):
            for x, text in zip(xs, row, strict=False):
                self.at(x + 4, top - height * number - 13, text)
        bottom = top - height * len(rows)
        self.canvas.grid(list(xs), [top - height * i for i in range(len(rows) + 1)])
        self.y = bottom - 14
        return self

    def turn(self) -> "Paper":
        """Begin the next page."""
        self.canvas.showPage()
        self.y = 760.0
        return self

    def done(self) -> bytes:
        """Return the file."""
        self.canvas.save()
        return self._out.getvalue()


def paper(pages: int, draw: Callable[[Paper, int], object]) -> bytes:
    """Return a file of pages that are drawn alike; they are counted from 1."""
    made = Paper()
    for number in range(1, pages + 1):
        draw(made, number)
        made.turn()
    return made.done()
