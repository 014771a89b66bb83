"""Which words of a passage are highlighted for a sentence of an answer."""

import pytest

from tests.ui.test_format import links
from ui.addresses import Hosts
from ui.passages import marked, resting

PASSAGE = (
    "## Refunds\n\nThe first payment is refunded within 14 days. Write to billing with the number "
    "of the invoice.\n\n- Annual plans are refunded for 30 days.\n"
    "- Gift cards are never refunded.\n"
)


def held(passage: str, *sentences: str) -> list[str]:
    return [passage[first:last] for first, last in resting(passage, sentences)]


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        (
            "You get the first payment back within 14 days.",
            ["The first payment is refunded within 14 days."],
        ),
        ("Annual plans: 30 days.", ["Annual plans are refunded for 30 days."]),
        (
            "Please write to billing and name the invoice.",
            ["Write to billing with the number of the invoice."],
        ),
        ("It takes them thirty, or 30, whole days.", ["Annual plans are refunded for 30 days."]),
        ("Elephants drink water.", []),
        ("Die erste Zahlung wird erstattet.", []),
        ("", []),
    ],
)
def test_a_sentence_rests_on_what_holds_most_of_its_words(sentence: str, words: list[str]):
    assert held(PASSAGE, sentence) == words


def test_a_sentence_may_rest_on_two_parts_and_several_on_one():
    both = "The first payment is refunded within 14 days if you write to billing with the invoice."
    assert len(held(PASSAGE, both)) == 2
    twice = held(PASSAGE, "Gift cards are never refunded.", "Never refunded are gift cards!")
    assert twice == ["Gift cards are never refunded."]


def test_one_common_word_is_not_enough():
    assert held(PASSAGE, "Everything about cats is refunded quickly here and elsewhere.") == []


def test_only_what_is_found_is_marked_and_what_it_means_stays():
    spans = resting(PASSAGE, ["Annual plans are refunded for 30 days."])
    written = marked(PASSAGE, spans)
    assert "- :primary-background[Annual plans are refunded for 30 days.]" in written
    assert written.count("primary-background") == 1
    assert written.startswith("## Refunds")


def test_formatting_within_what_is_marked_is_kept():
    text = (
        "Choose **Forgot password** on the `sign-in` page, at https://help.example.com/reset now."
    )
    written = marked(text, [(0, len(text))], Hosts.of(["help.example.com"]))
    assert "**:primary-background[Forgot password]**" in written
    assert "`sign-in`" in written
    assert links(written) == ["https://help.example.com/reset"]


@pytest.mark.parametrize(
    "attack",
    [
        "a ] :red[loud] [x](https://evil.example) b",
        "]{foreground=red} :cat: $x$ ![y](https://evil.example/i.png)",
        "\\] <script>x</script> ](javascript:x)",
    ],
)
def test_no_passage_leaves_the_mark_or_fetches_anything(attack: str):
    plainly, written = marked(attack, []), marked(attack, [(0, len(attack))])
    assert links(written) == links(plainly) == []
    assert written.replace(":primary-background[", "").replace("]", "") == plainly.replace("]", "")
