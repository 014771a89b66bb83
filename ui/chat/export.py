"""Answers that leave the page: with their sources, and with the mark of who wrote them."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from html import escape
from typing import Any
from urllib.parse import quote

import streamlit as st

from ui import format as formatted
from ui import moments
from ui.addresses import NOWHERE
from ui.api.client import Language
from ui.chat import marks
from ui.chat.conversation import Conversation, Exchange, WrittenMessage
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
    for exchange in conversation.items:
        if isinstance(exchange, WrittenMessage):
            parts.append(_letter(exchange, text))
        if not isinstance(exchange, Exchange):
            continue
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
    for item in conversation.items:
        if isinstance(item, WrittenMessage):
            author = item.entry.author
            told = {"author": author.model_dump(mode="json")} if author else {}
            role = "assistant" if author else "user"
            messages.append({"role": role, "text": item.entry.text, **told})
        elif isinstance(item, Exchange):
            messages.append({"role": "user", "text": item.question})
            if item.answer:
                messages.append(_answer(item, TEXTS[language]))
    whole = {
        "product": "Routeback",
        "conversation_id": conversation.id,
        "saved_at": now.isoformat(timespec="seconds"),
        "messages": messages,
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def copying(exchange: Exchange, text: ChatText) -> None:
    """Offer an answer to be copied by one click; a script of the page does it."""
    held = quote(copied(exchange, text), safe="")
    with st.container(key=f"copy-{exchange.number}"):
        st.html(
            f'<button type="button" class="rb-button" data-copy="{held}" '
            f'data-done="{escape(text.copied)}">{escape(text.copy)}</button>'
        )


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


def _letter(message: WrittenMessage, text: ChatText) -> str:
    """Return what people say to each other, as Markdown."""
    author = message.entry.author
    who = text.authors[author.kind].format(name=author.name) if author else text.you
    return f"**{formatted.literal(who)}:** {formatted.safe(message.entry.text)}"


def _now(written: Written, conversation: Conversation, language: Language) -> str:
    return written(conversation, language, moments.now())


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
