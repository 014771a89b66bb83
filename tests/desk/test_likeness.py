"""How far a sent text is from its draft: properties, and the facts that a ratio does not see."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.desk.likeness import AS_IS, compared

WORD = st.sampled_from(
    "the invoice is sent within working days please write to billing again open page".split()
)
SENTENCE = st.lists(WORD, min_size=1, max_size=12).map(lambda words: f"{' '.join(words)}.")
TEXT = st.lists(SENTENCE, min_size=1, max_size=6).map(" ".join)
SPACE = st.sampled_from([" ", "  ", "\n", "\n\n", "\t"])
LONG = " ".join(f"sentence{n} says that thing{n} is at place{n}." for n in range(20))


@settings(deadline=None)
@given(st.text(max_size=300))
def test_a_text_is_like_itself(text):
    near = compared(text, text, "en")
    assert (near.similarity, near.overlap, near.facts, near.kind) == (1, 1, 0, "as_is")


@settings(deadline=None)
@given(st.text(max_size=200) | TEXT, st.text(max_size=200) | TEXT)
def test_it_does_not_matter_which_one_is_the_draft(one, other):
    there, back = compared(one, other, "en"), compared(other, one, "en")
    assert there == back
    assert 0 <= there.similarity <= there.overlap + 1e-12 <= 1 + 1e-9


@settings(deadline=None)
@given(TEXT, SPACE, st.integers(1, 9))
def test_spaces_case_and_markers_say_nothing(text, space, number):
    put = text.upper().replace(" ", space).replace(".", f" [{number}].")
    near = compared(text, f"{space}{put}{space}", "en")
    assert (near.similarity, near.facts, near.kind) == (1, 0, "as_is")


@settings(deadline=None)
@given(st.lists(SENTENCE, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_reordered_sentences_are_known_as_such(sentences, random):
    other = random.sample(sentences, len(sentences))
    near = compared(" ".join(sentences), " ".join(other), "en")
    assert near.overlap == 1
    assert near.facts == 0
    longest = max(len(one.split()) for one in sentences)
    least = longest / sum(len(one.split()) for one in sentences)
    assert near.similarity >= least - 1e-9


def test_two_sentences_that_change_places_keep_the_longer_one():
    one, other = "Choose the red button below.", "It opens a page."
    near = compared(f"{one} {other}", f"{other} {one}", "en")
    assert near.similarity == pytest.approx(5 / 9)
    assert (near.overlap, near.kind) == (1, "edited")


@settings(deadline=None)
@given(TEXT, TEXT)
def test_what_is_added_makes_it_less_like_the_draft(text, more):
    near = compared(text, f"{text} {more}", "en")
    own, added = len(text.split()), len(more.split())
    assert near.similarity == pytest.approx(2 * own / (2 * own + added))


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("It is refunded within 14 days.", "It is refunded within 30 days.", "figures"),
        ("Es kostet 1.000 Euro.", "Es kostet 1.500 Euro.", "figures"),
        ("It costs $5 a month.", "It costs €5 a month.", "figures"),
        ("Write to a@example.com now.", "Write to b@example.com now.", "addresses"),
        ("See https://help.example.com/a.", "See https://evil.example/a.", "addresses"),
        ("It is refunded.", "It is not refunded.", "denials"),
        ("Das geht.", "Das geht nicht.", "denials"),
        ("You can do that.", "You can't do that.", "denials"),
    ],
)
def test_a_changed_fact_is_seen_however_long_the_text_is(before, after, what):
    language = "de" if before.startswith(("Es", "Das")) else "en"
    near = compared(f"{LONG} {before}", f"{LONG} {after}", language)
    assert near.similarity >= AS_IS, "the ratio alone would call it sent as it is"
    assert getattr(near, what) > 0
    assert near.kind == "edited"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("It takes 14 days.", "It takes 2 weeks."),
        ("1. Open it.\n2. Close it.", "Open it.\nClose it."),
        ("See https://www.example.com/.", "See example.com."),
    ],
)
def test_the_same_fact_in_other_words_is_no_change(before, after):
    assert compared(before, after, "en").facts == 0


def test_a_text_of_ones_own_is_rewritten():
    near = compared("Choose Forgot password.", "Please call us about your order.", "en")
    assert (near.similarity, near.kind) == (0, "rewritten")
    assert compared("Choose it.", "", "en").similarity == 0
    assert compared("👍", "👎", "en").similarity == 0
