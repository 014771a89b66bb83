"""Runs the queued pairs durably: DBOS keeps what is under way, so that a kill loses nothing.

A job is written in the transaction of its turn. Here it becomes a workflow of the same id, which
DBOS runs once however often it is asked for, and again after a crash; the pair is stored in one
transaction with the end of its job, so that running again makes no second one.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from dbos import DBOS, DBOSConfig, SetWorkflowID

from assistant.errors import ServerError
from assistant.pairing import Pairing

log = logging.getLogger(__name__)

QUEUE: Final = "pairs"
_LOOK_EVERY_S: Final = 0.25
_AT_ONCE: Final = 50
_ENDED: Final = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
_VERSION: Final = "pairs-1"
"""What DBOS recovers: workflows of this version. It changes only if their steps do."""


@asynccontextmanager
async def working(
    pairing: Pairing, database_url: str, *, concurrency: int = 1, executor: str = "local"
) -> AsyncIterator[None]:
    """Run jobs in the background until the block ends.

    database_url: of DBOS's own tables. concurrency: jobs at a time, in this process.

    Raises:
        ServerError: DBOS cannot use its database.
    """
    config: DBOSConfig = {
        "name": "routeback",
        "system_database_url": database_url,
        "application_version": _VERSION,
        "executor_id": executor,
        "log_level": "ERROR",
    }
    loop = asyncio.get_running_loop()
    dbos = DBOS(config=config)

    @DBOS.step(name="make-pair", retries_allowed=True, max_attempts=3)
    async def make(job_id: str) -> str:
        # The arms, queues and locks belong to the loop of the server, not to that of DBOS.
        running = asyncio.run_coroutine_threadsafe(pairing.run(job_id), loop)
        return await asyncio.wrap_future(running)

    @DBOS.workflow(name="pair")
    async def pair(job_id: str) -> str:
        return await make(job_id)

    try:
        await asyncio.to_thread(DBOS.launch)
        await DBOS.register_queue_async(
            QUEUE, worker_concurrency=concurrency, polling_interval_sec=_LOOK_EVERY_S
        )
    except Exception as error:
        DBOS.destroy(destroy_registry=True)
        raise ServerError(
            f"The queue of pairs cannot be opened ({type(error).__name__}: {error}).",
            hint="Check the rights and the free space of the data folder.",
        ) from error

    async def dispatch() -> None:
        sent: set[str] = set()
        while True:
            try:
                for job_id in await asyncio.to_thread(_waiting, pairing):
                    if job_id not in sent:
                        await _enqueue(job_id)
                        sent.add(job_id)
            except Exception:
                log.exception("queued pairs could not be handed over; trying again")
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _enqueue(job_id: str) -> None:
        status = await DBOS.get_workflow_status_async(job_id)
        # Ended, and the job still waits: the end was lost with the database's last moments.
        again = status is not None and status.status in _ENDED
        with SetWorkflowID(f"{job_id}#again" if again else job_id):
            await DBOS.enqueue_workflow_async(QUEUE, pair, job_id)

    del dbos
    dispatcher = asyncio.create_task(dispatch())
    try:
        yield
    finally:
        dispatcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await dispatcher
        await asyncio.to_thread(
            DBOS.destroy, workflow_completion_timeout_sec=0, destroy_registry=True
        )


def _waiting(pairing: Pairing) -> list[str]:
    with pairing.guard.store.reading() as ledger:
        return [job.id for job in ledger.waiting(_AT_ONCE)]


def sqlite_url(folder: Path) -> str:
    """Return the address of DBOS's tables in a data folder."""
    return f"sqlite:///{folder / 'work.sqlite'}"
