"""The turns of all processes on one database: whoever erases waits for those of the others, too."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from assistant.errors import ConversationHeld
from assistant.records.processes.leases import RENEWED_S, Leases
from assistant.records.processes.tables import answering, holds
from assistant.underway import Underway
from guardrails.store.store import Store

log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 0.3


class SharedUnderway(Underway):
    """The turns and pairs of one process among several."""

    def __init__(self, leases: Leases) -> None:
        super().__init__()
        self._leases = leases
        self._store = Store(leases.engine)
        self._answers: dict[str, asyncio.Task[Any] | None] = {}

    async def watch(self) -> None:
        """Say that this process lives, and stop what is to be stopped, until cancelled."""
        loop, beaten = asyncio.get_running_loop(), 0.0
        while True:
            try:
                if loop.time() - beaten >= RENEWED_S:
                    beaten = loop.time()
                    await asyncio.to_thread(self._leases.beat)
                    await asyncio.to_thread(self._forget)
                if self._answers:
                    for turn_id in await asyncio.to_thread(self._stopped):
                        if (task := self._answers.get(turn_id)) is not None:
                            self._answers[turn_id] = None  # once is enough
                            task.cancel()
            except Exception:
                log.exception("other processes could not be told of; trying again")
            await asyncio.sleep(_LOOK_EVERY_S)

    @asynccontextmanager
    async def turn(self, conversation_id: str, turn_id: str) -> AsyncIterator[None]:
        """Note that a turn of a conversation is under way; see ``Underway.turn``."""
        async with super().turn(conversation_id, turn_id):
            self._answers[turn_id] = asyncio.current_task()
            try:
                await asyncio.to_thread(self._begin, conversation_id, turn_id)
                yield
            finally:
                del self._answers[turn_id]
                with contextlib.suppress(Exception):  # ``watch`` makes up for it
                    await asyncio.to_thread(self._end, turn_id)

    @asynccontextmanager
    async def held(self, conversation_ids: Collection[str], wait_s: float) -> AsyncIterator[None]:
        """Let no turn of these conversations begin anywhere; see ``Underway.held``."""
        names = sorted(set(conversation_ids))
        async with super().held(names, wait_s):
            await asyncio.to_thread(self._hold, names)
            try:
                await self._quiet(names, wait_s)
                yield
            finally:
                await asyncio.to_thread(self._release, names)

    async def stop(self, conversation_id: str, wait_s: float) -> None:
        """Stop the answers in a conversation that other processes make; wait until they have."""
        if not await asyncio.to_thread(self._stop, conversation_id):
            return
        with contextlib.suppress(ConversationHeld):
            await self._quiet([conversation_id], wait_s)

    async def answering(self) -> frozenset[str]:
        """Return the turns that are under way in processes that live."""
        return await asyncio.to_thread(self._alive) | await super().answering()

    async def _quiet(self, names: Sequence[str], wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s):
                while await asyncio.to_thread(self._busy, names):  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_EVERY_S)
        except TimeoutError:
            raise ConversationHeld(
                f"A question has been under way for {wait_s:g} s; nothing was erased.",
                hint="Try again when it is answered.",
            ) from None

    def _begin(self, conversation_id: str, turn_id: str) -> None:
        with self._store.transaction() as ledger:
            connection, alive = ledger.connection, self._leases.alive()
            query = select(holds.c.process).where(holds.c.conversation_id == conversation_id)
            if connection.scalar(query) in alive:
                raise ConversationHeld("What was said here is being erased.", hint="Ask again.")
            mine = {"turn_id": turn_id, "process": self._leases.me}
            connection.execute(insert(answering).values(conversation_id=conversation_id, **mine))

    def _end(self, turn_id: str) -> None:
        with self._leases.engine.begin() as connection:
            connection.execute(delete(answering).where(answering.c.turn_id == turn_id))

    def _forget(self) -> None:
        """Forget turns of this process that have ended, where that could not be noted."""
        mine = answering.c.process == self._leases.me
        with self._leases.engine.begin() as connection:
            noted = set(connection.scalars(select(answering.c.turn_id).where(mine)))
            over = noted.difference(self._answers)
            if over:
                connection.execute(delete(answering).where(answering.c.turn_id.in_(over)))

    def _hold(self, names: Sequence[str]) -> None:
        with self._store.transaction() as ledger:
            connection, alive = ledger.connection, self._leases.alive()
            query = select(holds).where(holds.c.conversation_id.in_(names))
            if any(row.process in alive for row in connection.execute(query)):
                raise ConversationHeld("These conversations are being erased already.")
            connection.execute(delete(holds).where(holds.c.conversation_id.in_(names)))
            for name in names:
                mine = {"conversation_id": name, "process": self._leases.me}
                connection.execute(insert(holds).values(mine))

    def _release(self, names: Sequence[str]) -> None:
        mine = (holds.c.process == self._leases.me, holds.c.conversation_id.in_(names))
        with self._leases.engine.begin() as connection:
            connection.execute(delete(holds).where(*mine))

    def _busy(self, names: Sequence[str]) -> bool:
        alive = self._leases.alive()
        query = select(answering.c.process).where(answering.c.conversation_id.in_(names))
        with self._reading() as connection:
            return any(process in alive for process in connection.scalars(query))

    def _stop(self, conversation_id: str) -> bool:
        others = answering.c.process != self._leases.me
        theirs = update(answering).where(answering.c.conversation_id == conversation_id, others)
        with self._leases.engine.begin() as connection:
            return bool(connection.execute(theirs.values(stopped=True)).rowcount)

    def _stopped(self) -> list[str]:
        mine = (answering.c.process == self._leases.me, answering.c.stopped)
        with self._reading() as connection:
            return list(connection.scalars(select(answering.c.turn_id).where(*mine)))

    def _alive(self) -> frozenset[str]:
        alive = self._leases.alive()
        with self._reading() as connection:
            rows = connection.execute(select(answering.c.turn_id, answering.c.process))
            return frozenset(row.turn_id for row in rows if row.process in alive)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._leases.engine.connect() as connection:
            yield connection
