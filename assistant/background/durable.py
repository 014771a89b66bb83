"""DBOS within an event loop of ours."""

import asyncio
from concurrent.futures import ThreadPoolExecutor


async def end() -> None:
    """End DBOS; what is under way goes on at the next start.

    DBOS makes its own threads the default of each loop that calls it, and ends them: a loop that
    lives on would fail at its next ``asyncio.to_thread``, so it is given threads of its own again.
    """
    from dbos import DBOS  # a second to import

    # First, as another server of this process may have ended DBOS, and its threads, already.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
    await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=0, destroy_registry=True)
