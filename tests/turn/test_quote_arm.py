"""The quotation as an arm: real graph, index, database and pairs; only the model is scripted."""

from contextlib import aclosing
from dataclasses import replace

import pytest

from assistant.assistant import Assistant
from assistant.background.probe import Probe
from assistant.records.turns import Turn
from assistant.turn.answer.quotations import REVISION
from assistant.turn.permissions import Writing
from guardrails.guard import BASE, QUOTE
from guardrails.rules.permission import versions_of
from guardrails.types import Score
from guardrails.writers import Refused
from tests.support.guarded import BAD

QUESTION, SEGMENT = "What is a token?", "glossary/en"


@pytest.fixture
def quoting(assistant: Assistant) -> Assistant:
    """An assistant that quotes first, and lets write whom the owner lets."""
    return replace(assistant, writing=Writing("first", {}, assistant.guard.writes))


async def ask(assistant: Assistant, question: str = QUESTION) -> Turn:
    async with aclosing(assistant.answer(question)) as events:
        return [event async for event in events if isinstance(event, Turn)][-1]


def job_of(assistant: Assistant, turn: Turn):
    with assistant.guard.store.reading() as ledger:
        return ledger.job(f"{turn.id}:{QUOTE}")


def pair_of(assistant: Assistant, turn: Turn):
    with assistant.guard.store.reading() as ledger:
        pairs = ledger.pairs(QUOTE, None, 1, ledger.last_number())
        (kept,) = [
            row for row in ledger.answers(QUOTE, SEGMENT, 100) if row["id"] == f"{turn.id}:{QUOTE}"
        ]
    (pair,) = [pair for pair in pairs if pair.id == f"{turn.id}:{QUOTE}"]
    return pair, kept["answers"]


async def test_a_quoted_question_is_answered_by_base_unseen_and_compared(quoting, endpoint):
    turn = await ask(quoting)
    assert (turn.arm, turn.mode, turn.arm_revision) == (QUOTE, "quote", REVISION)
    assert endpoint.asked == []
    job = job_of(quoting, turn)
    assert job.payload["answers"] == {QUOTE: turn.answer}
    assert job.tokens > 0
    assert await quoting.pairing.run(job.id) == "done"
    assert len(endpoint.asked) == 1
    pair, kept = pair_of(quoting, turn)
    assert kept["answers"] == {
        "base": "A token is the smallest piece of text that a language model reads. [1]",
        "quote": turn.answer,
    }
    assert isinstance(pair.candidate["fast"], Score)
    assert isinstance(pair.base["fast"], Score)
    with quoting.guard.store.reading() as ledger:
        standing = ledger.standing(QUOTE, SEGMENT)
        held = ledger.permission(BASE, SEGMENT)
    assert standing.version == quoting.guard.versions[QUOTE]
    assert held.version == versions_of(dict(quoting.guard.versions))[BASE]


async def test_where_base_wrote_the_pair_costs_nothing(assistant, endpoint):
    turn = await ask(replace(assistant, writing=Writing("fallback")))
    assert (turn.arm, turn.mode) == (BASE, "write")
    asked = len(endpoint.asked)
    job = job_of(assistant, turn)
    assert job.tokens == 0
    assert await assistant.pairing.run(job.id) == "done"
    assert len(endpoint.asked) == asked
    _, kept = pair_of(assistant, turn)
    assert kept["answers"]["base"].startswith("A token is the smallest piece of text")
    assert kept["answers"]["quote"].startswith("A token is the smallest piece of text")
    assert "A long word is often several tokens." in kept["answers"]["quote"]


async def test_what_base_said_before_it_gave_way_is_its_own(assistant, endpoint):
    endpoint.script = lambda _: BAD
    turn = await ask(replace(assistant, writing=Writing("fallback")))
    assert (turn.arm, turn.mode) == (QUOTE, "quote")
    answers = job_of(assistant, turn).payload["answers"]
    assert answers[QUOTE] == turn.answer
    assert answers[BASE].startswith("Bananas")


async def test_where_no_arm_may_write_nothing_is_compared(assistant, endpoint):
    turn = await ask(replace(assistant, writing=Writing("only")))
    assert turn.arm == QUOTE
    assert job_of(assistant, turn) is None
    assert endpoint.asked == []


async def test_base_writes_where_it_is_let_until_that_is_taken_back(quoting, endpoint):
    writers, now = quoting.guard.monitor.writers, (await ask(quoting)).created_at
    refused = writers.allow(BASE, SEGMENT, "ada", "", now)
    assert isinstance(refused, Refused)
    version = versions_of(dict(quoting.guard.versions))[BASE]
    writers.allow(BASE, SEGMENT, "ada", "to see", now, forced=True, version=version)
    turn = await ask(quoting)
    assert (turn.arm, turn.mode) == (BASE, "write")
    assert len(endpoint.asked) == 1
    other = await ask(quoting, "How do I reset my password?")
    assert (other.arm, other.mode) == (QUOTE, "quote")
    # Another way of quoting is another comparison.
    newer = {QUOTE: quoting.guard.versions[QUOTE].replace(REVISION, "quote-9")}
    guard = replace(quoting.guard, versions=newer)
    moved = replace(quoting, guard=guard, writing=Writing("first", {}, guard.writes))
    assert (await ask(moved)).arm == QUOTE
    assert (await ask(quoting)).arm == BASE
    writers.forbid(BASE, SEGMENT, "ada", "seen", now)
    assert (await ask(quoting)).arm == QUOTE


async def test_the_bench_measures_it_without_a_model(assistant, endpoint):
    bench = Probe(assistant)
    assert list(bench.arms)[-1:] == [QUOTE]
    assert bench.arms[QUOTE] == REVISION
    found = await bench.ask(QUOTE, QUESTION)
    assert found.outcome == "answered"
    assert found.answer.endswith("A long word is often several tokens. [1]")
    assert [p["chunk"]["key"] for p in found.passages if p["given"]] == ["token"]
    assert found.prompt_tokens == found.completion_tokens == 0
    again = await bench.ask(QUOTE, QUESTION, passages=found.passages)
    assert again.answer == found.answer
    # As they were frozen before passages had several windows.
    old = [
        {k: v for k, v in p.items() if k not in {"windows", "names", "mentioned"}}
        | {"window": p["windows"][0]}
        for p in found.passages
    ]
    assert (await bench.ask(QUOTE, QUESTION, passages=old)).answer == found.answer
    assert endpoint.asked == []
    written = await bench.ask(BASE, QUESTION)
    assert written.answer.startswith("A token is the smallest piece of text")
    assert written.answer != found.answer
    assert [p["id"] for p in written.passages if p["given"]] == [
        p["id"] for p in found.passages if p["given"]
    ]


async def test_the_bench_abstains_as_the_product_does(assistant, endpoint):
    found = await Probe(assistant).ask(QUOTE, "Who won the 1998 World Cup?")
    assert found.outcome == "abstained"
    assert endpoint.asked == []
