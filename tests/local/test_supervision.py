"""What the supervisor does when the child hangs, keeps dying, or the machine has a proxy."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from assistant.arms.arm import EmbeddedArm
from assistant.errors import ArmError
from assistant.local import engine as module
from assistant.local.admission import Admission
from assistant.local.engine import Engine, EngineSpec

pytestmark = [pytest.mark.model]


def spec_of(weights: Path) -> EngineSpec:
    return EngineSpec(weights, context_tokens=1024, threads=1)


def arm_of(engine: Engine) -> EmbeddedArm:
    return EmbeddedArm("base", "r", engine, Admission("base", slots=1, limit=5))


async def answer(arm: EmbeddedArm, tokens: int = 4) -> str:
    asked = [{"role": "user", "content": "Name a colour."}]
    return "".join([piece.text async for piece in arm.stream(asked, max_tokens=tokens)])


async def until(true, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def cpu_s(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.slow
async def test_a_child_that_hangs_is_replaced(smollm: Path, tmp_path: Path):
    async with Engine(spec_of(smollm), tmp_path / "log", health_every_s=0.3) as engine:
        hung = engine.pid
        assert hung is not None
        asked = [{"role": "user", "content": "Count to a hundred."}]
        stream = arm_of(engine).stream(asked, max_tokens=400)
        await anext(stream)  # a slot is free
        await anext(stream)
        os.kill(hung, signal.SIGSTOP)
        with pytest.raises(ArmError, match="base stopped answering"):
            async for _ in stream:
                pass
        assert await answer(arm_of(engine))
        assert engine.restarts == 1
        assert engine.pid != hung
        assert gone(hung)


@pytest.mark.slow
async def test_a_question_to_a_child_that_hangs_waits_for_its_successor(
    smollm: Path, tmp_path: Path
):
    async with Engine(spec_of(smollm), tmp_path / "log", health_every_s=0.3) as engine:
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGSTOP)
        assert await answer(arm_of(engine))
        assert engine.restarts == 1


async def test_a_killed_child_is_never_asked(smollm: Path, tmp_path: Path):
    """The supervisor may not have seen yet that it is dead."""
    async with Engine(spec_of(smollm), tmp_path / "log") as engine:
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        assert await answer(arm_of(engine))


async def test_a_child_that_keeps_dying_is_restarted_ever_later(smollm: Path, tmp_path: Path):
    async with Engine(spec_of(smollm), tmp_path / "log") as engine:
        pauses = []
        for count in range(1, 4):
            dead = engine.pid
            assert dead is not None
            os.kill(dead, signal.SIGKILL)
            await until(lambda: not engine.healthy)
            died = time.monotonic()
            await until(lambda: engine.pid is not None)
            pauses.append(time.monotonic() - died)
            await engine.endpoint()
            assert engine.restarts == count
        assert pauses == sorted(pauses)
        for number, pause in enumerate(pauses):
            assert pause >= 0.9 * module.FIRST_PAUSE_S * 2**number
        assert await answer(arm_of(engine))


async def test_a_restart_that_fails_is_tried_again(smollm: Path, tmp_path: Path):
    weights = tmp_path / "weights.gguf"
    weights.symlink_to(smollm)
    async with Engine(spec_of(weights), tmp_path / "log" / "engine.log") as engine:
        weights.unlink()
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        await until(lambda: engine.restarts == 2)
        assert not engine.healthy
        weights.symlink_to(smollm)
        assert await answer(arm_of(engine))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
async def test_cancelled_answer_frees_its_slot_and_decodes_no_more(smollm: Path, tmp_path: Path):
    async with Engine(spec_of(smollm), tmp_path / "log") as engine:
        arm = EmbeddedArm("base", "r", engine, Admission("base", slots=1, limit=0))
        task = asyncio.create_task(answer(arm, tokens=900))
        assert engine.pid is not None
        before = cpu_s(engine.pid)
        await until(lambda: cpu_s(engine.pid) > before + 0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.3)  # the server looks for the reader after each token
        before = cpu_s(engine.pid)
        await asyncio.sleep(1)
        assert cpu_s(engine.pid) - before < 0.2
        assert await answer(arm)


async def test_leaving_while_it_starts_leaves_no_child(smollm: Path, tmp_path: Path):
    engine = Engine(spec_of(smollm), tmp_path / "log")
    task = asyncio.create_task(engine.__aenter__())
    await until(lambda: engine.pid is not None)
    child = engine.pid
    assert child is not None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert engine.pid is None
    assert gone(child)


async def test_leaving_ends_the_child(smollm: Path, tmp_path: Path):
    async with Engine(spec_of(smollm), tmp_path / "log") as engine:
        child = engine.pid
    assert child is not None
    assert gone(child)
    assert not engine.healthy


async def test_a_proxy_is_not_asked_for_the_way_to_loopback(
    smollm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with Engine(spec_of(smollm), tmp_path / "log") as engine:
        assert await answer(arm_of(engine))


async def test_log_that_cannot_be_written_is_a_clear_message(smollm: Path, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    engine = Engine(spec_of(smollm), tmp_path / "file" / "engine.log")
    with pytest.raises(ArmError, match="could not be started"):
        await engine.__aenter__()
    assert engine.pid is None
