"""Sends what is in the outbox, at least once, until it has arrived or a day is over.

Any number of these may work on one database: a delivery is claimed before it is sent, and who dies
in it leaves it to others when the claim is over. So a receiver may get a message twice, with the
same id, and never a message that was rolled back.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from assistant.sending.channel import Channel, NotSent, sent
from guardrails import clock
from guardrails.store.outbox import Delivery, OutboxMessage, Recipient
from guardrails.store.store import Store

log = logging.getLogger(__name__)

LIMIT: Final = timedelta(hours=24)
"""After which a message that does not arrive is given up, from when it was taken up."""
STALE: Final = timedelta(days=7)
"""A message that nobody took up for longer is not sent any more."""
CLAIM: Final = timedelta(seconds=90)
"""Longer than any channel takes to send."""
FIRST_S: Final = 5.0
LONGEST_S: Final = 7200.0
TOO_OLD: Final = "too old"
NOT_CONFIGURED: Final = "not configured"
_TIMES: Final = 3.0
_AT_ONCE: Final = 50
_AFTER_FAILURE_S: Final = 5.0


def pause_s(tries: int, draw: float, wait_s: float = 0.0) -> float:
    """Return the seconds before another try.

    tries: so far, from 1: 5 s, and three times as long after each, at most two hours. draw: in
    [0, 1), takes away up to a half, so that many do not come at once. wait_s: asked for.
    """
    longest = min(FIRST_S * _TIMES ** min(tries - 1, 20), LONGEST_S)
    return max(longest * (1 - draw / 2), wait_s)


def recipients(message: OutboxMessage, configured: Sequence[str]) -> list[Recipient]:
    """Return whom a message goes to; those that it names, or every channel."""
    if not message.recipients:
        return [Recipient(name) for name in configured]
    named = (name.partition(":") for name in dict.fromkeys(message.recipients))
    return [Recipient(channel, address) for channel, _, address in named]


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Sends the messages of a store. channels: those that are configured.

    every_s: between two looks. draw: returns a number in [0, 1). named: more channels, which get
    only what names them.
    """

    store: Store
    channels: Sequence[Channel]
    clock: Callable[[], datetime] = clock.now
    draw: Callable[[], float] = field(default=random.random)
    every_s: float = 1.0
    named: Sequence[Channel] = ()

    async def run(self) -> None:
        """Send until cancelled. One channel that hangs does not hold up the others."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again(partial(asyncio.to_thread, self.take_up)))
            for channel in (*self.channels, *self.named):
                group.create_task(self._again(partial(self.deliver, channel)))

    def take_up(self) -> bool:
        """Make deliveries of new messages; return whether there were any. Blocking."""
        usual, now = [channel.name for channel in self.channels], self.clock()
        names = [*usual, *(channel.name for channel in self.named)]
        with self.store.reading() as ledger:
            new = ledger.outbox.untaken(_AT_ONCE)
            stranded = ledger.outbox.stranded(names, now - LIMIT, now)
        if not (new or stranded):
            return False
        with self.store.transaction() as ledger:
            for message in new:
                to = recipients(message, usual)
                why = TOO_OLD if now - message.created > STALE else ""
                good = [recipient for recipient in to if not why and recipient.channel in names]
                if not ledger.outbox.take_up(message.id, good, now):
                    continue
                for recipient in to:
                    if recipient not in good:
                        ledger.outbox.refuse(message.id, recipient, now, why or NOT_CONFIGURED)
            for delivery in stranded:
                ledger.outbox.give_up(delivery, now, NOT_CONFIGURED)
        return True

    async def deliver(self, channel: Channel) -> bool:
        """Send what is next in a channel; return whether there was anything to send."""
        claimed = await asyncio.to_thread(self._claimed, channel.name)
        if claimed is None:
            return False
        delivery, message = claimed
        outcome = await sent(channel, message, delivery.recipient, self.clock())
        await asyncio.to_thread(self._ended, delivery, outcome)
        return True

    def _claimed(self, channel: str) -> tuple[Delivery, OutboxMessage] | None:
        now = self.clock()
        with self.store.reading() as ledger:
            due = ledger.outbox.due(channel, now)
        if due is None:
            return None
        with self.store.transaction() as ledger:
            # Read again: meanwhile somebody else may have claimed it.
            due = ledger.outbox.due(channel, now)
            mine = ledger.outbox.claim(due, now + CLAIM) if due else None
            message = ledger.outbox.message(mine.message) if mine else None
        return (mine, message) if mine and message else None

    def _ended(self, delivery: Delivery, said: str | NotSent) -> None:
        now, where = self.clock(), delivery.recipient.channel
        with self.store.transaction() as ledger:
            if not isinstance(said, NotSent):
                ledger.outbox.delivered(delivery, now, said)
                return
            again = now + timedelta(seconds=pause_s(delivery.tries, self.draw(), said.wait_s))
            if said.final or again > delivery.created + LIMIT:
                ledger.outbox.give_up(delivery, now, said.why)
                log.error("%s: message %s is given up: %s", where, delivery.message, said.why)
            else:
                ledger.outbox.failed(delivery, again, said.why)
                log.warning("%s: message %s did not arrive: %s", where, delivery.message, said.why)

    async def _again(self, work: Callable[[], Awaitable[bool]]) -> None:
        while True:
            pause = self.every_s
            try:
                if await work():
                    continue
            except Exception:
                log.exception("messages could not be sent; trying again")
                pause = max(pause, _AFTER_FAILURE_S)
            await asyncio.sleep(pause)
