"""Mail, webhooks and Slack: whether what people are to be told can leave."""

import smtplib
from datetime import UTC, datetime
from typing import Final

from assistant.doctor.diagnosis import PartState, failed, ok, skipped
from assistant.doctor.network import reached
from assistant.doctor.runner import apart
from assistant.sending.channel import Channel, NotSent, sent
from assistant.sending.channels import TEST, channels
from assistant.sending.mail import EMAIL, Mail
from assistant.settings import Settings
from guardrails.failures import told
from guardrails.store.outbox import OutboxMessage, Recipient

_LOGIN: Final = "Check alarms.smtp.user and alarms.smtp.password; some want a password of an app."


async def mail(settings: Settings, address: str = "") -> PartState:
    """Return whether the mail server lets us in. address: send a test there as well."""
    channel = _channel(settings, EMAIL)
    if not isinstance(channel, Mail):
        return skipped("alarms.smtp.host is not set")
    place = f"{channel.host}:{channel.port}"
    try:
        name = await apart(channel.greeted)
    except smtplib.SMTPAuthenticationError as error:
        return failed(f"{place} refuses the login ({error.smtp_code})", "a login", _LOGIN)
    except smtplib.SMTPNotSupportedError as error:
        return failed(
            f"{place}: {told(error)}",
            "what alarms.smtp.tls and alarms.smtp.user ask for",
            "Set alarms.smtp.tls to what the server has: starttls, ssl or none.",
        )
    except smtplib.SMTPException as error:
        return failed(
            f"{place} is no mail server that takes us ({told(error)})",
            "a mail server",
            "Check alarms.smtp.host, port and tls: ssl is port 465, starttls 587.",
        )
    if not address:
        said = "signed in" if channel.user else "greeted"
        return ok(f"{place} ({name}), {channel.tls}: {said}; nothing was sent")
    return await _tried(channel, Recipient(EMAIL, address), f"a mail to {address}")


async def posted(settings: Settings, name: str, url: str | None, *, send: bool) -> PartState:
    """Return whether an address of alarms is reached. send: post a test message as well."""
    if url is None:
        return skipped(f"alarms.{name}.url is not set")
    channel = _channel(settings, name)
    if send and channel is not None:
        return await _tried(channel, Recipient(name), "a test message")
    return await reached(url, name)


def _channel(settings: Settings, name: str) -> Channel | None:
    return next((one for one in channels(settings.alarms) if one.name == name), None)


async def _tried(channel: Channel, to: Recipient, what: str) -> PartState:
    now = datetime.now(UTC)
    text = "This is a test by 'routeback doctor'."
    body = {"subject": "Test", "text": text, "kind": TEST, "at": now.isoformat()}
    outcome = await sent(channel, OutboxMessage(TEST, body, now, TEST), to, now)
    if isinstance(outcome, NotSent):
        if isinstance(outcome.__cause__, OSError):
            raise outcome.__cause__
        return failed(
            f"{what} was not taken ({outcome.why})",
            "that it is taken",
            "Check the address and its key (docs/alarms.md).",
        )
    return ok(f"{what} was taken" + (f": {outcome}" if outcome else ""))
