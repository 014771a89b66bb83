"""A new base and a new prompt as candidates: beside the old one, with evidence of their own."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from assistant import cli
from assistant.app import open_assistant
from assistant.arms.lineup import instructed
from assistant.arms.registrar import NewArm
from assistant.arms.roster import RosterEntry
from assistant.background.probe import Probe
from assistant.errors import ArmError, ArmNotReady, RosterError, WeightsError
from assistant.local import memory
from assistant.local.admission import Priority
from assistant.local.catalogue import QWEN_SMALL, SMOLLM
from assistant.progress import Watcher
from assistant.settings import ArmSettings, EngineSettings, KnowledgeSettings, Settings
from assistant.turn.prompts import SYSTEM
from guardrails.guard import BASE
from tests.support.documents import fill
from tests.support.endpoint import Endpoint, first_sentence, serving

RULES = "Answer in one sentence, from the passages, each with its number [1]."
OTHER = "Answer in rhyme, from the passages, each with its number [1]."
ASKED = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": "Name a colour."}]


def settings_of(tmp_path: Path, cache_dir: Path, base: Endpoint, *arms: ArmSettings) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        cache_dir=cache_dir,
        offline=True,
        engine=EngineSettings(context_tokens=1024, threads=1),
        knowledge=KnowledgeSettings(sample=False),
        arms=(ArmSettings(name=BASE, base_url=base.url, model="scripted"), *arms),
    )


async def said(arm, priority: Priority = Priority.BACKGROUND, tokens: int = 6) -> str:
    pieces = arm.stream(ASKED, max_tokens=tokens, priority=priority)
    return "".join([piece.text async for piece in pieces])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"weights": "w", "adapter": "a.gguf"}, "one of weights, an adapter"),
        ({"weights": "w", "base_url": "http://x", "model": "m"}, "one of weights, an adapter"),
        ({"weights": "w", "ladder": [1, 0.5]}, "only an adapter .* has a ladder"),
        ({"name": "base", "weights": "w"}, "base's weights are engine.model"),
        ({"name": "base", "instructions": "x"}, "what it is told is no setting"),
        ({"instructions": "x", "model": "m"}, "needs both base_url and model"),
        ({"instructions": " "}, "instructions"),
        ({"instructions": "x" * 20_001}, "instructions"),
        ({}, "or weights, or instructions"),
    ],
)
def test_what_makes_no_arm_is_refused(values, message: str):
    with pytest.raises(ValidationError, match=message):
        ArmSettings(**{"name": "new", **values})


async def test_a_new_prompt_is_a_candidate_over_bases_model(
    tmp_path: Path, cache_dir: Path, documents: Path
):
    with serving() as base:
        base.script = first_sentence
        arm = ArmSettings(name="terse", instructions=RULES)
        settings = settings_of(tmp_path, cache_dir, base, arm)
        fill(settings.data_dir, documents)
        async with open_assistant(settings, Watcher()) as assistant:
            terse, trusted = assistant.arms["terse"], assistant.arms[BASE]
            assert terse.revision.startswith(f"{trusted.revision}#")
            parts = json.loads(assistant.guard.versions["terse"])
            assert (parts["candidate"], parts["base"]) == (terse.revision, trusted.revision)
            probe = Probe(assistant)
            for name, told in ((BASE, SYSTEM), ("terse", RULES)):
                base.asked.clear()
                found = await probe.ask(name, "What is a token?")
                assert "smallest piece of text" in found.answer
                systems = {m["content"] for m in base.asked[-1] if m["role"] == "system"}
                assert systems == {told}
            assert [m["role"] for m in base.asked[-1]] == [
                *("system", "user", "assistant", "user", "assistant"),
                *("user", "assistant", "user"),
            ]
            base.status = 500
            with pytest.raises(ArmError) as failed:
                await said(terse)
            assert failed.value.arm == "terse"  # so that base may answer in its place


async def test_evidence_belongs_to_the_very_words(tmp_path: Path, cache_dir: Path):
    """Other rules are another revision, so evidence starts anew; the same rules are the same."""
    with serving() as base:
        revisions = []
        for rules in (RULES, OTHER, RULES):
            arm = ArmSettings(name="terse", instructions=rules)
            settings = settings_of(tmp_path, cache_dir, base, arm)
            async with open_assistant(settings, Watcher()) as assistant:
                revisions.append(json.loads(assistant.guard.versions["terse"])["candidate"])
    assert revisions[0] == revisions[2] != revisions[1]


async def test_a_model_of_its_own_can_be_told_rules_of_its_own(tmp_path: Path, cache_dir: Path):
    with serving() as base, serving() as other:
        place = {"base_url": other.url, "model": "scripted", "revision": "7"}
        arm = ArmSettings(name="both", instructions=RULES, **place)
        settings = settings_of(tmp_path, cache_dir, base, arm)
        async with open_assistant(settings, Watcher()) as assistant:
            both = assistant.arms["both"]
            assert both.revision.startswith("7#")
            await said(both)
            assert other.asked[-1][0] == {"role": "system", "content": RULES}
            assert base.asked == []


def test_without_a_base_there_is_nobody_to_be_told():
    entry = RosterEntry(ArmSettings(name="terse", instructions=RULES), "here")
    assert instructed([entry], {}) == {}


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.timeout(300)
async def test_other_weights_answer_from_an_engine_of_their_own(tmp_path: Path, cache_dir: Path):
    with serving() as base:
        settings = settings_of(tmp_path, cache_dir, base)
        async with open_assistant(settings, Watcher()) as assistant:
            registrar = assistant.lineup.registrar
            added = await registrar.add(NewArm("small", weights=SMOLLM.name), "ada")
            assert (added.kind, added.weights, added.sha256) == (
                *("weights", SMOLLM.name),
                SMOLLM.sha256,
            )
            small = assistant.arms["small"]
            assert small.revision == Path(SMOLLM.filename).stem
            parts = json.loads(assistant.guard.versions["small"])
            assert (parts["candidate"], parts["base"]) == (small.revision, "unpinned")
            engine = assistant.lineup._second[SMOLLM.name]
            assert engine.pid is None  # nobody has asked it
            with pytest.raises(ArmNotReady, match="is still being started"):
                await said(small, Priority.PERSON)
            assert await said(small)
            pid = engine.pid
            assert await said(small, Priority.PERSON)
            told = await registrar.add(
                NewArm("rhyme", weights=SMOLLM.name, instructions=OTHER), "ada"
            )
            assert told.instructions == OTHER
            rhyme = assistant.arms["rhyme"]
            assert rhyme.revision.startswith(f"{small.revision}#")
            assert await said(rhyme)
            assert engine.pid == pid, "both are answered by the one engine"
            await registrar.remove("rhyme", "ada")
            assert engine.pid == pid
            await registrar.remove("small", "ada")
            assert engine.pid is None
            assert list(assistant.arms) == [BASE]
            assert base.asked == []


@pytest.mark.model
async def test_weights_that_cannot_run_are_refused_and_not_kept(
    tmp_path: Path, cache_dir: Path, monkeypatch
):
    with serving() as base:
        settings = settings_of(tmp_path, cache_dir, base)
        async with open_assistant(settings, Watcher()) as assistant:
            registrar = assistant.lineup.registrar
            with pytest.raises(WeightsError, match="No weights are called 'nope'"):
                await registrar.add(NewArm("new", weights="nope"), "ada")
            with pytest.raises(WeightsError, match="is not on this machine"):
                await registrar.add(NewArm("new", weights=QWEN_SMALL.name), "ada")
            with pytest.raises(RosterError, match="weights or an adapter"):
                await registrar.add(NewArm("new", weights=SMOLLM.name, ladder=(1, 0.5)), "ada")
            monkeypatch.setattr(memory, "available", lambda: 100_000_000)
            with pytest.raises(WeightsError, match=r"0\.1 GB are free"):
                await registrar.add(NewArm("new", weights=SMOLLM.name), "ada")
            assert list(assistant.arms) == [BASE]


@pytest.mark.model
async def test_memory_that_is_gone_later_is_no_failure_of_the_candidate(
    tmp_path: Path, cache_dir: Path, monkeypatch
):
    """It is not ready, so base answers, no pair counts against it, and the next try may do."""
    with serving() as base:
        arm = ArmSettings(name="small", weights=SMOLLM.name)
        settings = settings_of(tmp_path, cache_dir, base, arm)
        async with open_assistant(settings, Watcher()) as assistant:
            with monkeypatch.context() as patch:
                patch.setattr(memory, "available", lambda: 100_000_000)
                with pytest.raises(ArmNotReady, match=r"could not be started: .* 0\.1 GB are free"):
                    await said(assistant.arms["small"])
            assert await said(assistant.arms["small"])


async def test_weights_that_are_not_known_any_more_leave_the_arm_out(
    tmp_path: Path, cache_dir: Path, caplog
):
    with serving() as base:
        arm = ArmSettings(name="new", weights="gone")
        settings = settings_of(tmp_path, cache_dir, base, arm)
        async with open_assistant(settings, Watcher()) as assistant:
            assert list(assistant.arms) == [BASE]
    assert "new is left out: No weights are called 'gone'." in caplog.text


def test_the_command_prints_the_rules_and_adds_a_file_of_them(
    tmp_path: Path, cache_dir: Path, monkeypatch
):
    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ROUTEBACK_CACHE_DIR", str(cache_dir))

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(cli.app, ["arms", *arguments], catch_exceptions=False)
        return done.stdout

    assert run("rules").strip() == SYSTEM
    file = tmp_path / "rules.txt"
    file.write_text(f"{RULES}\n")
    added = run("add", "terse", "--instructions", str(file), "--by", "ada")
    assert "terse: base's model, with rules of its own" in added
    view = json.loads(run("show", "terse", "--json"))
    assert (view["kind"], view["instructions"]) == ("rules", RULES)
    file.write_text(" \n")
    with pytest.raises(RosterError, match="is empty"):
        run("add", "empty", "--instructions", str(file))
    with pytest.raises(RosterError, match="no strengths"):
        file.write_text(RULES)
        run("add", "ladder", "--instructions", str(file), "--ladder", "1,0.5")
