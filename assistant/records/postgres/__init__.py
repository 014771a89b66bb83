"""Connections to PostgreSQL that give up on a server that says nothing.

libpq waits for ever: for a machine that stands still, a disk that does, a network that swallows
what is sent. A connection that is given up is closed, so that its transaction is undone; a pool
makes another one. Import this only where there is a PostgreSQL.
"""

from typing import Any, Final, TypeVar

from psycopg import AsyncConnection, Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import _WaitTimeout

T = TypeVar("T")

CONNECT_S: Final = 5
"""For a connection."""
SILENT_S: Final = 20.0
"""For an answer to one statement, a lock that it waits for included."""
_LOOK_EVERY_S: Final = 0.1


def address(url: str) -> dict[str, Any]:
    """Return how a PostgreSQL is connected to. url: as libpq takes it."""
    return {"connect_timeout": CONNECT_S, **conninfo_to_dict(url)}


def silent() -> OperationalError:
    """Return what is said of a server that says nothing."""
    return OperationalError(f"the server has said nothing for {SILENT_S:g} s")


class AnsweringConnection(Connection[Any]):
    """A connection for threads."""

    def wait(
        self, gen: PQGen[T], interval: float = _LOOK_EVERY_S, timeout: float | None = None
    ) -> T:
        """Wait for the server.

        Raises:
            OperationalError: it said nothing; the connection is closed.
        """
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, SILENT_S)
        except _WaitTimeout:
            self.close()
            raise silent() from None


class AsyncAnsweringConnection(AsyncConnection[Any]):
    """A connection for an event loop."""

    async def wait(
        self,
        gen: PQGen[T],
        interval: float = _LOOK_EVERY_S,
        timeout: float | None = None,  # noqa: ASYNC109  (psycopg's)
    ) -> T:
        """Wait for the server; see ``AnsweringConnection.wait``."""
        if timeout is not None:
            return await super().wait(gen, interval, timeout)
        try:
            return await super().wait(gen, interval, SILENT_S)
        except _WaitTimeout:
            await self.close()
            raise silent() from None
