"""What is kept: the database, conversations, the pairs that wait and who works on them. Blocking.

Nothing is migrated and nothing stays written: what is old is told, and brought up by a start.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pydantic import SecretStr
from sqlalchemy import Connection, Engine, create_engine, func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from assistant.arms.roster import Roster
from assistant.arms.roster import arms as arms_table
from assistant.doctor.diagnosis import PartState, failed, ok, skipped, warning
from assistant.records.database import RECORDS, filling, newest, place_of
from assistant.records.processes.tables import leases, now
from assistant.retention.threads import FILE as CONVERSATIONS
from assistant.settings import ArmSettings, Settings
from guardrails.failures import told
from guardrails.store.sql_tables import jobs

CONNECT_S: Final = 8
OLDEST_SERVER: Final = 15
WAITS_LONG: Final = timedelta(hours=1)
_PROCESS, _DUTY = "process:", "duty:"
_RESTORE: Final = "Restore it from a backup; where there is none, move the file away."


@contextmanager
def looking(settings: Settings) -> Iterator[Engine | None]:
    """Open the records as they are; None where there is no file yet.

    Raises:
        SQLAlchemyError, ModuleNotFoundError: a server's driver is missing.
    """
    with _opened(settings.data_dir / RECORDS, settings.database_url) as engine:
        yield engine


@contextmanager
def _opened(path: Path, url: SecretStr | None) -> Iterator[Engine | None]:
    """Open a server, without one a file that is there: it is not made."""
    if url is not None:
        server = url.get_secret_value()
        engine = create_engine(server, connect_args={"connect_timeout": CONNECT_S})
    elif path.exists():
        there = f"file:{quote(str(path))}?mode=rw"
        file = partial(sqlite3.connect, there, timeout=CONNECT_S, uri=True)
        engine = create_engine("sqlite://", creator=file, poolclass=NullPool)
    else:
        yield None
        return
    try:
        yield engine
    finally:
        engine.dispose()


def added_arms(settings: Settings) -> list[ArmSettings]:
    """Return the arms that were added by command; none where that cannot be known."""
    try:
        with looking(settings) as engine:
            if engine is None or not inspect(engine).has_table(arms_table.name):
                return []
            return [entry.arm for entry in Roster(settings, engine).entries() if entry.kept]
    except (SQLAlchemyError, ModuleNotFoundError, OSError, ValueError):
        return []  # the check of the database says why


def database(settings: Settings) -> PartState:
    """Return whether the records can be read, written and understood."""
    place = _place(settings)
    try:
        with looking(settings) as engine:
            if engine is None:
                return skipped(f"{place} is made at the first start")
            with engine.connect() as connection:
                server = engine.dialect.name == "postgresql"
                state = _server(connection) if server else _whole(connection, place)
                if state is not None:
                    return state
                _written(connection)
                return _version(connection, place)
    except ModuleNotFoundError as error:
        return failed(
            f"the driver of {place} is not installed ({error.name})",
            "psycopg",
            "pip install 'routeback[postgres]'",
        )
    except SQLAlchemyError as error:
        return _unusable(place, error, served=settings.database_url is not None)


def _place(settings: Settings) -> str:
    if settings.database_url is None:
        return str(settings.data_dir / RECORDS)
    return place_of(settings.database_url.get_secret_value())


def _unusable(place: str, error: SQLAlchemyError, *, served: bool) -> PartState:
    original = getattr(error, "orig", None) or error
    return failed(
        f"{place}: {told(original)}",
        "a database that can be opened, read and written",
        "Check that it runs, database_url (user, password, name), its rights and its free space."
        if served
        else f"Check its rights and the free space. If it is damaged: {_RESTORE}",
    )


def _server(connection: Connection) -> PartState | None:
    number = int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000
    if number >= OLDEST_SERVER:
        return None
    return failed(
        f"PostgreSQL {number}",
        f"PostgreSQL {OLDEST_SERVER} or later",
        "Upgrade the server; a backup comes first.",
    )


def _whole(connection: Connection, place: str) -> PartState | None:
    found = [str(row[0]) for row in connection.execute(text("PRAGMA quick_check(3)"))]
    if found == ["ok"]:
        return None
    return failed(f"{place} is damaged: {found[0][:200]}", "a file that is whole", _RESTORE)


def _written(connection: Connection) -> None:
    """Make a table, write into it and into one that is there, and take all of it back."""
    connection.rollback()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # else pysqlite would commit the table
    try:
        connection.execute(text("CREATE TABLE routeback_doctor (number INTEGER)"))
        connection.execute(text("INSERT INTO routeback_doctor VALUES (1)"))
        if inspect(connection).has_table(leases.name):
            connection.execute(leases.insert().values(name="doctor", process="doctor", until=0))
    finally:
        connection.rollback()


def _version(connection: Connection, place: str) -> PartState:
    what = _kind(connection)
    known = inspect(connection).has_table("alembic_version")
    query = text("SELECT version_num FROM alembic_version")
    version = str(connection.scalar(query) or "") if known else ""
    latest = newest()
    if not version:
        return ok(f"{what}, {place}: its tables are made at the next start")
    if version > latest:
        return failed(
            f"{place} has tables of version {version}",
            f"version {latest}, which this program knows",
            "A newer Routeback has used it: install that one again, or restore the backup.",
        )
    if version < latest:
        return warning(
            f"{place} has tables of version {version}",
            f"version {latest}",
            "Make a backup; the next start brings them up.",
        )
    if filled_by := connection.scalar(select(filling.c.what)):
        return failed(
            f"{place} is not whole: a {filled_by} into it has not ended",
            "a database that a move or a restore has filled to the end",
            f"Run the {filled_by} again, or empty the database and begin anew.",
        )
    return ok(f"{what}, {place}, tables of version {version}; read, written and taken back")


def _kind(connection: Connection) -> str:
    if connection.dialect.name == "sqlite":
        return f"SQLite {connection.scalar(text('SELECT sqlite_version()'))}"
    said = str(connection.scalar(text("SHOW server_version")) or "")
    return f"PostgreSQL {said.split(maxsplit=1)[0]}"


def conversations(settings: Settings) -> PartState:
    """Return whether what is remembered of conversations can be read and written."""
    path = settings.data_dir / CONVERSATIONS
    place = _place(settings) if settings.database_url else str(path)
    try:
        with _opened(path, settings.database_url) as engine:
            if engine is None:
                return skipped(f"{path} is made at the first start")
            with engine.connect() as connection:
                if settings.database_url is None and (state := _whole(connection, place)):
                    return state
                if not inspect(connection).has_table("checkpoints"):
                    return ok(f"{place}: its tables are made at the next start")
                query = text("SELECT count(DISTINCT thread_id) FROM checkpoints")
                count = connection.scalar(query) or 0
                _written(connection)
                return ok(f"{place}: {count} conversations; read, written and taken back")
    except SQLAlchemyError as error:
        return _unusable(place, error, served=settings.database_url is not None)


def workers(settings: Settings, at: datetime, *, served: bool) -> PartState:
    """Return who does what is done beside answering, and whether pairs wait too long.

    served: whether a server of this folder runs.
    """
    with looking(settings) as engine:
        if engine is None or not inspect(engine).has_table(leases.name):
            return skipped("nothing has been started yet")
        with engine.connect() as connection:
            waiting, since = _waiting(connection)
            if settings.server.background == "workers":
                living, duties = _living(connection)
                if (state := _of_workers(living, duties)) is not None:
                    return state
                who = f"{len(living)} processes live; done: {', '.join(duties)}"
            else:
                who = "the server does it" if served else "the server does it, and none runs now"
    late = at - since if since else timedelta(0)
    pairs = f"{waiting} pairs wait" + (f", the oldest for {_long(late)}" if since else "")
    busy = served or settings.server.background == "workers"
    if late > WAITS_LONG and busy:
        return warning(
            f"{who}; {pairs}",
            f"none that waits longer than {_long(WAITS_LONG)}",
            "Start more workers, or ask for fewer pairs: guard.pair_rate.",
        )
    return ok(f"{who}; {pairs}")


def _waiting(connection: Connection) -> tuple[int, datetime | None]:
    if not inspect(connection).has_table(jobs.name):
        return 0, None
    query = select(func.count(), func.min(jobs.c.at)).where(jobs.c.state == "waiting")
    count, since = connection.execute(query).one()
    return int(count), since


def _living(connection: Connection) -> tuple[list[str], list[str]]:
    """Return the processes that live, and what is done by them."""
    query = select(leases.c.name, leases.c.process).where(leases.c.until >= now(connection))
    rows = connection.execute(query).all()
    living = sorted(row.process for row in rows if row.name.startswith(_PROCESS))
    duties = sorted(
        row.name.removeprefix(_DUTY)
        for row in rows
        if row.name.startswith(_DUTY) and row.process in living
    )
    return living, duties


def _of_workers(living: list[str], duties: list[str]) -> PartState | None:
    expected = "one 'routeback worker' at least"
    todo = "Start 'routeback worker' (its settings are those of the servers), and see its log."
    if not living:
        return failed("no process of this database lives", expected, todo)
    if not duties:
        got = f"{len(living)} processes live, and none of them is a worker"
        return failed(got, expected, todo)
    return None


def _long(time: timedelta) -> str:
    minutes = time.total_seconds() / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"  # noqa: PLR2004
