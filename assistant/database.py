"""The database of records: SQLite in the data folder, or any URL that SQLAlchemy takes."""

from pathlib import Path

from sqlalchemy import Engine, MetaData, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from assistant.errors import ServerError

metadata = MetaData()


def open_database(path: Path) -> Engine:
    """Open the SQLite file at ``path`` and create the tables that are missing.

    Raises:
        ServerError: the file cannot be opened or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _durable)
    try:
        metadata.create_all(engine)
    except SQLAlchemyError as error:
        raise ServerError(
            f"{path} cannot be used as the database ({error.__cause__ or error}).",
            hint="Check the rights and the free space of its folder.",
        ) from error
    return engine


def _durable(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()
