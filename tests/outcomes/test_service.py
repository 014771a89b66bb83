"""Times in business minutes, ratings, drafts, costs, and what a pilot has reached."""

from datetime import UTC, datetime, time, timedelta

import pytest
from pydantic import ValidationError

from assistant.desk.hours import OfficeHours
from assistant.desk.settings import DeskSettings, PilotTarget
from assistant.outcomes.pilot import progress
from assistant.outcomes.service import AnswerSpending, Replied, costs, drafts, service
from assistant.outcomes.share import Quantile, Share
from assistant.outcomes.summary import pilot
from tests.outcomes.worlds import LATER, START, asking, found, ticket

OFFICE = OfficeHours({day: ((time(9), time(17)),) for day in range(5)}, "UTC")


def test_a_night_and_a_weekend_are_not_waited():
    friday = datetime(2026, 3, 6, 16, 50, tzinfo=UTC)
    monday = datetime(2026, 3, 9, 9, 20, tzinfo=UTC)
    own = [ticket(f"p{n}", days=0) for n in range(30)]
    late = [one.__class__(one.id, one.person, "t", friday, replied_at=monday) for one in own]
    told = service(late, OFFICE, LATER)
    assert told.first_reply.median.value == 30.0
    assert (told.solution.waiting, told.solution.median.value) == (30, None)


def test_leaving_the_hard_ones_undone_makes_nothing_faster():
    quick = [ticket(f"p{n}", days=0, replied_at=START + timedelta(minutes=n)) for n in range(40)]
    slow = [
        ticket(f"q{n}", days=0, replied_at=START + timedelta(minutes=300 + n)) for n in range(30)
    ]
    undone = [ticket(f"q{n}", days=0) for n in range(30)]
    done = service([*quick, *slow], OFFICE, LATER).first_reply
    left = service([*quick, *undone], OFFICE, LATER).first_reply
    assert left.median.value == done.median.value
    assert left.most.value is None
    assert left.waiting == 30


def test_ratings_and_what_was_reopened():
    own = [
        ticket(
            f"p{n}", rating=5 if n < 15 else 2 if n < 20 else None, rateable=True, reopened=n % 2
        )
        for n in range(40)
    ]
    told = service([*own, ticket("x", gone=True, reopened=1)], OFFICE, LATER)
    assert told.ratings == {1: 0, 2: 5, 3: 0, 4: 0, 5: 15}
    assert (told.rated.value, told.pleased.value, told.reopened.value) == (0.5, 0.75, 0.5)


def test_drafts_and_costs():
    told = drafts([Replied("a", True, True), Replied("a", True, False), Replied("b", False, False)])
    assert (told.used.hits, told.used.cases, told.same.value) == (2, 3, 0.5)
    spent = [AnswerSpending("base", 1000, 100, s) for s in (1.0, 2.0, 9.0)] + [
        AnswerSpending("quote", 0, 0, 0.1)
    ]
    base, quote = costs(spent, {})
    assert (base.arm, base.answers, base.prompt_tokens, base.seconds) == ("base", 3, 1000, 2.0)
    assert (base.money, quote.money) == (None, None)
    assert costs(spent, {"base": (2.0, 8.0)})[0].money == pytest.approx(0.0028)


@pytest.mark.parametrize(
    ("wanted", "low", "high", "standing"),
    [
        ({"at_least": 0.6}, 0.6, 0.8, "reached"),
        ({"at_least": 0.61}, 0.6, 0.8, "open"),
        ({"at_least": 0.8}, 0.6, 0.8, "open"),
        ({"at_least": 0.81}, 0.6, 0.8, "missed"),
        ({"at_most": 0.8}, 0.6, 0.8, "reached"),
        ({"at_most": 0.59}, 0.6, 0.8, "missed"),
        ({"at_most": 0.6}, 0.6, 0.8, "open"),
    ],
)
def test_a_target_is_reached_by_the_whole_interval(wanted, low, high, standing):
    target = PilotTarget(metric="pleased", **wanted)
    assert progress(target, Share(70, 100, 90, 0.7, low, high, 100.0)).standing == standing


def test_how_many_more_are_needed_grows_as_the_target_comes_near():
    number = Share(70, 100, 90, 0.7, 0.6, 0.8, 100.0)

    def needed(value: float) -> int | None:
        return progress(PilotTarget(metric="pleased", at_least=value), number).needed

    assert needed(0.65) == pytest.approx(400, abs=1)
    assert needed(0.69) == pytest.approx(10_000, abs=1)
    assert needed(0.7) is None
    assert needed(0.5) is None
    few = progress(PilotTarget(metric="pleased", at_least=0.5), Quantile(3))
    assert (few.standing, few.cases) == ("too_few", 3)


def test_targets_are_of_a_segment_and_those_below_it():
    said = [asking(f"p{n}", segment="support.billing") for n in range(300)]
    said += [asking(f"q{n}", segment="glossary", end="abstained") for n in range(300)]
    wanted = [
        PilotTarget(metric="durable_resolution", segment=name, at_least=0.9)
        for name in ("support", "glossary", "")
    ]
    told = pilot(wanted, found(said), [], OFFICE, LATER)
    assert [one.standing for one in told] == ["reached", "missed", "missed"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"metric": "pleased"},
        {"metric": "pleased", "at_least": 0.5, "at_most": 0.6},
        {"metric": "pleased", "at_least": 70},
        {"metric": "happy", "at_least": 0.5},
    ],
)
def test_a_target_that_says_nothing_is_refused(wrong):
    with pytest.raises(ValidationError):
        DeskSettings(targets=(wrong,))
