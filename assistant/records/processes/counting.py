"""Requests within a minute, counted by all processes on one database together. Blocking."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects.postgresql import insert

from assistant.records.processes.tables import now, rates
from guardrails import digests

_WINDOW_S: Final = 60


@dataclass(frozen=True, slots=True)
class SharedCounter:
    """Counts by a sliding window: of the minute before, the part that the last 60 s reach into.

    That is exact where requests come evenly, and needs two numbers for each caller:
    https://blog.cloudflare.com/counting-things-a-lot-of-different-things/
    """

    engine: Engine

    def hit(self, name: str, most: int) -> float:
        """Count a request; return 0, or after how many seconds one would be taken."""
        key = digests.of(name)  # of people, nothing but that they are the same
        with self.engine.connect() as connection:
            window, within = divmod(now(connection), _WINDOW_S)
            row = {"name": key, "window": int(window), "count": 1}
            put = insert(rates).values(**row, ends=(window + 2) * _WINDOW_S)
            put = put.on_conflict_do_update(
                index_elements=[rates.c.name, rates.c.window],
                set_={"count": rates.c.count + 1},
            )
            here = connection.execute(put.returning(rates.c.count)).scalar_one()
            query = select(rates.c.count)
            query = query.where(rates.c.name == key, rates.c.window == int(window) - 1)
            before = connection.scalar(query) or 0
            if here + before * (1 - within / _WINDOW_S) > most:
                connection.rollback()
                return _WINDOW_S - within
            connection.commit()
            return 0.0

    def sweep(self) -> None:
        """Forget what is counted no more."""
        with self.engine.begin() as connection:
            connection.execute(delete(rates).where(rates.c.ends < now(connection)))
