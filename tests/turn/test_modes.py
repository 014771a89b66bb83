"""How an answer is made, decided from probabilities alone: no index, no model."""

import pytest

from assistant.knowledge.documents import Kind
from assistant.turn import modes
from assistant.turn.thresholds import CLOSEST, LONG, NEAR, QUOTE, RIVAL, TOGETHER
from tests.support.passages import passage, weighed

LIKELY, UNLIKELY = (QUOTE + 1) / 2, NEAR / 2


def titles(passages) -> list[str]:
    return [found.chunk.title for found in passages]


def test_the_entry_that_is_likely_to_answer_is_quoted_alone():
    choice = modes.choose(
        "How small?", weighed((passage("Pod"), 1 - LIKELY), (passage("Token"), LIKELY))
    )
    assert (choice.mode, titles(choice.passages), choice.choices) == ("quote", ["Token"], ())
    assert choice.probability == LIKELY
    assert f"Token answers with probability {LIKELY:.2f}" in choice.reason


def test_a_name_that_is_asked_for_is_quoted_however_unlikely_it_seems():
    found = weighed((passage("Token", matched=True, mentioned=True), UNLIKELY))
    choice = modes.choose("What is a token?", found)
    assert (choice.mode, choice.probability) == ("quote", QUOTE)


@pytest.mark.parametrize(
    "question",
    [
        "What is the difference between a pod and a token?",
        "pod vs token",
        "Is a pod better than a token?",
        "Worin unterscheidet sich ein Pod von einem Token?",
        "Was ist der Unterschied zwischen Pod und Token?",
    ],
)
def test_both_entries_that_a_question_compares_are_told(question):
    pairs = [(passage(name, mentioned=True), p) for name, p in (("Pod", LIKELY), ("Token", 0.05))]
    choice = modes.choose(question, weighed(*pairs, (passage("Node"), 0.1)))
    assert (choice.mode, titles(choice.passages)) == ("quote", ["Pod", "Token"])
    assert choice.reason == "the question compares Pod and Token"


def test_an_answered_question_about_a_difference_goes_before_both_entries():
    asked = passage("Is a pod better than a token?", kind=Kind.FAQ)
    named = [(passage(name, mentioned=True), 0.1) for name in ("Pod", "Token")]
    choice = modes.choose("Is a pod always better than a token?", weighed((asked, LIKELY), *named))
    assert titles(choice.passages) == ["Is a pod better than a token?"]


def test_two_entries_that_a_question_only_names_are_not_compared():
    pairs = [(passage(name, mentioned=True), p) for name, p in (("Pod", LIKELY), ("Token", 0.05))]
    choice = modes.choose("How does a pod read a token?", weighed(*pairs))
    assert titles(choice.passages) == ["Pod"]


def test_all_meanings_of_one_name_are_shown():
    meanings = [
        passage("API", text, matched=True, mentioned=True)
        for text in ("How programs talk to each other.", "The part of a drug that has the effect.")
    ]
    choice = modes.choose("What is an API?", weighed((meanings[0], LIKELY), (meanings[1], 0.01)))
    assert choice.mode == "quote"
    assert choice.passages == tuple(meanings)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("What is a token?", "A token is a piece of text."),
        ("Was ist ein Token?", "Ein Token ist ein Textstück."),
    ],
)
def test_one_meaning_in_two_languages_is_told_in_the_readers(question, told):
    """Two entries without a key: nothing but their name says that they are one."""
    pairs = [
        (passage("Token", "A token is a piece of text.", matched=True), 0.5),
        (passage("Token", "Ein Token ist ein Textstück.", language="de", matched=True), 0.5),
    ]
    for found in (weighed(*pairs), weighed(*pairs[::-1])):
        choice = modes.choose(question, found)
        assert [found.chunk.text for found in choice.passages] == [told]


def test_where_several_may_be_meant_it_asks_back_with_the_likeliest_first():
    share = (TOGETHER + 0.1) / 2
    assert RIVAL < share < QUOTE
    pairs = ((passage("Cancel an order"), share), (passage("Cancel a plan"), share + 0.01))
    choice = modes.choose("How do I cancel?", weighed(*pairs, (passage("Pod"), UNLIKELY)))
    assert (choice.mode, choice.passages) == ("ask", ())
    assert titles(choice.choices) == ["Cancel a plan", "Cancel an order"]


def test_a_choice_is_named_once_however_many_passages_have_its_title():
    share = (QUOTE - 0.01) / 2
    pairs = [
        (passage("Leave › Parents", "First.", kind=Kind.FAQ, source="a.md"), share),
        (passage("Leave › Parents", "Second.", kind=Kind.FAQ, source="a.md"), share),
        (passage("Leave › Study", kind=Kind.FAQ, source="a.md"), share + 0.01),
    ]
    choice = modes.choose("How do I get leave?", weighed(*pairs))
    assert titles(choice.choices) == ["Leave › Study", "Leave › Parents"]


def test_a_misspelt_name_that_is_not_likely_enough_is_asked_about():
    entry = passage("Was ist die Kündigungsfrist?", language="de", kind=Kind.FAQ)
    choice = modes.choose("Kündigunsfirst?", weighed((entry, RIVAL + 0.01)))
    assert (choice.mode, choice.choices) == ("ask", (entry,))
    other = modes.choose("Weihnachtsfeier?", weighed((entry, RIVAL + 0.01)))
    assert other.mode == "abstain"
    far = modes.choose("Kündigunsfirst?", weighed((entry, RIVAL - 0.01)))
    assert far.mode == "abstain"


def test_a_long_page_is_written_about_and_a_short_one_quoted():
    long = passage("Guide › Leave", "Leave is time off work. " * (LONG // 20), kind=Kind.PAGE)
    short = passage("Guide › Hours", "Support is open until six.", kind=Kind.PAGE)
    entry = passage("Leave", "Leave is time off work. " * (LONG // 20))
    asked = "How long is it?"
    assert modes.choose(asked, weighed((long, LIKELY))).mode == "write"
    assert modes.choose(asked, weighed((short, LIKELY))).mode == "quote"
    assert modes.choose(asked, weighed((entry, LIKELY))).mode == "quote"


def test_pages_that_answer_only_together_are_written_about():
    share = (QUOTE + 0.01) / 2
    pages = [(passage(f"Guide › {n}", f"Part {n}.", kind=Kind.PAGE), share) for n in range(2)]
    choice = modes.choose("How does it work?", weighed(*pages))
    assert (choice.mode, len(choice.passages)) == ("write", 2)


def test_where_nothing_is_likely_it_abstains_and_names_the_closest():
    near = [(passage(f"Entry {n}"), NEAR + 0.01 * n) for n in range(CLOSEST + 2)]
    choice = modes.choose("Who won?", weighed(*near, (passage("Far"), UNLIKELY)))
    assert (choice.mode, choice.passages) == ("abstain", ())
    assert titles(choice.choices) == [f"Entry {n}" for n in range(CLOSEST + 1, 1, -1)]
    far = modes.choose("Who won?", weighed((passage("Far"), UNLIKELY)))
    assert (far.mode, far.choices) == ("abstain", ())
    assert modes.choose("Who won?", weighed()).mode == "abstain"


def test_the_closest_are_named_in_the_readers_language_if_there_are_any():
    english, german = passage("Refund"), passage("Erstattung", language="de")
    assert modes.in_language((english, german), "de") == (german,)
    assert modes.in_language((english,), "de") == (english,)


def returns(year: int, text: str, **more):
    return passage("Returns policy", text, source=f"{year}.md", date=f"{year}-01-01", **more)


def test_of_two_versions_both_are_told_and_the_newest_first():
    old, new = returns(2023, "Within 14 days."), returns(2026, "Within 30 days.")
    for found in (weighed((old, 0.6), (new, 0.3)), weighed((new, 0.6), (old, 0.3))):
        assert modes.choose("How long?", found).passages == (new, old)


def test_of_versions_that_are_asked_for_by_name_the_newest_comes_first_too():
    old = returns(2023, "Within 14 days.", matched=True)
    new = returns(2026, "Within 30 days.", matched=True)
    pod = passage("Pod", matched=True, date="2020-01-01")
    choice = modes.choose("Pod, returns policy?", weighed((pod, 0.3), (old, 0.3), (new, 0.3)))
    assert choice.passages == (pod, new, old)


def test_versions_of_one_text_do_not_take_each_others_chance():
    share = QUOTE / 2 + 0.01
    versions = [(returns(year, f"Within {year} days."), share) for year in (2023, 2026)]
    choice = modes.choose("How long?", weighed(*versions))
    assert (choice.mode, [p.chunk.date for p in choice.passages]) == (
        "quote",
        ["2026-01-01", "2023-01-01"],
    )
    assert choice.probability == pytest.approx(2 * share)


def test_the_same_text_twice_and_another_part_of_the_same_page_are_no_versions():
    best = returns(2026, "Within 30 days.")
    again = returns(2025, "Within 30 days.")
    part = passage("Returns policy", "By post.", source="2026.md")
    german = returns(2024, "Binnen 30 Tagen.", language="de")
    found = weighed((best, 0.7), (again, 0.1), (part, 0.1), (german, 0.05))
    assert modes.choose("How long?", found).passages == (best,)


# Several questions in one message


def quoted(name: str, likely: float = LIKELY):
    return modes.choose(name, weighed((passage(name), likely)))


def test_questions_of_one_message_are_told_in_their_order_and_what_is_open_is_kept():
    several = [(name, quoted(name)) for name in ("Pod?", "Token?")]
    answered = modes.together([*several, ("Who won?", quoted("Far", UNLIKELY))])
    assert answered is not None
    choice, left_open = answered
    assert (choice.mode, titles(choice.passages), left_open) == (
        *("quote", ["Pod?", "Token?"]),
        ("Who won?",),
    )


def test_one_entry_that_answers_both_is_told_once():
    one = quoted("Pod")
    answered = modes.together([("a?", one), ("b?", one)])
    assert answered is not None
    assert titles(answered[0].passages) == ["Pod"]


def test_questions_of_which_none_is_answered_are_one_question():
    assert modes.together([(name, quoted(name, UNLIKELY)) for name in ("a", "b")]) is None


# What takes up an offer


def test_what_was_shown_is_never_offered_again():
    found = weighed(*((passage(f"Entry {n}"), 0.2 - n / 100) for n in range(6)))
    shown: list[str] = [found.passages[0].id]
    offered: list[str] = []
    while (choice := modes.next_best(found, shown)).mode == "ask":
        offered += titles(choice.choices)
        shown += [p.id for p in choice.choices]
    assert offered == [f"Entry {n}" for n in range(1, 6)]
    assert (choice.mode, choice.choices) == ("abstain", ())


def test_another_passage_of_what_was_shown_is_not_offered_under_the_same_title():
    first, second = (passage("Leave › Parents", text, source="a.md") for text in ("One.", "Two."))
    choice = modes.next_best(weighed((first, 0.5), (second, 0.3)), [first.id])
    assert choice.mode == "abstain"


def test_the_entry_that_was_chosen_is_quoted_however_unlikely():
    entry, other = passage("Pod"), passage("Token")
    found = weighed((other, LIKELY), (entry, UNLIKELY))
    for id_ in (entry.id, ""):
        choice = modes.taken(found, id_, "Pod")
        assert (choice.mode, choice.passages) == ("quote", (entry,))


def test_of_the_chosen_entry_all_versions_are_told():
    old, new = returns(2023, "Within 14 days."), returns(2026, "Within 30 days.")
    choice = modes.taken(weighed((old, 0.1), (new, 0.1)), old.id, "Returns policy")
    assert choice.passages == (new, old)


def test_choices_are_named_again_in_the_same_order():
    found = weighed((passage("Pod"), 0.1), (passage("Token"), 0.3))
    choice = modes.again(found, ["Pod", "Token"])
    assert (choice.mode, titles(choice.choices)) == ("ask", ["Pod", "Token"])
    assert modes.again(found, ["Gone"]).mode == "abstain"


def test_a_code_is_answered_by_the_one_passage_that_has_it():
    near = passage("Codes", kind=Kind.PAGE, text="| E-114 | Valve fault | Call service. |")
    exact = passage("More codes", kind=Kind.PAGE, text="| E-113 | Memory error | Reset it. |")
    choice = modes.choose("What does error e-113 mean?", weighed((near, 0.45), (exact, 0.1)))
    assert (choice.mode, choice.passages) == ("quote", (exact,))
    assert choice.reason == "only More codes has e-113"
    assert (
        modes.choose("What does E-11 mean?", weighed((near, 0.1), (exact, 0.1))).mode == "abstain"
    )
    assert modes.choose("Is a well-known e-mail one?", weighed((near, 0.1))).mode == "abstain"
