"""What time does to the bridge: what waited long enough happens, and quiet tickets are seen."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from assistant.bridge.bridge import Bridge
from assistant.errors import RoutebackError
from guardrails import clock

log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class BridgeClock:
    """Looks after the bridge, beside a running assistant."""

    bridge: Bridge

    def tick(self) -> None:
        """Let happen what is due, and look at tickets for which nobody rang for a while."""
        if self.bridge.settings.incoming or self.bridge.zammad is not None:
            self.bridge.incoming.due()
        if self.bridge.zammad is not None:
            self.bridge.zammad.sweep(clock.now())

    async def watch(self) -> None:
        """Do it now and again."""
        while True:
            try:
                await asyncio.to_thread(self.tick)
            except (RoutebackError, SQLAlchemyError):
                log.exception("the bridge could not be looked after; trying again")
            await asyncio.sleep(_LOOK_EVERY_S)
