from dataclasses import replace
from datetime import timedelta

import pytest

from guardrails.guard import Guard
from guardrails.pairs import PairQuestion, Sampling
from guardrails.rules.policy import Policy
from guardrails.types import Stage, Standing, Text
from tests.guardrails.conftest import START

QUESTION = PairQuestion(
    turn_id="t",
    question="What is a token?",
    language="en",
    segment="support.billing/en",
    passages=(Text("A token.", "en", "Token", curated=True),),
    answers={"base": "A token."},
    answerable=True,
    prompt="p",
    index_generation="1",
    tokens=100,
    at=START,
)
VERSIONS = {"tuned": '{"v":1}', "other": '{"v":1}'}


def queued(store, sampling: Sampling, count: int = 1, **change) -> list:
    guard = Guard(store, Policy(), VERSIONS, sampling)
    jobs = []
    for number in range(count):
        question = replace(QUESTION, turn_id=f"t{number}", **change)
        with store.transaction() as ledger:
            jobs += guard.answered(ledger, question)
    return jobs


def test_every_candidate_gets_a_job_and_the_same_turn_no_second(store):
    assert [job.id for job in queued(store, Sampling())] == ["t0:tuned", "t0:other"]
    queued(store, Sampling())
    with store.reading() as ledger:
        assert ledger.job_counts() == {"waiting": 2}
        job = ledger.job("t0:tuned")
    assert PairQuestion.of(job.payload) == replace(QUESTION, turn_id="t0")
    assert job.tokens == 100  # base has answered already


@pytest.mark.parametrize(
    ("rates", "share"),
    [({}, 0.3), ({"support/en": 0.6}, 0.6), ({"*": 0.1, "support.billing/en": 0.9}, 0.9)],
)
def test_the_nearest_rate_counts(store, rates, share):
    """400 draws: more than 4 standard errors off would be a fault, not luck."""
    jobs = queued(store, Sampling(rate=0.3, rates=rates), count=200)
    assert len(jobs) / 400 == pytest.approx(share, abs=0.1)


def test_what_a_day_may_cost_is_not_exceeded_and_counts_anew_the_day_after(store):
    sampling = Sampling(tokens_per_day=450)
    assert len(queued(store, sampling, count=5)) == 4
    with store.reading() as ledger:
        assert ledger.tokens_since(START - timedelta(days=1), START) == 400
    later = START + timedelta(days=1, seconds=1)
    with store.transaction() as ledger:
        guard = Guard(store, Policy(), VERSIONS, sampling)
        assert len(guard.answered(ledger, replace(QUESTION, turn_id="new", at=later))) == 2


QUOTING = {**VERSIONS, "quote": '{"candidate":"quote-1","v":1}'}


def jobs_of(store, answers: dict[str, str], versions=QUOTING, **more) -> dict[str, int]:
    """Return what each queued job is likely to cost, by arm."""
    guard = Guard(store, Policy(), versions, Sampling(**more))
    with store.transaction() as ledger:
        found = guard.answered(ledger, replace(QUESTION, answers=answers))
    assert all(job.payload["quoting"] == "quote-1" for job in found)
    return {job.arm: job.tokens for job in found}


def test_the_quotation_is_compared_where_it_could_be_shown_and_costs_base_alone(store):
    alone = {"quote": QUOTING["quote"]}
    assert jobs_of(store, {"quote": "A token. [1]"}, alone) == {"quote": 100}


def test_what_cannot_be_quoted_gets_no_pair_of_the_quotation(store):
    assert jobs_of(store, {"base": "A token."}) == {"tuned": 100, "other": 100}


def test_where_base_wrote_the_quotation_costs_nothing(store):
    answers = {"base": "A token.", "quote": "A token. [1]"}
    assert jobs_of(store, answers) == {"tuned": 100, "other": 100, "quote": 0}


def test_base_answers_a_quoted_question_once_for_all_pairs(store):
    assert jobs_of(store, {"quote": "A token. [1]"}) == {"tuned": 200, "other": 100, "quote": 0}


def test_what_a_day_may_cost_holds_for_the_quotation_too(store):
    alone = {"quote": QUOTING["quote"]}
    assert jobs_of(store, {"quote": "A token. [1]"}, alone, tokens_per_day=99) == {}
    assert jobs_of(store, {"quote": "A token. [1]"}, alone, rate=0.0) == {}


def route(store, *standings: Standing, conversation: str = "c"):
    with store.transaction() as ledger:
        for standing in standings:
            ledger.put_standing(replace(standing, segment="support/en"))
    return Guard(store, Policy(), VERSIONS).route("support/en", conversation, START)


def test_evidence_about_another_version_proves_nothing(store):
    chosen = route(store, Standing("tuned", Stage.SERVING, version='{"v":0}'))
    assert (chosen.arm, chosen.reason) == ("base", "no candidate is proven in support/en")
    assert route(store, Standing("tuned", Stage.SERVING, version='{"v":1}')).arm == "tuned"


def test_the_best_proven_candidate_answers(store):
    chosen = route(
        store,
        Standing("tuned", Stage.SERVING, version='{"v":1}', lower=0.01),
        Standing("other", Stage.SERVING, version='{"v":1}', lower=0.2),
    )
    assert chosen.arm == "other"


def test_a_candidate_that_is_not_configured_any_more_does_not_answer(store):
    assert route(store, Standing("gone", Stage.SERVING, version='{"v":1}')).arm == "base"


def test_without_a_tuned_model_no_candidate_is_configured(store):
    with store.transaction() as ledger:
        standing = Standing("quote", Stage.SERVING, 1.0, "support/en", QUOTING["quote"], lower=0.9)
        ledger.put_standing(standing)
    only = Guard(store, Policy(), {"quote": QUOTING["quote"]})
    chosen = only.route("support/en", "c", START)
    assert (chosen.arm, chosen.reason) == ("base", "no candidate is configured")
    chosen = Guard(store, Policy(), QUOTING).route("support/en", "c", START)
    assert (chosen.arm, chosen.reason) == ("base", "no candidate is proven in support/en")


def test_one_failing_candidate_does_not_keep_another_from_answering(store):
    guard = Guard(store, Policy(breaker_failures=1, breaker_window=1), VERSIONS)
    with store.transaction() as ledger:
        for arm, lower in (("tuned", 0.3), ("other", 0.1)):
            standing = Standing(arm, Stage.SERVING, 0.1, "support/en", '{"v":1}', lower=lower)
            ledger.put_standing(standing)
        guard.called(ledger, "tuned", "down", START)
    assert guard.route("support/en", "c", START).arm == "other"
