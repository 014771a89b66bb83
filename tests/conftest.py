import os
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as properties
from sqlalchemy import Engine
from xdist.plugin import pytest_xdist_auto_num_workers as workers_of_cores

from assistant.app import open_assistant
from assistant.assistant import Assistant
from assistant.local.checker import NearCopies, near_copies
from assistant.local.embeddings import E5
from assistant.progress import Watcher
from assistant.records.database import open_url
from assistant.settings import KnowledgeSettings, Settings
from guardrails.gate import Gate
from guardrails.scorers.fast import Fast
from tests.support.databases import WANTED, Fresh, NewUrl, in_files, keeps_something, on_a_server
from tests.support.documents import fill, write
from tests.support.embeddings import computed_once
from tests.support.endpoint import Endpoint, met, serving
from tests.support.places import Place

properties.register_profile(
    "seeded", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
properties.register_profile("search", max_examples=2000, deadline=None)
properties.load_profile(os.environ.get("PROPERTIES", "seeded"))
"""A change is refused for what it broke. PROPERTIES=search looks for more than that."""


def pytest_configure(config: pytest.Config) -> None:
    """Set what the workers of a run, and each ``routeback`` that a test starts, inherit."""
    cache = getattr(config, "cache", None)  # none with -p no:cacheprovider
    if sys.dont_write_bytecode and cache is not None:
        # Each of these processes would compile some 2,000 files anew.
        sys.dont_write_bytecode = False
        sys.pycache_prefix = str(cache.mkdir("bytecode"))
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
    # The workers fill the cores; threads that wait for each other would spin on them.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return one more than there are cores; twice as many for stories, which wait for others."""
    cores = workers_of_cores(config)
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return cores
    return 2 * cores if config.option.markexpr.startswith(("slow", "long")) else cores + 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let each worker begin with modules that take long: none is left with one at the end.

    They are those with a timeout of their own. xdist cuts the list into as many equal parts as
    there are workers.
    """
    workers = getattr(config, "workerinput", {"workercount": 1})["workercount"]
    slow: dict[str, list[pytest.Item]] = {}
    quick: list[pytest.Item] = []
    for item in items:
        own = item.get_closest_marker("timeout")
        (slow.setdefault(item.location[0], []) if own else quick).append(item)
    rest = iter(quick)
    ordered: list[pytest.Item] = []
    for worker in range(workers):
        first = [item for module in list(slow.values())[worker::workers] for item in module]
        ordered += [*first, *islice(rest, max(0, len(items) // workers - len(first)))]
    items[:] = [*ordered, *rest]


@pytest.fixture(autouse=True)
def _clean_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for name in list(os.environ):
        if name.startswith(("ROUTEBACK_", "OPENAI_", "OTEL_", "HF_ENDPOINT", "HF_TOKEN")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ROUTEBACK_EVALS__SCHEDULE", "off")
    if WANTED != "sqlite" and keeps_something(request.node):
        monkeypatch.setenv("ROUTEBACK_DATABASE_URL", request.getfixturevalue("new_url")())
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session", autouse=True)
def _vectors_computed_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    base = tmp_path_factory.getbasetemp()
    worker = "PYTEST_XDIST_WORKER" in os.environ
    with computed_once((base.parent if worker else base) / "vectors"):
        yield


@pytest.fixture(scope="session")
def new_url() -> Iterator[NewUrl]:
    """Makes new databases of a real PostgreSQL; the first time, that is started."""
    with on_a_server() as made:
        yield made


@pytest.fixture(scope="session")
def fresh(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """Makes new databases with all tables; running all migrations for each would take long."""
    if WANTED == "sqlite":
        return in_files(tmp_path_factory.mktemp("databases"))
    new: NewUrl = request.getfixturevalue("new_url")
    return lambda _place: open_url(new())


@pytest.fixture
def database(fresh: Fresh, tmp_path: Path) -> Iterator[Engine]:
    """A new database with all tables: SQLite, or what ``DATABASE`` says."""
    opened = fresh(tmp_path)
    yield opened
    opened.dispose()


@pytest.fixture(scope="session")
def embedder() -> E5:
    return E5()


@pytest.fixture(scope="session")
def checker() -> NearCopies:
    return near_copies()


@pytest.fixture(scope="session")
def gate(embedder: E5, checker: NearCopies) -> Gate:
    """The check between a model and a reader, with the product's own measure."""
    return Gate(Fast(embedder, checker=checker, live=True))


@pytest.fixture(scope="session")
def cache_dir(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Embeddings of the segment examples are kept between runs, if anything is."""
    cache = getattr(pytestconfig, "cache", None)
    return Path(cache.mkdir("routeback")) if cache else tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    write(folder)
    return folder


@pytest.fixture
def place(documents: Path, tmp_path: Path, cache_dir: Path) -> Place:
    """A data folder of its own, with the documents in its index."""
    fill(tmp_path / "place", documents)
    return Place(tmp_path / "place", cache_dir)


@pytest.fixture(scope="session")
def _endpoint_server() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


@pytest.fixture
def endpoint(_endpoint_server: Endpoint) -> Iterator[Endpoint]:
    """A scripted model behind a real OpenAI-compatible server; what a test scripts ends with it."""
    _endpoint_server.reset()
    yield _endpoint_server
    _endpoint_server.reset()


@pytest.fixture(scope="session")
async def _assistant(
    tmp_path_factory: pytest.TempPathFactory,
    cache_dir: Path,
    documents: Path,
    _endpoint_server: Endpoint,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Assistant]:
    settings = Settings(
        database_url=None if WANTED == "sqlite" else request.getfixturevalue("new_url")(),
        data_dir=tmp_path_factory.mktemp("data"),
        cache_dir=cache_dir,
        openai_base_url=_endpoint_server.url,
        openai_model="scripted",
        knowledge=KnowledgeSettings(sample=False),
    )
    fill(settings.data_dir, documents)
    async with open_assistant(settings, Watcher()) as opened:
        await met(opened.arms["base"])
        yield opened


@pytest.fixture
def assistant(_assistant: Assistant, endpoint: Endpoint) -> Assistant:
    """The real graph, index and database; only the model is scripted."""
    assert endpoint.url
    return _assistant
