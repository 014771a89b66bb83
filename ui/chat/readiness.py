"""How far the model that writes is, while there is anything to say about it."""

from dataclasses import dataclass
from typing import Final, Literal

import streamlit as st
from pydantic import ValidationError

from ui.api.client import Client
from ui.api.types import ApiModelStatus
from ui.chat.details import percent
from ui.errors import ApiError
from ui.format import literal
from ui.texts.chat import ChatText

LOOK_S: Final = 5
"""Seconds between two looks."""
_LONGEST_S: Final = 3.0
_SETTLED: Final = "readiness-settled"
_SEEN: Final = "readiness-seen"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a model can write. progress: of fetching it, in [0, 1], None if unknown.

    ``unknown``: the API cannot be reached; it may be starting.
    """

    model: Literal["ready", "fetching", "starting", "failed", "unknown"]
    progress: float | None = None
    message: str = ""


def show(client: Client, text: ChatText) -> None:
    """Show how far the model is, as long as it cannot write; renews itself until then."""
    state = st.session_state
    if state.get(_SETTLED):
        return
    readiness = look(client)
    if readiness.model == "ready":
        state[_SETTLED] = True
    else:
        state[_SEEN] = readiness
        _line(client, text)


def look(client: Client) -> Readiness:
    """Return how far the model is; ready if the API does not say."""
    try:
        reply = client.send("GET", "/v1/status", longest_s=_LONGEST_S)
        status = ApiModelStatus.model_validate(reply)
        share = status.progress.root if status.progress else None
        return Readiness(status.model, share, status.message)
    except ApiError as error:
        away = error.cause in {"unreachable", "lost", "slow", "busy"}
        return Readiness(model="unknown" if away else "ready")
    except ValidationError:
        return Readiness(model="ready")


@st.fragment(run_every=LOOK_S)
def _line(client: Client, text: ChatText) -> None:
    """Say it in one line. A fragment, so that looking does not disturb a running answer."""
    readiness: Readiness = st.session_state.pop(_SEEN, None) or look(client)
    if readiness.model == "ready":
        st.session_state[_SETTLED] = True
        st.rerun()
    if readiness.model == "unknown":
        return
    share = "" if readiness.progress is None else f", {percent(readiness.progress)}"
    reason = literal(readiness.message) if readiness.model == "failed" else ""
    with st.container(key="readiness"):
        st.caption(text.models[readiness.model].format(share=share), help=reason or None)
