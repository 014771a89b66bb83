"""Places for questions that all processes on one database fill together."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from sqlalchemy import Connection, delete, insert, select, text, update

from assistant.access.places import FIRST_GUESS_S, WEIGHT_OF_NEWEST, in_use, none_free
from assistant.errors import TooMany
from assistant.records.processes.leases import Leases
from assistant.records.processes.tables import places
from guardrails import digests

_LOOK_EVERY_S: Final = 0.1
_LOCK: Final = 7_203_547


class SharedPlaces:
    """As ``Places``, over all processes; what a dead one held is free again.

    kind: of the places; each kind is counted for itself.
    """

    def __init__(self, leases: Leases, kind: str, most: int, each: int, waiting_s: float) -> None:
        self._leases = leases
        self._kind = kind
        self._most = most
        self._each = each
        self._waiting_s = waiting_s
        self._usual_s = FIRST_GUESS_S
        self.waiting = 0
        """How many wait in this process."""

    @asynccontextmanager
    async def enter(self, who: str, *, counted: bool = True) -> AsyncIterator[None]:
        """Hold a place for the length of the block; see ``Places.enter``."""
        number, held = await asyncio.to_thread(self._come, digests.of(who), counted)
        try:
            if not held:
                self.waiting += 1
                try:
                    await self._wait(number)
                finally:
                    self.waiting -= 1
            began = time.monotonic()
            yield
            self._usual_s += WEIGHT_OF_NEWEST * (time.monotonic() - began - self._usual_s)
        finally:
            await asyncio.shield(asyncio.to_thread(self._leave, number))

    async def _wait(self, number: int) -> None:
        try:
            async with asyncio.timeout(self._waiting_s):
                while not await asyncio.to_thread(self._held, number):  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_EVERY_S)
        except TimeoutError:
            held, waiting = await asyncio.to_thread(self._counts)
            raise none_free(held, self._usual_s * (1 + waiting / self._most)) from None

    def _come(self, who: str, counted: bool) -> tuple[int, bool]:  # noqa: FBT001
        with self._alone() as connection:
            mine = self._rows(connection)
            if counted and sum(row_who == who for _, row_who, _ in mine) >= self._each:
                raise in_use(self._each, self._usual_s)
            row = {"kind": self._kind, "who": who, "process": self._leases.me, "held": False}
            put = insert(places).values(row).returning(places.c.number)
            number: int = connection.execute(put).scalar_one()
            return number, number in self._seated(connection)

    def _held(self, number: int) -> bool:
        with self._alone() as connection:
            if number in self._seated(connection):
                return True
            query = select(places.c.held).where(places.c.number == number)
            held: bool | None = connection.scalar(query)
            if held is None:  # this process was taken for dead: it comes again
                raise TooMany("The place was lost.", retry_after_s=1)
            return held

    def _leave(self, number: int) -> None:
        with self._leases.engine.begin() as connection:
            connection.execute(delete(places).where(places.c.number == number))

    def _counts(self) -> tuple[int, int]:
        with self._leases.engine.connect() as connection:
            held = [held for _, _, held in self._rows(connection)]
        return sum(held), len(held) - sum(held)

    def _seated(self, connection: Connection) -> set[int]:
        """Give the free places to those who wait; return whom."""
        rows = self._rows(connection)
        numbers = chosen(rows, self._most)
        if numbers:
            given = update(places).where(places.c.number.in_(numbers)).values(held=True)
            connection.execute(given)
        return numbers

    def _rows(self, connection: Connection) -> list[tuple[int, str, bool]]:
        alive = self._leases.alive()
        query = select(places).where(places.c.kind == self._kind).order_by(places.c.number)
        rows = connection.execute(query)
        return [(row.number, row.who, row.held) for row in rows if row.process in alive]

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        with self._leases.engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": _LOCK})
            yield connection


def chosen(rows: list[tuple[int, str, bool]], most: int) -> set[int]:
    """Return who of those that wait gets a place.

    Whoever holds the fewest comes first, then who came first. rows: number, who, and whether they
    hold a place, in the order in which they came.
    """
    held = Counter(who for _, who, has in rows if has)
    waiting = [(number, who) for number, who, has in rows if not has]
    numbers = set[int]()
    while waiting and held.total() < most:
        first = min(waiting, key=lambda one: held[one[1]])
        waiting.remove(first)
        held[first[1]] += 1
        numbers.add(first[0])
    return numbers
