"""What LangGraph remembers of conversations: a file of the data folder, or tables of the server."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from langgraph.checkpoint.base import BaseCheckpointSaver
from pydantic import SecretStr

from assistant.errors import NotRemembered, ServerError
from assistant.folders import private_file
from assistant.records.database import libpq
from guardrails.failures import noted

if TYPE_CHECKING:
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
    from psycopg import AsyncConnection
    from psycopg.rows import DictRow

_WRITES_WAIT_S: Final = 30.0
"""While another connection rebuilds the file: ``assistant.retention.wiping``."""
_HELD, _MOST = 1, 20
_MAKING: Final = 7_203_546
_LOOK_EVERY_S: Final = 0.1


@asynccontextmanager
async def open_checkpoints(
    path: Path, url: SecretStr | None = None
) -> AsyncIterator[BaseCheckpointSaver[str]]:
    """Open what remembers conversations, and close it.

    path: of the file. url: of a server; with it there is no file.

    Raises:
        ServerError: the server cannot be used.
    """
    if url is None:
        import aiosqlite
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

        async with aiosqlite.connect(private_file(path), timeout=_WRITES_WAIT_S) as connection:
            yield AsyncSqliteSaver(connection)
        return
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
    from psycopg import AsyncConnection, Error
    from psycopg.rows import DictRow, dict_row
    from psycopg_pool import AsyncConnectionPool

    from assistant.records.postgres import AsyncAnsweringConnection, address

    place = address(libpq(url.get_secret_value()))
    pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
        min_size=_HELD,
        max_size=_MOST,
        open=False,
        check=AsyncConnectionPool.check_connection,
        connection_class=AsyncAnsweringConnection,
        kwargs={**place, "autocommit": True, "prepare_threshold": 0, "row_factory": dict_row},
    )
    async with pool:
        saver = AsyncPostgresSaver(pool)
        try:
            async with pool.connection() as connection:
                await _made(connection, saver)
        except Error as error:
            raise ServerError(
                f"Conversations cannot be kept in the database ({noted(error, 'the database')}).",
                hint="Its user must be allowed to make tables.",
            ) from error
        yield saver


@contextmanager
def remembering() -> Iterator[None]:
    """Turn what the memory of conversations raises into an error of ours.

    Raises:
        NotRemembered: it cannot be read or written.
    """
    try:
        yield
    except Exception as error:
        if not isinstance(error, _failures()):
            raise
        raise NotRemembered(
            "What was said before in this conversation cannot be read or written now "
            f"({noted(error, 'the memory of conversations')}).",
            hint="Check that the database runs, its rights and its free space.",
        ) from error


def _failures() -> tuple[type[Exception], ...]:
    try:
        from psycopg import Error
    except ModuleNotFoundError:
        return (sqlite3.Error,)
    return (sqlite3.Error, Error)


async def _made(connection: "AsyncConnection[DictRow]", saver: "AsyncPostgresSaver") -> None:
    """Make the tables, one process after the other.

    Who waits asks again and again: a statement that waited would hold up the indexes, which are
    made beside what is running.
    """
    holds = False
    while not holds:
        found = await connection.execute("SELECT pg_try_advisory_lock(%s) AS holds", (_MAKING,))
        row = await found.fetchone()
        holds = bool(row and row["holds"])
        if not holds:
            await asyncio.sleep(_LOOK_EVERY_S)
    try:
        await saver.setup()
    finally:
        await connection.execute("SELECT pg_advisory_unlock(%s)", (_MAKING,))
