"""A judge that is down, slow or talks nonsense: nothing it should have judged counts as good."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from assistant.app import open_assistant
from assistant.progress import Watcher
from assistant.settings import (
    ArmSettings,
    GuardSettings,
    JudgeSettings,
    KnowledgeSettings,
    Settings,
)
from guardrails.types import Stage, Standing, Unscored
from tests.support.documents import fill
from tests.support.endpoint import serving
from tests.support.guarded import GOOD
from tests.support.server import free_port
from tests.turn.test_gate import ask

BASE = "A token is a piece of text that a model reads."


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("judge_is", ["down", "slow", "garbage", "failing"])
async def test_a_candidate_is_taken_out_when_its_answers_cannot_be_judged(
    judge_is, tmp_path, cache_dir, documents
):
    with serving() as base, serving() as tuned, serving() as judge:
        base.script, tuned.script = (lambda _: BASE), (lambda _: GOOD)
        judge.script = lambda _: "All of it is true. Score 1."
        judge.pause_s = 30 if judge_is == "slow" else 0
        judge.status = 500 if judge_is == "failing" else 200
        url = f"http://127.0.0.1:{free_port()}/v1" if judge_is == "down" else judge.url
        settings = Settings(
            data_dir=tmp_path / "data",
            cache_dir=cache_dir,
            knowledge=KnowledgeSettings(sample=False),
            arms=(
                ArmSettings(name="base", base_url=base.url, model="scripted"),
                ArmSettings(name="tuned", base_url=tuned.url, model="scripted"),
            ),
            judge=JudgeSettings(base_url=url, model="scripted", timeout_s=0.5),
            guard=GuardSettings(metrics=("fast", "faithfulness"), min_pairs=1, families=()),
        )
        fill(settings.data_dir, documents)
        async with open_assistant(settings, Watcher()) as opened:
            policy = replace(opened.guard.policy, blind_window=2)
            assistant = replace(opened, guard=replace(opened.guard, policy=policy))
            guard = assistant.guard
            serves = Standing(
                "tuned",
                Stage.SERVING,
                segment="glossary/en",
                version=guard.versions["tuned"],
                since=datetime.now(UTC),
            )
            with guard.store.transaction() as ledger:
                ledger.put_standing(serves)
            for _ in range(2):
                _, turn = await ask(assistant)
                assert turn.arm == "tuned"
                assert (
                    await asyncio.wait_for(assistant.pairing.run(f"{turn.id}:tuned"), 60) == "done"
                )
            _, turn = await ask(assistant)
            assert turn.arm == "base"
            with guard.store.reading() as ledger:
                pairs = ledger.pairs("tuned", None, 1, ledger.last_number())
                standing = ledger.standing("tuned", "glossary/en")
                (alarm,) = ledger.alarms(raised_only=True)
    assert standing.stage is Stage.SHADOW
    assert alarm.kind == "blind"
    for pair in pairs:
        assert isinstance(pair.candidate["faithfulness"], Unscored)
        assert pair.difference("faithfulness") is None
        assert pair.difference("fast") is not None
