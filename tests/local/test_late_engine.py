"""An engine that is on its way: what is told, who waits, and how it ends."""

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from assistant.arms.arm import EmbeddedArm
from assistant.errors import ArmNotReady, WeightsError
from assistant.local import late_engine
from assistant.local.admission import Admission, Priority
from assistant.local.catalogue import SMOLLM
from assistant.local.engine import EngineSpec
from assistant.local.late_engine import EngineWanted, Host, LateEngine
from assistant.local.weights import WeightsStore
from assistant.progress import Watcher
from tests.local.adapters import misfit
from tests.local.late import LATE, late_weights
from tests.local.weights.hub import Hub

pytestmark = [pytest.mark.model]
ASKED = [{"role": "user", "content": "Name a colour."}]


class Lines(Host):
    """Lines up nothing, and notes what the engine held each time."""

    def __init__(self, adapters: Mapping[str, Path] | None = None) -> None:
        self.offered = adapters or {}
        self.settled: list[EngineSpec] = []
        self.engine: LateEngine

    def adapters(self) -> Mapping[str, Path]:
        return self.offered

    async def settle(self) -> None:
        self.settled.append(self.engine.spec)

    async def swap(self, weights: Path) -> None:
        await self.engine.reload(EngineSpec(weights, context_tokens=1024, threads=1))
        self.settled.append(self.engine.spec)


@pytest.fixture
def late(tmp_path: Path, smollm: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(late_engine, "SOONEST_S", 0.05)
    with late_weights(smollm, tmp_path, monkeypatch) as hub:
        yield hub


def made(tmp_path: Path, lines: Lines, *, offline: bool = False) -> LateEngine:
    store = WeightsStore(tmp_path / "models", offline=offline)
    spec = EngineSpec(Path(), context_tokens=1024, threads=1)
    lines.engine = LateEngine(spec, tmp_path / "engine.log", store, LATE)
    return lines.engine


def arm_of(engine: LateEngine) -> EmbeddedArm:
    return EmbeddedArm("base", "r", engine, Admission("base", slots=1, limit=5))


async def answer(arm: EmbeddedArm, priority: Priority = Priority.PERSON) -> str:
    pieces = arm.stream(ASKED, max_tokens=4, priority=priority)
    return "".join([piece.text async for piece in pieces])


async def until(true, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_people_are_told_how_far_it_is_and_what_nobody_waits_for_waits(late: Hub, tmp_path):
    gate, lines = threading.Event(), Lines()
    late.half_way = gate.wait
    async with made(tmp_path, lines) as engine:
        weights, arm = engine.spec.weights, arm_of(engine)
        engine.begin(lines)
        waiting = asyncio.create_task(answer(arm, Priority.BACKGROUND))
        try:
            await until(lambda: (engine.coming.progress or 0) > 0.4)
            with pytest.raises(ArmNotReady, match=r"still being fetched \(\d\d %\)\.") as told:
                await answer(arm)
            assert "later" in told.value.hint
            assert engine.coming.model == "fetching"
            assert (engine.pid, waiting.done(), lines.settled) == (None, False, [])
        finally:
            gate.set()
        assert await waiting
        assert await answer(arm)
        assert (engine.coming.model, engine.coming.progress) == ("ready", None)
        assert engine.spec.weights == weights
        assert len(lines.settled) == 1
    assert engine.pid is None


async def test_nobody_brings_it_up_unless_asked_to(late: Hub, tmp_path):
    lines = Lines()
    async with made(tmp_path, lines) as engine:
        with pytest.raises(EngineWanted):
            await answer(arm_of(engine))
        assert late.paths == []
        told = []
        await engine.bring(Watcher(told.append), lines)
        assert told == ["Fetching Late (98 MB, once)."]
        assert await answer(arm_of(engine))


async def test_leaving_while_it_is_fetched_keeps_what_is_there(late: Hub, tmp_path):
    gate, lines = threading.Event(), Lines()
    late.half_way = gate.wait
    partial = tmp_path / "models" / "late.gguf.partial"
    try:
        async with made(tmp_path, lines) as engine:
            engine.begin(lines)
            await until(lambda: (engine.coming.progress or 0) > 0.4)
            leaving = time.monotonic()
        assert time.monotonic() - leaving < 10  # the hub has gone silent: its read would last 30 s
        assert not partial.with_suffix("").exists()
    finally:
        gate.set()
    await until(lambda: not [t for t in threading.enumerate() if t.name == "weights"])
    kept = partial.stat().st_size
    assert kept > 0.4 * LATE.size
    async with made(tmp_path, lines) as engine:
        await engine.bring(Watcher(), lines)
        assert late.ranges == [None, f"bytes={kept}-"]


async def test_a_damaged_file_is_said_and_looked_at_again_when_it_is_needed(late: Hub, tmp_path):
    lines = Lines()
    async with made(tmp_path, lines) as engine:
        path = engine.spec.weights
        path.parent.mkdir()
        path.write_bytes(b"not weights")
        engine.begin(lines)
        with pytest.raises(ArmNotReady, match="could not be loaded: .*is damaged") as told:
            await answer(arm_of(engine), Priority.BACKGROUND)
        assert "routeback models pull late" in told.value.hint
        assert engine.coming.model == "failed"
        with pytest.raises(ArmNotReady, match="is damaged"):
            await answer(arm_of(engine))
        path.write_bytes(late.content)
        assert await answer(arm_of(engine), Priority.BACKGROUND)
        assert late.paths == []


async def test_a_damaged_file_is_an_error_for_who_waits_for_it(late: Hub, tmp_path):
    lines = Lines()
    async with made(tmp_path, lines) as engine:
        engine.spec.weights.parent.mkdir()
        engine.spec.weights.write_bytes(b"not weights")
        with pytest.raises(WeightsError, match="is damaged"):
            await engine.bring(Watcher(), lines)


@pytest.mark.slow
async def test_the_last_resort_answers_until_the_weights_can_be_had(
    late: Hub, tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr(late_engine, "FIRST_PAUSE_S", 0.1)
    late.status = 503
    lines = Lines({"misfit": misfit(tmp_path / "misfit.gguf")})
    async with made(tmp_path, lines) as engine:
        engine.begin(lines)
        assert await answer(arm_of(engine), Priority.BACKGROUND)
        assert lines.settled[0].weights.name == SMOLLM.filename
        assert lines.settled[0].adapters == {}
        assert engine.coming.model == "ready"
        assert "Neither the hub nor the mirror serves Late" in engine.coming.message
        assert "SmolLM2" in engine.coming.message
        assert "misfit is left out" in caplog.text
        late.status = 200
        await until(lambda: engine.weights is LATE)
        assert engine.spec.weights.name == LATE.filename
        assert await answer(arm_of(engine))
        assert "SmolLM2" not in engine.coming.message


async def test_offline_without_the_file_the_last_resort_is_what_is_counted_on(late: Hub, tmp_path):
    lines = Lines()
    async with made(tmp_path, lines, offline=True) as engine:
        before = engine.spec.weights
        assert before.name == SMOLLM.filename
        await engine.bring(Watcher(), lines)
        assert engine.spec.weights == before
        assert await answer(arm_of(engine))
