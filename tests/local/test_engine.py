"""The supervised llama.cpp child with a real small model, and adapters that must not leak."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from assistant.arms.arm import EmbeddedArm
from assistant.errors import ArmError
from assistant.local.admission import Admission
from assistant.local.engine import PROMPT_CACHES, Endpoint, Engine, EngineSpec
from tests.local.adapters import write_adapter

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]

RULES = (
    "Answer briefly. A segment is a group of visitors who share a property. A token is the "
    "smallest piece of text that a model reads. The link works once."
)
QUESTIONS = (
    "What is a token?",
    "What is a segment?",
    "What is a visitor?",
    "What is a model?",
)
WAYS = (None, "a", "b")
TOLERANCE = 0.5
PROOF = 60
Request = tuple[str, str | None]


def asked(question: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": RULES}, {"role": "user", "content": question}]


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


async def until(true, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
async def engine(smollm: Path, tmp_path_factory) -> AsyncIterator[Engine]:
    folder = tmp_path_factory.mktemp("engine")
    adapters = {
        name: write_adapter(folder / f"{name}.gguf", seed=seed, spread=spread)
        for name, seed, spread in (("a", 4, 0.15), ("b", 3, 0.18))
    }
    spec = EngineSpec(smollm, adapters, context_tokens=2048, slots=PROMPT_CACHES, threads=2)
    async with Engine(spec, folder / "engine.log") as running:
        yield running


@pytest.fixture
def arm(engine: Engine) -> EmbeddedArm:
    return EmbeddedArm("base", "r", engine, Admission("base", slots=2, limit=100))


async def answer(arm: EmbeddedArm, question: str, tokens: int = 12) -> str:
    return "".join([p.text async for p in arm.stream(asked(question), max_tokens=tokens)])


async def first_token(
    engine: Engine, question: str, adapter: str | None, **extra
) -> dict[str, float]:
    """Return the log-probabilities of the likeliest first tokens."""
    endpoint = await engine.endpoint()
    body = {
        "messages": asked(question),
        "max_tokens": 1,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": 20,
        "lora": engine.spec.scales(adapter),
        **extra,
    }
    headers = {"Authorization": f"Bearer {endpoint.api_key}"}
    async with httpx.AsyncClient(
        timeout=120, headers=headers, verify=False, trust_env=False
    ) as client:
        reply = await client.post(f"{endpoint.base_url}/chat/completions", json=body)
    found = reply.json()["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    return {entry["token"]: entry["logprob"] for entry in found}


def distance(one: dict[str, float], other: dict[str, float]) -> float:
    """Return the mean difference on the likeliest shared tokens; infinite if few are shared."""
    common = sorted(one.keys() & other.keys(), key=lambda token: -one[token])[:5]
    if len(common) < 5:
        return float("inf")
    return sum(abs(one[token] - other[token]) for token in common) / len(common)


@pytest.fixture(scope="module")
async def clean(engine: Engine) -> dict[Request, dict[str, float]]:
    """What each arm says to each question when nothing is cached and nobody else asks."""
    return {
        (question, way): await first_token(engine, question, way, cache_prompt=False)
        for question in QUESTIONS
        for way in WAYS
    }


async def wrong_answers(clean, count: int, ask) -> list[Request]:
    """Send mixed traffic through ``ask``; return the requests that got another arm's answer."""
    rng = random.Random(20261122)
    mixed = [(rng.choice(QUESTIONS), rng.choice(WAYS)) for _ in range(count)]
    limit = asyncio.Semaphore(4)

    async def one(request: Request) -> dict[str, float]:
        async with limit:
            return await ask(*request)

    found = await asyncio.gather(*(one(request) for request in mixed))
    return [
        request
        for request, seen in zip(mixed, found, strict=True)
        if distance(clean[request], seen) > TOLERANCE
    ]


@pytest.mark.slow
async def test_adapters_do_not_leak_into_each_others_answers(engine: Engine, clean):
    for question in QUESTIONS:
        for one, other in ((None, "a"), (None, "b"), ("a", "b")):
            assert distance(clean[question, one], clean[question, other]) > 2 * TOLERANCE

    async def ask(question: str, way: str | None) -> dict[str, float]:
        return await first_token(engine, question, way)

    assert await wrong_answers(clean, PROOF, ask) == []


@pytest.mark.slow
async def test_the_proof_above_can_fail(engine: Engine, clean):
    """Base asked without naming the adapters is answered from what an adapter left behind."""

    async def ask(question: str, way: str | None) -> dict[str, float]:
        return await first_token(engine, question, way, **({} if way else {"lora": []}))

    wrong = await wrong_answers(clean, 24, ask)
    assert {way for _, way in wrong} == {None}


async def test_an_arm_names_every_adapter_to_the_engine(endpoint):
    """What EmbeddedArm sends, seen from the other side."""

    class Elsewhere(Engine):
        async def endpoint(self) -> Endpoint:
            return Endpoint(int(endpoint.url.rsplit(":", 1)[1].removesuffix("/v1")), "key")

    endpoint.script = lambda _: "Fine."
    spec = EngineSpec(Path("w"), {"a": Path("a"), "b": Path("b")})
    elsewhere = Elsewhere(spec, Path("log"))
    admission = Admission("base", slots=1, limit=0)
    await answer(EmbeddedArm("base", "r", elsewhere, admission), "hi")
    await answer(EmbeddedArm("b", "r", elsewhere, admission, "b", 0.25), "hi")
    with pytest.raises(ArmError, match="no adapter 'c'"):
        await answer(EmbeddedArm("c", "r", elsewhere, admission, "c"), "hi")
    assert [body["lora"] for body in endpoint.bodies] == [spec.scales(None), spec.scales("b", 0.25)]


async def test_strength_is_a_dial(engine: Engine):
    question = QUESTIONS[0]
    base = await first_token(engine, question, None, cache_prompt=False)
    scales = engine.spec.scales("a", 0.5)
    half = await first_token(engine, question, "a", cache_prompt=False, lora=scales)
    full = await first_token(engine, question, "a", cache_prompt=False)
    assert distance(base, half) > TOLERANCE
    assert distance(half, full) > TOLERANCE


@pytest.mark.slow
async def test_each_kind_of_prompt_keeps_its_beginning(smollm: Path, tmp_path: Path):
    spec = EngineSpec(smollm, context_tokens=1024, slots=3, threads=2)
    heads = [f"{RULES} {f'{kind} are sorted by hand. ' * 40}" for kind in ("Apples", "Bolts")]
    kept: list[int] = []
    async with Engine(spec, tmp_path / "engine.log") as engine:
        endpoint = await engine.endpoint()
        headers = {"Authorization": f"Bearer {endpoint.api_key}"}
        async with httpx.AsyncClient(
            timeout=120, headers=headers, verify=False, trust_env=False
        ) as client:
            for question in ("One?", "Two?"):
                for head in heads:
                    body = {
                        "messages": [
                            {"role": "system", "content": head},
                            {"role": "user", "content": question},
                        ],
                        "max_tokens": 1,
                        "cache_prompt": True,
                    }
                    reply = await client.post(f"{endpoint.base_url}/chat/completions", json=body)
                    kept.append(reply.json()["timings"]["cache_n"])
    assert kept[:2] == [0, 0]
    assert min(kept[2:]) > 200


def test_every_request_names_every_adapter():
    spec = EngineSpec(Path("w"), {"a": Path("a"), "b": Path("b")})
    assert spec.scales("b", 0.25) == [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 0.25}]
    assert spec.scales(None) == [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 0.0}]
    with pytest.raises(ArmError, match="no adapter 'c'") as caught:
        spec.scales("c")
    assert caught.value.hint == "It holds: a, b."


async def test_it_answers_on_loopback_and_only_with_its_key(engine: Engine, arm: EmbeddedArm):
    assert await answer(arm, QUESTIONS[0])
    endpoint = await engine.endpoint()
    assert endpoint.base_url.startswith("http://127.0.0.1:")
    assert endpoint.api_key not in repr(endpoint)
    async with httpx.AsyncClient(trust_env=False) as client:
        url = f"{endpoint.base_url}/chat/completions"
        refused = await client.post(url, json={"messages": asked("hi")})
    assert refused.status_code == 401


async def test_a_killed_child_is_an_error_now_and_back_for_the_next_question(
    engine: Engine, arm: EmbeddedArm
):
    before, restarts = engine.pid, engine.restarts
    stream = arm.stream(asked("Tell me a long story about a cat."), max_tokens=400)
    await anext(stream)  # a slot is free
    await anext(stream)
    os.kill(before, signal.SIGKILL)
    with pytest.raises(ArmError, match="base stopped answering|in the middle"):
        async for _ in stream:
            pass
    assert await answer(arm, QUESTIONS[1])
    assert engine.pid != before
    assert engine.restarts == restarts + 1


async def test_a_reader_who_leaves_frees_the_slot(engine: Engine):
    admission = Admission("base", slots=1, limit=0)
    arm = EmbeddedArm("base", "r", engine, admission)
    stream = arm.stream(asked("Tell me a long story about a dog."), max_tokens=400)
    await anext(stream)  # a slot is free
    await anext(stream)
    await stream.aclose()
    assert await answer(arm, QUESTIONS[2])


async def test_weights_that_cannot_be_loaded_are_named_and_leave_no_process(tmp_path: Path):
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + bytes(1000))
    engine = Engine(EngineSpec(path), tmp_path / "engine.log")
    with pytest.raises(ArmError, match=r"could not load broken\.gguf") as caught:
        await engine.__aenter__()
    assert "routeback models verify" in caught.value.hint
    assert engine.pid is None


async def test_the_child_ends_with_its_parent_however_that_ends(smollm: Path, tmp_path: Path):
    program = textwrap.dedent(
        f"""
        import asyncio
        from pathlib import Path
        from assistant.local.engine import Engine, EngineSpec

        async def main():
            spec = EngineSpec(Path({str(smollm)!r}), context_tokens=1024, threads=1)
            async with Engine(spec, Path({str(tmp_path / "engine.log")!r})) as engine:
                print(engine.pid, flush=True)
                await asyncio.sleep(600)

        asyncio.run(main())
        """
    )
    parent = subprocess.Popen(  # noqa: ASYNC220  (it is killed, not awaited)
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert parent.stdout is not None
    child = int(await asyncio.to_thread(parent.stdout.readline))
    assert alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    await until(lambda: not alive(child), 5)
