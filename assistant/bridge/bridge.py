"""The bridge of a running assistant: who is told, who may say something, and what runs beside."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from assistant.bridge.incoming import Incoming
from assistant.bridge.zammad import Zammad
from assistant.records.bridge.inbox import Inbox
from assistant.records.bridge.telling import BRIDGE, NoticesFrom, TicketWebhook, ZammadBell
from assistant.records.desk.desk import Desk
from assistant.records.desk.events import Notices
from assistant.records.desk.threads import Threads
from assistant.records.queue.mailing import chained
from assistant.sending.bridge_settings import BridgeSettings
from assistant.sending.channel import Channel
from assistant.sending.signature import key_of
from assistant.sending.webhook import Webhook


def told_by(settings: BridgeSettings, others: Notices) -> NoticesFrom:
    """Return who is told of what a source does: others, and the desks of the bridge.

    Nobody is told of what they did themselves.
    """

    def notices(source: str) -> Notices:
        told = [others]
        if settings.webhook.url is not None:
            told.append(TicketWebhook(settings.webhook.name, settings.notes, source))
        if settings.zammad.url is not None:
            told.append(ZammadBell(settings.notes, source))
        return chained(*told)

    return notices


@dataclass(frozen=True, slots=True)
class Bridge:
    """What speaks with other desks. zammad: None: there is none."""

    settings: BridgeSettings
    incoming: Incoming
    zammad: Zammad | None

    @classmethod
    def of(
        cls, settings: BridgeSettings, desk: Desk, threads: Threads, notices: NoticesFrom
    ) -> Self:
        """Return the bridge that settings describe, at a desk."""
        inbox = Inbox(desk.engine, timedelta(seconds=settings.hold_s))
        incoming = Incoming(inbox, desk, threads, notices)
        there = settings.zammad
        zammad = Zammad(desk.engine, incoming, there, settings.notes) if there.url else None
        return cls(settings, incoming, zammad)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """What sends to other desks, and only what is meant for them."""
        found: list[Channel] = [] if self.zammad is None else [self.zammad]
        url, secret = self.settings.webhook.url, self.settings.webhook.secret
        if url is not None and secret is not None:
            key = key_of(secret.get_secret_value())
            found.append(Webhook(url.get_secret_value(), key, name=BRIDGE))
        return tuple(found)
