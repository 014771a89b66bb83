"""The page of people and keys, for administrators."""

from collections.abc import Callable
from datetime import tzinfo
from typing import Final

import streamlit as st

from ui import figures, moments
from ui.api.client import Client, Language
from ui.api.people import PeopleClient
from ui.api.types import ApiKeyView, ApiMadeKey, ApiPersonView
from ui.errors import ApiError
from ui.format import literal
from ui.texts.chat import TEXTS as CHAT
from ui.texts.chat import explain
from ui.texts.people import TEXTS, PeopleText

_DAYS: Final = 90
_MADE, _FAILED = "key-made", "people-failed"


def page(client: Client, language: Language) -> None:
    """Draw the page."""
    text, api = TEXTS[language], PeopleClient(client)
    zone = figures.zone(st.context.timezone)
    st.title(text.title, anchor=False)
    try:
        people, keys = api.people(), api.keys()
    except ApiError as error:
        st.error(literal(explain(error, CHAT[language])), icon=":material/cloud_off:")
        return
    if failed := st.session_state.pop(_FAILED, None):
        st.error(literal(explain(failed, CHAT[language])))
    st.subheader(text.people, anchor=False)
    if not people:
        st.caption(text.nobody)
    for number, person in enumerate(people):
        _person(api, number, person, language, zone)
    st.subheader(text.keys, anchor=False)
    st.caption(text.keys_more if keys else f"{text.no_keys} {text.keys_more}")
    _made(text)
    for key in keys:
        _key(api, key, language, zone)
    _form(api, text)


def _person(
    api: PeopleClient, number: int, person: ApiPersonView, language: Language, zone: tzinfo
) -> None:
    text = TEXTS[language]
    with st.container(key=f"person-{number}", horizontal=True, vertical_alignment="center"):
        began, latest = (figures.moment(at, language, zone) for at in (person.began, person.latest))
        st.markdown(f"**{literal(person.name)}**  \n{literal(', '.join(person.roles))}")
        st.caption(text.since.format(began=began, latest=latest))
        _button(text.throw_out, f"throw-out-{number}", lambda: api.throw_out(person.id))


def _key(api: PeopleClient, key: ApiKeyView, language: Language, zone: tzinfo) -> None:
    text = TEXTS[language]
    with st.container(key=f"key-{key.name}", horizontal=True, vertical_alignment="center"):
        groups = f" ({', '.join(key.groups)})" if key.groups else ""
        st.markdown(f"**{literal(key.name)}**  \n{literal(', '.join(key.roles) + groups)}")
        used = text.unused
        if key.last_used is not None:
            used = text.used.format(moment=figures.moment(key.last_used, language, zone))
        st.caption(f"{_end(key, language, zone)}, {used}")
        days = max(0, (key.ends - key.made).days) if key.ends else 0
        _button(text.rotate, f"rotate-{key.name}", lambda: _keep(api.rotate(key.name, days)))
        _button(text.remove, f"remove-{key.name}", lambda: api.remove(key.name))


def _end(key: ApiKeyView, language: Language, zone: tzinfo) -> str:
    text = TEXTS[language]
    if key.ends is None:
        return text.never
    told = text.ends if key.ends > moments.now() else text.ended
    return told.format(day=figures.day(key.ends, language, zone))


def _form(api: PeopleClient, text: PeopleText) -> None:
    with st.form("new-key", border=True, clear_on_submit=True):
        st.text_input(text.name, max_chars=48, key="new-key-name")
        st.multiselect(
            text.role,
            list(text.roles),
            ["user"],
            format_func=text.roles.__getitem__,
            key="new-key-roles",
        )
        st.text_input(text.groups, placeholder=text.groups_hint, key="new-key-groups")
        st.number_input(text.days, 0, 3650, _DAYS, help=text.days_help, key="new-key-days")
        st.form_submit_button(text.add, type="primary", on_click=_add, args=(api,))


def _add(api: PeopleClient) -> None:
    """Make the key that stands in the form."""
    state = st.session_state
    groups = [group.strip() for group in state["new-key-groups"].split(",") if group.strip()]
    new = (state["new-key-name"].strip(), state["new-key-roles"], groups, state["new-key-days"])
    _tried(lambda: _keep(api.add(*new)))


def _keep(made: ApiMadeKey) -> None:
    st.session_state[_MADE] = made


def _made(text: PeopleText) -> None:
    """Show a key that has just been made, this once."""
    made: ApiMadeKey | None = st.session_state.pop(_MADE, None)
    if made is not None:
        with st.container(key="made", border=True):
            st.markdown(text.made.format(name=f"**{literal(made.name)}**"))
            st.code(made.key, language=None, wrap_lines=True)


def _button(label: str, key: str, do: Callable[[], object]) -> None:
    st.button(label, key=key, type="tertiary", on_click=_tried, args=(do,))


def _tried(do: Callable[[], object]) -> None:
    try:
        do()
    except ApiError as error:
        st.session_state[_FAILED] = error
