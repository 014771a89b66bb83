"""What was left behind, by a process that died or a database that was away: it is ended."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from assistant.assistant import Assistant
from assistant.records.processes.counting import SharedCounter

log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 5.0
_ALONE_EVERY_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Recovery:
    """Clears up, also behind other processes on the same database."""

    assistant: Assistant

    async def look(self) -> int:
        """Do it; return how many answers were ended."""
        if (leases := self.assistant.leases) is not None:
            if not leases.may_judge():
                return 0
            if dead := await asyncio.to_thread(leases.bury):
                log.warning("processes that died: %s", ", ".join(sorted(dead)))
            await asyncio.to_thread(SharedCounter(leases.engine).sweep)
        return await self.assistant.recover()

    async def watch(self) -> None:
        """Do it now and again, until cancelled."""
        every_s = _LOOK_EVERY_S if self.assistant.leases else _ALONE_EVERY_S
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("what was left behind could not be cleared up; trying again")
            await asyncio.sleep(every_s)
