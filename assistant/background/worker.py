"""Runs queued pairs and nights durably: DBOS keeps what is under way; a kill loses nothing.

A job is written in the transaction of its turn. Here it becomes a workflow of the same id, which
DBOS runs once however often it is asked for, and again after a crash; the pair is stored in one
transaction with the end of its job, so that running again makes no second one.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from dbos import DBOS

from assistant.background import durable
from assistant.errors import ServerError
from assistant.folders import private_file
from assistant.guarding.pairs import PairRunner
from assistant.retention.work import AGAIN, FILE
from guardrails import clock
from guardrails.failures import noted

log = logging.getLogger(__name__)

QUEUE: Final = "pairs"
_AT_ONCE: Final = 50
_VERSION: Final = "pairs-1"
"""What DBOS recovers: workflows of this version. It changes only if their steps do."""


NIGHT: Final = "eval-night"
ONE_DAY: Final = timedelta(days=1)
"""How late a night may be run: one that was killed goes on so long."""


@dataclass(frozen=True, slots=True)
class Daily:
    """What is run once a day. at: HH:MM in the time zone. zone: IANA name."""

    run: Callable[[], Awaitable[None]]
    at: str
    zone: str

    @property
    def cron(self) -> str:
        """The time of day as a cron expression."""
        hour, minute = self.at.split(":")
        return f"{int(minute)} {int(hour)} * * *"


@asynccontextmanager
async def working(
    pairing: PairRunner,
    database_url: str,
    *,
    concurrency: int = 1,
    executor: str = "local",
    daily: Daily | None = None,
    alive: Callable[[], Collection[str]] | None = None,
) -> AsyncIterator[None]:
    """Run jobs in the background until the block ends.

    database_url: of DBOS's own tables. concurrency: jobs at a time, in this process. daily: the
    night; one that was killed goes on at the next start. alive: names of the executors that live,
    where there are several; what others had taken is gone on with.

    Raises:
        ServerError: DBOS cannot use its database.
    """
    loop = asyncio.get_running_loop()
    durable.configure("routeback", database_url, _VERSION, executor)

    pair, night = _workflows(pairing, daily, loop)
    try:
        await asyncio.to_thread(_launch, concurrency, daily, night)
    except Exception as error:
        await durable.end()
        raise ServerError(
            f"The queue of pairs cannot be opened ({noted(error, 'the queue')}).",
            hint="Check the rights and the free space of the data folder.",
        ) from error

    async def dispatch() -> None:
        sent: set[str] = set()
        offset = clock.CLOCK.offset()
        while True:
            try:
                if abs(clock.CLOCK.offset() - offset) > clock.SLACK.total_seconds():
                    offset = clock.CLOCK.offset()
                    await asyncio.to_thread(_schedule, daily, night, offset)
                if alive is not None:
                    await asyncio.to_thread(durable.resume, alive)
                for job_id in await asyncio.to_thread(_waiting, pairing):
                    if job_id not in sent:
                        await asyncio.to_thread(_enqueue, pair, job_id)
                        sent.add(job_id)
            except Exception:
                log.exception("queued pairs could not be handed over; trying again")
            await asyncio.sleep(durable.LOOK_EVERY_S)

    dispatcher = asyncio.create_task(dispatch())
    try:
        yield
    finally:
        dispatcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await dispatcher
        await durable.end()


def _workflows(
    pairing: PairRunner, daily: Daily | None, loop: asyncio.AbstractEventLoop
) -> tuple[Any, Any]:
    """Register the workflows of a pair and of a night; return them.

    Arms, queues and locks belong to the loop of the server, not to that of DBOS.
    """

    @DBOS.step(name="make-pair", retries_allowed=True, max_attempts=3)
    async def make(job_id: str) -> str:
        running = asyncio.run_coroutine_threadsafe(pairing.run(job_id), loop)
        return await asyncio.wrap_future(running)

    @DBOS.step(name="run-night")
    async def run_night() -> None:
        if daily is not None:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_run(daily), loop))

    @DBOS.workflow(name=NIGHT)
    async def night(at: datetime, _context: Any) -> None:
        if clock.within(at, ONE_DAY, clock.now()):  # else it belongs to a wrong clock
            await run_night()

    @DBOS.workflow(name="pair")
    async def pair(job_id: str) -> str:
        return await make(job_id)

    return pair, night


def _launch(concurrency: int, daily: Daily | None, night: Any) -> None:
    durable.launch(QUEUE, concurrency)
    _schedule(daily, night)


def _enqueue(pair: Any, job_id: str) -> None:
    # Ended, and the job still waits: the end was lost with the database's last moments.
    name = f"{job_id}{AGAIN}" if durable.ended(job_id) else job_id
    durable.enqueue(QUEUE, name, pair, job_id)


def _schedule(daily: Daily | None, night: Any, offset: float = 0.0) -> None:
    """Set the daily time; one that is switched off is forgotten.

    offset: another one makes DBOS look at the clock again. It counts on from the time of its
    start, so that after a jump it would sleep for years, or run all the nights between.
    """
    if daily is None:
        if DBOS.get_schedule(NIGHT) is not None:
            DBOS.delete_schedule(NIGHT)
        return
    DBOS.apply_schedules(
        [
            {
                "schedule_name": NIGHT,
                "workflow_fn": night,
                "schedule": daily.cron,
                "context": offset,
                "cron_timezone": daily.zone,
            }
        ]
    )


async def _run(daily: Daily) -> None:
    await daily.run()


def _waiting(pairing: PairRunner) -> list[str]:
    with pairing.guard.store.reading() as ledger:
        return [job.id for job in ledger.waiting(_AT_ONCE)]


def sqlite_url(folder: Path) -> str:
    """Return the address of DBOS's tables in a data folder."""
    return f"sqlite:///{private_file(folder / FILE)}"
