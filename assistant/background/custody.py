"""Erases what people said, when they ask and when its time is over, beside a running assistant."""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self

from assistant.assistant import Assistant
from assistant.retention import steadiness
from assistant.retention.holdings import Holdings
from assistant.settings import RetentionSettings
from assistant.underway import Underway
from assistant.wire.privacy import HoldingsView, ReceiptView
from guardrails import clock

log = logging.getLogger(__name__)

EVERY: Final = timedelta(days=1)
_LOOK_EVERY_S: Final = 3600.0
_TIDIED_S: Final = 60.0
_TURN_S: Final = 150.0
"""How long is waited for a question of the conversation that is erased: more than a deadline."""


@dataclass(frozen=True, slots=True)
class Custody:
    """What is kept of people, while questions are answered. underway: those, and their pairs.

    One thing is erased or cleaned at a time.
    """

    holdings: Holdings
    ages: RetentionSettings
    underway: Underway = field(default_factory=Underway)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def of(cls, assistant: Assistant) -> Self:
        """Return the custody of what an assistant keeps."""
        settings, records = assistant.settings, assistant.records.engine
        holdings = Holdings.of(settings, records, assistant.nights.engine)
        return cls(holdings, settings.retention, assistant.underway)

    async def preview(self, people: Collection[str]) -> HoldingsView:
        """Return how much is kept of people; see ``Holdings.preview``."""
        return await asyncio.to_thread(self.holdings.preview, people)

    async def export(self, people: Collection[str], by: str) -> tuple[ReceiptView, dict[str, Any]]:
        """Return all that is kept of people; see ``Holdings.export``."""
        return await asyncio.to_thread(self.holdings.export, people, by)

    async def erase(self, people: Collection[str], by: str) -> ReceiptView:
        """Erase what is kept of people, and leave no byte of it; scores stay. by: who asked.

        Raises:
            UnknownPerson: nothing is kept of one of them.
            ConversationHeld: a question of theirs takes too long.
            DatabaseError: a file could not be cleaned.
        """
        async with self._one:
            await asyncio.to_thread(self.holdings.complete)
            mine = await asyncio.to_thread(self.holdings.conversations, people)
            async with self.underway.held(mine, _TURN_S):
                chosen = await asyncio.to_thread(self.holdings.begin, mine)
                await self.underway.end_pairs(chosen.jobs)
                return await asyncio.to_thread(self.holdings.finish, mine, by)

    async def receipts(self) -> tuple[ReceiptView, ...]:
        """Return the receipts, newest first."""
        return await asyncio.to_thread(self.holdings.receipts)

    async def expire(self, now: datetime) -> ReceiptView | None:
        """Erase what has been kept for longer than it may be; None if nothing has.

        Raises:
            ConversationHeld: somebody goes on with such a conversation now.
            DatabaseError: a file could not be cleaned.
        """
        async with self._one:
            chosen = await asyncio.to_thread(self.holdings.overdue, self.ages, now)
            async with self.underway.held(chosen.conversations, _TURN_S):
                await asyncio.to_thread(self.holdings.void, chosen)
                await self.underway.end_pairs(chosen.jobs)
                return await asyncio.to_thread(self.holdings.expire, self.ages, now)

    async def watch(self, every_s: float = _LOOK_EVERY_S) -> None:
        """Erase what is overdue: once the clock can be believed, then each day, until cancelled.

        So days on which nobody ran it are made up for after the start; what failed is tried again.
        """
        last: datetime | None = None
        while True:
            try:
                last = await self.look(last, clock.now())
            except Exception:
                log.exception("what is kept for too long could not be erased; trying again")
            await asyncio.sleep(every_s)

    async def tidy(self, every_s: float = _TIDIED_S) -> None:
        """Finish erasures of this process that were cut short, and follow others', until cancelled.

        Every process does: each has files of its own.
        """
        while True:
            try:
                async with self._one:
                    await asyncio.to_thread(self.holdings.complete)
                    await asyncio.to_thread(self.holdings.follow, self.ages)
            except Exception:
                log.exception("files could not be cleaned after an erasure; trying again")
            await asyncio.sleep(every_s)

    async def look(self, last: datetime | None, now: datetime) -> datetime | None:
        """Erase what is overdue, if it is time; return when that was last done.

        Raises:
            DatabaseError: see ``expire``.
        """
        steady = await asyncio.to_thread(steadiness.looked, self.holdings.data, now)
        if not steady or not (last is None or clock.over(last, EVERY, now)):
            return last
        await self.expire(now)
        return now
