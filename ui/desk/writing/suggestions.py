"""What helps who answers: a summary of the ticket, and a draft of a reply.

A draft is always marked, and never sent by itself.
"""

import streamlit as st

from ui import figures
from ui.api.desk import DeskClient, Suggestion, SummaryPoint
from ui.desk import evidence, work
from ui.errors import ApiError
from ui.format import literal
from ui.texts.chat import TEXTS as CHAT
from ui.texts.desk import DeskText


def summary(api: DeskClient, number: int, text: DeskText) -> None:
    """Show what a ticket is about, folded; it is read when it is opened."""
    words = text.composer
    label, key = words.summary, f"desk-summary-{number}"
    with st.expander(label, type="compact", key=key, on_change="rerun") as opened:
        if not opened.open:
            return
        try:
            told = api.summary(str(number), text.language)
        except ApiError as error:
            detail = literal(work.told(error, text.language))
            st.error(words.no_summary.format(detail=detail))
            return
        for name, points in (
            (words.wanted, told.wanted),
            (words.tried, told.tried),
            (words.left, told.left),
            (words.doubts, told.doubts),
        ):
            if points:
                shares = points is told.doubts
                lines = "\n".join(f"- {_point(one, text, shares=shares)}" for one in points)
                st.markdown(f"**{name}**\n\n{lines}")
        if told.left_out:
            st.caption(words.left_out.format(count=told.left_out))


def _point(point: SummaryPoint, text: DeskText, *, shares: bool) -> str:
    """Return a point in one line of markdown. shares: with its probability, if it has one."""
    parts = (point.label, " ".join(point.text.split()), ", ".join(point.titles))
    line = ": ".join(literal(part) for part in parts if part)
    if shares and point.value is not None:
        line += f" ({figures.plain(100 * point.value, text.language, 0)}\u00a0%)"
    return line


def draft(api: DeskClient, number: int, key: str, text: DeskText) -> None:
    """Show the draft of a reply, and put it into the box if that is empty.

    key: of the box; call this before it is drawn.
    """
    words, desk = text.composer, work.of(number)
    if desk.drafting:
        desk.drafting = False
        place = st.empty()
        with place.container():
            st.caption(words.drafting)
            with st.skeleton(height=120):
                _draft(api, number, key, desk, text)
        place.empty()
    desk.show("draft", words.no_draft, text.language)
    made = desk.draft
    if made is None:
        _ask(words.draft, "desk-draft", desk)
        return
    if not made.text:
        st.info(words.no_draft.format(detail=literal(made.reason)))
        if made.nearest:
            with st.expander(words.nearest, type="compact", key="desk-nearest"):
                evidence.sources(made.nearest)
        _ask(words.draft, "desk-draft", desk)
        return
    with st.container(key="desk-drafted", gap="xsmall"):
        _drafted(made, desk, key, text)


def _drafted(made: Suggestion, desk: work.Work, key: str, text: DeskText) -> None:
    words = text.composer
    by = made.author
    label = CHAT[text.language].authors[by.kind].format(name=literal(by.name)) if by else "–"
    st.markdown(f":material/edit_note: {words.drafted.format(by=label)}")
    if not made.checked:
        st.warning(words.drafted_unchecked, icon=":material/error_outline:")
    if made.uncarried:
        lines = evidence.uncarried(made.uncarried)
        st.warning(f"**{words.uncarried}**\n\n{lines}", icon=":material/error_outline:")
    if not desk.filled:
        st.caption(words.waiting)
        st.text(made.text)
    if made.sources:
        label = f"{words.draft_sources} ({len(made.sources)})"
        with st.expander(label, type="compact", key="desk-draft-sources"):
            evidence.sources(made.sources)
    with st.container(horizontal=True, gap="small"):
        if not desk.filled:
            st.button(words.use, key="desk-use", on_click=_fill, args=(desk, key))
        st.button(
            words.discard,
            key="desk-discard",
            type="tertiary",
            icon=":material/delete:",
            on_click=_discard,
            args=(desk, key),
        )


def _ask(label: str, key: str, desk: work.Work) -> None:
    wish = (desk, "drafting", True)
    icon = ":material/auto_awesome:"
    st.button(label, key=key, type="tertiary", icon=icon, on_click=setattr, args=wish)


def _draft(api: DeskClient, number: int, key: str, desk: work.Work, text: DeskText) -> None:
    desk.failed.pop("draft", None)
    try:
        desk.draft = api.draft(str(number), text.language)
    except ApiError as error:
        desk.failed["draft"] = error
        return
    if desk.draft.text and not work.typed(key):
        _fill(desk, key)


def _fill(desk: work.Work, key: str) -> None:
    if desk.draft:
        st.session_state[key] = desk.draft.text
        desk.filled = True


def _discard(desk: work.Work, key: str) -> None:
    """Forget the draft; what a person made of it stays."""
    if desk.filled and desk.draft and work.typed(key) == desk.draft.text.strip():
        st.session_state[key] = ""
    desk.draft, desk.filled = None, False
