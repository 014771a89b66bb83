"""The pictures of the report, as inline SVG that follows the page's colours, light or dark.

Text and axes are drawn in ``INK``, which becomes ``currentColor``. The same values give the same
bytes. Blue and orange are told apart by everybody; what is not decided is grey and hollow.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from assistant.wire.night_result import EffectView
from assistant.wire.nights import TrendPoint

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK: Final = "#123456"
GREY: Final = "#8a8f98"
BETTER: Final = "#2f7ebc"
WORSE: Final = "#d1601c"
COLOURS: Final = {"better": BETTER, "worse": WORSE, "no change": BETTER, "inconclusive": GREY}
LINES: Final = ("#2f7ebc", "#d1601c", "#5f8a3a", "#8a63b8", "#b0892b", "#3f9a9a")

_WIDTH: Final = 7.6
_ROW: Final = 0.3
_RC: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "routeback",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
}
_HEAD: Final = re.compile(r"^.*?(?=<svg)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ForestRow:
    """A mean difference with its interval, in [-1, 1]. verdict: as ``COLOURS`` has it."""

    name: str
    mean: float
    low: float
    high: float
    verdict: str


def forest(rows: Sequence[ForestRow], label: str, margin: float) -> str:
    """Draw one mean difference with its interval a row; nothing without rows.

    margin: a difference that does not matter; shaded. label: of the picture, for those who cannot
    see it.
    """
    if not rows:
        return ""
    from matplotlib import rc_context

    with rc_context(_RC):
        figure, axes = _axes(len(rows))
        axes.axvspan(-100 * margin, 100 * margin, color=GREY, alpha=0.18, linewidth=0)
        axes.axvline(0, color=INK, linewidth=0.7)
        for place, row in enumerate(reversed(rows)):
            colour = COLOURS[row.verdict]
            decided = row.verdict != "inconclusive"
            ends, fill = [100 * row.low, 100 * row.high], colour if decided else "none"
            axes.plot(ends, [place, place], color=colour, linewidth=2, solid_capstyle="round")
            axes.plot(100 * row.mean, place, "o", color=colour, markersize=6, mfc=fill)
        axes.set_yticks(range(len(rows)), [row.name for row in reversed(rows)])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        reach = _reach(rows)
        axes.set_xlim(-reach, reach)
        axes.set_xlabel("points (hundredths of a score); right of 0 is better")
        axes.tick_params(axis="y", length=0)
        return _svg(figure, label)


def causes(effects: Sequence[EffectView], label: str) -> str:
    """Draw how much of a change each cause explains."""
    rows = []
    for effect in effects:
        if not effect.reason and effect.mean is not None:
            shown = "worse" if effect.mean < 0 else "better"
            verdict = shown if effect.named else "inconclusive"
            rows.append(ForestRow(effect.cause, effect.mean, effect.low, effect.high, verdict))
    return forest(rows, label, 0.01)


def trend(points: Sequence[TrendPoint], metric: str, label: str) -> str:
    """Draw the mean of one metric over the nights, a line for each arm, over all cases.

    points: as ``assistant.records.nights.Nights.trend`` has them. Fewer than two nights: nothing.
    """
    own = [p for p in points if p.metric == metric and p.segment == "*" and p.mean is not None]
    nights = list(dict.fromkeys(p.night for p in own))
    if len(nights) < 2:  # noqa: PLR2004
        return ""
    from matplotlib import rc_context

    with rc_context(_RC):
        figure, axes = _axes(7)
        for number, arm in enumerate(dict.fromkeys(p.arm for p in own)):
            colour = LINES[number % len(LINES)]
            mine = [p for p in own if p.arm == arm]
            places = [nights.index(p.night) for p in mine]
            means = [100 * (p.mean or 0.0) for p in mine]
            axes.plot(places, means, "o-", color=colour, linewidth=1.6, markersize=4, label=arm)
            lows, highs = (
                [100 * (p.low or 0.0) for p in mine],
                [100 * (p.high or 0.0) for p in mine],
            )
            axes.fill_between(places, lows, highs, color=colour, alpha=0.14, linewidth=0)
        every = max(1, len(nights) // 8)
        shown = range(0, len(nights), every)
        axes.set_xticks(list(shown), [nights[i] for i in shown], rotation=20, ha="right")
        axes.set_ylabel(f"{metric}, of 100")
        axes.legend(frameon=False, loc="lower left", ncols=3)
        axes.set_ylim(0, 105)
        return _svg(figure, label)


def _reach(rows: Sequence[ForestRow]) -> float:
    """Return how far the axis goes: the means are seen, and most of the intervals whole.

    An interval of a few cases may reach further than anything worth seeing; it is cut.
    """
    ends = sorted(max(abs(row.low), abs(row.high)) for row in rows)
    most = ends[(3 * (len(ends) - 1)) // 4]
    furthest = max(abs(row.mean) for row in rows)
    return 100 * max(0.1, 1.1 * most, 1.3 * furthest)


def _axes(rows: int) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, 0.75 + _ROW * max(rows, 2)), layout="constrained")
    return figure, figure.add_subplot()


def _svg(figure: "Figure", label: str) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = _HEAD.sub("", buffer.getvalue()).replace(INK, "currentColor")
    text = re.sub(r'(<svg\b[^>]*?)\swidth="[^"]*"', r"\1", text, count=1, flags=re.DOTALL)
    text = re.sub(r'(<svg\b[^>]*?)\sheight="[^"]*"', r"\1", text, count=1, flags=re.DOTALL)
    caption = label.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return text.replace("<svg ", f'<svg role="img" aria-label="{caption}" ', 1).strip()
