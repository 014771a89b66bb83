"""DBOS beside an event loop of ours.

Its asynchronous calls would make its threads those of the loop that calls them, so it is called
from threads, by everybody.
"""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from assistant.records.database import libpq

LOOK_EVERY_S: Final = 0.25
ENDED: Final = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
"""Of a workflow: nothing more is done."""


def configure(name: str, url: str, version: str, executor: str) -> None:
    """Say whose work DBOS keeps, before any workflow is made known to it.

    url: of its tables. version: what it goes on with after a restart. executor: the name of this
    process; one that is started again under its name goes on with what it had taken.
    """
    from dbos import DBOS

    DBOS(
        config={
            "name": name,
            "system_database_url": libpq(url),
            "application_version": version,
            "executor_id": executor,
            "log_level": "ERROR",
        }
    )


def launch(queue: str, at_once: int) -> None:
    """Start DBOS and work on a queue. at_once: workflows at a time, in this process.

    Raises:
        Exception: DBOS cannot use its database.
    """
    from dbos import DBOS  # a second to import

    DBOS.launch()
    DBOS.register_queue(queue, worker_concurrency=at_once, polling_interval_sec=LOOK_EVERY_S)


def enqueue(queue: str, name: str, workflow: Any, given: Any) -> None:
    """Queue a workflow under a name, unless there is one of that name."""
    from dbos import DBOS, SetWorkflowID

    with SetWorkflowID(name):
        DBOS.enqueue_workflow(queue, workflow, given)


def ended(name: str) -> bool:
    """Return whether there is a workflow of that name, and nothing more of it is done."""
    from dbos import DBOS

    status = DBOS.get_workflow_status(name)
    return status is not None and status.status in ENDED


def resume(alive: Callable[[], Collection[str]]) -> None:
    """Queue again what executors had taken that live no more. alive: names of those that do.

    Who lives is asked last: an executor that comes meanwhile does.
    """
    from dbos import DBOS

    taken = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
    if not taken:
        return
    living = alive()
    for workflow in taken:
        if workflow.executor_id not in living:
            DBOS.resume_workflow(workflow.workflow_id, queue_name=workflow.queue_name)


async def end() -> None:
    """End DBOS; what is under way goes on at the next start.

    DBOS makes its own threads the default of each loop that calls it, and ends them: a loop that
    lives on would fail at its next ``asyncio.to_thread``, so it is given threads of its own again.
    """
    from dbos import DBOS

    # First, as another server of this process may have ended DBOS, and its threads, already.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
    await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=0, destroy_registry=True)
