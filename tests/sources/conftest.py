"""Sources over a real index, a real database and a real web server on loopback."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.knowledge.index.edge import EdgeIndex
from assistant.knowledge.isolation import ReadingProcess
from assistant.knowledge.library import Library
from assistant.knowledge.readers.options import ReadingLimits
from assistant.knowledge.search import Search
from assistant.records.database import open_database
from assistant.records.sources import KnowledgeSource, SourceOptions, Sources
from assistant.settings import KnowledgeSettings, Settings, SourceSettings
from assistant.sources.reading import SourceReader
from assistant.sources.refresh import Refreshed, Refresher
from assistant.sources.register import SourceRegister
from assistant.sources.web.reach import resolve
from tests.knowledge.conftest import quick_path
from tests.sources.site import Site, serving

__all__ = ["quick_path"]


@dataclass
class Desk:
    """What a test works with. time: by which all waits are; it stands still unless it is moved."""

    refresher: Refresher
    index: EdgeIndex
    search: Search
    time: list[datetime] = field(default_factory=list)

    @property
    def register(self) -> SourceRegister:
        return self.refresher.register

    @property
    def store(self) -> Sources:
        return self.refresher.store

    def add(self, name: str, kind: str, address: str, schedule: str = "off", **options) -> None:
        self.register.add(name, kind, address, SourceOptions(**options), schedule, here=True)

    def refresh(self, name: str, *, confirmed: bool = False) -> Refreshed:
        return self.refresher.refresh(name, lambda *_: None, confirmed=confirmed)

    def get(self, name: str) -> KnowledgeSource:
        return self.store.get(name)

    def texts(self, name: str) -> list[str]:
        return sorted(c.text for _, c in self.index.chunks() if c.root == name)

    def sources(self, name: str) -> set[str]:
        return {c.source for _, c in self.index.chunks() if c.root == name}

    def notes(self, name: str) -> dict[str, str]:
        return {note.what: note.example for note in self.get(name).notes}

    def later(self, **by: float) -> datetime:
        self.time[0] += timedelta(**by)
        return self.time[0]


class _Shared(ReadingProcess):
    """A real reading process that stays for the next refresh: to start one takes seconds."""

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def process() -> Iterator[ReadingProcess]:
    shared = _Shared(ReadingLimits())
    yield shared
    shared.close()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path, quick_path: Path) -> Settings:
    return Settings(
        data_dir=quick_path / "data",
        cache_dir=tmp_path / "cache",
        knowledge=KnowledgeSettings(sample=False),
        sources=SourceSettings(
            private_hosts=("127.0.0.1", "localhost"), delay_s=0, page_seconds=5, page_bytes=100_000
        ),
    )


@pytest.fixture
def make(settings: Settings, quick_path: Path, embedder, process) -> Iterator[Callable[..., Desk]]:
    opened = []

    def made(resolver=None) -> Desk:
        settings.data_dir.mkdir(exist_ok=True)
        index = EdgeIndex(settings.data_dir / "index", embedder.dimensions)
        engine = open_database(settings.data_dir / "routeback.sqlite")
        opened.append((index, engine))
        time = [datetime(2026, 11, 4, 12, 0, tzinfo=UTC)]  # a Wednesday
        reader = SourceReader(settings, resolver or resolve, lambda _: process)
        library = Library(index, embedder)
        refresher = Refresher(Sources(engine), library, reader, now=lambda: time[0])
        return Desk(refresher, index, Search(index, embedder), time)

    yield made
    for index, engine in opened:
        index.close()
        engine.dispose()


@pytest.fixture
def desk(make) -> Desk:
    return make()
