"""Two bugs of llama.cpp, token for token, with a real model and real adapters.

- #26207: with a cache of prompts in memory, an adapter's cached beginning answers for base.
- #28674: an adapter that is loaded applies although a request names none.

Greedy answers are compared token by token with what a clean engine says. Where the clean engine's
two likeliest tokens are nearly tied, arithmetic decides, and another token is no sign: with a
cached beginning log-probabilities differ by .06 here, and by .24 where four answers are decoded at
once. What the bugs do lies far above that: other adapters say other words.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from assistant.arms.arm import EmbeddedArm
from assistant.local.admission import Admission
from assistant.local.engine import PROMPT_CACHES, Engine, EngineSpec
from tests.local.adapters import write_adapter
from tests.local.test_engine import QUESTIONS, asked
from tests.local.unsafe_engine_child import UNSAFE

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]

TIE = 0.5
"""Difference of log-probabilities below which arithmetic may decide between two tokens."""
TOKENS = 12
SEED = 20261130
Step = tuple[str, float]
"""A token, and how much likelier it was than the next one."""


class UnsafeEngine(Engine):
    _child = "tests.local.unsafe_engine_child"


@pytest.fixture(scope="module")
def adapters(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("adapters")
    return {
        "a": write_adapter(folder / "a.gguf", seed=4, spread=0.15),
        "b": write_adapter(folder / "b.gguf", seed=3, spread=0.18),
    }


@pytest.fixture(scope="module")
def spec(smollm: Path) -> EngineSpec:
    """Base alone."""
    return EngineSpec(smollm, context_tokens=1024, slots=PROMPT_CACHES, threads=2)


@pytest.fixture(scope="module")
async def bare(spec: EngineSpec, tmp_path_factory) -> AsyncIterator[Engine]:
    async with Engine(spec, tmp_path_factory.mktemp("bare") / "engine.log") as engine:
        yield engine


@pytest.fixture(scope="module")
async def loaded(spec: EngineSpec, adapters, tmp_path_factory) -> AsyncIterator[Engine]:
    log = tmp_path_factory.mktemp("loaded") / "engine.log"
    async with Engine(replace(spec, adapters=adapters), log) as engine:
        yield engine


@pytest.fixture
def unsafe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Makes engines with an unsafe setting."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))

    def made(spec: EngineSpec, how: str) -> Engine:
        monkeypatch.setenv(UNSAFE, how)
        return UnsafeEngine(spec, tmp_path / "engine.log")

    return made


async def steps(
    engine: Engine, messages: list[dict[str, str]], lora: list, *, cached: bool = False
) -> list[Step]:
    """Ask the engine itself; return the tokens that it says."""
    endpoint = await engine.endpoint()
    body = {
        "messages": messages,
        "max_tokens": TOKENS,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": 2,
        "lora": lora,
        "cache_prompt": cached,
    }
    headers = {"Authorization": f"Bearer {endpoint.api_key}"}
    async with httpx.AsyncClient(
        timeout=120, headers=headers, verify=False, trust_env=False
    ) as client:
        reply = await client.post(f"{endpoint.base_url}/chat/completions", json=body)
    found = []
    for step in reply.json()["choices"][0]["logprobs"]["content"]:
        first, second = step["top_logprobs"]
        found.append((step["token"], first["logprob"] - second["logprob"]))
    return found


def text_of(said: list[Step]) -> str:
    return "".join(token for token, _ in said)


def same(one: list[Step], other: list[Step]) -> bool:
    """Return whether both say the same tokens, as likely as far as arithmetic can tell."""
    return one == [(token, pytest.approx(ahead, abs=0.02)) for token, ahead in other]


def departs(clean: list[Step], text: str) -> bool:
    """Return whether a text leaves the clean answer where that was no tie."""
    before = ""
    for token, ahead in clean:
        before += token
        if not text.startswith(before):
            return ahead > TIE
    return text != before


async def told(arm: EmbeddedArm, question: str, *, fresh: bool) -> str:
    pieces = arm.stream(asked(question), max_tokens=TOKENS, fresh=fresh)
    return "".join([piece.text async for piece in pieces])


def test_a_departure_is_one_only_where_there_was_no_tie():
    clean = [("A", 5.0), (" cat", 0.1), (" sat", 2.0)]
    assert not departs(clean, "A cat sat")
    assert not departs(clean, "A dog barked")
    assert departs(clean, "A cat ran")
    assert departs(clean, "The cat sat")
    assert departs(clean, "A cat")


async def test_base_with_adapters_loaded_answers_as_base_without(bare: Engine, loaded: Engine):
    """Nothing is cached and one is answered at a time, so even ties fall the same way."""
    arm = EmbeddedArm("base", "r", loaded, Admission("base", slots=1, limit=0))
    for question in QUESTIONS[:2]:
        clean = await steps(bare, asked(question), [])
        assert same(clean, await steps(loaded, asked(question), loaded.spec.scales(None)))
        assert await told(arm, question, fresh=True) == text_of(clean)
        tuned = await steps(loaded, asked(question), loaded.spec.scales("a"))
        assert departs(clean, text_of(tuned)), "the adapters do something when they are asked for"


@pytest.mark.slow
@pytest.mark.parametrize("fresh", [True, False])
async def test_mixed_traffic_is_answered_as_clean_traffic(loaded: Engine, bare: Engine, fresh):
    clean = {(None, question): await steps(bare, asked(question), []) for question in QUESTIONS}
    for way in ("a", "b"):
        for question in QUESTIONS:
            scales = loaded.spec.scales(way)
            clean[way, question] = await steps(loaded, asked(question), scales)
    for question in QUESTIONS:
        said = [text_of(clean[way, question]) for way in (None, "a", "b")]
        assert all(departs(clean[None, question], other) for other in said[1:])

    admission = Admission("base", slots=PROMPT_CACHES, limit=100)
    arms = {
        way: EmbeddedArm(way or "base", "r", loaded, admission, way) for way in (None, "a", "b")
    }
    rng = random.Random(SEED)
    mixed = [(rng.choice((None, "a", "b")), rng.choice(QUESTIONS)) for _ in range(48)]
    answers = await asyncio.gather(
        *(told(arms[way], question, fresh=fresh) for way, question in mixed)
    )
    wrong = [
        (request, text_of(clean[request]), answer)
        for request, answer in zip(mixed, answers, strict=True)
        if departs(clean[request], answer)
    ]
    assert wrong == []


@pytest.mark.slow
async def test_an_adapter_that_is_loaded_as_it_is_by_default_answers_for_base(
    bare: Engine, spec: EngineSpec, adapters, unsafe
):
    """The test of base above can fail: #28674 is still there, and the full list is what helps."""
    clean = [await steps(bare, asked(question), []) for question in QUESTIONS]
    async with unsafe(replace(spec, adapters=adapters), "applied at the start") as engine:
        said = [await steps(engine, asked(question), []) for question in QUESTIONS]
        full = engine.spec.scales(None)
        named = [await steps(engine, asked(question), full) for question in QUESTIONS]
    assert all(departs(one, text_of(other)) for one, other in zip(clean, said, strict=True))
    assert all(same(one, other) for one, other in zip(clean, named, strict=True))


HEADS = [f"Things are sorted here. {f'{what} are sorted by hand. ' * 30}" for what in ("A", "B")]
TURNS = ((0, "a"), (1, "a"), (0, None), (1, None), (0, "a"), (1, None), (0, None))
"""A prompt's beginning, and who is asked: each beginning comes again after another one."""


async def cached(engine: Engine) -> list[bool]:
    """Return whether each answer of TURNS departs from the one that nothing cached was used for."""
    scales = engine.spec.scales
    prompts = [
        [{"role": "system", "content": head}, {"role": "user", "content": "What is sorted?"}]
        for head in HEADS
    ]
    clean = {
        (head, way): await steps(engine, prompts[head], scales(way))
        for head in (0, 1)
        for way in (None, "a")
    }
    assert departs(clean[0, None], text_of(clean[0, "a"]))
    wrong = []
    for head, way in TURNS:
        answer = await steps(engine, prompts[head], scales(way), cached=True)
        wrong.append(departs(clean[head, way], text_of(answer)))
    return wrong


@pytest.mark.slow
async def test_a_cached_beginning_is_not_shared_between_base_and_an_adapter(
    spec: EngineSpec, adapters, unsafe, tmp_path: Path
):
    """With llama.cpp's own cache in memory it is, however complete the lists: #26207."""
    one = replace(spec, adapters=adapters, slots=1)
    async with Engine(one, tmp_path / "engine.log") as engine:
        assert not any(await cached(engine))
    async with unsafe(one, "shared cache") as engine:
        wrong = await cached(engine)
    assert any(wrong)
    assert {way for (_, way), no in zip(TURNS, wrong, strict=True) if no} == {None}
