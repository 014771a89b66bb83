"""The transfer map on the page: segments down, arms across, a button for each cell."""

import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Final

import streamlit as st

from ui import figures
from ui.api import transfer
from ui.api.transfer import Key, SegmentMap, Verdict
from ui.quality import labels
from ui.texts.quality import QualityText

_ACROSS: Final = 12
"""Arms side by side; more continue below."""
_NARROWEST: Final = 168
_WIDEST: Final = 240
_HEADS: Final = 136
"""Pixels of a column: of cells, and of the names of segments."""
_VERDICTS: Final[tuple[Verdict, ...]] = ("better", "equal", "unproven", "worse")
_NOT_A_CLASS: Final = re.compile(r"[^a-zA-Z0-9_-]")

Choose = Callable[[str, str], None]


def show(found: SegmentMap, chosen: Key | None, choose: Choose, text: QualityText) -> None:
    """Draw the map. choose: called with arm and segment of the cell that was pressed."""
    own, above = found.own, found.above
    for first in range(0, len(found.arms), _ACROSS):
        arms = found.arms[first : first + _ACROSS]
        with _grid(arms, f"map-{first}"):
            _heads(arms, text)
            _rows(found, own, arms, choose, text)
        if above:
            st.html(
                f'<p class="rb-label">{escape(text.above)}</p>'
                f'<p class="rb-small">{escape(text.above_about)}</p>'
            )
            with _grid(arms, f"map-above-{first}"):
                _rows(found, above, arms, choose, text)
    if chosen and found.cell(*chosen):
        name = _NOT_A_CLASS.sub("-", cell_key(found, *chosen))
        st.html(f"<style>.st-key-{name} button {{ {_CHOSEN} }}</style>")


_CHOSEN: Final = "outline: 3px solid var(--rb-brand) !important; outline-offset: 1px;"


def cell_key(found: SegmentMap, arm: str, segment: str) -> str:
    """Return the key of a cell's button; it has the verdict, by which the cell is coloured."""
    cell = found.cell(arm, segment)
    return f"cell-{cell.verdict if cell else 'none'}-{arm}-{segment}"


def legend(tolerance: float, text: QualityText) -> str:
    """Return HTML that explains colours and patterns. tolerance: in [0, 1)."""
    allowed = figures.plain(tolerance, text.language)
    rows = "".join(
        f'<li><i class="rb-swatch rb-{verdict}"></i><span><b>{escape(text.verdicts[verdict])}</b>: '
        f"{escape(text.legend[verdict].format(tolerance=allowed))}</span></li>"
        for verdict in _VERDICTS
    )
    return f'<ul class="rb-legend">{rows}</ul>'


def _grid(arms: Sequence[str], key: str) -> "st.delta_generator.DeltaGenerator":
    count = len(arms)
    st.html(
        f"<style>.st-key-{key} {{ grid-template-columns: "
        f"{_HEADS}px repeat({count}, minmax({_NARROWEST}px, 1fr)) !important; }}</style>"
    )
    return st.grid(
        count + 1,
        min_column_width=_NARROWEST,
        wrap=False,
        gap="xxsmall",
        vertical_alignment="center",
        width=_HEADS + _WIDEST * count,
        key=key,
    )


def _heads(arms: Sequence[str], text: QualityText) -> None:
    st.html(f'<div class="rb-head rb-small">{escape(text.segment)}</div>')
    for arm in arms:
        at = arm.removeprefix(transfer.name(arm))
        name = labels.arm(transfer.name(arm), text)
        st.html(
            f'<div class="rb-head" title="{escape(arm)}"><b>{escape(name)}</b>'
            f"<span>{escape(at)}</span></div>"
        )


def _rows(
    found: SegmentMap,
    segments: Sequence[str],
    arms: Sequence[str],
    choose: Choose,
    text: QualityText,
) -> None:
    for segment in segments:
        kind, language = labels.parts(segment, text)
        st.html(
            f'<div class="rb-row" title="{escape(segment)}"><b>{escape(kind)}</b>'
            f"<span>{escape(language)}</span></div>"
        )
        for arm in arms:
            cell = found.cell(arm, segment)
            if cell is None:
                st.html(f'<div class="rb-none">{escape(text.not_tried)}</div>')
                continue
            st.button(
                labels.cell(cell, text),
                key=cell_key(found, arm, segment),
                width="stretch",
                wrap=True,
                on_click=choose,
                args=(arm, segment),
            )
