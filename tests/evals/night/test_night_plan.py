from collections import Counter
from dataclasses import replace

import pytest

from assistant.wire.nights import NightOptions
from evals.cases.cases import load
from evals.cases.marks import judged_of
from evals.night.plan import NightPlan, affordable, blocks, sampled, told
from tests.evals import made

CASES = load()


def test_two_nights_share_a_core_and_differ_in_the_rest():
    one = {case.id for case in sampled(CASES, 60, "2026-11-24")}
    other = {case.id for case in sampled(CASES, 60, "2026-11-25")}
    assert len(one) == len(other) == 60
    assert 42 <= len(one & other) < 60
    assert [c.id for c in sampled(CASES, 60, "2026-11-24")] == [
        c.id for c in sampled(CASES, 60, "2026-11-24")
    ]


def test_any_beginning_of_a_night_holds_the_kinds_in_proportion():
    order = sampled(CASES, 0, "2026-11-24")
    assert len(order) == len(CASES)
    whole = Counter((c.segment, c.language) for c in order)
    for share in (0.25, 0.5):
        part = Counter((c.segment, c.language) for c in order[: int(share * len(order))])
        for kind, count in whole.items():
            assert abs(part[kind] - share * count) <= 2, kind


def test_every_arm_answers_a_block_before_the_next_begins():
    found = blocks([f"c{n}" for n in range(5)], ["base", "tuned"], each=2)
    assert [(b.number, b.arm) for b in found] == [
        (0, "base"), (0, "tuned"), (1, "base"), (1, "tuned"), (2, "base"), (2, "tuned"),
    ]  # fmt: skip
    assert [case for b in found if b.arm == "base" for case in b.cases] == [
        f"c{n}" for n in range(5)
    ]


def test_a_night_takes_as_many_cases_as_there_is_time_for():
    assert affordable(290, {"base": 15.0, "tuned": 15.0}, 10) == 20
    assert affordable(290, {"base": 15.0}, 0) == 290
    assert affordable(290, {"base": 15.0}, 0.001) == 1


@pytest.mark.parametrize(
    ("change", "same"),
    [({"date": "2026-11-25"}, True), ({"arms": {"base": "2"}}, False), ({"judged": ("x",)}, False)],
)
def test_a_night_is_gone_on_with_only_under_the_same_conditions(change, same):
    values = {
        "date": "2026-11-24", "place": "p", "options": NightOptions(count=3), "cases": {"a": "1"},
        "arms": {"base": "1"}, "scorers": {"fast": "1"}, "judged": (),
    }  # fmt: skip
    plan = NightPlan(**values)
    assert NightPlan.model_validate(plan.model_dump(mode="json")) == plan
    assert (NightPlan(**{**values, **change}).fingerprint == plan.fingerprint) is same


def test_what_will_be_done_is_said_with_how_long_it_takes():
    cases = {str(n): "1" for n in range(290)}
    options = NightOptions(judge_minutes=5)
    arms = {"base": "1"}
    plan = NightPlan(place="this process", options=options, cases=cases, arms=arms, judged=("f",))
    words = told(plan, {"base": 15.0}, 1)
    assert words == (
        "290 cases × 1 arm (base) in this process, a judge for f, at most 5 min: about 1 h 18 min."
    )


def test_an_abstention_is_not_asked_about_its_faithfulness():
    judged = ("faithfulness", "factual_correctness")
    (case,) = made.cases(1).values()
    answered = made.measured(case, "base", "p", "")
    assert judged_of(case, answered, judged) == judged
    abstained = replace(answered, outcome="abstained")
    assert judged_of(case, abstained, judged) == ("factual_correctness",)
