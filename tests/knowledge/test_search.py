"""Search and selection over the real embedded index with real embeddings."""

import pytest

from assistant.knowledge.documents import Document, Entry, Kind
from assistant.knowledge.index.edge import EdgeIndex
from assistant.knowledge.library import Library
from assistant.knowledge.rerank import folded, overlaps
from assistant.knowledge.search import Search
from assistant.knowledge.selection import CONSIDERED, Selected, select
from assistant.local.tokens import TokenStates
from assistant.turn.thresholds import QUOTE

STATES = TokenStates()


@pytest.fixture(scope="module")
def index(tmp_path_factory, embedder):
    index = EdgeIndex(tmp_path_factory.mktemp("search") / "index", embedder.dimensions)

    def entry(name, text, language, key="", aliases=(), audience="public"):
        kind = Kind.FAQ if name.endswith("?") else Kind.GLOSSARY
        return Entry("rows", kind, name, text, language, aliases, key, audience)

    items = [
        entry("Precision", "Precision is the share of reported cases that are right.", "en", "p"),
        entry("Präzision", "Die Präzision ist der Anteil richtiger unter den Treffern.", "de", "p"),
        entry("Recall", "Recall is the share of right cases that are reported.", "en", "r"),
        entry(
            "A/B test",
            "An A/B test compares two variants at random.",
            "en",
            aliases=("split test",),
        ),
        entry("Pod", "A pod is the smallest unit that Kubernetes runs.", "en"),
        entry(
            "How do I export data?", "Open Reports and choose CSV; 50,000 rows at most.", "en", "x"
        ),
        entry(
            "Wie exportiere ich Daten?",
            "Öffnen Sie Berichte und wählen Sie CSV; bis 50.000 Zeilen.",
            "de",
            "x",
        ),
        entry("How do I add a seat?", "Owners add a seat under Plan for 8 euros a month.", "en"),
        entry(
            "What may staff see?",
            "Staff may see the internal margin of 12 percent.",
            "en",
            audience="staff",
        ),
        Document(
            "guide.md",
            "Guide",
            "# Guide\n\n## Time zone\n\nThe time zone is set under Settings.",
            "en",
        ),
    ]
    Library(index, embedder).add("all", items, lambda *_: None)
    yield index
    index.close()


@pytest.fixture
def search(index, embedder):
    return Search(index, embedder)


def weighed(search: Search, question: str, language: str = "en") -> Selected:
    return select(question, language, search.find(question, language, CONSIDERED), STATES)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is a Pod?", ["Pod"]),
        ("what are pods", ["Pod"]),
        ("pod", ["Pod"]),
        ("Explain the term split test please", ["A/B test"]),
        ("What is an a/b test?", ["A/B test"]),
        ("What is the difference between precision and recall?", ["Precision", "Recall"]),
        ("How do I export data?", ["How do I export data?"]),
    ],
)
def test_an_entry_that_is_asked_for_by_name_comes_first_and_is_likely(search, question, expected):
    selected = weighed(search, question)
    matched = [p for p in selected.passages if p.matched]
    assert [p.chunk.names[0] for p in matched] == expected
    assert list(selected.passages[: len(matched)]) == matched
    likely = selected.probabilities[: len(matched)]
    assert sum(likely) > 0.8
    assert min(likely) > max(selected.probabilities[len(matched) :], default=0.0)


@pytest.mark.parametrize(
    "question", ["How much does a pod of whales eat?", "Precision landing of rockets on the moon"]
)
def test_a_name_within_another_question_is_no_match(search, question):
    assert not any(p.matched for p in search.find(question, "en", 4))


@pytest.mark.parametrize(
    ("question", "language", "expected"),
    [
        ("Where can I download my figures as a spreadsheet?", "en", "How do I export data?"),
        ("Wo kann ich meine Zahlen als CSV herunterladen?", "de", "Wie exportiere ich Daten?"),
        ("Was kostet ein zusätzlicher Platz im Monat?", "de", "How do I add a seat?"),
        ("Which time zone do the reports use?", "en", "Guide"),
    ],
)
def test_the_best_passage_comes_first_across_languages(search, question, language, expected):
    assert search.find(question, language, 4)[0].chunk.title_path[0] == expected


def test_translations_of_an_entry_are_one_passage_in_the_readers_language(search):
    for question, language, name in (
        ("What is precision?", "en", "Precision"),
        ("Was ist Precision?", "de", "Präzision"),
    ):
        titles = [p.chunk.title for p in search.find(question, language, 10)]
        assert titles[0] == name
        assert len({"Precision", "Präzision"} & set(titles)) == 1


def test_only_one_language_if_asked_for(index, embedder):
    only = Search(index, embedder, language_preference="only")
    assert {p.chunk.language for p in only.find("Was kostet ein Platz?", "de", 10)} == {"de"}


def test_passages_of_another_audience_are_not_found(index, embedder, search):
    question = "What may staff see?"
    assert all(p.chunk.audience == "public" for p in search.find(question, "en", 10))
    staff = Search(index, embedder, audience="staff")
    assert staff.find(question, "en", 10)[0].chunk.audience == "staff"


def test_what_was_added_twice_is_found_once(tmp_path, embedder):
    index = EdgeIndex(tmp_path / "index", embedder.dimensions)
    library = Library(index, embedder)
    for root in ("one", "two"):
        page = Document(f"{root}/fees.md", "Fees", "The fee is 9 euros a month.", "en")
        library.add(root, [page], lambda *_: None)
    assert len(Search(index, embedder).find("How much is the fee?", "en", 5)) == 1
    index.close()


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Who won the 1998 World Cup?", "en"),
        ("Which river flows through Prague?", "en"),
        ("Welcher Verein steigt dieses Jahr ab?", "de"),
        ("Bitte ein Rezept für Kartoffelsuppe", "de"),
    ],
)
def test_far_questions_are_most_likely_answered_by_no_passage(search, question, language):
    selected = weighed(search, question, language)
    assert max(selected.probabilities) < QUOTE
    assert selected.none > max(selected.probabilities)


@pytest.mark.parametrize(
    ("question", "language", "expected"),
    [
        ("How do I export my data as CSV?", "en", "How do I export data?"),
        ("Wie kann ich Daten als CSV exportieren?", "de", "Wie exportiere ich Daten?"),
        ("Where do I set the time zone?", "en", "Guide › Time zone"),
    ],
)
def test_near_questions_are_likely_answered_by_the_right_passage(
    search, question, language, expected
):
    selected = weighed(search, question, language)
    likely = max(selected.probabilities)
    best = selected.passages[selected.probabilities.index(likely)]
    assert (best.chunk.title, likely >= QUOTE) == (expected, True)


def test_probabilities_of_all_passages_and_of_none_add_up_to_one(search):
    for question in ("What is a Pod?", "Who won the 1998 World Cup?", "export"):
        selected = weighed(search, question)
        assert all(0 <= p <= 1 for p in selected.probabilities)
        assert sum(selected.probabilities) + selected.none == pytest.approx(1)


def test_where_nothing_is_found_nothing_answers():
    assert select("What?", "en", [], STATES) == Selected((), ())
    assert select("What?", "en", [], STATES).none == 1.0


def test_a_hit_has_a_cosine_for_each_window_and_each_name(search):
    first = search.find("What is an a/b test?", "en", 1)[0]
    assert len(first.names) == len(("A/B test", "split test"))
    assert first.windows == (pytest.approx(first.similarity),)
    assert all(-1 <= value <= 1 for value in (*first.windows, *first.names))


def test_words_meet_across_spellings_and_languages():
    assert folded("photosynthese") == folded("fotosynthese")
    near, far = overlaps(
        "Wie funktioniert die Photosynthese?", ["photosynthesis in plants", "tax law"]
    )
    assert near > far == 0


def test_a_number_must_be_the_same_to_count():
    same, other = overlaps("error 504", ["error 504", "error 505"])
    assert same > other
