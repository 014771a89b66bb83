"""Entries: the list with a search, editing in place, and the history of one."""

from datetime import tzinfo
from functools import partial

import streamlit as st

from ui import figures
from ui.api.client import Language
from ui.api.knowledge import PAGE, EntryForm, KnowledgeClient
from ui.api.types import ApiEntryRow, ApiVersionChange
from ui.format import literal, safe
from ui.knowledge import desk, form
from ui.texts.knowledge import TEXTS, KnowledgeText

_EXCERPT = 220


def show(api: KnowledgeClient, language: Language, zone: tzinfo, *, editor: bool) -> None:
    """Draw the list, the form that is open, or a history.

    Raises:
        ApiError: the API does not tell.
    """
    text = TEXTS[language]
    writing = desk.form()
    if editor and writing:
        form.show(writing, api, language)
        return
    key, spoken = desk.entry()
    if key:
        st.button(
            text.back,
            icon=":material/arrow_back:",
            key="entry-back",
            on_click=desk.open_entry,
            args=("", ""),
        )
        _history(key, spoken, api, text, language, zone, editor=editor)
        return
    st.caption(text.entries_about)
    words, spoken, state = _filters(text)
    if editor:
        st.button(
            text.new,
            icon=":material/add:",
            key="entry-new",
            on_click=desk.begin,
            args=(EntryForm(language=language),),
        )
    page = int(st.session_state.get("entry-page", 1) or 1)
    found = api.entries(words, spoken, state, page)
    st.caption(text.count.format(count=figures.count(found.total, language)))
    if not found.entries:
        st.info(text.none, icon=":material/search_off:")
    for number, row in enumerate(found.entries):
        _row(number, row, api, text, editor=editor)
    if found.total > PAGE:
        st.pagination(-(-found.total // PAGE), key="entry-page")


def _filters(text: KnowledgeText) -> tuple[str, str, str]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(text.search, key="entry-search", max_chars=200)
        spoken = st.selectbox(
            text.language,
            ["", *text.languages],
            format_func=lambda code: text.languages.get(code, text.everything),
            key="entry-filter-language",
            width=160,
        )
        state = st.selectbox(
            text.state,
            ["", *text.states],
            format_func=lambda name: text.states.get(name, text.everything),
            key="entry-filter-state",
            width=180,
        )
    return words, spoken, state


def _row(
    number: int, row: ApiEntryRow, api: KnowledgeClient, text: KnowledgeText, *, editor: bool
) -> None:
    content = row.content
    with st.container(key=f"entry-{number}", border=True, gap="small"):
        st.markdown(f"**{literal(content.name)}**")
        told = content.text if len(content.text) <= _EXCERPT else f"{content.text[:_EXCERPT]}…"
        st.markdown(safe(told))
        pending = f" · {text.pending}" if row.pending else ""
        where = literal(row.source) if row.state == "file" else text.states[row.state]
        st.caption(f"{text.kinds[row.kind]} · {text.languages[row.language]} · {where}{pending}")
        with st.container(horizontal=True):
            if editor:
                st.button(text.edit, key=f"edit-{number}", on_click=_edit, args=(row, api))
            if row.version:
                if editor and row.state == "draft":
                    settle = partial(api.settle, "approve", row.key, row.language, row.version)
                    st.button(
                        text.approve,
                        key=f"approve-{number}",
                        on_click=desk.clicked,
                        args=(settle, text.approved),
                    )
                st.button(
                    text.history,
                    key=f"history-{number}",
                    type="tertiary",
                    on_click=desk.open_entry,
                    args=(row.key, row.language),
                )


def _edit(row: ApiEntryRow, api: KnowledgeClient) -> None:
    def begin() -> None:
        if row.state == "file":
            draft = api.edit(row.root, row.content.name, row.language, row.kind)
            desk.begin(EntryForm.of(draft))
            return
        spoken: Language = "de" if row.language == "de" else "en"
        held = EntryForm(key=row.key, language=spoken, kind=row.kind, based_on=row.version)
        desk.begin(held.saying(row.content))

    desk.tried(begin)


def _history(
    key: str,
    spoken: str,
    api: KnowledgeClient,
    text: KnowledgeText,
    language: Language,
    zone: tzinfo,
    *,
    editor: bool,
) -> None:
    versions = api.history(key, spoken).versions
    st.subheader(f"{literal(key)} · {text.languages[spoken]}", anchor=False)
    if editor:
        with st.container(horizontal=True, key="history-acts"):
            if any(one.version.state != "draft" for one in versions):
                _act(text.undo, "undo", api, key, spoken, text.undone)
            if versions[0].version.state != "retired":
                _act(text.retire, "retire", api, key, spoken, text.retired)
    for one in versions:
        _version(one, api, text, language, zone, editor=editor)


def _act(label: str, act: str, api: KnowledgeClient, key: str, spoken: str, told: str) -> None:
    settle = partial(api.settle, act, key, spoken)
    st.button(label, key=f"history-{act}", on_click=desk.clicked, args=(settle, told))


def _version(
    one: ApiVersionChange,
    api: KnowledgeClient,
    text: KnowledgeText,
    language: Language,
    zone: tzinfo,
    *,
    editor: bool,
) -> None:
    version = one.version
    head = text.version.format(
        version=version.version,
        state=text.steps[version.state],
        by=literal(version.by),
        at=figures.moment(version.at, language, zone),
    )
    serving = f" · {text.serving}" if one.serving else ""
    with st.container(key=f"version-{version.version}", border=True, gap="xsmall"):
        st.markdown(f"**{head}{serving}**")
        if version.erased:
            st.caption(text.erased)
            return
        if version.reason:
            st.caption(literal(version.reason))
        for change in one.changes:
            st.caption(text.fields.get(change.field, literal(change.field)))
            if change.before:
                before, after = st.columns(2)
                before.markdown(f":small[{text.before}]  \n{safe(change.before)}")
                after.markdown(f":small[{text.after}]  \n{safe(change.after)}")
            else:
                st.markdown(safe(change.after))
        if editor and not one.serving and version.state == "approved":
            back = partial(api.settle, "undo", version.key, version.language, version.version)
            st.button(
                text.to_version.format(version=version.version),
                key=f"to-{version.version}",
                type="tertiary",
                on_click=desk.clicked,
                args=(back, text.undone),
            )
