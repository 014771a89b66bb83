"""How much the product adds to what the engine needs anyway, and how fast the index is.

Usage: ``python benchmarks/speed.py [CHUNKS]`` (default 5000).
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import httpx
import report

from assistant import environment, prompts
from assistant.api.server import Serving, serving
from assistant.arms import EmbeddedArm
from assistant.knowledge.documents import Document
from assistant.knowledge.edge_index import EdgeIndex
from assistant.knowledge.library import Library
from assistant.knowledge.search import Search, focus
from assistant.local.embeddings import E5
from assistant.settings import ServerSettings, load
from assistant.watcher import Watcher

ASKED = 20
PORT = 8733
NOTE = """The engine is sent the same prompt, with the same share of it in its cache. Searching
includes embedding the question; indexing includes embedding every passage and its windows, which
is nearly all of it. Chunks have 150 to 350 characters, one
vector each."""
Timed = Callable[[str], Awaitable[tuple[float, float]]]


def questions() -> list[str]:
    """Return 20 questions that the sample knowledge answers, in both languages."""
    rows = [json.loads(line) for line in (report.HERE / "questions.jsonl").read_text().splitlines()]
    asked = [row["question"] for row in rows if row["behaviour"] == "answer"]
    return asked[:: len(asked) // ASKED][:ASKED]


async def clocked(pieces: AsyncIterator[str]) -> tuple[float, float]:
    """Return seconds to the first piece and to the end."""
    started = time.perf_counter()
    first = 0.0
    async for piece in pieces:
        if piece:
            first = first or time.perf_counter() - started
    return first, time.perf_counter() - started


async def through_api(question: str) -> AsyncIterator[str]:
    """Ask over HTTP, as a client does; yields texts."""
    messages = [{"role": "user", "content": question}]
    body = {"model": "routeback", "stream": True, "messages": messages}
    url = f"http://127.0.0.1:{PORT}/v1/chat/completions"
    async with (
        httpx.AsyncClient(timeout=300) as client,
        client.stream("POST", url, json=body) as reply,
    ):
        reply.raise_for_status()
        async for line in reply.aiter_lines():
            data = line.removeprefix("data: ")
            if line.startswith("data: ") and data != "[DONE]":
                yield json.loads(data)["choices"][0]["delta"].get("content", "")


async def straight(server: Serving, question: str, language: str) -> AsyncIterator[str]:
    """Send the very same prompt to the engine; yields texts."""
    assistant = server.assistant
    settings = assistant.settings
    found = assistant.knowledge.search.find(question, language, settings.knowledge.passages)
    most = settings.knowledge.passage_characters
    messages = prompts.answer_messages(question, focus(found), language, most)
    arm = assistant.arms["base"]
    assert isinstance(arm, EmbeddedArm)
    endpoint = await arm.engine.endpoint()
    body = {
        "messages": messages,
        "max_tokens": settings.answer_tokens,
        "temperature": 0,
        "stream": True,
        "lora": arm.engine.spec.scales(None),
    }
    started = {"Authorization": f"Bearer {endpoint.api_key}"}
    async with (
        httpx.AsyncClient(timeout=300, headers=started) as client,
        client.stream("POST", f"{endpoint.base_url}/chat/completions", json=body) as reply,
    ):
        async for line in reply.aiter_lines():
            data = line.removeprefix("data: ")
            if line.startswith("data: ") and data != "[DONE]":
                choices = json.loads(data)["choices"]
                yield (choices[0]["delta"].get("content") or "") if choices else ""


async def overhead(server: Serving) -> list[list[object]]:
    """Measure both ways in turn; no prompt follows itself, so both find the same cache."""
    asked = [(q, "de" if any(c in q for c in "äöüß") else "en") for q in questions()]
    await clocked(through_api(asked[-1][0]))
    api, engine = {}, {}
    for number, (question, _) in enumerate(asked):
        other, language = asked[(number + ASKED // 2) % ASKED]
        api[question] = await clocked(through_api(question))
        engine[other] = await clocked(straight(server, other, language))
    rows: list[list[object]] = []
    for name, part in (("first token", 0), ("whole answer", 1)):
        ratio = statistics.median(
            api[q][part] / engine[q][part] for q, _ in asked if engine[q][part]
        )
        times = [statistics.median(way[q][part] for q, _ in asked) for way in (api, engine)]
        rows.append([name, f"{times[0]:.2f}", f"{times[1]:.2f}", f"{ratio:.3f}"])
    return rows


async def warm_ask() -> float:
    """Return the median seconds from starting ``routeback ask`` to its first text."""
    taken = []
    for question in questions()[:5]:
        started = time.perf_counter()
        child = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "routeback"),
            *("ask", question),
            stdout=asyncio.subprocess.PIPE,
        )
        assert child.stdout is not None
        await child.stdout.read(1)
        taken.append(time.perf_counter() - started)
        await child.communicate()
    return statistics.median(taken)


def texts(count: int) -> Iterator[str]:
    """Yield real passages of the benchmark data, repeated with a mark if there are too few."""
    found: list[str] = []
    for path in sorted(report.DATA.rglob("*.jsonl")) if report.DATA.exists() else ():
        for line in path.read_text().splitlines():
            row = json.loads(line)
            text = row.get("text") or row.get("definition") or row.get("answer") or ""
            if isinstance(text, str) and 150 < len(text) < 350:
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
        asked = questions() * 10
        times = sorted(_search(search, question) for question in asked)
        store.close()
    p50, p95 = times[len(times) // 2], times[int(0.95 * len(times))]
    return [[changes.added, f"{changes.added / took:.1f}", f"{1e3 * p50:.0f}", f"{1e3 * p95:.0f}"]]


def _search(search: Search, question: str) -> float:
    started = time.perf_counter()
    search.find(question, "en", 4)
    return time.perf_counter() - started


async def served() -> tuple[Sequence[Sequence[object]], float]:
    """Measure the running product."""
    settings = load().model_copy(update={"server": ServerSettings(port=PORT), "base": "embedded"})
    async with serving(settings, Watcher(notice=print)) as server:
        return await overhead(server), await warm_ask()


def main() -> None:
    """Measure and publish."""
    environment.prepare()
    ways, warm = asyncio.run(served())
    print(report.table(("", "API, s", "engine, s", "median ratio"), ways), warm, flush=True)
    indexed = index(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
    text = "\n\n".join(
        (
            report.table(("median of 20", "API, s", "engine, s", "median ratio"), ways),
            f"`routeback ask` with a running server, from command to first text: {warm:.1f} s.",
            report.table(("chunks", "indexed per s", "search p50, ms", "p95, ms"), indexed),
            NOTE,
        )
    )
    report.publish("speed", "Speed", text)


if __name__ == "__main__":
    main()
