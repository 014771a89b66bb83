"""Files in conversations, as both pages show them: a button that sends one, and what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import streamlit as st

from ui.api.attachments import AttachmentClient
from ui.api.client import Language
from ui.errors import ApiError
from ui.format import literal
from ui.texts.attachments import TEXTS
from ui.texts.chat import TEXTS as CHAT
from ui.texts.chat import explain

_TYPES: Final = ("png", "jpg", "jpeg", "gif", "webp", "pdf")
_STATE: Final = "attachments"
_KEPT: Final = 20
"""Pictures that a visit keeps, so that they are not fetched with each click."""


@dataclass(slots=True)
class _Sending:
    """What became of the files of one conversation. count: how many were sent."""

    count: int = 0
    client_id: str = field(default_factory=lambda: uuid4().hex)
    sent: str = ""
    error: ApiError | None = None


@dataclass(slots=True)
class _Attachments:
    """The files of a visit. pictures: the bytes of those that were shown last, by their ids."""

    sendings: dict[str, _Sending] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)


def offer(api: AttachmentClient, name: str, language: Language) -> None:
    """Offer to send a file. name: of the conversation, for keys."""
    text, sending = TEXTS[language], _state().sendings.setdefault(name, _Sending())
    popover = st.popover(
        text.offer, type="tertiary", icon=":material/attach_file:", key=f"file-{name}"
    )
    with popover:
        key = f"file-of-{name}-{sending.count}"
        st.file_uploader(text.choose, type=_TYPES, key=key, on_change=_chosen, args=(sending,))
        st.button(
            text.send,
            type="primary",
            key=f"send-file-{name}",
            disabled=st.session_state.get(key) is None,
            on_click=_send,
            args=(api, sending, key),
        )
        if sending.error is not None:
            st.error(literal(explain(sending.error, CHAT[language])))
        elif sending.sent:
            st.success(text.sent.format(name=literal(sending.sent)))


def show(api: AttachmentClient, detail: Mapping[str, Any], number: int, language: Language) -> bool:
    """Show the file that an entry is; return whether it is one. number: of the entry."""
    told = detail.get("attachment")
    if not isinstance(told, Mapping):
        return False
    text, name, known = TEXTS[language], str(told["name"]), str(told["id"])
    if str(told["type"]).startswith("image/"):
        try:
            st.image(_picture(api, known), caption=literal(name), width=320)
        except ApiError:
            st.caption(text.gone)
    st.download_button(
        text.save.format(name=literal(name)),
        data=lambda: api.get(known),
        file_name=name,
        mime=str(told["type"]),
        key=f"file-{number}-{known[:8]}",
        type="tertiary",
        icon=":material/download:",
        on_click="ignore",
    )
    return True


def _chosen(sending: _Sending) -> None:
    """Forget what was said of the file before."""
    sending.error, sending.sent = None, ""


def _send(api: AttachmentClient, sending: _Sending, key: str) -> None:
    chosen = st.session_state.get(key)
    if chosen is None:
        return
    sending.sent, sending.error = "", None
    try:
        api.send(chosen.name, chosen.getvalue(), sending.client_id)
    except ApiError as error:
        sending.error = error
        return
    sending.sent, sending.client_id = chosen.name, uuid4().hex
    sending.count += 1


def _picture(api: AttachmentClient, known: str) -> bytes:
    pictures = _state().pictures
    if known not in pictures:
        pictures[known] = api.get(known)
        while len(pictures) > _KEPT:
            del pictures[next(iter(pictures))]
    return pictures[known]


def _state() -> _Attachments:
    state: _Attachments = st.session_state.setdefault(_STATE, _Attachments())
    return state
