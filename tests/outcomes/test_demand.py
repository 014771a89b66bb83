"""What counts as resolved, on worlds where it is known, and ways to make it look better."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.outcomes.others import talks, within_a_day, within_the_thread
from assistant.outcomes.summary import durable
from tests.outcomes.worlds import LATER, START, asking, causes, counted, found, ticket

MOMENT = timedelta(microseconds=1) / timedelta(days=1)


def test_who_asks_again_elsewhere_after_three_days_is_resolved_for_the_others_alone():
    said = [asking(), asking(days=3)]
    assert causes(said) == ["asked_again"]
    first = talks(said, (), START, LATER)[0]
    assert within_a_day(first, LATER) == "resolved"
    assert within_the_thread(first, LATER) == "resolved"


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ([asking()], "resolved"),
        ([asking(end="abstained")], "no_answer"),
        ([asking(end="asked")], "no_answer"),
        ([asking(end="left", waited_s=20.0)], "left"),
        ([asking(end="failed")], "failed"),
        ([asking(end="taken_over")], "person"),
        ([asking(end="handed_off", for_person=True)], "person"),
        ([asking(ratings=((START, True),))], "rated_down"),
        ([asking(ratings=((START, True), (START + timedelta(1), False)))], "resolved"),
        ([asking(ratings=((START + timedelta(8), True),))], "resolved"),
        ([asking(end="abstained"), asking(days=0.01)], "resolved"),
        ([asking(end="failed"), asking(days=0.01)], "resolved"),
    ],
)
def test_each_cause(said, cause):
    assert causes(said) == [cause]


def test_a_ticket_counts_against_what_was_asked_before_it_in_any_thread():
    assert causes([asking()], [ticket()]) == ["person"]
    assert causes([asking()], [ticket(thread="a form")]) == ["person"]
    assert causes([asking()], [ticket("somebody else", "a form")]) == ["resolved"]
    two = [asking(thread="one"), asking(what="bill", days=0.2, thread="two")]
    assert causes(two, [ticket(thread="one", days=0.5)]) == ["person", "resolved"]
    assert found([asking()], [ticket(days=8)]).straight == 1
    assert found([], [ticket()]).straight == 1
    assert found([asking()], [ticket(by_hand=True)]).all[0].cause is None


def test_seven_days_are_counted_from_the_first_answer_and_end_exactly_then():
    week = 7.0
    assert causes([asking(), asking(days=week - MOMENT)]) == ["asked_again"]
    assert causes([asking(), asking(days=week)]) == ["resolved", "resolved"]
    exactly = START + timedelta(days=7)
    assert causes([asking()], now=exactly) == ["resolved"]
    assert causes([asking()], now=exactly - timedelta(microseconds=1)) == ["pending"]
    late = [asking(end="abstained"), asking(days=6), asking(days=12)]
    assert causes(late) == ["asked_again"]
    assert causes([asking()], [ticket(days=week - MOMENT)]) == ["person"]
    assert causes([asking()], [ticket(days=week)]) == ["resolved"]


def test_what_is_lost_already_is_pending_as_long_as_what_is_not():
    now = START + timedelta(days=6)
    assert causes([asking(), asking(days=1)], now=now) == ["pending"]
    lost = [asking(f"p{n}", ratings=((START, True),)) for n in range(30)]
    told = durable(found(lost), now)[0]
    assert (told.pending, told.resolved.cases) == (30, 0)


def test_other_words_are_the_same_demand_if_they_find_the_entry_that_answered():
    again = asking(what="other words", days=1, entry="reset")
    assert causes([asking(), again]) == ["asked_again"]
    unsure = asking(what="other words", days=1, entry="reset", end="abstained")
    assert causes([asking(), unsure]) == ["asked_again"]


def test_what_was_not_answered_is_not_credited_with_the_answer_to_something_else():
    near = asking(what="what nobody knows", end="abstained", entry="reset")
    assert causes([near, asking(days=0.01)]) == ["no_answer", "resolved"]


def test_a_follow_up_is_a_demand_of_its_own_and_a_choice_is_not():
    more = asking(days=0.01, thread="a", own="and how long", whole="reset and how long")
    more = more._replace(entry="reset")
    assert causes([asking(thread="a"), more]) == ["resolved", "resolved"]
    same = more._replace(own="reset", whole="reset reset")
    assert causes([asking(thread="a"), same]) == ["asked_again"]
    back = asking(thread="a", end="asked", what="token")
    chosen = asking(thread="a", days=0.01, own="2", whole="access token")
    assert causes([back, chosen]) == ["resolved"]


def test_what_is_left_out_is_counted_by_why():
    said = [
        asking(own="", whole=""),
        asking(person=""),
        asking(talk=True, end="replied"),
        asking(foreign=True, end="replied"),
        asking(end="left", shown=False, waited_s=1.0),
        asking("bo", end="left", shown=False, waited_s=3.0),
        asking("ann", end="left", shown=True, waited_s=1.0),
    ]
    told = found(said)
    kinds = ("erased", "no_person", "small_talk", "language", "left_at_once")
    assert told.excluded == dict.fromkeys(kinds, 1)
    assert (told.asked, len(told.all)) == (7, 2)


def test_who_asks_again_and_leaves_at_once_has_asked_again():
    gone = asking(days=1, end="left", shown=False, waited_s=0.5, entry="reset")
    assert causes([asking(), gone]) == ["asked_again"]


def test_the_arm_is_the_one_that_answered_first():
    said = [asking(arm="tuned"), asking(days=1, arm="base")]
    assert [row.group for row in durable(found(said), LATER, "arm")] == ["", "tuned"]


def world() -> list:
    """60 people; of each a demand that holds, and of a third one that does not."""
    said = [asking(f"p{n}", "reset", days=n / 60) for n in range(60)]
    said += [asking(f"p{n}", "bill", days=1 + n / 60) for n in range(20)]
    return said + [asking(f"p{n}", "bill", days=3 + n / 60) for n in range(20)]


def share_of(said, tickets=()) -> float:
    hits, cases = counted(said, tickets)
    return hits / cases


def test_the_share_is_the_one_that_was_made():
    assert counted(world()) == (60, 80)


@pytest.mark.parametrize("many", [1, 10, 100])
def test_thanks_and_greetings_change_nothing(many):
    talk = [asking(f"p{n % 60}", "thanks", n / 50, "replied", talk=True) for n in range(many)]
    assert counted([*world(), *talk]) == (60, 80)
    assert counted(talk) == (0, 0)
    assert durable(found(talk), LATER)[0].resolved.too_few


def test_splitting_threads_changes_nothing():
    whole = [one._replace(thread=one.person) for one in world()]
    split = [one._replace(thread=one.id) for one in world()]
    assert counted(whole) == counted(split) == (60, 80)


def test_closing_early_takes_no_ticket_off_the_account():
    asked = [ticket(f"p{n}", "?", days=n / 60 + 0.1) for n in range(30)]
    before = share_of(world(), asked)
    closed = [replace(one, solved_at=one.at, gone=True) for one in asked]
    assert share_of(world(), closed) == before < share_of(world())


def test_not_answering_and_asking_back_do_not_raise_it():
    for end in ("abstained", "asked", "failed"):
        quiet = [one._replace(end=end, arm="", entry="") for one in world()]
        assert share_of(quiet) == 0.0


def test_making_people_leave_does_not_raise_it():
    slow = [one._replace(end="left", shown=False, waited_s=30.0) for one in world()[:30]]
    assert share_of([*slow, *world()[30:]]) < share_of(world())


def test_one_who_asks_very_much_moves_it_no_further_than_the_interval():
    flood = [asking("p0", f"easy {n}", days=2 + n / 1000) for n in range(500)]
    plain, flooded = (durable(found(said), LATER)[0] for said in (world(), [*world(), *flood]))
    assert flooded.resolved.hits / flooded.resolved.cases > 0.95  # what a plain count would say
    assert flooded.resolved.value < plain.resolved.value + 0.04
    assert flooded.by_person == pytest.approx(plain.by_person, abs=0.02)
    assert flooded.resolved.low < plain.resolved.value


one = st.builds(
    dict,
    person=st.sampled_from(["a", "b", "c"]),
    what=st.sampled_from(["x", "y", "z"]),
    days=st.floats(0, 40, allow_nan=False),
    end=st.sampled_from(["answered", "abstained", "asked", "left", "failed"]),
    talk=st.booleans(),
    ratings=st.sampled_from([(), ((START + timedelta(days=1), True),)]),
)
worlds = st.lists(one, max_size=25).map(
    lambda rows: [asking(id=f"t{number:03}", **row) for number, row in enumerate(rows)]
)


@settings(max_examples=150, deadline=None)
@given(worlds, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_and_each_question_is_in_one_demand(said, random):
    mixed = list(said)
    random.shuffle(mixed)
    demands = found(said).all
    assert [d.askings for d in demands] == [d.askings for d in found(mixed).all]
    ids = [one.id for demand in demands for one in demand.askings]
    assert len(ids) == len(set(ids)) == sum(not one.talk for one in said)


@settings(max_examples=150, deadline=None)
@given(worlds, one.map(lambda row: asking(id="more", **row)))
def test_asking_once_more_never_resolves_what_was_answered(said, more):
    resolved = {d.askings[0].id for d in found(said).all if d.cause is None}
    after = found([*said, more]).all
    answered_before = {d.askings[0].id for d in found(said).all if d.answered_at is not None}
    gained = {d.askings[0].id for d in after if d.cause is None} - resolved
    later = {d.askings[0].id for d in after if more.at < max(x.at for x in d.askings)}
    assert not (gained & answered_before) - later - {more.id}


@settings(max_examples=100, deadline=None)
@given(worlds)
def test_a_ticket_never_raises_the_number(said):
    tickets = [ticket("a", "?", days=5)]
    assert counted(said, tickets)[0] <= counted(said)[0]
    assert counted(said, tickets)[1] == counted(said)[1]
