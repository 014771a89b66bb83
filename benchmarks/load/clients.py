"""Clients that ask over HTTP and follow the answer as it streams."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from assistant import sample
from assistant.knowledge.chunk import chunks

CHAT: Final = "/v1/chat/completions"
_BUSY: Final = 429
_DONE: Final = "data: [DONE]"


@dataclass(slots=True)
class Asked:
    """One question and what came of it. Times are monotonic seconds; 0: it did not come.

    ended: the stream came to its end. told: the field ``routeback``. after: of a 429, its
    ``Retry-After``.
    """

    question: str
    began: float
    status: int = 0
    first: float = 0.0
    over: float = 0.0
    text: str = ""
    ended: bool = False
    after: str = ""
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def written(self) -> bool:
        """Whether a model wrote it, and it is whole."""
        return self.ended and self.told.get("mode") == "write"


_LEADS: Final = {
    "en": ("Please tell me: ", "I want to know: ", "Short question: ", "Hello, can you say: "),
    "de": ("Bitte sagen Sie mir: ", "Ich will wissen: ", "Kurze Frage: ", "Hallo, wissen Sie: "),
}
"""In words that the sample knowledge does not have: what its vectors have is embedded by nobody."""
WORDINGS: Final = len(_LEADS["en"])


def questions(wording: int = 0) -> list[str]:
    """Return a question about each entry of the sample knowledge. wording: 0 to WORDINGS - 1."""
    asked = []
    for item in sample.knowledge():
        for chunk in chunks("", item):
            if chunk.kind.curated and chunk.names:
                what = {"en": f"what is {chunk.title}?", "de": f"was ist {chunk.title}?"}
                name = chunk.title if chunk.title.endswith("?") else what[chunk.language]
                asked.append(f"{_LEADS[chunk.language][wording]}{name}")
    return list(dict.fromkeys(asked))


@asynccontextmanager
async def client(*urls: str) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Yield a client of each address, without a limit of connections."""
    limits = httpx.Limits(max_connections=None, keepalive_expiry=2)
    made = [
        httpx.AsyncClient(base_url=url, timeout=180, trust_env=False, limits=limits) for url in urls
    ]
    try:
        yield made
    finally:
        for one in made:
            await one.aclose()


async def ask(at: httpx.AsyncClient, question: str) -> Asked:
    """Ask, and read the answer to its end; what goes wrong on the wire is no end."""
    asked = Asked(question, time.monotonic())
    body = {
        "model": "routeback",
        "stream": True,
        "messages": [{"role": "user", "content": question}],
    }
    try:
        async with at.stream("POST", CHAT, json=body) as reply:
            asked.status = reply.status_code
            if reply.status_code == _BUSY:
                asked.after = reply.headers.get("retry-after", "")
            async for line in reply.aiter_lines():
                _take(asked, line)
    except httpx.HTTPError:
        asked.ended = False
    asked.over = time.monotonic()
    return asked


def _take(asked: Asked, line: str) -> None:
    if line == _DONE:
        asked.ended = True
    elif line.startswith("data: {"):
        event = json.loads(line[6:])
        asked.told = event.get("routeback") or asked.told
        for choice in event.get("choices", ()):
            if text := choice["delta"].get("content"):
                asked.first = asked.first or time.monotonic()
                asked.text += text


async def streams(
    clients: Sequence[httpx.AsyncClient], asked: Sequence[str], at_once: int
) -> list[Asked]:
    """Ask all questions, so many at a time, from each client in turn; they begin one by one."""
    waiting, done = list(enumerate(asked))[::-1], []

    async def stream(number: int) -> None:
        await asyncio.sleep(number * 0.05)
        while waiting:
            place, question = waiting.pop()
            done.append(await ask(clients[place % len(clients)], question))

    await asyncio.gather(*(stream(number) for number in range(at_once)))
    return done


async def all_asked(urls: Sequence[str], questions: Sequence[str], at_once: int) -> list[Asked]:
    """Ask all questions of some servers in turn, so many at a time."""
    async with client(*urls) as made:
        return await streams(made, questions, at_once)
