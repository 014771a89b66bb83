"""The transfer map as a picture: a heat map of candidates x segments, as SVG or PNG.

Colour is the mean difference, the text is what may be concluded from it. What has not been shown
is hatched, so that *no harm shown yet* never looks like *shown harmless*. The same map gives the
same bytes with the same version of matplotlib.
"""

import io
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from assistant.errors import GuardError
from assistant.wire.guard import MapCellView, MapView
from guardrails.rules.strengths import parted
from guardrails.types import QUOTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["svg", "png"]

MEDIA: Final[Mapping[Kind, str]] = {"svg": "image/svg+xml", "png": "image/png"}
VERDICTS: Final = {
    "better": "better",
    "equal": "shown harmless",
    "worse": "worse",
    "unproven": "no harm shown yet",
}
STAGES: Final = {
    "shadow": "in shadow",
    "canary": "canary",
    "serving": "serving",
    "routed_back": "routed back",
}
QUOTED: Final = "the document's words"
"""The row of the quotation, to which nothing is routed."""
_COLOURS: Final = "RdBu"
"""Red is worse, blue is better: told apart with every common colour vision."""
_REACH: Final = 0.5
"""Mean difference of the strongest colour; stronger ones look the same."""
_DARK: Final = 0.3
"""From this mean difference on, text is white."""
_FAINT: Final = 0.45
_INK, _PALE, _GREY = "#1a1a1a", "#ffffff", "#767676"
_WIDTH, _HEIGHT, _LEFT, _TOP, _FOOT = 2.05, 1.02, 2.3, 1.05, 1.05
"""Inches: of a cell, and around the cells."""
_NARROWEST: Final = 4
"""Columns that the words above and below need."""
_DPI: Final = 130
_NAME: Final = 22
_KEPT: Final = 8
"""Characters of a long name, and how many of them are its end: that tells strengths apart."""
_SIZES: Final = (10.5, 9.0, 8.0)
_STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "routeback",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "hatch.linewidth": 0.7,
    "hatch.color": "#9a9a9a",
}
_one_at_a_time = threading.Lock()


def save(found: MapView, path: Path) -> None:
    """Draw a map into a file. found: as ``Oversight.map`` returns it.

    Raises:
        GuardError: the name ends neither in .svg nor in .png, or the file cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("svg", "png"):
        raise GuardError(
            f"{path} is not a name of a picture.", hint="Name a file that ends in .svg or .png."
        )
    drawn = draw(found, "svg" if kind == "svg" else "png")
    try:
        path.write_bytes(drawn)
    except OSError as error:
        raise GuardError(f"{path} cannot be written: {error.strerror or error}.") from error


def draw(found: MapView, kind: Kind) -> bytes:
    """Return the picture of a map. found: as ``Oversight.map`` returns it."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    arms = sorted(found.candidates, key=_order)
    segments = columns(found.cells)
    wide = _LEFT + _WIDTH * max(len(segments), _NARROWEST) + 0.3
    high = _TOP + _HEIGHT * max(len(arms), 1) + _FOOT
    with _one_at_a_time, mpl.rc_context(_STYLE):
        figure = Figure(figsize=(wide, high), facecolor=_PALE)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_xlim(-_LEFT, wide - _LEFT)
        axes.set_ylim(high - _TOP, -_TOP)
        axes.axis("off")
        own = {cell.segment for cell in found.cells if cell.stage}
        _words(axes, found, segments, arms)
        cells = {(cell.arm, cell.segment): cell for cell in found.cells}
        for row, arm in enumerate(arms):
            for column, segment in enumerate(segments):
                if cell := cells.get((arm, segment)):
                    _cell(axes, cell, column, row)
                else:
                    _none(axes, column, row, "not tried" if segment in own else "no pairs")
        buffer = io.BytesIO()
        nothing = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(buffer, format=kind, dpi=_DPI, metadata=nothing)
    return buffer.getvalue()


def columns(cells: Sequence[MapCellView]) -> list[str]:
    """Return the segments that are drawn: those with a stage, then those above that have pairs."""
    own = sorted({cell.segment for cell in cells if cell.stage})
    above = [cell.segment for cell in cells if not cell.stage and cell.pairs]
    return own + [name for name in dict.fromkeys(above) if name not in own]


def texts(cell: MapCellView) -> list[str]:
    """Return the lines of a cell: verdict; mean and interval; pairs and stage; who pinned it."""
    stage = STAGES[cell.stage] if cell.stage else "all below it"
    if cell.stage and cell.arm == QUOTE:
        stage = "compared only"
    if cell.held:
        stage += ", held"
    pinned = [f"pinned by {_short(cell.pin.by)}"] if cell.pin else []
    if not cell.pairs:
        return ["unproven", "no pair yet", stage, *pinned]
    numbers = f"{cell.mean:+.2f}  [{cell.lower:+.2f}, {cell.upper:+.2f}]"
    counts = f"{cell.pairs:,} pairs · {stage}"
    return [VERDICTS[cell.verdict], numbers.replace("-", "−"), counts, *pinned]


def _order(arm: str) -> tuple[bool, str, float, str]:
    """Sort a candidate before its own lower strengths, strongest first; the quotation last."""
    candidate, strength = parted(arm)
    return arm == QUOTE, candidate, -strength, arm


def _words(axes: "Axes", found: MapView, segments: list[str], arms: list[str]) -> None:
    axes.text(-_LEFT + 0.15, -_TOP + 0.3, "Transfer map", fontsize=14, weight="bold", color=_INK)
    axes.text(
        -_LEFT + 0.15,
        -_TOP + 0.55,
        "mean of score(candidate) − score(base), its interval, and what it proves",
        fontsize=8.5,
        color=_INK,
    )
    own = {cell.segment for cell in found.cells if cell.stage}
    for column, segment in enumerate(segments):
        name = "all questions" if segment == "*" else segment
        style = "normal" if segment in own else "italic"
        middle = (column + 0.5) * _WIDTH
        axes.text(
            *(middle, -0.1, _short(name)), ha="center", fontsize=9.5, weight="bold", style=style
        )
    for row, arm in enumerate(arms):
        middle = (row + 0.5) * _HEIGHT
        name = QUOTED if arm == QUOTE else _short(arm)
        axes.text(-0.12, middle, name, ha="right", va="center", fontsize=9.5, weight="bold")
    bottom = _HEIGHT * max(len(arms), 1)
    if not segments:
        notice = "No pair has been scored yet: unproven everywhere, so base answers."
        axes.text(0.0, _HEIGHT / 2, notice, va="center", fontsize=10, color=_GREY)
    _legend(axes, bottom + 0.35)
    month = f"False route-backs a month to expect, over all: at most {_month(found):.3g}."
    axes.text(-_LEFT + 0.15, bottom + 0.87, month, fontsize=8.5, color=_GREY)


def _legend(axes: "Axes", top: float) -> None:
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    colours, steps, unit = colormaps[_COLOURS], 40, 0.055
    left = -_LEFT + 0.15
    for step in range(steps):
        colour = colours((step + 0.5) / steps)
        place = (left + step * unit, top)
        axes.add_patch(Rectangle(place, unit, 0.2, facecolor=colour, edgecolor=colour, lw=0.4))
    for share, label in ((0.0, f"−{_REACH:g} worse"), (1.0, f"better +{_REACH:g}")):
        side = "left" if share == 0 else "right"
        axes.text(left + share * steps * unit, top - 0.05, label, ha=side, fontsize=8, color=_INK)
    at = left + steps * unit + 0.45
    for shown, label in ((True, "shown by the pairs"), (False, "not shown yet: unproven")):
        _box(axes, (at, top, 0.34, 0.2), "#dcdcdc" if shown else _PALE, shown=shown)
        axes.text(at + 0.42, top + 0.1, label, va="center", fontsize=8.5, color=_INK)
        at += 2.1
    axes.text(at + 0.2, top + 0.1, "italic: gathers those below it", va="center", fontsize=8.5)


def _none(axes: "Axes", column: int, row: int, told: str) -> None:
    left, top = column * _WIDTH, row * _HEIGHT
    middle = (left + _WIDTH / 2, top + _HEIGHT / 2)
    axes.text(*middle, told, ha="center", va="center", fontsize=9, color=_GREY)


def _cell(axes: "Axes", cell: MapCellView, column: int, row: int) -> None:
    from matplotlib import colormaps

    left, top = column * _WIDTH, row * _HEIGHT
    middle = left + _WIDTH / 2
    place = (left + 0.03, top + 0.03, _WIDTH - 0.06, _HEIGHT - 0.06)
    mean = cell.mean if cell.pairs else None
    shown = cell.verdict != "unproven"
    share = 0.5 if mean is None else min(max(0.5 + mean / (2 * _REACH), 0.0), 1.0)
    # What is not shown is paler: its colour is an impression, not a finding.
    share = share if shown else 0.5 + _FAINT * (share - 0.5)
    _box(axes, place, colormaps[_COLOURS](share), shown=shown)
    white = shown and mean is not None and abs(mean) > _DARK
    lines = texts(cell)
    step = 0.24 if len(lines) <= len(_SIZES) else 0.2
    first = (_HEIGHT - step * (len(lines) - 1)) / 2
    for line, text in enumerate(lines):
        axes.text(
            *(middle, top + first + step * line, text),
            ha="center",
            va="center",
            fontsize=_SIZES[min(line, len(_SIZES) - 1)],
            weight="normal" if line else "bold",
            color=_PALE if white else _INK,
            bbox=None if shown else {"facecolor": _PALE, "alpha": 0.8, "pad": 1.2, "lw": 0},
        )


def _box(
    axes: "Axes", place: tuple[float, float, float, float], colour: Any, *, shown: bool
) -> None:
    from matplotlib.patches import Rectangle

    left, top, wide, high = place
    axes.add_patch(
        Rectangle(
            *((left, top), wide, high),
            facecolor=colour,
            edgecolor=_GREY,
            linewidth=0.9,
            linestyle="solid" if shown else "dashed",
            hatch=None if shown else "///",
        )
    )


def _month(found: MapView) -> float:
    return float(found.false_route_backs_per_month)


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - _KEPT - 1]}…{name[-_KEPT:]}"
