"""Weights beside today's base and the quotation: what is counted, and what is told."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.app import open_assistant
from assistant.background.probe import Probe, ProbeResult
from assistant.errors import EvalsError, WeightsError
from assistant.local import memory
from assistant.local.catalogue import QWEN_SMALL, SMOLLM
from assistant.progress import Watcher
from assistant.settings import ArmSettings, EngineSettings, KnowledgeSettings, Settings
from evals.bases import BaseContest, CaseOutcome, Contender, asked, contest, verdict
from evals.cases.cases import Case, load
from evals.commands.models_try import as_values, lines
from guardrails.guard import BASE, QUOTE
from tests.evals.nights import BAD, well, write_cases
from tests.support.documents import fill
from tests.support.endpoint import serving

CASE = Case(
    id="c",
    segment="glossary",
    language="en",
    question="What is a token?",
    reference="The smallest piece of text.",
    facts=("smallest piece | smallest part", "model reads"),
    forbidden=("largest",),
)
SAID = ProbeResult(
    *("answered", "A token is the smallest piece of text that a model reads [1]."),
    *("What is a token?", "en", "glossary/en", 0.9, (), True, 1, 1, 0.5),
)


@pytest.mark.parametrize(
    ("case", "outcome", "answer", "expected"),
    [
        ({}, "answered", SAID.answer, "right"),
        ({}, "answered", "The smallest part that a model reads", "right"),
        ({}, "answered", "What a model reads.", "partly right"),
        ({}, "answered", "A coin.", "wrong"),
        ({}, "answered", "The smallest part that a model reads, and the largest", "wrong"),
        ({}, "abstained", "", "abstained"),
        ({}, "asked", "", "asked back"),
        ({}, "handed_off", "", "handed over"),
        ({"behaviour": "abstain"}, "answered", SAID.answer, "wrong"),
        ({"behaviour": "abstain"}, "abstained", "", "right"),
        ({"behaviour": "abstain"}, "asked", "", "right"),
        ({"behaviour": "hand_over"}, "handed_off", "", "right"),
        ({"behaviour": "hand_over"}, "abstained", "", "abstained"),
        ({"behaviour": "hand_over"}, "answered", SAID.answer, "wrong"),
        ({"behaviour": "ask_back"}, "asked", "", "right"),
    ],
)
def test_a_verdict_is_by_the_case_alone(case, outcome: str, answer: str, expected: str):
    measured = replace(SAID, outcome=outcome, answer=answer)
    assert verdict(CASE.model_copy(update=case), measured) == expected


async def test_a_model_is_asked_each_case_through_the_whole_product(
    tmp_path: Path, cache_dir: Path, documents: Path
):
    cases = load(write_cases(tmp_path / "cases.jsonl"))
    with serving() as endpoint:
        settings = Settings(
            data_dir=tmp_path / "data",
            cache_dir=cache_dir,
            arms=(ArmSettings(name=BASE, base_url=endpoint.url, model="scripted"),),
            knowledge=KnowledgeSettings(sample=False),
        )
        fill(settings.data_dir, documents)
        told: list[tuple[str, int, int]] = []
        watcher = Watcher(progress=lambda *step: told.append(step))
        async with open_assistant(settings, Watcher()) as assistant:
            probe = Probe(assistant)
            endpoint.script = well
            good = await asked(probe, BASE, "good", cases, watcher)
            endpoint.script = lambda _: BAD
            bad = await asked(probe, BASE, "bad", cases, watcher)
            endpoint.status = 500
            down = await asked(probe, BASE, "down", cases[:2], watcher)
            quote = await asked(probe, QUOTE, QUOTE, cases, watcher)
    assert told[0] == ("asking good", 0, len(cases))
    assert ("asking good", len(cases), len(cases)) in told
    assert good.counts["right"] > len(cases) / 2 > bad.counts["right"]
    assert quote.counts["right"] > len(cases) / 2
    assert down.counts["failed"] + down.counts["abstained"] == 2
    assert (good.memory, quote.memory) == (None, None)
    found = BaseContest(good, bad, quote)
    low, _ = found.difference(bad).interval(0.05)
    assert low > 0
    assert "better; with" in lines(found)[1]
    assert "Switch: routeback models use good" in lines(found)
    worse = BaseContest(bad, good, quote)
    assert "worse; with" in lines(worse)[1]
    values = as_values(found)
    assert values["contenders"]["new"]["counts"] == good.counts
    assert json.loads(json.dumps(values)) == json.loads(json.dumps(values))


def test_few_cases_do_not_claim_a_difference():
    def one(name: str, *right: bool) -> Contender:
        kinds = ("right" if r else "wrong" for r in right)
        return Contender(name, "r", tuple(CaseOutcome(str(n), k, 1.0) for n, k in enumerate(kinds)))

    found = BaseContest(one("new", True, True), one("old", True, False), one("quote", True, True))
    assert "neither better nor worse, as yet; with 2 cases" in lines(found)[1]


async def test_what_cannot_be_compared_is_refused_before_anything_starts(
    tmp_path: Path, cache_dir: Path, monkeypatch
):
    settings = Settings(
        data_dir=tmp_path / "data",
        cache_dir=cache_dir,
        offline=True,
        base="embedded",
        engine=EngineSettings(model=QWEN_SMALL.name),
    )
    with pytest.raises(EvalsError, match="is base today"):
        await contest(settings, QWEN_SMALL.name, [CASE], Watcher())
    with pytest.raises(EvalsError, match="no cases"):
        await contest(settings, SMOLLM.name, [], Watcher())
    with pytest.raises(WeightsError, match="No weights are called 'nope'"):
        await contest(settings, "nope", [CASE], Watcher())
    monkeypatch.setattr(memory, "available", lambda: 100_000_000)
    with pytest.raises(WeightsError, match=r"needs about 0\.6 GB of memory; 0\.1 GB are free"):
        await contest(settings, SMOLLM.name, [CASE], Watcher())
    assert not settings.data_dir.exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_memory_is_what_the_system_says():
    free, own = memory.available(), memory.peak(os.getpid())
    assert free is not None
    assert own is not None
    assert 10_000_000 < own < free + own
    assert memory.peak(2**22 + 1) is None


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.model
@pytest.mark.timeout(400)
def test_the_command_asks_a_real_model_and_a_scripted_base(tmp_path: Path, cache_dir: Path):
    with serving() as endpoint:
        endpoint.script = well
        command = [str(Path(sys.executable).with_name("routeback")), "models", "try", SMOLLM.name]
        environment = {
            **os.environ,
            "ROUTEBACK_CACHE_DIR": str(cache_dir),
            "ROUTEBACK_DATA_DIR": str(tmp_path / "data"),
            "ROUTEBACK_ENGINE__CONTEXT_TOKENS": "2048",
            "ROUTEBACK_OFFLINE": "1",
            "OPENAI_BASE_URL": endpoint.url,
            "OPENAI_API_KEY": "none",
            "OPENAI_MODEL": "scripted",
        }
        done = subprocess.run(
            [*command, "--cases", "4", "--json"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        asked_for = len(endpoint.asked)
    assert done.returncode == 0, done.stderr
    values = json.loads(done.stdout)
    new, today, quote = (values["contenders"][key] for key in ("new", "today", "quote"))
    assert (new["name"], today["name"], quote["name"]) == (SMOLLM.name, "today's base", "quote")
    assert [one["cases"] for one in (new, today, quote)] == [4, 4, 4]
    assert all(sum(one["counts"].values()) == 4 for one in (new, today, quote))
    assert new["revision"] == Path(SMOLLM.filename).stem
    assert new["memory_bytes"] > 100_000_000
    assert today["memory_bytes"] is None
    assert asked_for
    assert values["switch"] == f"routeback models use {SMOLLM.name}"
    assert f"asking {SMOLLM.name}" in done.stderr
    assert not (tmp_path / "data").exists()
