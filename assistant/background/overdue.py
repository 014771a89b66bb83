"""Raises the alarm that no eval night has run, and says when it is over.

The nights may be kept in another database than the alarms, so this is looked at now and then.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from assistant.records.nights import LATE, NightRecord, Nights
from guardrails import clock
from guardrails.store.store import Store

log = logging.getLogger(__name__)

OVERDUE: Final = "overdue"
EVALS: Final = "evals"
NIGHTLY: Final = "nightly"
RUNNING: Final = timedelta(hours=12)
"""A night that has not ended is taken to be running for so long."""
LOOK_EVERY_S: Final = 600.0
_NIGHTS: Final = 1000


def since(nights: Sequence[NightRecord], began: datetime, now: datetime) -> datetime | None:
    """Return since when no daily night has run; None if none is overdue.

    nights: of every kind, newest first. began: from when on nights could be run here; it counts
    where none has ended yet. A night that is under way is not overdue.
    """
    daily = [night for night in nights if night.kind == NIGHTLY]
    ended = [night.at for night in daily if night.ended is not None]
    last = ended[0] if ended else min([began, *(night.at for night in daily)])
    under_way = any(night.ended is None and now - night.at <= RUNNING for night in daily)
    return None if under_way or now - last <= LATE else last


def on_time(nights: Sequence[NightRecord], now: datetime) -> bool:
    """Return whether a daily night has ended that is not too long ago."""
    return any(n.kind == NIGHTLY and n.ended is not None and now - n.at <= LATE for n in nights)


@dataclass(frozen=True, slots=True)
class Lateness:
    """Looks for overdue nights. began: see ``since``. daily: whether they are run each day here.

    Where they are not, an alarm from when they were is over, and that is all.
    """

    nights: Nights
    store: Store
    began: datetime
    daily: bool = True
    clock: Callable[[], datetime] = clock.now

    async def watch(self, every_s: float = LOOK_EVERY_S) -> None:
        """Look again and again, until cancelled; once where no night is run."""
        while True:
            try:
                await asyncio.to_thread(self.look)
            except Exception:
                log.exception("overdue nights could not be looked for; trying again")
            else:
                if not self.daily:
                    return
            await asyncio.sleep(every_s)

    def look(self) -> bool:
        """Raise or clear the alarm; return whether it is raised. Blocking.

        It is over when a night has ended, and not because this process is young.
        """
        now, records = self.clock(), self.nights.all(_NIGHTS, bare=True)
        last = since(records, self.began, now) if self.daily else None
        over = on_time(records, now) or not self.daily
        with self.store.reading() as ledger:
            raised = any(alarm.kind == OVERDUE for alarm in ledger.alarms(raised_only=True))
        if raised and over:
            with self.store.transaction() as ledger:
                ledger.clear_alarm(OVERDUE, EVALS, now)
            return False
        if not raised and last is not None:
            message = (
                f"No eval night has run since {last.astimezone():%Y-%m-%d %H:%M}. "
                "Run one now: routeback evals nightly"
            )
            with self.store.transaction() as ledger:
                ledger.raise_alarm(OVERDUE, EVALS, now, message)
            return True
        return raised
