"""The database of records: SQLite in the data folder, or any URL that SQLAlchemy takes."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, cast

from pydantic import SecretStr
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    NullPool,
    String,
    Table,
    create_engine,
    delete,
    event,
    insert,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from assistant.errors import DatabaseError, ServerError
from assistant.folders import private_file, private_folder
from guardrails.failures import noted

metadata = MetaData()
RECORDS: Final = "routeback.sqlite"
"""The file of a data folder in which turns, nights and the guardrail are kept."""
MOVED: Final = "moved.json"
"""Says where the records of a data folder went."""
BEFORE: Final = ".before-"
"""In the name of a copy that was made before an upgrade, in front of its version."""

filling = Table(
    "filling",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("what", String(32), nullable=False),
)
"""Has a row while a move or a restore writes here, also where that was cut short."""

_MIGRATIONS: Final = Path(str(files("assistant.records") / "migrations"))
_BEFORE_MIGRATIONS: Final = "0001"
_HELD, _MORE = 5, 35
"""Connections of a process to a database server: held open, and at the most beside those."""
_MIGRATING: Final = 7_203_545
_URL: Final = "For PostgreSQL it is postgresql+psycopg://user:password@host/name."


def open_database(path: Path) -> Engine:
    """Open the SQLite file at ``path`` and bring its tables up to date.

    Raises:
        ServerError: the file cannot be opened or written.
    """
    try:
        private_file(path)
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        _copy_before_upgrade(path)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(path, error) from error
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _durable)
    try:
        with engine.begin() as connection:
            migrate(connection)
    except SQLAlchemyError as error:
        raise _unusable(path, error) from error
    return _told(engine)


def _copy_before_upgrade(path: Path) -> None:
    """Copy a database whose tables are of an older version, which that can open again."""
    if not path.stat().st_size:
        return
    with closing(sqlite3.connect(path)) as old:
        versioned = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
        if old.execute(versioned).fetchone() is None:
            return
        (version,) = old.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
        copy = path.with_name(f"{path.name}{BEFORE}{version}")
        if version in {"", newest()} or copy.exists():
            return
        draft = private_file(copy.with_name(f"{copy.name}.draft"))
        with closing(sqlite3.connect(draft)) as new:
            old.backup(new)
        draft.replace(copy)


def newest() -> str:
    """Return the version of the tables that this program makes."""
    return max(path.stem for path in (_MIGRATIONS / "versions").glob("r*.py"))[1:5]


def _unusable(path: Path, error: Exception) -> ServerError:
    return ServerError(
        f"{path} cannot be used as the database ({_kind(error)}).",
        hint="Check the rights and the free space of its folder.",
    )


@contextmanager
def open_records(
    folder: Path, url: SecretStr | None = None, *, fills: bool = False
) -> Iterator[Engine]:
    """Open the database at a URL, without one the file of a data folder, and close it.

    fills: whether it is opened by what fills it, a move or a restore.

    Raises:
        ServerError: it cannot be opened or written, or is not whole yet.
    """
    try:
        private_folder(folder)
    except OSError as error:
        raise _unusable(folder, error) from error
    if url is None:
        _check_here(folder)
    engine = open_url(url.get_secret_value()) if url else open_database(folder / RECORDS)
    try:
        if not fills:
            _check_whole(engine)
        yield engine
    finally:
        engine.dispose()


def fill(engine: Engine, what: str) -> None:
    """Note that a database is not whole until it is ``filled``. what: ``move`` or ``restore``."""
    with engine.begin() as connection:
        connection.execute(delete(filling))
        connection.execute(insert(filling).values(number=1, what=what))


def filled(engine: Engine) -> None:
    """Note that a database is whole."""
    with engine.begin() as connection:
        connection.execute(delete(filling))


def _check_whole(engine: Engine) -> None:
    with engine.connect() as connection:
        what = connection.scalar(select(filling.c.what))
    if what is not None:
        raise ServerError(
            f"The database is not whole: a {what} into it has not ended.",
            hint=f"Run the {what} again and let it end, or empty the database and begin anew.",
        )


def _check_here(folder: Path) -> None:
    """Check that a data folder was not moved to a server.

    Raises:
        ServerError: it was; what is written here now would not be there.
    """
    note = folder / MOVED
    if not note.is_file():
        return
    try:
        to = json.loads(note.read_text("utf-8"))["to"]
    except (OSError, ValueError, KeyError, TypeError):
        to = "a database server"
    raise ServerError(
        f"What was in {folder} was moved to {to}.",
        hint="Set database_url (ROUTEBACK_DATABASE_URL) to it. To go on here all the same, without "
        f"what has happened there since, delete {note}.",
    )


def place_of(url: str) -> str:
    """Return where a database is: host, port and name of its URL, and nothing else of it."""
    address = make_url(url)
    port = f":{address.port}" if address.port else ""
    host = address.host or address.normalized_query.get("host", ("localhost",))[0]
    return f"{host}{port}/{address.database}"


def open_url(url: str) -> Engine:
    """Open the database at a SQLAlchemy URL and bring its tables up to date.

    Raises:
        ServerError: it cannot be reached or written, or its driver is not installed.
    """
    if url.startswith("sqlite:///"):
        return open_database(Path(url.removeprefix("sqlite:///")))
    try:
        patient = create_engine(url, poolclass=NullPool)  # an index may take its time to be made
        event.listen(patient, "do_connect", _soon)
        with patient.begin() as connection:
            migrate(connection)
        engine = create_engine(url, pool_pre_ping=True, pool_size=_HELD, max_overflow=_MORE)
        if engine.driver == "psycopg":
            event.listen(engine, "do_connect", _answering)
            event.listen(engine, "connect", _without_nul)
    except ArgumentError as error:
        raise ServerError("database_url cannot be read.", hint=_URL) from error
    except ModuleNotFoundError as error:
        raise ServerError(
            f"The driver of the database at {place_of(url)} is not installed ({error.name}).",
            hint="pip install 'routeback[postgres]'",
        ) from error
    except SQLAlchemyError as error:
        raise ServerError(
            f"The database at {place_of(url)} cannot be used ({_kind(error)}).",
            hint=f"Check that it runs, that its user may make tables, its free space, and the "
            f"URL. {_URL}",
        ) from error
    return _told(engine)


def libpq(url: str) -> str:
    """Return the URL of a PostgreSQL as its own library takes it: without the name of a driver."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _told(engine: Engine) -> Engine:
    """Let what the database cannot do from now on be an error that a person may see."""
    event.listen(engine, "handle_error", _as_ours)
    return engine


def _as_ours(context: ExceptionContext) -> DatabaseError | None:
    if isinstance(context.sqlalchemy_exception, IntegrityError):
        return None  # not a failure of the database; whoever writes knows what it means
    return DatabaseError(
        f"The records cannot be read or written now ({_kind(context.original_exception)}).",
        hint="Check that the database runs, its rights and its free space.",
    )


def _kind(error: BaseException) -> str:
    return noted(error.__cause__ or error, "the database")


def migrate(connection: Connection) -> None:
    """Run the migrations that this database has not seen, all or none."""
    if connection.dialect.name == "postgresql":  # several processes may start at a time
        connection.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": _MIGRATING})
    tables = inspect(connection).get_table_names()
    versioned = "alembic_version" in tables
    if versioned:
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if version == newest():
            return
        if str(version) > newest():
            raise ServerError(
                f"The tables of the database are of a newer version ({version}) than this program "
                f"({newest()}).",
                hint="Start the newer version. The way back to this one is a copy from before the "
                "upgrade, or a backup.",
            )
    from alembic import command  # half a second to import
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS))
    if "turns" in tables and not versioned:
        command.stamp(config, _BEFORE_MIGRATIONS)
    command.upgrade(config, "head")


def _soon(_dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> None:
    """Let a server that cannot be reached be one soon, unless its URL says otherwise."""
    from assistant.records.postgres import CONNECT_S

    options.setdefault("connect_timeout", CONNECT_S)


def _answering(dialect: Any, record: Any, args: Any, options: dict[str, Any]) -> DBAPIConnection:
    from assistant.records.postgres import AnsweringConnection

    _soon(dialect, record, args, options)
    return cast("DBAPIConnection", AnsweringConnection.connect(*args, **options))


def _durable(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.close()


def _without_nul(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Let texts be kept without NUL, which no text of PostgreSQL can hold."""
    from psycopg.types.string import StrDumper

    class Holdable(StrDumper):
        def dump(self, obj: str) -> bytes | bytearray | memoryview | None:
            return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))

    connection.adapters.register_dumper(str, Holdable)
