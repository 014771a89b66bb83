"""What people made of drafts of replies: how far what was sent is from them."""

import streamlit as st

from ui import figures
from ui.api.guard import GuardClient
from ui.api.types import ApiDraftLabelView, ApiShareView
from ui.errors import ApiError
from ui.format import literal
from ui.quality import labels
from ui.texts.chat import TEXTS, explain
from ui.texts.quality import QualityText


def show(guard: GuardClient, text: QualityText) -> None:
    """Show it as a small section, closed at first; it is read when it is opened."""
    words = text.drafts
    icon = ":material/edit_note:"
    with st.expander(words.title, icon=icon, key="draft-labels", on_change="rerun") as opened:
        if not opened.open:
            return
        try:
            found = guard.drafts()
        except ApiError as error:
            st.error(literal(explain(error, TEXTS[text.language])), icon=":material/cloud_off:")
            return
        if not found:
            st.markdown(words.none)
            return
        st.caption(words.about)
        st.dataframe([_row(one, text) for one in found], hide_index=True, alt=words.title)


def _row(one: ApiDraftLabelView, text: QualityText) -> dict[str, str]:
    words, language = text.drafts, text.language
    counts = {
        words.as_is: one.as_is,
        words.edited: one.edited,
        words.rewritten: one.rewritten,
        words.discarded: one.discarded,
        words.waiting: one.open,
    }
    alike = "–" if one.similarity is None else figures.plain(one.similarity, language)
    return {
        words.arm: f"{labels.arm(one.arm, text)} ({one.revision})",
        words.segment: labels.segment(one.segment, text),
        **{name: figures.count(number, language) for name, number in counts.items()},
        words.used: _share(one.used, text),
        words.facts: _share(one.facts_changed, text),
        words.similarity: alike,
    }


def _share(share: ApiShareView, text: QualityText) -> str:
    """Return a share with its interval, in percent."""
    if share.value is None:
        return "–"
    value, low, high = (
        figures.plain(100 * part, text.language, 0) for part in (share.value, share.low, share.high)
    )
    return text.drafts.share.format(value=value, low=low, high=high, count=share.of)
