"""Rounds of labels on a real database: blind, in the order of the draws, and what they take."""

import numpy as np
import pytest
from sqlalchemy import update

from assistant.guarding.oversight import Oversight
from guardrails.calibration.contradiction import contradicted, contradiction
from guardrails.calibration.labelling import Labelling, NotLabelled
from guardrails.monitor import Monitor
from guardrails.pairs import Sampling
from guardrails.statistics.prediction import PeopleEstimate
from guardrails.store.rounds import (
    SAME_WORDS,
    Label,
    Round,
    agreement,
    candidate_first,
    firsts,
    said,
)
from guardrails.store.sql_tables import pairs
from guardrails.types import Stage
from tests.guardrails.attack.test_certificate import CERTIFICATE
from tests.guardrails.conftest import START, Stream
from tests.support.labelled import LATER, POLICY, SEGMENT, compare, people_say


@pytest.fixture
def desk(store) -> Labelling:
    return Labelling(store, POLICY, lambda: np.random.default_rng(0))


def offered(desk: Labelling, by: str = "ada", **more):
    return desk.offer("tuned", SEGMENT, "better", LATER, by, **more)


def test_an_offer_says_what_is_asked_and_not_whose_answer_is_whose(store, desk):
    compare(store, [0.1] * 40)
    offer = offered(desk)
    n = int(offer.question.split()[-1][:-1])
    assert {offer.a, offer.b} == {f"Base says {n}.", f"The candidate says {n}."}
    assert offer.passages == (f"Entry {n}",)
    assert (offer.labels, offer.pairs, offer.place) == (0, 40, 1)
    assert offered(desk) == offer == offered(desk, by="grace"), "until somebody labels it"
    sides = {candidate_first(1, f"pair-{n}") for n in range(20)}
    assert sides == {True, False}
    assert candidate_first(1, "x") == candidate_first(1, "x")


def test_what_is_said_is_kept_by_whose_answer_was_meant(store, desk):
    compare(store, [0.1] * 40)
    offer = offered(desk)
    better = "a" if offer.a.startswith("The candidate") else "b"
    held = desk.take(offer.round, offer.place, better, "ada", LATER)
    assert (held.found.labels, held.found.pairs) == (1, 40)
    with store.reading() as ledger:
        assert ledger.rounds.labels(offer.round) == [Label(1, "candidate", "ada", LATER)]
        (drawn,) = ledger.rounds.draws(offer.round)
    assert 0 < drawn.probability < 1
    assert [Label(1, one, "", LATER).value for one in ("candidate", "base")] == [1, -1]
    assert [Label(1, one, "", LATER).value for one in ("tie", "unsure", "both", "neither")] == [
        *[0] * 4
    ]
    assert said("b", candidate_first=True) == said("a", candidate_first=False) == "base"
    assert said("both", candidate_first=True) == "both"


def test_a_person_may_say_it_anew_and_the_first_person_counts(store, desk):
    compare(store, [0.1] * 40)
    offer = offered(desk)
    for choice, by in (("a", "ada"), ("b", "grace"), ("tie", "ada")):
        held = desk.take(offer.round, offer.place, choice, by, LATER)
    assert held.found.labels == 1
    with store.reading() as ledger:
        labels = ledger.rounds.labels(offer.round)
    assert [(label.by, label.value == 0) for label in labels] == [("ada", True), ("grace", False)]
    assert firsts(labels)[1].by == "ada"


def test_labels_are_used_in_the_order_of_the_draws(store, desk):
    compare(store, [0.1] * 40)
    first = offered(desk)
    with store.transaction() as ledger:
        (drawn,) = ledger.rounds.draws(first.round)
        other = next(n for n in range(1, 41) if n != drawn.number)
        again = type(drawn)(2, other, drawn.probability, drawn.tilts)
        ledger.rounds.add_draw(first.round, again)
    assert desk.take(first.round, 2, "tie", "grace", LATER).found.labels == 0
    assert offered(desk).place == 1
    assert desk.take(first.round, 1, "tie", "ada", LATER).found.labels == 2


def test_a_tenth_is_asked_twice_and_agreement_is_told(store, desk):
    compare(store, [0.1] * 40)
    people_say(store, lambda n: n % 2, 20)
    places = []
    for _ in range(4):
        offer = offered(desk, by="grace")
        places.append(offer.place)
        desk.take(offer.round, offer.place, "tie", "grace", LATER)
    assert places == [1, 2, 21, 3], "two of twenty are enough, two of twenty-one are not"
    with store.reading() as ledger:
        found = agreement(ledger.rounds.labels(1))
    assert found.pairs == 3
    assert agreement([]).kappa is None
    labels = [
        Label(place, one, by, LATER)
        for place, pair in enumerate(
            [("candidate", "candidate"), ("base", "base"), ("tie", "base")]
        )
        for one, by in zip(pair, "ab", strict=True)
    ]
    told = agreement(labels)
    assert told.same == pytest.approx(2 / 3)
    assert told.kappa == pytest.approx((2 / 3 - 14 / 36) / (1 - 14 / 36))


def test_nobody_is_asked_about_the_same_words(store, desk):
    compare(store, [0.1] * 40, same=range(35))
    held = people_say(store, lambda _: 1, 5)
    assert held.found.labels >= 5
    with pytest.raises(NotLabelled, match="All 40 pairs of round 1 are labelled"):
        offered(desk)
    with store.reading() as ledger:
        held = ledger.rounds.round(1)
        labels = ledger.rounds.labels(1)
    assert held.found.labels == 40
    assert (held.found.lower, held.found.upper) == pytest.approx((5 / 40, 5 / 40))
    assert sum(label.by == SAME_WORDS for label in labels) == 35
    assert agreement(labels).pairs == 0


def test_a_round_is_frozen_and_a_new_one_takes_what_came_since(store, desk):
    compare(store, [0.1] * 30)
    first = offered(desk)
    with pytest.raises(NotLabelled, match="would ask the same again"):
        offered(desk, new=True)
    compare(store, [0.1] * 10, start=LATER)
    assert offered(desk).pairs == 30
    second = offered(desk, new=True)
    assert (second.pairs, second.round) == (40, first.round + 1)
    assert offered(desk).round == second.round
    assert desk.offer("tuned", SEGMENT, "right", LATER).round == second.round + 1


def erase(store, numbers: list[int]) -> None:
    with store.transaction() as ledger:
        gone = update(pairs).where(pairs.c.number.in_(numbers))
        ledger.connection.execute(gone.values(answers={"tokens": 1}, signature=None))


def test_what_was_erased_is_no_tie_and_a_round_with_it_does_not_go_on(store, desk):
    compare(store, [0.1] * 40)
    people_say(store, lambda _: 1, 3)
    with store.reading() as ledger:
        drawn = [pick.number for pick in ledger.rounds.draws(1)]
        others = [number for number in ledger.rounds.round(1).numbers if number not in drawn]
    erase(store, drawn[:2])
    offer = offered(desk, by="grace")
    assert (offer.round, offer.question != "") == (1, True), "what was labelled stands"
    desk.take(offer.round, offer.place, "tie", "grace", LATER)
    erase(store, others[:1])
    offer = offered(desk)
    assert (offer.round, offer.labels, offer.pairs) == (2, 0, 37)
    with store.reading() as ledger:
        assert len([label for label in ledger.rounds.labels(1) if label.by == "ada"]) == 3
        assert all(label.by != SAME_WORDS for label in ledger.rounds.labels(1))


def test_a_new_version_begins_a_round_of_its_own(store, desk):
    compare(store, [0.1] * 30)
    offered(desk)
    compare(store, [0.1] * 25, version='{"v":2}', start=LATER)
    assert (offered(desk).round, offered(desk).pairs) == (2, 25)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"arm": "none"}, "none has no pair in glossary/en yet"),
        ({"segment": "support/en"}, "tuned has no pair in support/en yet"),
        ({"kind": "worse"}, "no kind of label 'worse'; there is better, right"),
    ],
)
def test_what_cannot_be_offered_is_told(store, desk, given, said):
    compare(store, [0.1] * 30)
    asked = {"arm": "tuned", "segment": SEGMENT, "kind": "better", "now": LATER} | given
    with pytest.raises(NotLabelled, match=said):
        desk.offer(**asked)


def test_too_few_pairs_and_strange_labels_are_refused(store, desk):
    compare(store, [0.1] * 19)
    with pytest.raises(NotLabelled, match="tuned has 19 scored pairs with both answers"):
        offered(desk)
    compare(store, [0.1] * 10, start=LATER)
    offered(desk)
    for round_id, place, choice, by, told in (
        (9, 1, "a", "ada", "no round 9"),
        (1, 9, "a", "ada", "has no draw 9"),
        (1, 1, "both", "ada", "no choice 'both'; there is a, b, tie, unsure"),
        (1, 1, "a", SAME_WORDS, "nobody's name"),
    ):
        with pytest.raises(NotLabelled, match=told):
            desk.take(round_id, place, choice, by, LATER)


# ---- contradiction


def held(upper: float, means: dict[str, float], lower: float = -0.9, **more) -> Round:
    return Round(
        **{"arm": "tuned", "segment": SEGMENT, "kind": "better", "version": "v"} | more,
        at=START,
        alpha=0.05,
        metrics=tuple(means),
        numbers=tuple(range(30)),
        differences=np.repeat(np.array([[one] for one in means.values()]), 30, axis=1),
        found=PeopleEstimate(upper, lower, upper, 9, 30),
    )


def test_people_contradict_where_no_metric_saw_it():
    blind = held(-0.2, {"fast": 0.0, "relevance": 0.1})
    assert "people contradict the measure" in contradiction([blind], 0.05)
    assert contradiction([held(-0.04, {"fast": 0.0})], 0.05) == ""
    assert contradiction([held(-0.2, {"fast": -0.3, "relevance": 0.1})], 0.05) == ""
    assert contradiction([], 0.05) == ""


def test_a_contradiction_stands_until_a_later_round_shows_the_opposite():
    blind = held(-0.2, {"fast": 0.0})
    open_, fine = held(1.0, {"fast": 0.0}, -1.0), held(0.3, {"fast": 0.0}, -0.05)
    assert contradiction([blind, open_], 0.05)
    assert contradiction([blind, fine], 0.05) == ""
    assert contradiction([fine, blind], 0.05)
    other = held(0.3, {"fast": 0.0}, -0.05, segment="support/en")
    assert contradiction([blind, other], 0.05)
    assert contradiction([blind, held(0.3, {"fast": 0.0}, 0.0, kind="right")], 0.05)


def test_nobody_rises_in_a_language_where_people_contradict_the_measure(store):
    """What the scores call harmless, people call worse: a metric without eyes."""
    compare(store, [0.0] * 60)
    told = people_say(store, lambda _: -1, 40)
    assert told.found.upper < -0.05
    with store.reading() as ledger:
        why = contradicted(ledger, POLICY, "other", "support.billing/en")
        assert "tuned is worse in glossary/en" in why
        assert contradicted(ledger, POLICY, "other", "support.billing/de") == ""
    other = Stream(Monitor(store, POLICY), "other")
    assert other.feed("support.billing/en", 0.2, until=80) == []
    with store.reading() as ledger:
        (alarm,) = ledger.alarms(raised_only=True)
        assert ledger.standing("other", "support.billing/en").stage is Stage.SHADOW
    assert (alarm.kind, alarm.arm) == ("measure/en", "other")
    assert "people contradict the measure" in alarm.message
    (rises,) = other.feed("support.billing/de", 0.2)
    assert rises.after is Stage.CANARY


def test_a_new_version_of_what_was_labelled_lifts_it(store):
    compare(store, [0.0] * 60)
    people_say(store, lambda _: -1, 40)
    compare(store, [0.0], version='{"v":2}', start=LATER)
    with store.reading() as ledger:
        assert contradicted(ledger, POLICY, "tuned", SEGMENT) == ""


def test_the_status_says_that_nobody_rises(store):
    compare(store, [0.0] * 60)
    with store.transaction() as ledger:
        ledger.put_certificate(CERTIFICATE)
    seen = Oversight(store, POLICY, Sampling(), ("tuned",), list)
    found = {one.language: one for one in seen.status().measure.languages}
    assert found["en"].rises is True
    people_say(store, lambda _: -1, 40)
    found = {one.language: one for one in seen.status().measure.languages}
    assert found["en"].why.startswith("people contradict the measure")
    assert [found[name].rises for name in ("en", "de")] == [False, True]
