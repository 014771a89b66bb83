"""How fast passages are indexed and found."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from assistant.knowledge.documents import Document
from assistant.knowledge.index.edge import EdgeIndex
from assistant.knowledge.library import Library
from assistant.knowledge.search import Search
from assistant.local.embeddings import E5
from benchmarks import data
from benchmarks.results import Table, number, table
from benchmarks.speed.questions import questions


def texts(count: int) -> Iterator[str]:
    """Yield real passages of the benchmark data, repeated with a mark if there are too few."""
    found: list[str] = []
    for path in sorted(data.root().rglob("*.jsonl")):
        for row in data.lines(path):
            text = row.get("text") or row.get("definition") or row.get("answer") or ""
            if isinstance(text, str) and 80 < len(text) < 160:
                found.append(text)
    found = found or [f"Passage about topic {n}. " * 12 for n in range(500)]
    for place in range(count):
        text = found[place % len(found)]
        yield text if place < len(found) else f"{text} ({place})"


def tell(what: str, done: int, total: int) -> None:
    """Show progress now and then."""
    if done % 500 == 0:
        print(f"{what} {done}/{total}", flush=True)


def index(count: int) -> list[list[object]]:
    """Index ``count`` chunks and search them."""
    embedder = E5()
    items = [Document(f"{n}.md", f"Passage {n}", text, "en") for n, text in enumerate(texts(count))]
    with tempfile.TemporaryDirectory() as folder:
        store = EdgeIndex(Path(folder), embedder.dimensions)
        started = time.perf_counter()
        changes = Library(store, embedder).add("all", items, tell)
        took = time.perf_counter() - started
        search = Search(store, embedder)
        asked = [row["question"] for row in questions()]
        times = sorted(_search(search, question) for question in asked * 5)
        store.close()
    p50, p95 = times[len(times) // 2], times[int(0.95 * len(times))]
    size = sum(len(item.markdown) for item in items)
    return [
        [
            *(changes.added, size / len(items), changes.added / took, size / took),
            *(1e3 * p50, 1e3 * p95),
        ]
    ]


def _search(search: Search, question: str) -> float:
    started = time.perf_counter()
    search.find(question, "en", 4)
    return time.perf_counter() - started


SPEED = (
    *("chunks", number("characters each", 0), number("chunks per s", 1)),
    *(number("characters per s", 0), number("search p50", 0, "ms"), number("p95", 0, "ms")),
)


def measure(*, quick: bool = False, chunks: int = 1200) -> list[Table]:
    """Index and search; two minutes."""
    return [table("speed", SPEED, index(100 if quick else chunks))]
