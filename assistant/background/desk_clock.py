"""What time does to conversations: what is solved is closed after a while, and idle ones end."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from assistant.assistant import Assistant
from assistant.desk.states import Holder
from assistant.errors import RoutebackError
from guardrails import clock

log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class DeskClock:
    """Closes what is over, beside a running assistant."""

    assistant: Assistant

    def tick(self, now: datetime) -> tuple[int, int]:
        """Close what is over; return how many were solved, and how many had been idle."""
        settings, threads = self.assistant.settings.desk, self.assistant.records.threads
        grace, idle = timedelta(days=settings.grace_days), timedelta(hours=settings.idle_hours)
        return (
            threads.over(Holder.SOLVED, "solved", now - grace),
            threads.over(Holder.BOT, "timed_out", now - idle),
        )

    async def watch(self) -> None:
        """Do it now and again."""
        while True:
            try:
                await asyncio.to_thread(self.tick, clock.now())
            except RoutebackError as error:
                log.warning("Conversations that are over could not be closed: %s", error.message)
            await asyncio.sleep(_LOOK_EVERY_S)
