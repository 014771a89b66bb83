"""An address that takes what Slack's incoming webhooks take; Mattermost and others do, too."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from assistant.sending.post import TIMEOUT_S, post
from guardrails.store.outbox import OutboxMessage, Recipient

SLACK: Final = "slack"
_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
"""The three characters that begin links and mentions, and what Slack documents for them."""


def escaped(text: str) -> str:
    """Return a text in which nothing is a link or a mention."""
    return text.translate(_ESCAPED)


@dataclass(frozen=True, slots=True)
class Slack:
    """An incoming webhook; its address is its password."""

    url: str = field(repr=False)
    timeout_s: float = TIMEOUT_S

    @property
    def name(self) -> str:
        """How it is called."""
        return SLACK

    async def send(self, message: OutboxMessage, to: Recipient, now: datetime) -> str:
        """Send subject and text."""
        del to, now
        content = f"Routeback: {message.body.get('subject', message.topic)}"
        if text := message.body.get("text", ""):
            content = f"{content}\n{text}"
        body = json.dumps({"text": escaped(content)}, ensure_ascii=False).encode()
        await post(self.url, body, {}, self.timeout_s)
        return ""
