"""The database of records: SQLite in the data folder, or any URL that SQLAlchemy takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, inspect, text
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from assistant.errors import DatabaseError, ServerError
from assistant.folders import private_file, private_folder
from guardrails.failures import noted

metadata = MetaData()
RECORDS: Final = "routeback.sqlite"
"""The file of a data folder in which turns, nights and the guardrail are kept."""

_MIGRATIONS: Final = Path(str(files("assistant.records") / "migrations"))
_BEFORE_MIGRATIONS: Final = "0001"


def open_database(path: Path) -> Engine:
    """Open the SQLite file at ``path`` and bring its tables up to date.

    Raises:
        ServerError: the file cannot be opened or written.
    """
    try:
        private_file(path)
    except OSError as error:
        raise _unusable(path, error) from error
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _durable)
    try:
        with engine.begin() as connection:
            migrate(connection)
    except SQLAlchemyError as error:
        raise _unusable(path, error) from error
    return _told(engine)


def _unusable(path: Path, error: Exception) -> ServerError:
    return ServerError(
        f"{path} cannot be used as the database ({_kind(error)}).",
        hint="Check the rights and the free space of its folder.",
    )


@contextmanager
def open_records(folder: Path) -> Iterator[Engine]:
    """Open the database of a data folder, and close it.

    Raises:
        ServerError: it cannot be opened or written.
    """
    try:
        private_folder(folder)
    except OSError as error:
        raise _unusable(folder, error) from error
    engine = open_database(folder / RECORDS)
    try:
        yield engine
    finally:
        engine.dispose()


def open_url(url: str) -> Engine:
    """Open the database at a SQLAlchemy URL and bring its tables up to date.

    Raises:
        ServerError: it cannot be reached or written, or its driver is not installed.
    """
    if url.startswith("sqlite:///"):
        return open_database(Path(url.removeprefix("sqlite:///")))
    try:
        engine = create_engine(url, pool_pre_ping=True)
        with engine.begin() as connection:
            migrate(connection)
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        place = url.rsplit("@", 1)[-1]
        raise ServerError(
            f"The database at {place} cannot be used ({_kind(error)}).",
            hint="For PostgreSQL: postgresql+psycopg://user:password@host/name, and "
            "pip install 'routeback[postgres]'.",
        ) from error
    return _told(engine)


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
    newest = max(path.stem for path in (_MIGRATIONS / "versions").glob("r*.py"))[1:5]
    tables = inspect(connection).get_table_names()
    versioned = "alembic_version" in tables
    if versioned:
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if version == newest:
            return
    from alembic import command  # half a second to import
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS))
    if "turns" in tables and not versioned:
        command.stamp(config, _BEFORE_MIGRATIONS)
    command.upgrade(config, "head")


def _durable(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.close()
