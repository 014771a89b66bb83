"""The ways of sending that the settings describe, and a try of all of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from assistant.errors import GuardError
from assistant.sending.channel import Channel, NotSent, sent
from assistant.sending.mail import Mail
from assistant.sending.settings import AlarmSettings
from assistant.sending.signature import key_of
from assistant.sending.slack import Slack
from assistant.sending.webhook import Webhook
from guardrails.store.outbox import OutboxMessage, Recipient

TEST: Final = "test"


def channels(settings: AlarmSettings) -> tuple[Channel, ...]:
    """Return what is configured."""
    result: list[Channel] = []
    webhook, slack, smtp = settings.webhook, settings.slack, settings.smtp
    if webhook.url is not None and webhook.secret is not None:
        key = key_of(webhook.secret.get_secret_value())
        result.append(Webhook(webhook.url.get_secret_value(), key))
    if slack.url is not None:
        result.append(Slack(slack.url.get_secret_value()))
    if smtp.host is not None:
        password = smtp.password.get_secret_value() if smtp.password else ""
        where = (smtp.host, smtp.reached_at, smtp.sender, smtp.recipients)
        result.append(Mail(*where, smtp.tls, smtp.user, password))
    return tuple(result)


@dataclass(frozen=True, slots=True)
class ChannelTrial:
    """What became of a test message on one channel. said: a note, or why it was not sent."""

    channel: str
    sent: bool
    said: str


@dataclass(frozen=True, slots=True)
class Trials:
    """A test message through every channel. id: of the message."""

    id: str
    channels: tuple[ChannelTrial, ...]


async def tried(among: Sequence[Channel], now: datetime) -> Trials:
    """Send a test message through every channel; return what happened.

    Raises:
        GuardError: there is no channel.
    """
    if not among:
        raise GuardError(
            "No channel for alarms is configured.",
            hint="Set ROUTEBACK_ALARMS__WEBHOOK__URL and ROUTEBACK_ALARMS__WEBHOOK__SECRET, or "
            "ROUTEBACK_ALARMS__SLACK__URL, or ROUTEBACK_ALARMS__SMTP__HOST, …__FROM and …__TO "
            "(docs/alarms.md).",
        )
    body = {
        "subject": "Test of alarms",
        "text": "This is a test. Alarms of Routeback will arrive here.",
        "kind": TEST,
        "arm": None,
        "segment": None,
        "decision": None,
        "at": now.isoformat(),
    }
    message = OutboxMessage(TEST, body, now, TEST)
    done = await asyncio.gather(
        *(sent(channel, message, Recipient(channel.name), now) for channel in among)
    )
    return Trials(
        message.id,
        tuple(
            ChannelTrial(channel.name, sent=False, said=outcome.why)
            if isinstance(outcome, NotSent)
            else ChannelTrial(channel.name, sent=True, said=outcome)
            for channel, outcome in zip(among, done, strict=True)
        ),
    )
