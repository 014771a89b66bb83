"""The whole API over a desk of a test: its routes, roles and limits, and no arms behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from assistant.access.callers import Callers
from assistant.access.keys import Keys
from assistant.api.server import application
from assistant.records.changes import ChangeLog
from assistant.running import Running
from tests.sources.conftest import Desk
from tests.support.listening import listening

OWNER = "owner"


@contextmanager
def served(desk: Desk) -> Iterator[Running]:
    """Serve until the block ends."""
    engine = desk.store._engine
    settings = desk.refresher.reader.settings
    library = desk.refresher.library
    app = application()
    app.state.callers = Callers(OWNER, (), Keys(engine))
    app.state.refresher = desk.refresher
    app.state.assistant = SimpleNamespace(
        settings=settings,
        log=ChangeLog(engine),
        records=SimpleNamespace(engine=engine),
        knowledge=SimpleNamespace(library=library, search=desk.search),
    )
    with listening(app) as url:
        yield Running(url, 0, OWNER)
