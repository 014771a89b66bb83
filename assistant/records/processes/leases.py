"""Which process does what only one does at a time, and which processes live. Blocking.

A lease ends by itself: who holds it renews it well before, and who was killed does not. So what a
dead process did is taken up by another one within ``LONGEST_S``.
"""

import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from sqlalchemy import ColumnElement, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from assistant.records.processes.tables import answering, holds, leases, now, places

LONGEST_S: Final = 20.0
RENEWED_S: Final = 5.0
_SLEWED_S: Final = 1.0
_PROCESS: Final = "process:"


def _name() -> str:
    return str(uuid4())


def _held(moment: float) -> ColumnElement[bool]:
    """Return whether a lease is held. One that ends later than any does is of a wrong clock."""
    return leases.c.until.between(moment, moment + LONGEST_S + _SLEWED_S)


@dataclass(frozen=True, slots=True)
class Leases:
    """The leases of one process. me: its name, which no other one has."""

    engine: Engine
    me: str = field(default_factory=_name)
    _lapsed: list[float] = field(default_factory=list, repr=False, compare=False)

    def beat(self) -> None:
        """Say that this process lives."""
        self._look()
        self.take(f"{_PROCESS}{self.me}")

    def may_judge(self) -> bool:
        """Return whether this process may take others for dead.

        Not for a while after its own lease had lapsed: then the database was away, or its clock was
        set, for the others as well, and they need time to be heard again.
        """
        self._look()
        return not self._lapsed or time.monotonic() - self._lapsed[-1] > LONGEST_S

    def _look(self) -> None:
        """Note when the lease of this process has lapsed."""
        with self.engine.connect() as connection:
            query = select(_held(now(connection))).where(leases.c.name == f"{_PROCESS}{self.me}")
            if connection.scalar(query) is False:
                self._lapsed[:] = [time.monotonic()]

    def take(self, name: str) -> bool:
        """Take a lease, or renew it; return whether this process holds it now."""
        with self.engine.begin() as connection:
            moment = now(connection)
            free = (leases.c.process == self.me) | ~_held(moment)
            values = {"process": self.me, "until": moment + LONGEST_S}
            mine = update(leases).where(leases.c.name == name, free).values(values)
            if connection.execute(mine).rowcount:
                return True
            query = select(leases.c.name).where(leases.c.name == name)
            if connection.scalar(query) is not None:
                return False
            with suppress(IntegrityError), connection.begin_nested():
                connection.execute(insert(leases).values(name=name, **values))
                return True
        return False  # another one was quicker

    def end(self) -> None:
        """Give all back: this process ends."""
        with self.engine.begin() as connection:
            for table in (leases, answering, holds, places):
                connection.execute(delete(table).where(table.c.process == self.me))

    def alive(self) -> frozenset[str]:
        """Return the names of the processes that live."""
        with self.engine.connect() as connection:
            living = leases.c.name.startswith(_PROCESS), _held(now(connection))
            return frozenset(connection.scalars(select(leases.c.process).where(*living)))

    def bury(self) -> Collection[str]:
        """Forget what dead processes did; return their names."""
        with self.engine.begin() as connection:
            moment = now(connection)
            living = leases.c.name.startswith(_PROCESS) & _held(moment)
            alive = select(leases.c.process).where(living)
            dead = set[str]()
            for table in (answering, holds, places):
                gone = delete(table).where(table.c.process.not_in(alive))
                dead.update(connection.scalars(gone.returning(table.c.process)))
            over = delete(leases).where(~_held(moment))
            dead.update(connection.scalars(over.returning(leases.c.process)))
            return dead
