"""Who runs the blocks of a night: this process, or as many machines as work on a queue."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

from assistant.background import durable
from assistant.errors import NotMeasured
from evals.night.history import Kind
from evals.night.plan import Block
from guardrails.failures import noted

QUEUE: Final = "eval-blocks"
_VERSION: Final = "evals-1"

Work = Callable[[str, Kind, Block], Awaitable[None]]
"""Called with night, kind and block; does what of the block is not done."""


class Executor(Protocol):
    """Runs blocks."""

    async def run(self, night: str, kind: Kind, blocks: Sequence[Block]) -> None:
        """Run the blocks; return when they are done."""
        ...


@dataclass(frozen=True, slots=True)
class Here:
    """Runs blocks in this process, one after the other, in order.

    What is stored with each answer is all that a restart needs, so nothing else is kept.
    """

    work: Work

    async def run(self, night: str, kind: Kind, blocks: Sequence[Block]) -> None:
        """Run the blocks."""
        for block in blocks:
            await self.work(night, kind, block)


@dataclass(frozen=True, slots=True)
class Queued:
    """Hands blocks to every process that works on the queue; this one is among them."""

    work: Work
    _workflow: Any

    async def run(self, night: str, kind: Kind, blocks: Sequence[Block]) -> None:
        """Run the blocks; one that a dead machine took is run here in the end."""
        waiting = []
        for block in blocks:
            name = f"{night}:{kind}:{block.number}:{block.arm}"
            plain = {"night": night, "kind": kind, "block": asdict(block)}
            await asyncio.to_thread(durable.enqueue, QUEUE, name, self._workflow, plain)
            waiting.append((block, name))
        for block, name in waiting:
            while not await asyncio.to_thread(durable.ended, name):  # noqa: ASYNC110  (it may run elsewhere)
                await asyncio.sleep(durable.LOOK_EVERY_S)
            await self.work(night, kind, block)


@asynccontextmanager
async def queued(work: Work, url: str, *, executor: str, at_once: int = 1) -> AsyncIterator[Queued]:
    """Work on the queue until the block ends.

    url: of DBOS's tables, SQLite for one machine and PostgreSQL for many. executor: the name of
    this process; one that is started again under its name goes on with what it had taken.
    at_once: blocks at a time, in this process.

    Raises:
        NotMeasured: DBOS cannot use its database.
    """
    from dbos import DBOS  # a second to import

    loop = asyncio.get_running_loop()
    durable.configure("routeback-evals", url, _VERSION, executor)

    @DBOS.step(name="run-eval-block", retries_allowed=True, max_attempts=3)
    async def make(plain: dict[str, Any]) -> None:
        # Arms and locks belong to the loop of this process, not to that of DBOS.
        block = Block(**{**plain["block"], "cases": tuple(plain["block"]["cases"])})
        working = asyncio.run_coroutine_threadsafe(_do(work, plain, block), loop)
        await asyncio.wrap_future(working)

    @DBOS.workflow(name="eval-block")
    async def run_block(plain: dict[str, Any]) -> None:
        await make(plain)

    try:
        await asyncio.to_thread(durable.launch, QUEUE, at_once)
    except Exception as error:
        await durable.end()
        raise NotMeasured(
            f"The queue of blocks cannot be opened ({noted(error, 'the queue')}).",
            hint="evals.work_url is a PostgreSQL address; without it a file in the data folder.",
        ) from error
    try:
        yield Queued(work, run_block)
    finally:
        await durable.end()


async def _do(work: Work, plain: dict[str, Any], block: Block) -> None:
    await work(plain["night"], plain["kind"], block)
