"""Where an assistant runs on the same data, again and again, with doubles as its endpoints."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import openai

from assistant.access.callers import Callers
from assistant.api.server import create
from assistant.app import open_assistant
from assistant.assistant import Assistant
from assistant.progress import Watcher
from assistant.running import Running
from assistant.settings import GuardSettings, KnowledgeSettings, ServerSettings, Settings
from tests.support.dialects import KEY, Double
from tests.support.server import free_port, in_thread


@dataclass(frozen=True)
class Place:
    """A data folder with the documents in its index."""

    folder: Path
    cache_dir: Path

    def settings(self, base: Double, **more: Any) -> Settings:
        """Return settings with a double as base, and no pairs."""
        guard = {"pair_rate": 0.0, **more.pop("guard", {})}
        return Settings(
            data_dir=self.folder,
            cache_dir=self.cache_dir,
            openai_base_url=base.url,
            openai_api_key=KEY,
            openai_model="answers",
            knowledge=KnowledgeSettings(sample=False),
            server=ServerSettings(port=free_port()),
            guard=GuardSettings(**guard),
            **more,
        )

    @contextmanager
    def running(self, base: Double, **more: Any) -> Iterator[Running]:
        """Run the server."""
        with in_thread(self.settings(base, **more)) as running:
            yield running

    @asynccontextmanager
    async def opened(self, base: Double, **more: Any) -> AsyncIterator[Assistant]:
        """Open the assistant alone: nobody looks at its endpoints before a question comes."""
        async with open_assistant(self.settings(base, **more), Watcher()) as assistant:
            yield assistant


@asynccontextmanager
async def client_of(assistant: Assistant) -> AsyncIterator[openai.AsyncOpenAI]:
    """OpenAI's client of the whole API of an assistant."""
    app = create(assistant, Callers("owner", open=True))
    over = openai.DefaultAsyncHttpxClient(transport=httpx2.ASGITransport(app))
    async with openai.AsyncOpenAI(
        base_url="http://localhost/v1", api_key="none", max_retries=0, http_client=over
    ) as client:
        yield client


@dataclass(frozen=True)
class Reply:
    """What a client of the API gets."""

    text: str
    finish: str | None
    ours: dict[str, Any]

    @classmethod
    def of(cls, reply: Any) -> "Reply":
        """Return a whole reply."""
        choice = reply.choices[0]
        return cls(choice.message.content, choice.finish_reason, reply.model_extra["routeback"])

    @classmethod
    def joined(cls, chunks: list[Any]) -> "Reply":
        """Return a stream."""
        last = chunks[-1]
        said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        return cls(said.strip(), last.choices[0].finish_reason, last.model_extra["routeback"])


async def asked(assistant: Assistant, text: str, *, stream: bool = False) -> Reply:
    """Ask over the whole API."""
    messages = [{"role": "user", "content": text}]
    async with client_of(assistant) as client:
        if not stream:
            made = await client.chat.completions.create(model="routeback", messages=messages)
            return Reply.of(made)
        events = await client.chat.completions.create(
            model="routeback", messages=messages, stream=True
        )
        return Reply.joined([event async for event in events])
