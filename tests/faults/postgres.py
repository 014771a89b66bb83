"""The processes of a PostgreSQL on this machine."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text


def processes(engine: Engine) -> tuple[int, ...]:
    """Return the ids of all processes of a server: the one that starts the others first."""
    with engine.connect() as connection:
        backend = connection.scalar(text("SELECT pg_backend_pid()"))
    place = Path(f"/proc/{backend}/stat")
    if not place.is_file():
        pytest.skip("the PostgreSQL runs elsewhere")
    first = _parent(place)
    others = (path for path in Path("/proc").glob("[0-9]*/stat"))
    return (first, *(int(path.parent.name) for path in others if _parent(path) == first))


def _parent(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
