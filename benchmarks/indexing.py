"""How fast passages are indexed and found.

Usage: ``python benchmarks/indexing.py [CHUNKS]`` (default 5000).
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import report

from assistant import environment
from assistant.knowledge.documents import Document
from assistant.knowledge.index.edge import EdgeIndex
from assistant.knowledge.library import Library
from assistant.knowledge.search import Search
from assistant.local.embeddings import E5

NOTE = """Searching includes embedding the question; indexing includes embedding every passage,
which is nearly all of it and grows with the characters. Passages of more than 350 characters get
further vectors, one for each window."""


def questions() -> list[str]:
    """Return the questions of the base model's benchmark."""
    rows = (report.HERE / "questions.jsonl").read_text().splitlines()
    return [json.loads(row)["question"] for row in rows]


def texts(count: int) -> Iterator[str]:
    """Yield real passages of the benchmark data, repeated with a mark if there are too few."""
    found: list[str] = []
    for path in sorted(report.DATA.rglob("*.jsonl")) if report.DATA.exists() else ():
        for line in path.read_text().splitlines():
            row = json.loads(line)
            text = row.get("text") or row.get("definition") or row.get("answer") or ""
            if isinstance(text, str) and 80 < len(text) < 160:
                found.append(text)
    found = found or [f"Passage about topic {n}. " * 12 for n in range(500)]
    for number in range(count):
        text = found[number % len(found)]
        yield text if number < len(found) else f"{text} ({number})"


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
        asked = questions()
        times = sorted(_search(search, question) for question in asked * 5)
        store.close()
    p50, p95 = times[len(times) // 2], times[int(0.95 * len(times))]
    size = sum(len(item.markdown) for item in items)
    return [
        [
            *(changes.added, f"{size / len(items):.0f}", f"{changes.added / took:.1f}"),
            *(f"{size / took:,.0f}", f"{1e3 * p50:.0f}", f"{1e3 * p95:.0f}"),
        ]
    ]


def _search(search: Search, question: str) -> float:
    started = time.perf_counter()
    search.find(question, "en", 4)
    return time.perf_counter() - started


def main() -> None:
    """Measure and publish."""
    environment.prepare()
    indexed = index(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
    head = (
        *("chunks", "characters each", "chunks per s", "characters per s"),
        *("search p50, ms", "p95, ms"),
    )
    report.publish("indexing", "Speed of the index", f"{report.table(head, indexed)}\n\n{NOTE}")


if __name__ == "__main__":
    main()
