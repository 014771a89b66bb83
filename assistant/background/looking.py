"""Looks at what people asked in vain, beside the answers: an editor finds it put together."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from assistant.curation.gaps import GapFinder
from assistant.errors import RoutebackError

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 60.0
_BATCH: Final = 16
_PAUSE_S: Final = 15.0
"""Between two batches: who asks now goes first."""


@dataclass(frozen=True, slots=True)
class GapLooking:
    """Gives the questions of the last days that were left open their gaps."""

    finder: GapFinder

    async def watch(
        self, every_s: float = LOOK_EVERY_S, pause_s: float = _PAUSE_S, batch: int = _BATCH
    ) -> None:
        """Look again and again, a batch at a time, until cancelled."""
        while True:
            left = 0
            try:
                left = await asyncio.to_thread(self.finder.look, most=batch)
            except RoutebackError as error:
                log.warning("Open questions could not be looked at: %s", error.message)
            await asyncio.sleep(pause_s if left else every_s)
