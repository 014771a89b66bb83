"""An assistant of two scripted arms, watched as a server watches it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from assistant.app import open_assistant
from assistant.assistant import Assistant
from assistant.progress import Watcher
from assistant.records.turns import Turn
from assistant.settings import AnswerSettings, ArmSettings, KnowledgeSettings, Settings
from tests.support.documents import fill
from tests.support.endpoint import Endpoint, met, serving


class Watched:
    """Opens the assistant on one data folder; base and tuned are its endpoints."""

    def __init__(self, folder: Path, cache_dir: Path, base: Endpoint, tuned: Endpoint) -> None:
        self.folder, self.cache_dir, self.base, self.tuned = folder, cache_dir, base, tuned

    @property
    def settings(self) -> Settings:
        return Settings(
            data_dir=self.folder,
            cache_dir=self.cache_dir,
            arms=(
                ArmSettings(name="base", base_url=self.base.url, model="scripted"),
                ArmSettings(name="tuned", base_url=self.tuned.url, model="scripted"),
            ),
            answers=AnswerSettings(quote="fallback"),
            knowledge=KnowledgeSettings(sample=False),
        )

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Assistant]:
        async with open_assistant(self.settings, Watcher()) as assistant:
            for arm in assistant.arms.values():
                await met(arm)
            yield assistant


async def asked(assistant: Assistant, question: str) -> Turn:
    async with aclosing(assistant.answer(question)) as events:
        return [event async for event in events if isinstance(event, Turn)][-1]


async def paired(assistant: Assistant, turn: Turn) -> str:
    return await assistant.pairing.run(f"{turn.id}:tuned")


@pytest.fixture
def tuned_endpoint() -> Iterator[Endpoint]:
    with serving() as endpoint:
        yield endpoint


@pytest.fixture
def watched(
    documents: Path, tmp_path: Path, cache_dir: Path, endpoint: Endpoint, tuned_endpoint: Endpoint
) -> Watched:
    fill(tmp_path / "data", documents)
    return Watched(tmp_path / "data", cache_dir, endpoint, tuned_endpoint)
