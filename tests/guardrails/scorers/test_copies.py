import pytest

from guardrails.scorers.copies import NOTHING, marks
from guardrails.scorers.ground import Ground
from guardrails.scorers.groundedness import Groundedness
from guardrails.scorers.models import Check, Wrong
from guardrails.text.reading import read, read_reply
from guardrails.types import Text

PASSAGE = Text(
    "The Owner may delete a workspace. Deleted data cannot be restored, and backups are kept for "
    "30 days in Frankfurt.",
    "en",
    "Who may delete a workspace?",
)
GERMAN = Text("Der Inhaber darf einen Arbeitsbereich löschen. Das gilt sofort.", "de", "Löschen")
QUESTION = "Who may delete a workspace?"


class Scripted:
    """Marks what it is told to mark. supported: by beginning of the sentence."""

    version = "scripted"

    def __init__(self, *wrong, probability=0.99, supported=None):
        self.wrong, self.probability, self.supported = wrong, probability, supported or {}

    def check(self, question, sentence, passage, language):
        found = [
            Wrong(at, at + len(text), self.probability)
            for text in self.wrong
            if (at := sentence.find(text)) >= 0
        ]
        begins = (value for start, value in self.supported.items() if sentence.startswith(start))
        return Check(next(begins, 0.5), tuple(found))


def found(checker, text, passage=PASSAGE, question=QUESTION, copied=0.9):
    claim = read_reply(text, question, passage.language)
    return marks(checker, claim, question, passage, Ground([passage], passage.language), copied)


@pytest.mark.parametrize(
    ("text", "marked", "passage"),
    [
        ("The Viewer may delete a workspace.", "Viewer", PASSAGE),
        ("Der Betrachter darf einen Arbeitsbereich löschen.", "Betrachter", GERMAN),
    ],
)
def test_a_marked_word_that_stands_nowhere_else_is_exchanged(text, marked, passage):
    assert found(Scripted(marked), text, passage).exchanged == marked
    assert found(Scripted(marked, probability=0.8), text, passage) == NOTHING, "not sure enough"
    assert found(Scripted(marked), text, passage, copied=0.3) == NOTHING, "no copy"


@pytest.mark.parametrize(
    ("text", "marked", "passage", "question"),
    [
        ("The Owner may delete a workspace.", "Owner", PASSAGE, QUESTION),
        ("The Viewer may delete a workspace.", "Viewer", PASSAGE, "May a Viewer delete it?"),
        ("Der Inhaber darf einen Arbeitsbereich tilgen.", "tilgen", GERMAN, "Wer darf das?"),
        (
            "Only Viewers with special rights may delete a workspace.",
            "Only Viewers with special rights",
            PASSAGE,
            QUESTION,
        ),
    ],
    ids=["of the passage", "of the question", "no noun", "too much is marked"],
)
def test_other_marks_exchange_nothing(text, marked, passage, question):
    assert not found(Scripted(marked), text, passage, question).exchanged


def test_a_marked_denial_is_one_and_a_bare_no_is_not():
    assert found(Scripted("may not"), "The Owner may not delete a workspace.").denied == 0.99
    assert found(Scripted("No"), "No, the Owner may delete a workspace.").denied == 0.0
    assert found(Scripted("delete"), "The Owner may not delete a workspace.").denied == 0.0


def test_words_in_no_order_are_seen_only_where_hardly_one_joins_them():
    salad = "workspace Owner Deleted restored data backups Frankfurt kept delete days"
    sure = {"": 1e-5}
    assert found(Scripted(salad, supported=sure), salad).unordered
    assert not found(Scripted(salad, supported={"": 0.1}), salad).unordered
    said = "If the data of a workspace are deleted, then it can not be restored by the Owner."
    assert not found(Scripted(said, supported=sure), said).unordered


def test_the_other_verdict_is_better_only_to_a_closed_question():
    checker = Scripted(supported={"Yes": 0.1, "No": 0.9})
    closed = "Can deleted data be restored?"
    assert found(checker, "Yes, it can be restored.", question=closed).turned
    assert not found(checker, "No, it cannot be restored.", question=closed).turned
    assert not found(checker, "Yes, it can be restored.", question=QUESTION).turned
    assert not found(checker, "It can be restored.", question=closed).turned


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Backups are kept for 30 days in Frankfurt.", "Backups are kept for 30 days in Toronto."),
        ("The Owner may delete a workspace.", "The Owner may not delete a workspace."),
        (
            "Deleted data cannot be restored.",
            "workspace restored Owner days backups Deleted kept Frankfurt data delete.",
        ),
    ],
)
def test_the_models_own_marks_lower_what_words_let_pass(right, wrong, checker):
    scorer = Groundedness(checker=checker)
    whole = scorer.claim(right, [PASSAGE], QUESTION, "en").degree
    less = scorer.claim(wrong, [PASSAGE], QUESTION, "en")
    assert whole > 0.95
    assert less.degree <= 0.6
    assert less.reason


def test_people_s_own_words_lose_nothing(checker):
    scorer = Groundedness(checker=checker)
    for told in ("Once it is gone, your data are gone for good.", "Only owners can do that."):
        claim = scorer.claim(told, [PASSAGE], QUESTION, "en")
        assert not claim.marks.exchanged
        assert not claim.marks.unordered


def test_the_version_follows_the_checker(checker):
    versions = {Groundedness().version, Groundedness(checker=checker).version}
    assert versions | {Groundedness(checker=Scripted()).version} > versions
    assert read("x", "en").words == ()
