"""How much the product adds to what the engine needs anyway."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import httpx

from assistant.api.server import Serving, serving
from assistant.arms.arm import EmbeddedArm
from assistant.knowledge import selection
from assistant.progress import Watcher
from assistant.settings import AnswerSettings, ServerSettings, load
from assistant.turn import modes, prompts
from assistant.turn.answer.citations import CitationStream
from assistant.turn.answer.speech import Briefing
from benchmarks.results import Table, number, table
from benchmarks.speed.questions import questions

ASKED = 20
PORT = 8733
Timed = Callable[[str], Awaitable[tuple[float, float]]]


def answered() -> list[tuple[str, str]]:
    """Return questions that the sample knowledge answers, each with its language."""
    asked = [row["question"] for row in questions() if row["behaviour"] == "answer"]
    return [(q, "de" if any(c in q for c in "äöüß") else "en") for q in asked]


def chosen(server: Serving, question: str, language: str) -> modes.Choice:
    """Return how a question is answered."""
    knowledge = server.assistant.knowledge
    found = knowledge.search.find(question, language, selection.CONSIDERED)
    return modes.choose(question, selection.select(question, language, found, knowledge.states))


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
    """Send the very same prompt to the engine; yields sentences."""
    assistant = server.assistant
    settings = assistant.settings
    choice = chosen(server, question, language)
    asked = Briefing.of(question, language, choice.passages, settings.knowledge.passage_characters)
    messages = prompts.answer_messages(question, asked.passages, language)
    cut = CitationStream((), question, language, assistant.gate)
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
                text = (choices[0]["delta"].get("content") or "") if choices else ""
                yield "".join(cut.feed(text))
                if cut.looping:
                    return
        yield "".join(cut.close())


async def overhead(server: Serving, count: int) -> list[list[object]]:
    """Measure both ways in turn; no prompt follows itself, so both find the same cache."""
    held = [(q, language) for q, language in answered() if chosen(server, q, language).passages]
    asked = held[:: len(held) // count][:count]
    await clocked(through_api(asked[-1][0]))
    api, engine = {}, {}
    for place, (question, _) in enumerate(asked):
        other, language = asked[(place + count // 2) % count]
        api[question] = await clocked(through_api(question))
        engine[other] = await clocked(straight(server, other, language))
    rows: list[list[object]] = []
    for name, part in (("first sentence", 0), ("whole answer", 1)):
        ratio = statistics.median(
            api[q][part] / engine[q][part] for q, _ in asked if engine[q][part]
        )
        times = [statistics.median(way[q][part] for q, _ in asked) for way in (api, engine)]
        rows.append([name, *times, ratio])
    return rows


async def warm_ask(count: int) -> float:
    """Return the median seconds from starting ``routeback ask`` to its first text."""
    taken = []
    for question, _ in answered()[:count]:
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


async def served(count: int) -> tuple[Sequence[Sequence[object]], float]:
    """Measure the running product: where a model writes all, and as it comes."""
    settings = load().model_copy(
        update={
            "server": ServerSettings(port=PORT),
            "base": "embedded",
        }
    )
    writes = settings.model_copy(update={"answers": AnswerSettings(quote="fallback")})
    async with serving(writes, Watcher(notice=print)) as server:
        ways = await overhead(server, count)
    async with serving(settings, Watcher(notice=print)):
        return ways, await warm_ask(count // 4)


TIMES = ("median of 20", number("API", 2, "s"), number("engine", 2, "s"), "median ratio")
WARM = ("command", number("to the first text", 1, "s"))


def measure(*, quick: bool = False) -> list[Table]:
    """Ask the running product; a quarter of an hour."""
    ways, warm = asyncio.run(served(4 if quick else ASKED))
    return [
        table("times", TIMES, ways),
        table("warm", WARM, [["`routeback ask` beside a running server", warm]]),
    ]
