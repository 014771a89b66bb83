"""A webhook after the Standard Webhooks specification 1.0: JSON, signed with HMAC-SHA256."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from assistant.sending.post import TIMEOUT_S, post
from assistant.sending.signature import signature
from guardrails.store.outbox import OutboxMessage, Recipient

WEBHOOK: Final = "webhook"


def payload(message: OutboxMessage) -> bytes:
    """Return the body that is sent; the same in every try."""
    values = {
        "type": message.topic,
        "timestamp": message.created.isoformat(),
        "data": dict(message.body),
    }
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that takes signed JSON. name: of the channel."""

    url: str = field(repr=False)
    key: bytes = field(repr=False)
    timeout_s: float = TIMEOUT_S
    name: str = WEBHOOK

    async def send(self, message: OutboxMessage, to: Recipient, now: datetime) -> str:
        """Send a message; the id is the same over tries, the timestamp is that of this one."""
        del to
        body, timestamp = payload(message), int(now.timestamp())
        headers = {
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self.key, message.id, timestamp, body),
        }
        await post(self.url, body, headers, self.timeout_s)
        return ""
