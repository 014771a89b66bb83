"""The form of an entry, with what would be answered beside what is."""

from dataclasses import replace
from typing import Final

import streamlit as st

from ui.api.client import Language
from ui.api.knowledge import EntryForm, KnowledgeClient
from ui.api.types import ApiRehearsalView, ApiRehearsedAnswer
from ui.errors import ApiError
from ui.format import literal, safe
from ui.knowledge import desk
from ui.knowledge.desk import field
from ui.texts.chat import TEXTS as CHAT
from ui.texts.chat import explain
from ui.texts.knowledge import TEXTS, KnowledgeText

_TRIED: Final = 3
_LANGUAGES: Final[tuple[Language, ...]] = ("en", "de")


def show(form: EntryForm, api: KnowledgeClient, language: Language) -> None:
    """Draw the form that is open."""
    text = TEXTS[language]
    with st.container(key="entry-form", border=True):
        st.subheader(text.form, anchor=False)
        for flag in form.flags:
            st.warning(text.flags.get(flag, literal(flag)), icon=":material/visibility:")
        if form.replaces:
            st.info(text.replacing, icon=":material/swap_horiz:")
        edited = _fields(form, text)
        _preview(edited, api, text, language)
        _buttons(edited, api, text)


def _fields(form: EntryForm, text: KnowledgeText) -> EntryForm:
    fixed = bool(form.based_on or form.replaces)
    first, second = st.columns(2)
    kind = first.selectbox(
        text.kind,
        list(text.kinds),
        format_func=text.kinds.__getitem__,
        key=field("kind"),
        disabled=fixed,
    )
    spoken = second.selectbox(
        text.language,
        _LANGUAGES,
        format_func=text.languages.__getitem__,
        key=field("language"),
        disabled=fixed,
    )
    name = st.text_input(text.name[kind], max_chars=300, key=field("name"))
    answer = st.text_area(text.text, max_chars=8000, height=160, key=field("text"))
    aliases = st.text_area(text.aliases, help=text.aliases_help, height=90, key=field("aliases"))
    left, right = st.columns(2)
    url = left.text_input(text.url, max_chars=2000, key=field("url"))
    audience = right.text_input(text.audience, max_chars=100, key=field("audience"))
    return replace(
        form,
        kind=kind,
        language=spoken,
        name=name.strip(),
        text=answer.strip(),
        aliases=tuple(filter(None, (line.strip() for line in aliases.splitlines()))),
        url=url.strip(),
        audience=audience.strip() or "public",
    )


def _preview(
    form: EntryForm, api: KnowledgeClient, text: KnowledgeText, language: Language
) -> None:
    st.text_area(text.tries, help=text.tries_help, height=90, key=field("tries"))
    lines = str(st.session_state.get(field("tries"), "")).splitlines()
    tries = [line.strip() for line in lines if line.strip()][:_TRIED]
    st.markdown(f"**{text.preview}**")
    with st.container(key="entry-preview"):
        if not (form.name and form.text and tries):
            st.caption(text.incomplete)
            return
        try:
            answers = api.preview(form, tries).answers
        except ApiError as error:
            st.error(literal(explain(error, CHAT[language])))
            return
        for number, answer in enumerate(answers):
            _compared(number, answer, text)


def _compared(number: int, one: ApiRehearsalView, text: KnowledgeText) -> None:
    with st.container(key=f"rehearsal-{number}", border=True, gap="xsmall"):
        st.markdown(f"**{literal(one.question)}**")
        before, after = st.columns(2)
        with before:
            _answer(text.now, one.now, text)
        with after:
            _answer(text.then, one.then, text)
            if not one.changes:
                st.caption(text.same)
            elif not one.used:
                st.caption(text.unused)


def _answer(label: str, one: ApiRehearsedAnswer, text: KnowledgeText) -> None:
    st.caption(f"{label}: {text.modes.get(one.mode, literal(one.mode))}")
    st.markdown(safe(one.text))


def _buttons(form: EntryForm, api: KnowledgeClient, text: KnowledgeText) -> None:
    other: Language = "de" if form.language == "en" else "en"
    whole = bool(form.name and form.text)
    with st.container(horizontal=True, key="entry-buttons"):
        st.button(
            text.approve,
            type="primary",
            key="entry-approve",
            disabled=not whole,
            on_click=_approve,
            args=(form, api, text),
        )
        st.button(
            text.save,
            key="entry-save",
            disabled=not whole,
            on_click=_save,
            args=(form, api, text),
        )
        st.button(
            text.translate.format(language=text.languages[other]),
            key="entry-translate",
            disabled=not whole,
            on_click=_translate,
            args=(form, api, other),
        )
        st.button(text.cancel, key="entry-close", type="tertiary", on_click=desk.close)


def _save(form: EntryForm, api: KnowledgeClient, text: KnowledgeText) -> None:
    if desk.tried(lambda: api.save(form), text.saved):
        desk.close()


def _approve(form: EntryForm, api: KnowledgeClient, text: KnowledgeText) -> None:
    def both() -> None:
        saved = api.save(form)
        api.settle("approve", saved.key, saved.language, saved.version)

    if desk.tried(both, text.approved):
        desk.close()


def _translate(form: EntryForm, api: KnowledgeClient, language: Language) -> None:
    def put() -> None:
        made = api.translate(form, language)
        desk.begin(EntryForm.of(made, from_gap=form.from_gap, key=form.key))

    desk.tried(put)
