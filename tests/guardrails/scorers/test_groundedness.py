import json
import subprocess
import sys

import pytest

from assistant.local.embeddings import E5
from guardrails.gate import passes
from guardrails.rules import policy
from guardrails.scorers.groundedness import Groundedness, GroundednessParameters
from guardrails.text.reading import read, repeats, verdict_of
from guardrails.types import Sample, Score, Text, Unscored

FLOOR = 0.5
RETURNS = Text(
    "You can return an order within 14 days. The refund is paid to the card that you used. "
    "Opened software cannot be returned.",
    "en",
    "Returns",
)
SHIPPING = Text(
    "Shipping to Germany costs 4.90 euros and takes three days. Shipping to France costs 9.50 "
    "euros. The Berlin office packs parcels, the Munich office answers letters.",
    "en",
    "Shipping",
)
RUECKGABE = Text(
    "Sie können eine Bestellung innerhalb von 14 Tagen zurückgeben. Die Erstattung erfolgt auf "
    "die Karte, mit der Sie bezahlt haben. Geöffnete Software kann nicht zurückgegeben werden. "
    "Eine Passwortänderung ist jederzeit möglich.",
    "de",
    "Rückgabe",
)
API = Text(
    "An API is a set of features and rules that lets software interact with other software.",
    "en",
    "API",
)
CACHE = Text(
    "A cache is a component that stores data so that future requests are served faster.",
    "en",
    "Cache",
)
ENGLISH = [RETURNS, SHIPPING]


@pytest.fixture(scope="module")
def words() -> Groundedness:
    return Groundedness()


@pytest.fixture(scope="module")
def meaning() -> Groundedness:
    return Groundedness(E5())


@pytest.fixture(scope="module")
def checked(checker) -> Groundedness:
    return Groundedness(checker=checker)


def degree(scorer, sentence, passages=ENGLISH, question="How do returns work?", language="en"):
    claim = scorer.claim(sentence, passages, question, language)
    assert claim.degree is not None
    assert 0.0 <= claim.degree <= 1.0
    assert claim.reason
    return claim.degree


@pytest.mark.parametrize("scorer", ["words", "checked"])
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (
            "You can return an order within 14 days [1].",
            "You can return an order within 30 days [1].",
        ),
        ("You can return an order within 14 days.", "You can return an order within 14 hours."),
        ("Opened software cannot be returned.", "Opened software can be returned."),
        ("Opened software can't be returned [1].", "Opened software can be returned [1]."),
        ("Shipping to Germany costs 4.90 euros.", "Shipping to Germany costs 4.90 dollars."),
        ("The refund is paid to your card.", "The refund is sent as a voucher by post."),
    ],
)
def test_english_claims(scorer, right, wrong, request):
    judge = request.getfixturevalue(scorer)
    question = "How do returns and shipping work?"
    assert degree(judge, right, question=question) >= FLOOR
    assert degree(judge, wrong, question=question) < FLOOR


@pytest.mark.parametrize("scorer", ["words", "checked"])
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (
            "Sie können Bestellungen innerhalb von 14 Tagen zurückgeben [1].",
            "Sie können Bestellungen innerhalb von 30 Tagen zurückgeben [1].",
        ),
        (
            "Geöffnete Software kann nicht zurückgegeben werden.",
            "Geöffnete Software kann zurückgegeben werden.",
        ),
        (
            "Eine Änderung des Passworts ist jederzeit möglich.",
            "Eine Änderung des Passworts ist nicht möglich.",
        ),
    ],
)
def test_german_claims(scorer, right, wrong, request):
    judge = request.getfixturevalue(scorer)
    given = {"passages": [RUECKGABE], "question": "Wie läuft die Rückgabe?", "language": "de"}
    assert degree(judge, right, **given) >= FLOOR
    assert degree(judge, wrong, **given) < FLOOR


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Yes, within 14 days [1].", "Yes, within 30 days [1]."),
        ("Yes, for an order that you return within 14 days.", "Yes, for opened software."),
    ],
)
def test_an_elliptic_reply_claims_what_the_question_asks(words, right, wrong):
    question = "Can I return an order?"
    assert degree(words, right, question=question) >= FLOOR
    assert degree(words, wrong, question=question) < FLOOR


def test_an_elliptic_reply_that_is_not_carried_is_below_the_floors(words):
    reply, question = (
        "Yes, as long as shipping takes three days [2].",
        "Can my neighbour collect it?",
    )
    assert degree(words, reply, question=question) < policy.SENTENCE_FLOOR


def test_an_elliptic_reply_with_the_condition_of_another_question(words):
    again = Text(
        "A cancelled order can be placed again as long as the goods exist.", "en", "Cancel"
    )
    asked = {
        "passages": [RETURNS, again],
        "question": "Is a refund paid if I return a cancelled order?",
    }
    assert degree(words, "Yes, within 14 days [1].", **asked) >= FLOOR
    assert degree(words, "Yes, as long as the goods exist [2].", **asked) < policy.SENTENCE_FLOOR
    asked["question"] = "Can a cancelled order be placed again?"
    assert degree(words, "Yes, as long as the goods exist [2].", **asked) >= FLOOR


def test_an_elliptic_reply_in_german(words):
    asked = {"passages": [RUECKGABE], "question": "Kann ich eine Bestellung zurückgeben?"}
    right, wrong = "Ja, innerhalb von 14 Tagen [1].", "Ja, aber nur bis Weihnachten [1]."
    assert degree(words, right, language="de", **asked) >= FLOOR
    assert degree(words, wrong, language="de", **asked) < FLOOR
    asked["question"] = "Darf mein Nachbar das Paket abholen?"
    assert degree(words, right, language="de", **asked) < FLOOR


def test_an_elliptic_reply_to_a_question_that_no_passage_answers(words):
    reply = "Yes, as long as shipping takes three days [2]."
    assert degree(words, reply, question="Does shipping cost 4.90 euros?") >= FLOOR
    assert degree(words, reply, question="Can my neighbour collect the parcel?") < FLOOR


def test_a_full_reply_is_not_held_to_the_words_of_the_question(words):
    reply = "Yes, you can return an order within 14 days [1]."
    asked = "May I send purchases back?"
    assert degree(words, reply, question=asked) >= FLOOR


@pytest.mark.parametrize(
    ("question", "again", "answer"),
    [
        ("How is a refund paid?", "A refund is paid [1].", "The refund is paid to your card [1]."),
        (
            "Why can opened software not be returned?",
            "Opened software cannot be returned.",
            "Opened software cannot be returned, since an order can be used within 14 days.",
        ),
        (
            "How do returns work within 14 days?",
            "Returns work within 14 days.",
            "Returns work within 14 days of the order.",
        ),
    ],
)
def test_an_answer_that_says_the_question_again_is_no_answer(words, question, again, answer):
    found = [
        words.measure(Sample(question, "en", (RETURNS,), said, answerable=True))
        for said in (again, answer)
    ]
    assert found[0] == Score(0.0, "says the question again and nothing else")
    assert found[1].value > 0.0


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Can I return an order within 14 days?", "You can return an order within 14 days."),
        ("Which is returned, an order or software?", "An order is returned."),
        ("Why can software be returned?", "Software cannot be returned."),
        ("Can I see who returned an order?", "You can see who returned an order."),
        ("Was the order returned?", "The order was returned."),
        ("When I return an order, is the refund paid?", "When you return an order, it is paid."),
        ("Welche Software wird zurückgegeben?", "Geöffnete Software wird nicht zurückgegeben."),
    ],
)
def test_the_words_of_a_question_may_be_its_answer(question, answer):
    assert not repeats(answer, question, "de" if question.startswith("Welche") else "en")


def test_definition_of_another_term_under_this_name(words):
    swapped = "A cache is a set of features and rules that lets software interact with software."
    right = "A cache is a component that stores data so that requests are served faster."
    asked = {"passages": [API, CACHE], "question": "What is a cache?"}
    assert degree(words, right, **asked) > 0.8
    assert degree(words, swapped, **asked) < degree(words, right, **asked) - 0.2


PRECISION = Text(
    "Precision is the share of cases marked as positive that really are positive. It states how "
    "far an alarm can be trusted.",
    "en",
    "Precision",
)
RECALL = Text(
    "Recall measures how many of the truly positive cases a system finds. It matters where a "
    "missed case is costly.",
    "en",
    "Recall",
)


@pytest.mark.parametrize(
    ("sentence", "carried"),
    [
        ("Precision measures how many of the truly positive cases a system finds.", False),
        ("Recall is the share of cases marked as positive that really are positive.", False),
        ("Recall measures how many of the truly positive cases a system finds.", True),
        ("Precision is the share of cases marked as positive that really are positive.", True),
        ("It measures how many of the truly positive cases a system finds.", True),
    ],
)
def test_two_terms_that_are_both_there_are_not_exchanged(words, sentence, carried):
    question = "What is the difference between precision and recall?"
    found = degree(words, sentence, [PRECISION, RECALL], question)
    assert (found >= FLOOR) is carried


def test_markers_and_list_numbers_are_no_figures(words):
    listed = "3. You can return an order within 14 days [2, 4]."
    plain = "You can return an order within 14 days."
    assert degree(words, listed) == degree(words, plain)
    assert degree(words, "Step 7: Opened software cannot be returned [9].") >= FLOOR


def test_a_number_of_the_question_may_be_repeated(words):
    asked = "Can I return order 4711 after 10 days?"
    assert degree(words, "Yes, order 4711 can be returned within 14 days.", question=asked) >= FLOOR
    assert degree(words, "Yes, order 4712 can be returned within 14 days.", question=asked) < FLOOR


def test_a_sentence_that_claims_nothing_passes_and_says_so(words):
    for sentence in ("You can do this as follows:", "Yes.", "Here is how:", "[1]"):
        claim = words.claim(sentence, ENGLISH, "How?", "en")
        assert not claim.claims
        assert claim.degree == 1.0


def test_a_claim_made_of_template_words_and_an_invention_is_not_carried(words):
    assert degree(words, "You can simply use the loyalty lounge.") < FLOOR


def test_without_passages_a_claim_is_not_carried(words):
    assert degree(words, "The refund takes a week.", passages=[]) == 0.0


def test_german_answer_from_english_passages(meaning, words):
    right = "Sie können eine Bestellung innerhalb von 14 Tagen zurückgeben."
    changed = "Sie können eine Bestellung innerhalb von 30 Tagen zurückgeben."
    invented = "Unsere Filiale in Hamburg hat sonntags ein Café mit Kuchen."
    asked = {"question": "Wie läuft die Rückgabe?", "language": "de"}
    assert degree(meaning, right, **asked) >= FLOOR
    assert degree(meaning, changed, **asked) < FLOOR
    assert degree(meaning, invented, **asked) < FLOOR
    claim = words.claim(right, ENGLISH, "Wie läuft die Rückgabe?", "de")
    assert claim.degree is None
    assert "another language" in claim.reason


def sample(answer, passages=ENGLISH, **more):
    return Sample("How do returns work?", "en", passages, answer, **more)


def test_an_answer_is_worse_for_one_invented_sentence(words):
    good = words.measure(sample("You can return an order within 14 days [1]."))
    mixed = words.measure(
        sample("You can return an order within 14 days [1]. Returns earn loyalty points in Rome.")
    )
    assert isinstance(good, Score)
    assert isinstance(mixed, Score)
    assert mixed.value < FLOOR < good.value
    assert "Rome" in mixed.reason


@pytest.mark.parametrize(
    "case",
    [
        sample(""),
        sample("   \n "),
        sample("[1]"),
        sample("Yes."),
        sample("Returns take 14 days.", passages=[]),
        sample("I found no answer.", abstained=True),
        sample(
            "Die Rückgabe dauert 14 Tage.", passages=[Text("Return in 14 days.", "en")]
        ).__class__("Wie?", "de", ENGLISH, "Die Rückgabe dauert 14 Tage."),
    ],
)
def test_what_cannot_be_judged_is_unscored_with_a_reason(words, case):
    result = words.measure(case)
    assert isinstance(result, Unscored)
    assert result.reason


@pytest.mark.parametrize(
    "answer",
    [
        "\0",
        "💥" * 500,
        "a" * 100_000,
        "1" * 5000,
        "[" * 400,
        "-" * 3000,
        "9,9,9.9.9,9 " * 300,
        "\n" * 99,
    ],
)
def test_any_text_gets_a_result(words, answer):
    assert isinstance(words.measure(sample(answer)), Score | Unscored)


def test_the_same_answer_gets_the_same_score(words):
    case = sample("You can return opened software within 14 days. Shipping is free.")
    assert words.measure(case) == Groundedness().measure(case)


async def test_async_and_sync_agree(words):
    case = sample("You can return an order within 14 days.")
    assert await words.score(case) == words.measure(case)


def test_version_follows_parameters_and_embedder(words, meaning):
    other = Groundedness(parameters=GroundednessParameters(weakest=0.2))
    assert len({words.version, meaning.version, other.version}) == 3
    assert words.version == Groundedness().version


def test_the_fast_path_does_not_import_ragas():
    code = (
        "import json, sys, guardrails.scorers.fast;"
        "print(json.dumps([m for m in ('ragas', 'langchain_core', 'openai') if m in sys.modules]))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(out.stdout) == []


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Yes, that is possible.", True),
        ("Of course! Open the page.", True),
        ("Natürlich, das geht.", True),
        ("Leider nein.", False),
        ("Yes and no.", None),
        ("No refunds.", None),
        ("Sure signs are missing.", None),
    ],
)
def test_the_yes_or_no_that_a_reply_begins_with(text, verdict):
    assert verdict_of(text) is verdict


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("It is false that opened software can be returned.", "en"),
        ("Opened software can hardly be returned.", "en"),
        ("Es trifft nicht zu, dass man Software zurückgeben kann.", "de"),
        ("Man kann Software keinesfalls zurückgeben.", "de"),
    ],
)
def test_denials_of_every_kind_turn_what_is_said(text, language):
    assert any(word.turned for word in read(text, language).words)


def test_a_passage_in_the_other_language_carries_beside_one_in_the_own(meaning):
    own = Text("Passwörter werden unter Einstellungen geändert.", "de", "Passwort")
    other = Text("You can get a refund within 30 days of purchase.", "en", "Refunds")
    told = "Ja, Sie können innerhalb von 30 Tagen nach dem Kauf eine Erstattung erhalten."
    claim = meaning.claim(told, (own, other), "Kann ich eine Erstattung bekommen?", "de")
    assert claim.degree > 0.5
    assert claim.owner == 1
    wrong = meaning.claim(told.replace("30", "90"), (own, other), "Kann ich das?", "de")
    assert wrong.degree < 0.2


def test_a_plan_called_pro_is_a_name(checked):
    held = [Text("Basic costs 5 EUR. Pro costs 9 EUR. Max costs 20 EUR.", "en", "Prices")]
    right, wrong = (
        checked.claim(f"Pro costs {price} EUR.", held, "What does Pro cost?", "en")
        for price in (9, 20)
    )
    assert passes(right, policy.SENTENCE_FLOOR)
    assert not passes(wrong, policy.SENTENCE_FLOOR)
