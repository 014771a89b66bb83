"""Drawings: an interval on its line as HTML, and the curve of a candidate's strengths."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

from ui import figures
from ui.api import transfer
from ui.api.transfer import Cell
from ui.api.types import ApiMetricView
from ui.texts.quality import QualityText

if TYPE_CHECKING:
    import altair as alt

_SCALES: Final = (0.1, 0.2, 0.5, 1.0)
_TEAL: Final = "#2b8a7e"
_GREY: Final = "#888888"
_RED: Final = "#c2543f"


def interval(shown: ApiMetricView | Cell, tolerance: float, text: QualityText) -> str:
    """Return HTML that shows mean and interval between worse and better. tolerance: in [0, 1)."""
    reach = max(abs(shown.lower), abs(shown.upper), 2 * tolerance)
    scale = next((step for step in _SCALES if step >= reach), 1.0)

    def at(value: float) -> float:
        return 50 * (1 + max(-1.0, min(1.0, value / scale)))

    def number(value: float, digits: int = 2) -> str:
        return figures.signed(value, text.language, digits)

    mean = shown.mean
    caption = text.drawing.format(
        mean="–" if mean is None else number(mean, 3),
        lower=number(shown.lower, 3),
        upper=number(shown.upper, 3),
        tolerance=number(-tolerance),
    )
    left, right = at(shown.lower), at(shown.upper)
    dot = "" if mean is None else f'<i class="rb-mean" style="left:{at(mean):.2f}%"></i>'
    ticks = "".join(
        f'<span style="left:{at(value):.2f}%">{escape(label)}</span>'
        for value, label in (
            (-scale, f"{number(-scale, 1)} {text.worse_side}"),
            (0.0, "0"),
            (scale, f"{number(scale, 1)} {text.better_side}"),
        )
    )
    return (
        f'<div class="rb-interval" role="img" aria-label="{escape(caption)}">'
        f'<div class="rb-line"><i class="rb-zero"></i>'
        f'<i class="rb-tolerated" style="left:{at(-tolerance):.2f}%" '
        f'title="{escape(number(-tolerance))} {escape(text.tolerated)}"></i>'
        f'<i class="rb-span" style="left:{left:.2f}%;width:{max(right - left, 0.4):.2f}%"></i>{dot}'
        f'</div><div class="rb-ticks">{ticks}</div></div>'
    )


def curve(
    cells: Sequence[Cell], tolerance: float, text: QualityText
) -> "alt.LayerChart | alt.FacetChart":
    """Return the chart of difference against strength. cells: of one candidate and segment."""
    import altair as alt

    rows: list[dict[str, Any]] = [{"strength": 0.0, "mean": 0.0, "lower": 0.0, "upper": 0.0}]
    rows += [
        {
            "strength": transfer.strength(cell.arm),
            "mean": cell.mean,
            "lower": cell.lower,
            "upper": cell.upper,
        }
        for cell in cells
    ]
    axis = alt.Axis(format="+.2f", title=text.curve_difference)
    strengths = [row["strength"] for row in rows]
    x = alt.X(
        "strength:Q",
        axis=alt.Axis(values=strengths, format=".2~f", title=text.curve_strength),
        scale=alt.Scale(domain=[-0.03, 1.03], nice=False),
    )
    base = alt.Chart(_data(rows)).encode(x=x)
    tooltip = [
        alt.Tooltip(f"{name}:Q", format=form)
        for name, form in (
            ("strength", ".2~f"),
            ("mean", "+.3f"),
            ("lower", "+.3f"),
            ("upper", "+.3f"),
        )
    ]
    bars = base.mark_rule(strokeWidth=3, color=_TEAL, opacity=0.55).encode(
        y=alt.Y("lower:Q", axis=axis), y2="upper:Q"
    )
    line = base.mark_line(
        color=_TEAL, strokeWidth=2, point=alt.OverlayMarkDef(size=80, color=_TEAL, filled=True)
    ).encode(y=alt.Y("mean:Q", axis=axis), tooltip=tooltip)
    marks = [
        alt.Chart(_data([{"y": level}]))
        .mark_rule(color=colour, strokeDash=dash, strokeWidth=1)
        .encode(y=alt.Y("y:Q", axis=axis))
        for level, colour, dash in ((0.0, _GREY, [1, 0]), (-tolerance, _RED, [4, 3]))
    ]
    return alt.layer(*marks, bars, line).properties(height=240)


def _data(rows: Sequence[Mapping[str, Any]]) -> "alt.Data":
    import altair as alt

    data: alt.Data = alt.Data(values=list(rows))  # type: ignore[no-untyped-call]
    return data
