"""What the guard would notice: harms that its measure was attacked with, and what came of it."""

from collections.abc import Sequence
from datetime import tzinfo

import streamlit as st

from ui import figures
from ui.api.types import ApiMeasureLanguageView, ApiMeasureView, ApiNoticeView
from ui.format import literal
from ui.texts.quality import QualityText


def show(measure: ApiMeasureView | None, text: QualityText, zone: tzinfo) -> None:
    """Show it as a small section, closed at first. measure: None where nothing was attacked."""
    with st.expander(text.measure, icon=":material/policy:", key="measure"):
        if measure is None:
            st.markdown(text.measure_none)
            return
        when = figures.moment(measure.at, text.language, zone)
        st.caption(text.measure_about.format(time=when, origin=literal(measure.origin)))
        for sight in measure.languages:
            st.markdown(_told(sight, text))


def _told(sight: ApiMeasureLanguageView, text: QualityText) -> str:
    """Return what is noticed in a language, as a paragraph of Markdown."""
    language = text.languages.get(sight.language, literal(sight.language))
    harms = [view for view in sight.changes if view.family != "improvements"]
    lines = [
        text.measure_language.format(
            language=language,
            count=sum(view.noticed == "noticed" for view in harms),
            all=len(harms),
        )
    ]
    for kind, words in text.measure_found.items():
        if views := [view for view in harms if view.noticed == kind]:
            lines.append(words.format(found=_listed(views, text)))
    if punished := [o for o in sight.changes if o not in harms and o.noticed == "missed"]:
        lines.append(text.measure_punished.format(found=_listed(punished, text)))
    lines.append(text.measure_rises if sight.rises else text.measure_stays)
    return "  \n".join(lines)


def _listed(found: Sequence[ApiNoticeView], text: QualityText) -> str:
    names = [text.changes.get(view.name, literal(view.name)) for view in found]
    return figures.listed(names, text.conjunction)
