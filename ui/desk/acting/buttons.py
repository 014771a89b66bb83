"""The buttons of a ticket: take it, pass it on, end it, change it."""

from collections.abc import Callable
from functools import partial
from typing import Final, get_args

import streamlit as st

from ui.api.desk import Cause, DeskClient, Priority
from ui.api.types import ApiAgentView, ApiTicketView
from ui.desk import work
from ui.desk.acting import merging
from ui.format import literal
from ui.texts.desk import DeskText

_LONGEST: Final = 200
_PRIORITIES: Final[tuple[Priority, ...]] = get_args(Priority)


def show(
    api: DeskClient, ticket: ApiTicketView, agents: tuple[ApiAgentView, ...], text: DeskText
) -> None:
    """Show what can be done with a ticket as it is now."""
    words, number = text.actions, ticket.number
    desk = work.of(number)
    desk.show("ticket", words.failed, text.language)
    if ticket.status == "closed":
        st.info(words.closed, icon=":material/lock:")
    with st.container(key="desk-actions", horizontal=True, gap="xsmall"):
        if ticket.status == "waiting":
            _button("claim", words.claim, partial(api.claim, str(number)), desk, primary=True)
        elif ticket.status == "person" and not ticket.mine:
            _take_over(api, ticket, desk, text)
        elif ticket.status == "solved":
            do = partial(api.move, str(number), "reopen")
            _button("reopen", words.reopen, do, desk, more=words.reopen_more)
        if ticket.status in {"waiting", "person"}:
            _solve(api, ticket, desk, text)
            _assign(api, ticket, agents, desk, text)
            if ticket.status == "person":
                _button("release", words.release, partial(api.move, str(number), "release"), desk)
            do = partial(api.move, str(number), "return")
            _button("return", words.give_back, do, desk, more=words.give_back_more)
        _more(api, ticket, desk, text)


def _button(
    key: str,
    label: str,
    do: Callable[[], object],
    desk: work.Work,
    *,
    primary: bool = False,
    more: str | None = None,
) -> None:
    st.button(
        label,
        key=f"desk-{key}",
        type="primary" if primary else "secondary",
        help=more,
        on_click=desk.press,
        args=("ticket", do),
    )


def _take_over(api: DeskClient, ticket: ApiTicketView, desk: work.Work, text: DeskText) -> None:
    words = text.actions
    with st.popover(words.take_over, type="primary", key="desk-take-over"):
        st.markdown(words.take_over_more.format(name=f"**{literal(ticket.assignee)}**"))
        do = partial(api.claim, str(ticket.number), take_over=True)
        _button("take-over-now", words.take_over, do, desk, primary=True)


def _solve(api: DeskClient, ticket: ApiTicketView, desk: work.Work, text: DeskText) -> None:
    words, key = text.actions, f"desk-cause-{ticket.number}"
    next_step = ticket.mine and ticket.status == "person"
    with st.popover(words.solve, type="primary" if next_step else "secondary", key="desk-solve"):
        causes = words.solve_causes
        st.radio(words.cause, list(causes), format_func=causes.__getitem__, key=key)

        def do() -> object:
            cause: Cause = st.session_state[key]
            return api.solve(str(ticket.number), cause)

        _button("solve-now", words.solve, do, desk, primary=True)


def _assign(
    api: DeskClient,
    ticket: ApiTicketView,
    agents: tuple[ApiAgentView, ...],
    desk: work.Work,
    text: DeskText,
) -> None:
    words, key = text.actions, f"desk-agent-{ticket.number}"
    names = {agent.agent: agent.name for agent in agents}
    with st.popover(words.assign, key="desk-assign"):
        if not names:
            st.caption(words.nobody_else)
            return
        st.selectbox(words.agent, list(names), format_func=names.__getitem__, key=key)
        do = lambda: api.assign(str(ticket.number), st.session_state[key])  # noqa: E731
        _button("assign-now", words.assign, do, desk, primary=True)


def _more(api: DeskClient, ticket: ApiTicketView, desk: work.Work, text: DeskText) -> None:
    """Show what is needed seldom: other words for it, and other tickets."""
    words, number = text.actions, ticket.number
    with st.popover(words.more, key=f"desk-more-{number}", on_change="rerun") as opened:
        if not opened.open:
            return
        desk.show("more", words.failed, text.language, words.done)
        with st.form(f"desk-change-{number}", border=False):
            st.text_input(
                words.subject, value=ticket.subject, max_chars=_LONGEST, key=f"subject-{number}"
            )
            st.selectbox(
                words.priority,
                _PRIORITIES,
                index=_PRIORITIES.index(ticket.priority),
                format_func=text.ticket.priorities.__getitem__,
                key=f"priority-{number}",
            )
            st.text_input(
                words.contact, value=ticket.contact, max_chars=_LONGEST, key=f"contact-{number}"
            )
            st.form_submit_button(
                words.save, key="desk-save", on_click=_change, args=(api, ticket, desk)
            )
        if ticket.status != "closed":
            merging.show(api, ticket, desk, text)
        else:
            merging.link(api, ticket, desk, text)


def _change(api: DeskClient, ticket: ApiTicketView, desk: work.Work) -> None:
    """Store what was changed in the form; nothing if it is all as before."""
    state, number = st.session_state, ticket.number
    wanted = {name: state[f"{name}-{number}"] for name in ("subject", "priority", "contact")}
    values = {name: value for name, value in wanted.items() if value != getattr(ticket, name)}
    if values:
        desk.tried("more", lambda: api.change(str(number), values))
