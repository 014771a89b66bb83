"""The sources of documents: how the last refresh of each went, and what can be done."""

from collections.abc import Generator, Mapping
from contextlib import suppress
from datetime import datetime, time, tzinfo
from typing import Any, Final

import streamlit as st

from ui import figures
from ui.api.client import Client, Language
from ui.api.sources import SourcesClient
from ui.api.types import ApiKnowledgeSourceView
from ui.errors import ApiError
from ui.format import literal
from ui.texts.chat import TEXTS as CHAT
from ui.texts.chat import explain
from ui.texts.sources import TEXTS, SourcesText

_SAID, _FAILED = "sources-said", "sources-failed"
_ICONS: Final[Mapping[str, str]] = {
    "folder": ":material/folder:",
    "upload": ":material/upload_file:",
    "web": ":material/public:",
    "git": ":material/account_tree:",
}
_COLOURS: Final[Mapping[str, Any]] = {
    "never": "gray",
    "done": "green",
    "failed": "red",
    "held": "orange",
}
_AT: Final = time(2, 0)
_DEPTH: Final = 3
_PAGES: Final = 500


def show(client: Client, language: Language) -> None:
    """Draw the sources, with what adds, changes, refreshes and removes them."""
    text, api = TEXTS[language], SourcesClient(client)
    st.subheader(text.title, anchor=False)
    st.caption(text.more)
    _report(language)
    try:
        sources = api.all()
    except ApiError as error:
        st.error(literal(explain(error, CHAT[language])), icon=":material/cloud_off:")
        return
    if not sources:
        st.info(text.none, icon=":material/folder_off:")
    for source in sources:
        _source(api, source, language)
    with st.expander(text.add, icon=":material/add:", key="source-add"):
        _form(api, text, language)
    with st.expander(text.upload, icon=":material/upload:", key="source-upload"):
        _uploads(api, text, language)


def _report(language: Language) -> None:
    """Say once what came of the last press."""
    state = st.session_state
    if said := state.pop(_SAID, None):
        st.success(literal(said))
    if failed := state.pop(_FAILED, None):
        message = explain(failed, CHAT[language]) if isinstance(failed, ApiError) else failed
        st.error(literal(message))


def _source(api: SourcesClient, source: ApiKnowledgeSourceView, language: Language) -> None:
    text, name = TEXTS[language], source.name
    zone = figures.zone(st.context.timezone)
    with st.container(border=True, key=f"source-{name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{_ICONS[source.kind]} **{literal(name)}**", width="content")
            if source.running:
                st.badge(text.running, icon=":material/sync:", color="blue")
            else:
                st.badge(text.outcomes[source.outcome], color=_COLOURS[source.outcome])
        where = source.address or text.kinds[source.kind]
        st.caption(f"{literal(where)}  \n{literal(_state(source, text, language, zone))}")
        if source.error:
            st.error(literal(text.server.format(why=source.error)))
        if source.outcome == "held":
            st.warning(text.confirm_more)
        if source.notes:
            with st.expander(text.notes, key=f"source-notes-{name}"):
                for note in source.notes:
                    st.markdown(f"{note.count} × {literal(note.what)}  \n{literal(note.example)}")
        if source.kind == "upload":
            _files(api, source, text)
        with st.container(horizontal=True, vertical_alignment="center"):
            _actions(api, source, text)


def _state(
    source: ApiKnowledgeSourceView, text: SourcesText, language: Language, zone: tzinfo
) -> str:
    """Return in one line how much there is, and when it was and will be read."""

    def moment(at: datetime) -> str:
        return figures.moment(at, language, zone)

    parts = [text.passages.format(count=figures.count(source.passages, language))]
    parts.append(text.last.format(moment=moment(source.last)) if source.last else text.never)
    if source.outcome in {"done", "held"}:
        told = text.would if source.outcome == "held" else text.changes
        parts.append(told.format(added=source.added, kept=source.kept, removed=source.removed))
    if source.kind != "upload":
        scheduled = source.schedule != "off" and source.next is not None
        parts.append(
            text.next.format(moment=moment(source.next))
            if scheduled and source.next
            else text.by_hand
        )
    return " · ".join(parts)


def _actions(api: SourcesClient, source: ApiKnowledgeSourceView, text: SourcesText) -> None:
    name, busy = source.name, source.running
    if source.outcome == "held" and st.button(
        text.confirm, key=f"source-confirm-{name}", type="primary", disabled=busy
    ):
        _run(api.refresh(name, confirm=True), name, text)
    if st.button(
        text.refresh, key=f"source-refresh-{name}", icon=":material/refresh:", disabled=busy
    ):
        _run(api.refresh(name), name, text)
    if source.kind != "upload":
        with st.popover(text.schedule, icon=":material/schedule:"):
            when = _schedule(f"source-when-{name}", text, source.schedule)
            if st.button(text.schedule, key=f"source-schedule-{name}", type="primary"):
                _tried(lambda: api.schedule(name, when))
    with st.popover(text.remove, icon=":material/delete:"):
        st.markdown(text.remove_more)
        if st.button(
            literal(text.remove_really.format(name=name)),
            key=f"source-remove-{name}",
            type="primary",
            disabled=busy,
        ):
            _tried(lambda: text.removed.format(name=name, removed=api.remove(name)))


def _files(api: SourcesClient, source: ApiKnowledgeSourceView, text: SourcesText) -> None:
    with st.expander(text.files, key=f"source-files-{source.name}"):
        try:
            files = api.files(source.name)
        except ApiError as error:
            st.caption(literal(error.detail or error.cause))
            return
        for number, file in enumerate(files):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(literal(file.name), width="content")
                key = f"source-file-{source.name}-{number}"
                label = f"{text.take_out}: {file.name}"
                if st.button(text.take_out, key=key, type="tertiary", help=literal(label)):
                    _take_out(api, source.name, file.name, text)


def _take_out(api: SourcesClient, name: str, file: str, text: SourcesText) -> None:
    def taken() -> str:
        done = api.take_out(name, file)
        return text.removed.format(name=file, removed=done.removed)

    _tried(taken)


def _form(api: SourcesClient, text: SourcesText, language: Language) -> None:
    """Draw what names a new source."""
    del language
    kind = st.segmented_control(
        text.kind,
        ["web", "git", "folder"],
        format_func=lambda one: text.kinds[one],
        default="web",
        required=True,
        key="source-kind",
    )
    st.caption(text.add_more[kind])
    name = st.text_input(text.name, max_chars=100, key="source-name")
    address = st.text_input(
        text.address[kind],
        max_chars=2000,
        placeholder=text.address_hint[kind],
        key=f"source-address-{kind}",
    )
    options: dict[str, object] = {}
    if kind == "web":
        options["depth"] = int(st.number_input(text.depth, 0, 20, _DEPTH, key="source-depth"))
        options["pages"] = int(st.number_input(text.pages, 1, 5000, _PAGES, key="source-pages"))
    if kind == "git":
        options["branch"] = st.text_input(text.branch, key="source-branch").strip()
        options["folder"] = st.text_input(text.folder, key="source-folder").strip()
    audience = st.text_input(
        text.audience, "public", help=text.audience_help, max_chars=100, key="source-audience"
    )
    options["audience"] = audience.strip() or "public"
    when = _schedule("source-new-when", text, "daily 02:00")
    if not st.button(text.add, key="source-new", type="primary"):
        return
    if not name.strip() or not address.strip():
        st.warning(text.missing)
        return
    try:
        made = api.add(name.strip(), kind, address.strip(), when, options)
    except ApiError as error:
        st.session_state[_FAILED] = error
        st.rerun()
    _run(api.refresh(made.name), made.name, text)


def _uploads(api: SourcesClient, text: SourcesText, language: Language) -> None:
    """Draw what sends files."""
    del language
    st.caption(text.upload_more)
    source = st.text_input(
        text.upload_source, text.upload_default, max_chars=100, key="source-upload-name"
    )
    files = st.file_uploader(text.upload, accept_multiple_files=True, key="source-upload-files")
    audience = st.text_input(
        text.audience, "public", help=text.audience_help, max_chars=100, key="source-upload-for"
    )
    if st.button(text.send, key="source-send", type="primary", disabled=not files):
        for file in files:
            sent = api.upload(
                source.strip(), file.name, file.getvalue(), audience.strip() or "public"
            )
            if not _run(sent, file.name, text, again=False):
                break
        st.rerun()


def _schedule(key: str, text: SourcesText, current: str) -> str:
    """Ask for a schedule; return it as the API takes it."""
    kind, *rest = current.split()
    kinds = list(text.schedules)
    chosen = st.selectbox(
        text.when,
        kinds,
        kinds.index(kind) if kind in kinds else 0,
        format_func=lambda one: text.schedules[one],
        key=f"{key}-kind",
    )
    if chosen not in {"daily", "weekly"}:
        return str(chosen)
    parts = [str(chosen)]
    if chosen == "weekly":
        days = list(text.days)
        day = days.index(rest[0]) if len(rest) > 1 else 0
        parts.append(
            st.selectbox(
                text.schedules["weekly"],
                days,
                day,
                format_func=lambda one: text.days[one],
                key=f"{key}-day",
            )
        )
    at = _AT
    with suppress(ValueError, IndexError):
        at = time.fromisoformat(rest[-1])
    parts.append(f"{st.time_input(text.at, at, key=f'{key}-at'):%H:%M}")
    return " ".join(parts)


def _run(
    lines: Generator[Mapping[str, Any]], name: str, text: SourcesText, *, again: bool = True
) -> bool:
    """Show how a refresh goes; return whether it came to its end. again: draw all anew then."""
    state, good = st.session_state, False
    with st.status(literal(name), expanded=True) as status:
        bar = st.progress(0.0)
        try:
            for line in lines:
                if "progress" in line:
                    what, done, total = line["progress"]
                    step = text.steps.get(what, what)
                    bar.progress(min(1.0, done / max(total, 1)), f"{step} ({done}/{total})")
                elif "held" in line:
                    state[_FAILED] = text.held.format(name=name, **line["held"])
                elif "changes" in line:
                    state[_SAID], good = text.done.format(name=name, **line["changes"]), True
        except ApiError as error:
            state[_FAILED] = error
        status.update(state="complete" if good else "error")
    if again:
        st.rerun()
    return good


def _tried(do: Any) -> None:
    """Do something, say what came of it, and draw all anew."""
    try:
        said = do()
        if isinstance(said, str):
            st.session_state[_SAID] = said
    except ApiError as error:
        st.session_state[_FAILED] = error
    st.rerun()
