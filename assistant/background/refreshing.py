"""Refreshes sources whose time has come, one after the other, beside the answers."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from assistant.errors import RoutebackError, SourceBusy, UnknownSource
from assistant.records.changes import ChangeLog
from assistant.sources.batch import Stopped
from assistant.sources.refresh import Refresher
from assistant.sources.schedule import LONGEST

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 15.0
_BY: Final = "schedule"


@dataclass(frozen=True, slots=True)
class Refreshing:
    """Looks for sources that are due; times that were missed are made up for once."""

    refresher: Refresher
    changes: ChangeLog

    async def watch(self, every_s: float = LOOK_EVERY_S) -> None:
        """Look again and again, until cancelled; what is being read then is gone on with later."""
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("sources could not be looked at; trying again")
            await asyncio.sleep(every_s)

    async def look(self) -> list[str]:
        """Refresh what is due now; return the names of what was tried."""
        refresher = self.refresher
        due = await asyncio.to_thread(refresher.store.due, refresher.now(), LONGEST)
        for name in due:
            await asyncio.to_thread(self._refresh, name)
        return due

    def _refresh(self, name: str) -> None:
        try:
            done = self.refresher.refresh(name, lambda *_: None)
        except (Stopped, SourceBusy, UnknownSource):
            return
        except RoutebackError as error:
            log.warning("%s could not be refreshed: %s", name, error.message)
            return
        except Exception:
            log.exception("%s could not be refreshed", name)
            return
        told = {"outcome": done.outcome, "added": done.changes.added}
        if done.outcome == "held" or done.changes.added or done.changes.removed:
            told = {**told, "kept": done.changes.kept, "removed": done.changes.removed}
            self.changes.note(_BY, "source refreshed", name, told)
