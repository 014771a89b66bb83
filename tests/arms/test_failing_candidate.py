"""What a candidate's failed, empty and cut answers come to: real graph, index and monitor."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from assistant.app import open_assistant
from assistant.assistant import Assistant
from assistant.progress import Watcher
from assistant.retries import RetryBudget
from assistant.settings import ArmSettings, GuardSettings, KnowledgeSettings, Settings
from assistant.turn.permissions import Writing
from guardrails.types import Pair, Score, Stage, Standing
from tests.support.documents import fill
from tests.support.endpoint import Endpoint, serving
from tests.support.guarded import GOOD, questions
from tests.turn.test_quote_arm import ask

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
SEGMENT = "glossary/en"


@dataclass
class World:
    assistant: Assistant
    base: Endpoint
    tuned: Endpoint

    async def pair(self, question: str) -> Pair | None:
        """Ask a question, have it compared, and return its pair."""
        turn = await ask(self.assistant, question)
        assert turn.arm in {"base", "quote"}
        job = f"{turn.id}:tuned"
        ended = await asyncio.wait_for(self.assistant.pairing.run(job), 60)
        with self.assistant.guard.store.reading() as ledger:
            pairs = ledger.pairs("tuned", None, 1, ledger.last_number())
        return next((one for one in pairs if one.id == job), None) if ended == "done" else None


@pytest.fixture
async def world(tmp_path: Path, cache_dir: Path, documents: Path) -> AsyncIterator[World]:
    with serving() as base, serving() as tuned:
        base.script = tuned.script = lambda _: GOOD
        settings = Settings(
            data_dir=tmp_path / "data",
            cache_dir=cache_dir,
            knowledge=KnowledgeSettings(sample=False),
            arms=(
                ArmSettings(name="base", base_url=base.url, model="scripted"),
                ArmSettings(name="tuned", base_url=tuned.url, model="scripted"),
            ),
            guard=GuardSettings(metrics=("fast",), families=()),
        )
        fill(settings.data_dir, documents)
        async with open_assistant(settings, Watcher()) as assistant:
            yield World(assistant, base, tuned)


@pytest.mark.parametrize("how", ["fails", "says nothing", "is cut"])
async def test_it_is_a_scored_event_as_a_reader_would_have_met_it(world: World, how: str):
    if how == "fails":
        world.tuned.status = 500
    elif how == "says nothing":
        world.tuned.script = lambda _: ""
    else:
        world.tuned.finish = "length"
    pair = await world.pair("What is a token?")
    assert pair is not None
    assert (pair.base["failures"], pair.candidate["failures"].value) == (Score(1.0), 0.0)
    assert pair.difference("time") < 0
    assert pair.conversation
    if how == "fails":
        assert pair.difference("fast") == 0  # base answered in its place
        assert "HTTP 500" in pair.candidate["failures"].reason


async def test_one_that_says_nothing_is_counted_though_base_finds_no_answer_either(world: World):
    world.base.script = lambda _: "NO_ANSWER"
    world.tuned.script = lambda _: ""
    pair = await world.pair("What is a token?")
    assert pair is not None
    assert (pair.base["failures"].value, pair.candidate["failures"].value) == (1.0, 0.0)


async def test_a_failure_before_a_reader_costs_the_readers_time(world: World):
    guard, url = world.assistant.guard, "glossary/en"
    serves = Standing("tuned", Stage.SERVING, segment=url, version=guard.versions["tuned"])
    with guard.store.transaction() as ledger:
        ledger.put_standing(serves)
    world.tuned.cut_after = 0
    world.tuned.script = lambda _: slowly()
    turn = await ask(replace(world.assistant, writing=Writing("fallback")), "What is a token?")
    assert turn.arm == "base"
    asked = len(world.tuned.asked)
    assert await world.assistant.pairing.run(f"{turn.id}:tuned") == "done"
    assert len(world.tuned.asked) == asked
    with guard.store.reading() as ledger:
        (pair,) = ledger.pairs("tuned", None, 1, ledger.last_number())
    assert pair.candidate["failures"].value == 0.0
    assert pair.difference("time") < -0.5


def slowly() -> str:
    """Return an answer that is never sent, late."""
    time.sleep(0.6)
    return GOOD


async def test_one_that_fails_is_taken_back_for_it(world: World):
    world.tuned.status = 500
    asked = questions()
    for _ in range(40):
        await world.pair(next(asked))
        with world.assistant.guard.store.reading() as ledger:
            standing = ledger.standing("tuned", SEGMENT)
        if standing is not None and standing.stage is Stage.ROUTED_BACK:
            break
    assert standing.stage is Stage.ROUTED_BACK
    with world.assistant.guard.store.reading() as ledger:
        (decision,) = ledger.decisions("tuned", SEGMENT, 5)
    assert "mean difference of failures -1.000" in decision.reason


async def test_an_answer_that_is_whole_costs_nothing_and_a_repetition_is_marked(world: World):
    first = await world.pair("What is a token?")
    again = await world.pair("what is a token please?")
    assert first is not None
    assert again is not None
    assert (first.gap_s, again.gap_s is not None) == (None, True)
    assert [first.difference(name) for name in ("fast", "failures", "tokens")] == [0, 0, 0]


async def test_one_that_stays_busy_is_waited_for_no_longer_than_said(world: World, monkeypatch):
    """A provider that is over its limit for hours would hold up every other pair."""
    monkeypatch.setattr("assistant.guarding.pairs.QUEUE", RetryBudget(0.3, 0.05, 0.1))
    world.tuned.status = 429
    turn = await ask(world.assistant, "What is a token?")
    job = f"{turn.id}:tuned"
    assert await asyncio.wait_for(world.assistant.pairing.run(job), 20) == "failed"
    with world.assistant.guard.store.reading() as ledger:
        assert ledger.pairs("tuned", None, 1, ledger.last_number() or 1) == []
    assert len(world.tuned.asked) > 2
