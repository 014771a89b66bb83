"""A running engine takes in an adapter behind its queue: nobody is dropped, nobody mixed up."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.arms import trial
from assistant.arms.arm import EmbeddedArm
from assistant.errors import ArmBusy, ArmError, WeightsError
from assistant.local.admission import Admission
from assistant.local.catalogue import QWEN_SMALL, SMOLLM
from assistant.local.engine import Engine, EngineSpec
from assistant.local.header import read
from assistant.local.lora import adapter as adapters
from assistant.local.weights import WeightsStore
from tests.local.adapters import misfit, write_adapter
from tests.local.test_engine import answer, asked

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("adapters")
    return {
        "a": write_adapter(folder / "a.gguf", seed=4, spread=0.15),
        "b": write_adapter(folder / "b.gguf", seed=3, spread=0.18),
        "nothing": write_adapter(folder / "nothing.gguf", seed=5, spread=0.0),
    }


@pytest.fixture(scope="module")
async def engine(smollm: Path, files, tmp_path_factory) -> AsyncIterator[Engine]:
    spec = EngineSpec(smollm, {"a": files["a"]}, context_tokens=1024, threads=1)
    log = tmp_path_factory.mktemp("engine") / "engine.log"
    async with Engine(spec, log) as running:
        yield running


@pytest.mark.slow
async def test_traffic_during_a_reload_is_answered_and_none_is_dropped(engine: Engine, files):
    admission = Admission("base", slots=1, limit=2)
    base = EmbeddedArm("base", "r", engine, admission)
    tuned = EmbeddedArm("a", "r", engine, admission, "a")
    before, expected = engine.pid, [await answer(base, "Name a colour."), await answer(tuned, "Hi")]
    under_way = base.stream(asked("Tell me a story about a cat."), max_tokens=60)
    told = (await anext(under_way)).text
    spec = replace(engine.spec, adapters={"b": files["b"], **engine.spec.adapters})

    async def reload() -> None:
        async with admission.alone():
            assert engine.pid == before  # the answer under way has ended, on the old engine
            await engine.reload(spec)

    reloading = asyncio.create_task(reload())
    await asyncio.sleep(0)
    # More than the queue holds: none is refused while the engine starts again.
    waiting = [
        asyncio.create_task(answer(arm, question))
        for arm, question in ((base, "Name a colour."), (tuned, "Hi")) * 3
    ]
    await asyncio.sleep(0)
    assert admission.waiting == 7
    assert not reloading.done()
    told += "".join([piece.text async for piece in under_way])
    assert len(told) > 20
    await reloading
    assert await asyncio.gather(*waiting) == expected * 3  # ids have moved; answers have not
    assert engine.pid != before
    assert list(engine.spec.adapters) == ["b", "a"]
    await answer(EmbeddedArm("b", "r", engine, admission, "b", 0.5), "Hi")


async def test_a_reload_that_fails_goes_back_and_says_so(engine: Engine, tmp_path: Path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(400))
    admission = Admission("base", slots=1, limit=5)
    before = engine.spec
    async with admission.alone():
        with pytest.raises(ArmError, match=r"could not load SmolLM2.*broken\.gguf"):
            await engine.reload(replace(before, adapters={**before.adapters, "x": broken}))
    assert engine.spec == before
    assert await answer(EmbeddedArm("base", "r", engine, admission), "Name a colour.")
    with pytest.raises(ArmError, match="no adapter 'x'"):
        await answer(EmbeddedArm("x", "r", engine, admission, "x"), "Hi")


async def test_an_adapter_that_changes_nothing_is_told(engine: Engine, files):
    spec = replace(engine.spec, adapters={**engine.spec.adapters, "nothing": files["nothing"]})
    await engine.reload(spec)
    found = await trial.adapter(engine, "nothing", 1.0)
    assert found.about["effect"] <= trial.NO_EFFECT
    assert "does not change" in found.warnings[0]
    assert (await trial.adapter(engine, "a", 1.0)).warnings == ()


async def test_two_who_want_to_be_alone_take_turns_and_the_queue_is_full_again_afterwards():
    admission, inside = Admission("base", slots=2, limit=0), []

    async def alone(name: str) -> None:
        async with admission.alone():
            inside.append(name)
            await asyncio.sleep(0.01)
            inside.append(name)

    await asyncio.gather(alone("one"), alone("two"))
    assert inside == ["one", "one", "two", "two"]
    async with admission.enter(), admission.enter():
        with pytest.raises(ArmBusy):
            async with admission.enter():
                pytest.fail("it was let in")


async def test_leaving_while_waiting_to_be_alone_lets_the_others_go_on():
    admission = Admission("base", slots=1, limit=5)
    async with admission.enter():
        task = asyncio.create_task(admission.alone().__aenter__())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with admission.enter():
        assert admission.waiting == 0


def test_an_adapter_is_read_and_fits_its_base(files, smollm: Path, tmp_path: Path):
    store = WeightsStore(tmp_path, offline=True)
    found = adapters.opened(files["a"])
    assert (found.header.architecture, len(found.sha256)) == ("llama", 64)
    adapters.check(found, smollm, store)
    assert read(smollm).shapes["blk.0.attn_k.weight"] == (576, 192)


def test_an_adapter_for_another_width_is_refused(smollm: Path, tmp_path: Path):
    other = adapters.opened(misfit(tmp_path / "other.gguf"))
    with pytest.raises(WeightsError, match="made for 896 × .*, theirs is 576 × ") as caught:
        adapters.check(other, smollm, WeightsStore(tmp_path, offline=True))
    assert "ROUTEBACK_ENGINE__MODEL" in caught.value.hint


def test_a_card_that_names_another_base_is_believed_and_the_right_one_is_named(
    smollm: Path, tmp_path: Path
):
    folder = tmp_path / "tone"
    folder.mkdir()
    write_adapter(folder / "tone.gguf", seed=4, spread=0.15, base="")
    (folder / "card.json").write_text(f'{{"base": {{"sha256": "{QWEN_SMALL.sha256}"}}}}')
    found = adapters.opened(adapters.located(folder))
    with pytest.raises(WeightsError, match="it names a base") as caught:
        adapters.check(found, smollm, WeightsStore(tmp_path, offline=True))
    assert f"ROUTEBACK_ENGINE__MODEL={QWEN_SMALL.name}" in caught.value.hint
    (folder / "card.json").write_text(f'{{"base_sha256": "{SMOLLM.sha256}"}}')
    adapters.check(adapters.opened(folder / "tone.gguf"), smollm, WeightsStore(tmp_path))


@pytest.mark.parametrize("cut", [0, 3, 30, 400])
def test_a_file_that_is_cut_off_is_named(files, tmp_path: Path, cut):
    path = tmp_path / "cut.gguf"
    path.write_bytes(files["a"].read_bytes()[:cut])
    with pytest.raises(WeightsError, match=r"cut\.gguf is not a whole GGUF file"):
        adapters.opened(path)


def test_a_whole_model_is_no_adapter(smollm: Path):
    with pytest.raises(WeightsError, match="is not a LoRA adapter"):
        adapters.opened(smollm)
