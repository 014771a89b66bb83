"""What an answer costs, whatever its endpoint says of it; and a ceiling that holds all the same."""

from contextlib import aclosing
from dataclasses import replace
from types import SimpleNamespace

import pytest

from assistant.arms.endpoint.usage import Usage, counted, estimated
from assistant.assistant import Assistant
from assistant.records.turns import Turn
from assistant.turn.permissions import Writing
from guardrails.guard import QUOTE
from guardrails.pairs import DAY, Sampling
from tests.support.endpoint import Endpoint

PROMPT, ANSWER = "word " * 600, "A token is a piece of text. " * 10
SILENT = [
    None,
    {},
    {"prompt_tokens": None, "completion_tokens": None},
    {"prompt_tokens": 0, "completion_tokens": 0},
    {"prompt_tokens": -5, "completion_tokens": -(10**30)},
    {"prompt_tokens": "many", "completion_tokens": [1]},
    {"prompt_tokens": 812.5, "completion_tokens": float("nan")},
    {"prompt_tokens": True, "completion_tokens": False},
    {"prompt_tokens": 3, "completion_tokens": 1},
]


def said(values: dict | None) -> SimpleNamespace | None:
    return None if values is None else SimpleNamespace(**values)


@pytest.mark.parametrize("values", SILENT)
def test_what_cannot_be_is_estimated(values):
    usage = counted(PROMPT, ANSWER, said(values))
    assert usage == Usage(estimated(PROMPT), estimated(ANSWER))
    assert usage.tokens >= len(PROMPT + ANSWER) / 4


def test_what_an_endpoint_counts_is_believed():
    values = {"prompt_tokens": 640, "completion_tokens": 900}  # it thought before it answered
    assert counted(PROMPT, ANSWER, said(values)) == Usage(640, 900)


@pytest.mark.parametrize("huge", [10**7, 2**31, 10**40])
def test_a_huge_number_is_bounded_by_what_can_be(huge):
    usage = counted(PROMPT, ANSWER, said({"prompt_tokens": huge, "completion_tokens": huge}))
    assert len(PROMPT + ANSWER) < usage.tokens < 100_000


def test_nothing_costs_nothing_and_a_word_costs_something():
    assert counted("", "", said({"prompt_tokens": 0, "completion_tokens": 0})) == Usage(0, 0)
    assert counted("Hi", "Yes", said({"prompt_tokens": 0, "completion_tokens": 0})) == Usage(1, 1)


async def ask(assistant: Assistant, question: str = "What is a token?") -> Turn:
    async with aclosing(assistant.answer(question)) as events:
        return [event async for event in events if isinstance(event, Turn)][-1]


@pytest.mark.parametrize("values", [{}, *SILENT[2:6], {"prompt_tokens": 10**40}])
async def test_an_answer_of_an_endpoint_that_miscounts_is_counted(
    assistant: Assistant, endpoint: Endpoint, values
):
    endpoint.usage = {name: v for name, v in values.items() if v is not None}
    turn = await ask(assistant)
    assert turn.outcome == "answered"
    sent = sum(len(message["content"]) for message in endpoint.asked[-1])
    assert sent / 4 <= turn.usage["prompt_tokens"] < 100_000
    assert turn.usage["completion_tokens"] >= len(turn.answer) / 5
    assert assistant.records.find(turn.id).usage == turn.usage


async def test_an_answer_that_is_stopped_has_cost_what_it_has(assistant, endpoint):
    """It goes round in circles, so its end, and what its endpoint counted, is never read."""
    endpoint.script = lambda _: "A token is the smallest piece of text. " * 400
    endpoint.usage = {"prompt_tokens": 10**6, "completion_tokens": 10**6}
    turn = await ask(assistant)
    assert turn.outcome == "answered"
    assert 100 < turn.usage["prompt_tokens"] < 10_000
    assert turn.usage["completion_tokens"] >= len(turn.answer) / 5


async def test_the_ceiling_holds_where_the_endpoint_says_nothing(assistant, endpoint):
    endpoint.usage = {}
    quoting = replace(
        assistant,
        writing=Writing("first", {}, assistant.guard.writes),
        guard=replace(assistant.guard, sampling=Sampling(tokens_per_day=0)),
    )
    store = assistant.guard.store
    turn = await ask(quoting)
    with store.reading() as ledger:
        assert ledger.job(f"{turn.id}:{QUOTE}") is None
        spent = ledger.tokens_since(turn.created_at - DAY, turn.created_at + DAY)
    room = Sampling(tokens_per_day=spent + 3000)
    quoting = replace(quoting, guard=replace(assistant.guard, sampling=room))
    for _ in range(30):
        turn = await ask(quoting)
        with store.reading() as ledger:
            if ledger.job(f"{turn.id}:{QUOTE}") is None:
                break
        assert await quoting.pairing.run(f"{turn.id}:{QUOTE}") == "done"
        with store.reading() as ledger:
            job = ledger.job(f"{turn.id}:{QUOTE}")
            assert job.tokens >= sum(len(m["content"]) for m in endpoint.asked[-1]) / 4
    else:
        raise AssertionError("the ceiling was never reached")
    with store.reading() as ledger:
        assert (
            spent
            < ledger.tokens_since(turn.created_at - DAY, turn.created_at + DAY)
            <= spent + 3000
        )
