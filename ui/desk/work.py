"""What a visitor is doing with a ticket: kept for the visit, so that nothing typed is lost."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import uuid4

import streamlit as st

from ui.api.client import Language
from ui.api.desk import Suggestion
from ui.api.types import ApiDraftView
from ui.errors import ApiError
from ui.format import literal
from ui.texts.chat import TEXTS, explain

Place = Literal["ticket", "reply", "note", "draft", "kept", "more", "by-hand", "entry"]
"""Where on the page somebody did something, and is told how it went."""

_WORKS: Final = "desk-works"


@dataclass(slots=True)
class Work:
    """How far a visitor has come with one ticket.

    replies, notes: how many were sent; they name the boxes, so a second click on what was sent
    finds nothing to send. client_id: of the next reply. draft: what was drafted last; filled: it
    stands in the box. drafting: it is asked for. entry: what an entry that is being made of it
    began with. failed: by place, why something did not happen. done: by place, that it did.
    """

    replies: int = 0
    notes: int = 0
    client_id: str = field(default_factory=lambda: uuid4().hex)
    draft: Suggestion | None = None
    filled: bool = False
    drafting: bool = False
    entry: ApiDraftView | None = None
    failed: dict[Place, ApiError] = field(default_factory=dict)
    done: set[Place] = field(default_factory=set)

    def tried(self, place: Place, do: Callable[[], object]) -> bool:
        """Do something; return whether it succeeded. If not, the place says why."""
        self.failed.pop(place, None)
        self.done.discard(place)
        try:
            do()
        except ApiError as error:
            self.failed[place] = error
            return False
        self.done.add(place)
        return True

    def press(self, place: Place, do: Callable[[], object]) -> None:
        """Do something that a button asks for."""
        self.tried(place, do)

    def show(self, place: Place, sentence: str, language: Language, done: str = "") -> None:
        """Say in place what went wrong, or once that it is done. sentence: with ``{detail}``."""
        if error := self.failed.get(place):
            st.error(
                sentence.format(detail=literal(told(error, language))), icon=":material/error:"
            )
        elif place in self.done:
            self.done.discard(place)
            if done:
                st.success(done, icon=":material/check:")


def of(ticket: int) -> Work:
    """Return what the visitor does with a ticket."""
    works: dict[int, Work] = st.session_state.setdefault(_WORKS, {})
    return works.setdefault(ticket, Work())


def told(error: ApiError, language: Language) -> str:
    """Return why something did not happen: the server's own sentence, if it gave one."""
    refused = error.cause in {"refused", "conflict"} and error.detail
    return error.detail if refused else explain(error, TEXTS[language])


def typed(key: str) -> str:
    """Return what stands in a box."""
    return str(st.session_state.get(key) or "").strip()
