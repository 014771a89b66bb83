"""A whole tuning of a tiny model: what it learns, resuming, refusing, and what is on disk."""

import json
from dataclasses import replace

import gguf
import numpy as np
import pytest

from assistant.errors import TuningError
from assistant.progress import Watcher
from assistant.tuning import checkpoint, folder, training
from assistant.tuning.card import AuditNote
from assistant.tuning.job import tune
from tests.tuning.conftest import RECIPE, ROWS, entry

pytestmark = [
    pytest.mark.tune,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("default"),  # of libraries that are not ours
]


def matrices(folder) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return load_file(folder / "peft" / "adapter_model.safetensors")


class Killed(BaseException):
    pass


def killed_after(monkeypatch, steps: int) -> None:
    """Stop training like a kill, right after a checkpoint."""
    write = checkpoint.write

    def stop(torch, path, state):
        write(torch, path, state)
        if state.step >= steps:
            raise Killed

    monkeypatch.setattr(training.checkpoint, "write", stop)


def test_it_learns_and_leaves_an_adapter_a_peft_folder_and_a_card(torch, job):
    work = job(
        recipe=replace(RECIPE, learning_rate=2e-2, epochs=3, evaluate_every=4),
        ladder=(0.5,),
        verdict=AuditNote("warn", "report.json"),
    )
    made = tune(work, Watcher())
    losses = [point.held_out for point in made.card.curve]
    assert min(losses) < losses[0] - 0.5
    assert made.card.training["best_step"] == made.card.curve[int(np.argmin(losses))].step
    fields = gguf.GGUFReader(made.adapter).fields
    assert fields["general.type"].contents() == "adapter"
    assert fields["adapter.lora.alpha"].contents() == RECIPE.alpha
    assert fields["routeback.base.sha256"].contents() == work.base.sha256
    card = json.loads((work.folder / "card.json").read_text())
    assert card["examples"] == {"learned": 8, "replayed": 0, "held out": 2, "left out": 0}
    assert card["data"]["sha256"] == work.data.sha256
    assert card["base"]["licence"] == "cc0-1.0"
    assert (card["verdict"], card["audit"]) == ("warn", "report.json")
    assert "warn (report.json)" in (work.folder / "card.md").read_text()
    assert f"thing={work.folder / 'peft'} thing@0.5={work.folder / 'peft@0.5'}" in made.command
    assert not (work.folder / "checkpoint.pt").exists()


def test_an_adapter_that_was_not_audited_says_so(torch, job):
    work = job(recipe=replace(RECIPE, steps=1))
    tune(work, Watcher())
    assert "not audited" in (work.folder / "card.md").read_text()
    assert json.loads((work.folder / "card.json").read_text())["verdict"] is None


@pytest.mark.parametrize("steps", [2, 4])
def test_going_on_after_a_kill_gives_the_same_as_one_go(torch, job, monkeypatch, steps):
    recipe = replace(RECIPE, epochs=2)
    whole = job("whole", recipe=recipe)
    once = tune(whole, Watcher())
    broken = job("broken", recipe=recipe)
    with monkeypatch.context() as patch:
        killed_after(patch, steps)
        with pytest.raises(Killed):
            tune(broken, Watcher())
    said: list[str] = []
    again = tune(broken, Watcher(said.append))
    assert f"Going on after step {steps} of 8." in said
    assert [(p.step, p.train, p.held_out) for p in again.card.curve] == [
        (p.step, p.train, p.held_out) for p in once.card.curve
    ]
    expected, found = matrices(whole.folder), matrices(broken.folder)
    assert expected.keys() == found.keys()
    assert all(np.array_equal(expected[name], found[name]) for name in expected)
    assert any(np.abs(values).max() > 0 for name, values in found.items() if "lora_B" in name)


def test_a_run_with_other_settings_or_data_under_the_same_name_is_refused(torch, job, monkeypatch):
    work = job()
    with monkeypatch.context() as patch:
        killed_after(patch, 2)
        with pytest.raises(Killed):
            tune(work, Watcher())
    with pytest.raises(TuningError, match="rank: 4 before, 8 now") as caught:
        tune(replace(work, recipe=replace(RECIPE, rank=8)), Watcher())
    assert "--fresh" in caught.value.hint
    with pytest.raises(TuningError, match="data: "):
        tune(job(rows=ROWS[:9]), Watcher())
    with pytest.raises(TuningError, match="base: "):
        tune(job(architecture="llama"), Watcher())
    monkeypatch.setattr("assistant.turn.prompts.quoted", lambda text, _language: text.upper())
    with pytest.raises(TuningError, match="prompts or knowledge have changed"):
        tune(job(), Watcher())


def test_a_finished_adapter_is_not_overwritten_unless_told(torch, job):
    work = job(recipe=replace(RECIPE, steps=1))
    first = tune(work, Watcher())
    with pytest.raises(TuningError, match="There is an adapter thing already"):
        tune(work, Watcher())
    assert tune(work, Watcher(), fresh=True).card.revision == first.card.revision


def test_it_ends_early_and_keeps_the_best(torch, job):
    recipe = replace(RECIPE, learning_rate=0.09, epochs=40, evaluate_every=1, patience=2, warm_up=0)
    card = tune(job(recipe=recipe), Watcher()).card
    assert card.training["stopped_early"]
    assert card.training["steps"] < card.training["planned"]
    losses = [point.held_out for point in card.curve]
    assert card.training["best_step"] == card.curve[int(np.argmin(losses))].step
    assert min(losses) <= min(losses[-2:])


def test_replay_mixes_its_share_of_the_knowledge_in(torch, job):
    entries = [entry(f"Term {n}", f"Term {n} is {n} long. It is old.") for n in range(5)]
    work = job(recipe=replace(RECIPE, replay=0.2, steps=1), knowledge=lambda: entries)
    assert tune(work, Watcher()).card.examples == {
        "learned": 8,
        "replayed": 2,
        "held out": 2,
        "left out": 0,
    }


def test_long_examples_are_left_out_and_said(torch, job):
    rows = [*ROWS, {**ROWS[0], "id": "long", "question": "Why? " * 60}]
    said: list[str] = []
    work = job(recipe=replace(RECIPE, most_tokens=250, steps=1), rows=rows)
    card = tune(work, Watcher(said.append)).card
    assert card.examples["left out"] == 1
    assert any("1 examples of more than 250 tokens left out" in text for text in said)
    assert sum(card.examples.values()) == 11


def test_two_runs_of_one_name_do_not_meet(torch, job):
    work = job()
    with (
        folder.alone(work.folder),
        pytest.raises(TuningError, match="being made by another process"),
    ):
        tune(work, Watcher())


def test_a_damaged_checkpoint_is_said(torch, job):
    work = job()
    work.folder.mkdir(parents=True)
    (work.folder / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(TuningError, match="cannot be read") as caught:
        tune(work, Watcher())
    assert "--fresh" in caught.value.hint
