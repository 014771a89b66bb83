"""What a way of sending can do, and how it says that it could not."""

from datetime import datetime
from typing import Protocol

from guardrails.failures import kind
from guardrails.store.outbox import OutboxMessage, Recipient


class NotSent(Exception):
    """A message did not arrive.

    why: what kind of failure; never what another program said. final: trying again cannot help.
    wait_s: how long the receiver asks to be left alone, in seconds; 0: it does not say.
    """

    def __init__(self, why: str, *, final: bool = False, wait_s: float = 0.0) -> None:
        super().__init__(why)
        self.why = why
        self.final = final
        self.wait_s = wait_s


class Channel(Protocol):
    """A way of sending."""

    @property
    def name(self) -> str:
        """How it is called in ``guardrails.store.outbox.Recipient``."""
        ...

    async def send(self, message: OutboxMessage, to: Recipient, now: datetime) -> str:
        """Send a message, in bounded time; return a note where something is to be said of it.

        Raises:
            NotSent: it did not arrive, or nobody can tell.
        """
        ...


async def sent(
    channel: Channel, message: OutboxMessage, to: Recipient, now: datetime
) -> str | NotSent:
    """Send a message; return the note, or why it failed, whatever it is."""
    try:
        return await channel.send(message, to, now)
    except NotSent as failure:
        return failure
    except Exception as error:
        return NotSent(kind(error))
