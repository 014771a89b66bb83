import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path

import pytest
from xdist.plugin import pytest_xdist_auto_num_workers as workers_of_cores

from assistant.app import open_assistant
from assistant.assistant import Assistant
from assistant.local.checker import NearCopies, near_copies
from assistant.local.embeddings import E5
from assistant.progress import Watcher
from assistant.settings import KnowledgeSettings, Settings
from guardrails.gate import Gate
from guardrails.scorers.fast import Fast
from tests.support.documents import fill
from tests.support.embeddings import computed_once
from tests.support.endpoint import Endpoint, met, serving
from tests.support.places import Place

GLOSSARY = [
    {
        "key": "negative-transfer",
        "term": "Negative transfer",
        "aliases": ["harmful transfer"],
        "definition": "Negative transfer means that knowledge from one task makes a model worse at "
        "another task. It shows when a model trained from scratch does better.",
        "language": "en",
    },
    {
        "key": "negative-transfer",
        "term": "Negativer Transfer",
        "aliases": ["Negative transfer"],
        "definition": "Negativer Transfer bedeutet, dass Wissen aus einer Aufgabe ein Modell bei "
        "einer anderen Aufgabe verschlechtert. Man erkennt ihn am Vergleich mit einem neuen.",
        "language": "de",
    },
    {
        "key": "token",
        "term": "Token",
        "aliases": [],
        "definition": "A token is the smallest piece of text that a language model reads. A long "
        "word is often several tokens.",
        "language": "en",
    },
    {
        "key": "pod",
        "term": "Pod",
        "aliases": ["pods"],
        "definition": "A pod is the smallest unit that Kubernetes runs. It holds one or more "
        "containers that share a network address.",
        "language": "en",
    },
]
FAQ = [
    {
        "key": "reset-password",
        "question": "How do I reset my password?",
        "alternatives": ["I forgot my password"],
        "answer": "Choose Forgot password on the sign-in page. The link in the e-mail is valid for "
        "60 minutes and works once.",
        "language": "en",
        "url": "https://help.example.com/en/reset",
    },
    {
        "key": "reset-password",
        "question": "Wie setze ich mein Passwort zurück?",
        "alternatives": ["Passwort vergessen"],
        "answer": "Wählen Sie auf der Anmeldeseite Passwort vergessen. Der Link in der E-Mail gilt "
        "60 Minuten und funktioniert einmal.",
        "language": "de",
        "url": "https://help.example.com/de/reset",
    },
    {
        "key": "refund",
        "question": "Can I get a refund?",
        "alternatives": [],
        "answer": "The first payment is refunded within 14 days. Write to billing with the number "
        "of the invoice.",
        "language": "en",
    },
]


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
    """Return one more than there are cores: a test waits for others a third of its time."""
    cores = workers_of_cores(config)
    return cores if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else cores + 1


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
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("ROUTEBACK_", "OPENAI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ROUTEBACK_EVALS__SCHEDULE", "off")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session", autouse=True)
def _vectors_computed_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    base = tmp_path_factory.getbasetemp()
    worker = "PYTEST_XDIST_WORKER" in os.environ
    with computed_once((base.parent if worker else base) / "vectors"):
        yield


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
    for name, rows in (("glossary", GLOSSARY), ("faq", FAQ)):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
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
def endpoint(_endpoint_server: Endpoint) -> Endpoint:
    """A scripted model behind a real OpenAI-compatible server."""
    _endpoint_server.reset()
    return _endpoint_server


@pytest.fixture(scope="session")
async def _assistant(
    tmp_path_factory: pytest.TempPathFactory,
    cache_dir: Path,
    documents: Path,
    _endpoint_server: Endpoint,
) -> AsyncIterator[Assistant]:
    settings = Settings(
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
