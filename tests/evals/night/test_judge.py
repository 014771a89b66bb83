"""The judge's part of a night: real history, a scripted scorer in place of the judge."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from assistant.records.database import open_database
from evals.night.history import History
from evals.night.judge import Judging, Task
from evals.night.plan import NightPlan
from evals.statistics.steadiness import fewest
from guardrails.types import Sample, Score, Text, Unscored

CASES = 50
PASSAGE = Text("A pod is the smallest unit.", "en")


@dataclass
class Judge:
    """Says of an answer what ``mood`` makes of its length."""

    name: str = "factual_correctness"
    version: str = "1"
    mood: float = 0.0
    fails: bool = False
    asked: list[str] = field(default_factory=list)

    async def score(self, sample: Sample) -> Score | Unscored:
        self.asked.append(sample.answer)
        if self.fails:
            return Unscored("the judge's reply is not JSON")
        return Score(0.2 + len(sample.answer) % 7 / 10 + self.mood, "")


@pytest.fixture
def history(tmp_path):
    database = open_database(tmp_path / "routeback.sqlite")
    yield History(database)
    database.dispose()


def tasks(tuned="tuned", abstained=False, kind="live", cases=CASES):
    return [
        Task(
            kind,
            arm,
            f"case {number}",
            "factual_correctness",
            Sample(
                f"What is {number}?", "en", [PASSAGE], f"{text} {'x' * number}",
                reference="It is a pod.", answerable=True, abstained=abstained,
            ),
        )
        for number in range(cases)
        for arm, text in (("base", "base"), ("tuned", tuned))
    ]  # fmt: skip


def begun(history, night):
    return history.begin(
        NightPlan(place=night, judged=("factual_correctness",)),
        "run",
        datetime.now(UTC),
    )[0].id


async def spend(history, night, judge, asked, budget=math.inf, margin=0.02, pinned=False):
    scorers = {judge.name: judge}
    return await Judging(night, history, scorers, 5.0, 1, margin, pinned).run(asked, budget)


async def test_a_steady_judge_is_taken_at_its_earlier_word(history):
    first = await spend(history, begun(history, "1"), judge := Judge(), tasks())
    assert first.judged == len(judge.asked) == 2 * CASES
    judge.asked.clear()
    night = begun(history, "2")
    second = await spend(history, night, judge, tasks())
    assert second.judged == len(judge.asked) == 2 * fewest(0.02) + 1
    assert second.taken == 2 * CASES - second.judged
    scores = {(s.arm, s.case): s.value for s in history.scores(night)}
    assert scores == {(t.arm, t.case): (await judge.score(t.sample)).value for t in tasks()}


async def test_new_answers_are_judged(history):
    await spend(history, begun(history, "1"), judge := Judge(), tasks())
    judge.asked.clear()
    await spend(history, begun(history, "2"), judge, tasks(tuned="other"))
    assert sum(answer.startswith("other") for answer in judge.asked) == CASES


@pytest.mark.parametrize("pinned", [False, True])
async def test_a_judge_that_moved_is_asked_about_everything(history, pinned):
    await spend(history, begun(history, "1"), judge := Judge(), tasks())
    judge.asked.clear()
    judge.mood = 0.03
    spent = await spend(history, begun(history, "2"), judge, tasks(), pinned=pinned)
    assert spent.judged == len(judge.asked) == 2 * CASES
    assert not spent.taken


async def test_another_version_has_said_nothing_yet(history):
    await spend(history, begun(history, "1"), Judge(), tasks())
    other = Judge(version="2")
    spent = await spend(history, begun(history, "2"), other, tasks(), pinned=True)
    assert spent.judged == len(other.asked) == 2 * CASES


async def test_pinned_weights_are_asked_about_two_cases_again(history):
    await spend(history, begun(history, "1"), judge := Judge(), tasks())
    spent = await spend(history, begun(history, "2"), judge, tasks(), pinned=True)
    assert spent.judged == 5
    assert spent.taken == 2 * CASES - spent.judged


async def test_abstentions_say_nothing_of_the_judge(history):
    silent = tasks(abstained=True, cases=3)
    await spend(history, begun(history, "1"), judge := Judge(), silent)
    spent = await spend(history, begun(history, "2"), judge, silent, pinned=True)
    assert spent.judged == len(silent)


async def test_a_judge_that_fails_is_not_taken_to_be_steady(history):
    await spend(history, begun(history, "1"), Judge(), tasks())
    broken = Judge(fails=True)
    spent = await spend(history, begun(history, "2"), broken, tasks())
    assert spent.judged == len(broken.asked) == 2 * CASES


async def test_answers_that_people_judged_are_asked_about_every_night(history):
    await spend(history, begun(history, "1"), judge := Judge(), tasks(kind="people"))
    judge.asked.clear()
    await spend(history, begun(history, "2"), judge, tasks(kind="people"), pinned=True)
    assert len(judge.asked) == 2 * CASES


async def test_a_night_that_was_killed_goes_on_where_it_was(history):
    whole = Judge()
    await spend(history, begun(history, "1"), whole, tasks())
    whole.asked.clear()
    unbroken = begun(history, "2")
    await spend(history, unbroken, whole, tasks())
    broken, parts = begun(history, "3"), Judge()
    await spend(history, broken, parts, tasks()[: CASES // 2])
    spent = await spend(history, broken, parts, tasks())
    assert parts.asked == whole.asked
    assert spent.judged == len(whole.asked)
    assert spent.judged + spent.taken == 2 * CASES
    assert [(s.arm, s.case, s.value) for s in history.scores(broken)] == [
        (s.arm, s.case, s.value) for s in history.scores(unbroken)
    ]


async def test_the_budget_bounds_what_is_asked_and_not_what_is_known(history):
    await spend(history, begun(history, "1"), Judge(), tasks())
    spent = await spend(history, begun(history, "2"), Judge(), tasks(), budget=0.0)
    assert (spent.judged, spent.taken, spent.left) == (0, 0, 2 * CASES)
