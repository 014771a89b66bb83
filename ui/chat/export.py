"""Answers that leave the page: with their sources, and with the mark of who wrote them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import streamlit as st

from ui import format as formatted
from ui.addresses import NOWHERE
from ui.api.client import Language
from ui.chat import marks
from ui.chat.conversation import Conversation, Exchange
from ui.texts.chat import TEXTS, ChatText

Written = Callable[[Conversation, Language, datetime], str]


def copied(exchange: Exchange, text: ChatText) -> str:
    """Return an answer as text to be copied: what it says, its sources, who wrote it."""
    turn = exchange.turn
    lines = [exchange.answer.strip()]
    if turn and turn.used:
        lines += ["", f"{text.sources}:"]
        for source in turn.used:
            parts = (source.title, source.url or source.source or "", source.date)
            lines.append(f"[{source.number}] {', '.join(filter(None, parts))}")
    mark = ". ".join(filter(None, (_signed(exchange, text), marks.source_type(turn))))
    return "\n".join((*lines, "", f"— {mark}"))


def markdown(conversation: Conversation, language: Language, now: datetime) -> str:
    """Return a conversation as Markdown that fetches nothing where it is opened."""
    text = TEXTS[language]
    parts = [f"# {text.saved}", f"{now:%Y-%m-%d %H:%M} UTC. {text.ai} {text.notice}"]
    for exchange in conversation.exchanges:
        parts.append(f"**{text.you}:** {formatted.literal(exchange.question)}")
        if not exchange.answer:
            continue
        turn = exchange.turn
        hosts = turn.hosts if turn else NOWHERE
        parts.append(formatted.safe(exchange.answer, hosts))
        for source in turn.used if turn else ():
            about = (formatted.literal(source.title), formatted.source_link(source.url, hosts))
            parts.append(rf"\[{source.number}\] {', '.join(filter(None, about))}")
        mark, concept = f"*{formatted.literal(_signed(exchange, text))}*", marks.source_type(turn)
        parts.append(f"{mark} `{concept}`" if concept else mark)
    return "\n\n".join(parts) + "\n"


def as_json(conversation: Conversation, language: Language, now: datetime) -> str:
    """Return a conversation as JSON: each message with its author, as the API tells it."""
    messages: list[dict[str, Any]] = []
    for exchange in conversation.exchanges:
        messages.append({"role": "user", "text": exchange.question})
        if exchange.answer:
            messages.append(_answer(exchange, TEXTS[language]))
    whole = {
        "product": "Routeback",
        "conversation_id": conversation.id,
        "saved_at": now.isoformat(timespec="seconds"),
        "messages": messages,
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def copying(exchange: Exchange, text: ChatText) -> None:
    """Offer an answer to be copied, folded."""
    with st.expander(text.copy, type="compact", key=f"copy-{exchange.number}"):
        st.code(copied(exchange, text), language=None, wrap_lines=True)


def saving(conversation: Conversation, language: Language) -> None:
    """Offer the conversation as files; what they hold is written when they are asked for."""
    text = TEXTS[language]
    files: tuple[tuple[str, str, str, Written], ...] = (
        (text.save_markdown, "md", "text/markdown", markdown),
        (text.save_json, "json", "application/json", as_json),
    )
    with st.container(key="saving", gap="xxsmall"):
        for label, suffix, kind, written in files:
            st.download_button(
                label,
                data=partial(_now, written, conversation, language),
                file_name=f"routeback-conversation.{suffix}",
                mime=kind,
                key=f"save-{suffix}",
                icon=":material/download:",
                width="stretch",
                on_click="ignore",  # a run would cut short the answer that is being written
            )


def _now(written: Written, conversation: Conversation, language: Language) -> str:
    return written(conversation, language, datetime.now(UTC))


def _signed(exchange: Exchange, text: ChatText) -> str:
    return f"{marks.told(exchange.turn, text)} (Routeback)"


def _answer(exchange: Exchange, text: ChatText) -> dict[str, Any]:
    turn = exchange.turn
    author = turn.author if turn else None
    unknown = {
        "kind": "model",
        "name": "",
        "machine_generated": True,
        "digital_source_type": marks.AI_WRITTEN,
        "label": text.author_unknown,
    }
    return {
        "role": "assistant",
        "text": exchange.answer,
        "complete": turn is not None,
        "turn_id": turn.turn_id if turn else None,
        "author": author.model_dump(mode="json") if author else unknown,
        "sources": [source.model_dump(mode="json") for source in (turn.used if turn else ())],
    }
