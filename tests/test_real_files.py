"""Files and exchanges as people have them: rows of shared/data/real_files, and more of each kind.

The ids are those of its README; what stands here with text of its own needs no such data.
"""

import os
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.app import SAMPLE_ROOT, open_assistant
from assistant.assistant import Assistant
from assistant.knowledge import load
from assistant.records import Turn
from assistant.settings import KnowledgeSettings, Settings
from assistant.watcher import Watcher
from assistant.writing import Writing
from tests.endpoint import Endpoint

DATA = Path(os.environ.get("BENCHMARK_DATA", Path(__file__).parents[2] / "shared" / "data"))
REAL = DATA / "real_files"
SHARED = pytest.mark.skipif(not REAL.is_dir(), reason="shared/data/real_files is not there")

Reading = Callable[..., Assistant]


@pytest.fixture(scope="module")
async def _empty(tmp_path_factory, cache_dir, _endpoint_server):
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("real"),
        cache_dir=cache_dir,
        openai_base_url=_endpoint_server.url,
        openai_model="scripted",
        knowledge=KnowledgeSettings(sample=False),
    )
    async with open_assistant(settings, Watcher()) as opened:
        yield opened


@pytest.fixture
def reading(_empty: Assistant, endpoint: Endpoint, tmp_path: Path) -> Reading:
    """Add files, or texts by name, and nothing else, for one test. Nothing that base says shows."""
    endpoint.script = lambda _: ""

    def read(*paths: Path, **texts: str) -> Assistant:
        for name, text in texts.items():
            stem, _, ending = name.rpartition("_")
            path = tmp_path / f"{stem}.{ending}"
            path.write_text(text, encoding="utf-8")
            paths = (*paths, path)
        items = [
            item
            for given in paths
            for path in load.files(given)
            for item in load.read(path, load.Options(), source=path.name)
        ]
        _empty.knowledge.library.add(SAMPLE_ROOT, items, lambda *_: None)
        return replace(_empty, writing=Writing("first"))

    return read


async def ask(assistant: Assistant, question: str, **options) -> Turn:
    async with aclosing(assistant.answer(question, **options)) as events:
        return [event async for event in events if isinstance(event, Turn)][-1]


# C1: what was offered is taken up


@SHARED
@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Who won the 1998 World Cup?", "yes please"),
        ("Wer hat 1998 die Fußballweltmeisterschaft gewonnen?", "Ja, bitte."),
    ],
)
async def test_c1_who_agrees_to_a_person_is_handed_over(reading, question, said):
    assistant = reading(REAL / "hr-de.csv")
    conversation = f"c1 {said}"
    assert (await ask(assistant, question, conversation_id=conversation)).outcome == "abstained"
    assert (await ask(assistant, said, conversation_id=conversation)).outcome == "handed_off"


# C4: a new subject that begins with Why, So, Warum


@SHARED
@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("Warum gibt es Weihnachtsgeld?", "Ja, ein halbes Monatsgehalt im November. [1]"),
        ("So, wie viele Urlaubstage habe ich?", "30 Tage bei einer Fünf-Tage-Woche. [1]"),
        ("Wieso ist der Himmel blau?", None),
        ("Warum fährt heute kein Zug nach Hamburg?", None),
    ],
)
async def test_c4_a_new_subject_is_taken_alone(reading, asked, told):
    assistant = reading(REAL / "hr-de.csv")
    await ask(assistant, "Was ist die Kündigungsfrist?", conversation_id=asked)
    turn = await ask(assistant, asked, conversation_id=asked)
    assert turn.standalone == asked
    assert (turn.outcome, told) == ("abstained", None) or turn.answer == told


# E1: a pasted mail

MAIL = """\
Sehr geehrte Damen und Herren,

{q}

Mit freundlichen Grüßen
Max Muster

Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, \
löschen Sie sie bitte.

Am 02.03.2026 um 09:00 schrieb Personalabteilung <hr@example.com>:
> Lieber Max,
> dein Urlaub ist genehmigt. Wie viele Urlaubstage hast du noch?
"""


@SHARED
@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("wie lang ist die Kündigungsfrist?", "einen Monat zum Quartalsende"),
        ("ich werde bald Vater. Wie beantrage ich Elternzeit?", "sieben Wochen vorher"),
        ("ich fahre viel mit dem Auto. Wie hoch ist die Kilometerpauschale?", "30 Cent"),
    ],
)
async def test_e1_a_pasted_mail_is_answered(reading, question, told):
    turn = await ask(reading(REAL / "hr-de.csv"), MAIL.replace("{q}", question))
    assert (turn.outcome, turn.standalone) == ("answered", question)
    assert told in turn.answer


@SHARED
async def test_e1_a_mail_that_is_not_answered_is_not_said_back(reading):
    question = "wer hat 1998 die Fußballweltmeisterschaft gewonnen?"
    turn = await ask(reading(REAL / "hr-de.csv"), MAIL.replace("{q}", question))
    assert turn.outcome == "abstained"
    assert f"„{question}“" in turn.answer
    assert "Damen und Herren" not in turn.answer


# E3: a single word, misspelt


@SHARED
@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("Kündigunsfirst?", "Was ist die Kündigungsfrist?"),
        ("Kuendigungsfrist", "Was ist die Kündigungsfrist?"),
        ("kündigungfrist", "Was ist die Kündigungsfrist?"),
        ("Urlaubstge?", "Wie viele Urlaubstage habe ich?"),
        ("Weihnachtsgled?", "Gibt es Weihnachtsgeld?"),
        ("Firmenwagn?", "Wer bekommt einen Firmenwagen?"),
        ("Kilometerpauschal", "Wie hoch ist die Kilometerpauschale?"),
    ],
)
async def test_e3_a_misspelt_word_is_answered_or_asked_back_about(reading, typed, title):
    assistant = reading(REAL / "hr-de.csv")
    turn = await ask(assistant, typed, interface="de", conversation_id=typed)
    assert turn.outcome in {"answered", "asked"}
    if turn.outcome == "asked":
        assert [choice["title"] for choice in turn.selection["choices"]] == [title]
        turn = await ask(assistant, "ja", conversation_id=typed)
    assert (turn.outcome, turn.sources[0]["title"]) == ("answered", title)


# T2: a table longer than what is shown


@SHARED
@pytest.mark.parametrize(
    ("question", "row"),
    [
        (
            "What does error E-113 mean?",
            "| E-113 | Memory error | Reset to factory settings with F2 and F5. |",
        ),
        (
            "My washer shows E-119. What should I do?",
            "| E-119 | Child lock | Hold the key for 5 seconds. |",
        ),
        (
            "Leak, what to do?",
            "| E-105 | Leak | Turn off the water and call service. |",
        ),
        (
            "which valve part replaces E-114",
            "| E-114 | Valve fault | Replace valve part 77-120. |",
        ),
    ],
)
async def test_t2_the_row_that_matches_is_quoted_under_the_heading(reading, question, row):
    turn = await ask(reading(REAL / "md" / "04-long-table.md"), question)
    assert turn.outcome == "answered"
    assert turn.answer.startswith("| Code | Meaning | What to do |\n|---|---|---|\n")
    assert row in turn.answer.split("\n")


PRICES = (
    "# Prices\n\nAll prices are net.\n\n| Plan | Users | Euros a month |\n| --- | --: | --: |\n"
)
CITIES = ("Aachen", "Bremen", "Chemnitz", "Dresden", "Erfurt", "Freiburg", "Gera", "Hamburg")


@pytest.mark.xfail(strict=True, reason="a row is weighed together with the others of its passage")
async def test_t2_a_row_of_another_table_is_found_too(reading):
    rows = [f"| Plan {city} | {7 * n + 3} users | {19 * n + 11} |" for n, city in enumerate(CITIES)]
    notes = [
        f"| Note {n} | – | A remark that is long enough to fill the table. |" for n in range(20)
    ]
    assistant = reading(prices_md=PRICES + "\n".join([*notes[:10], *rows, *notes[10:]]) + "\n")
    turn = await ask(assistant, "How much is Plan Dresden a month?")
    assert turn.outcome == "answered"
    assert "| Plan Dresden | 24 users | 68 |" in turn.answer
    assert "| Plan | Users | Euros a month |" in turn.answer


# T3: a fact at the end of a long section


@SHARED
@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("What is the form for parental leave?", "HR-7781"),
        ("Which form do I need for study leave?", "HR-4410"),
        ("Form for care leave?", "HR-2093"),
        ("Which form do I need for moving house?", "HR-9905"),
    ],
)
async def test_t3_the_last_sentence_of_a_long_section_is_quoted(reading, question, fact):
    turn = await ask(reading(REAL / "md" / "05-fact-at-end-of-section.md"), question)
    assert turn.outcome == "answered"
    assert fact in turn.answer
    assert turn.answer.count("HR-") == 1


async def test_t3_a_fact_in_the_middle_is_quoted_in_german_too(reading):
    filler = "Der Raum wird am Abend gelüftet und am Morgen wieder aufgeschlossen. " * 9
    fact = "Die Kaffeemaschine wird jeden Freitag mit dem Mittel K-77 entkalkt."
    page = f"# Büro\n\n## Küche\n\n{filler}{fact} {filler}\n\n## Drucker\n\nEr steht im Flur.\n"
    turn = await ask(reading(buero_md=page), "Womit wird die Kaffeemaschine entkalkt?")
    assert turn.outcome == "answered"
    assert fact in turn.answer


# M5: two versions of one text


@SHARED
@pytest.mark.parametrize(
    "question",
    ["How long may I return goods?", "Returns policy", "What does return shipping cost?"],
)
async def test_m5_of_two_versions_the_newest_comes_first_and_both_have_dates(reading, question):
    turn = await ask(reading(REAL / "contradict"), question)
    assert turn.answer == (
        "**Returns policy** (2026-01-15)\n\nYou may return goods within 30 days of delivery. "
        "Return shipping is free. [1]\n\n"
        "**Returns policy** (2023-02-01) – an older version\n\nYou may return goods within 14 "
        "days of delivery. Return shipping costs 4.90 euros. [2]"
    )
    assert [source["date"] for source in turn.sources] == ["2026-01-15", "2023-02-01"]


async def test_m5_versions_of_an_answered_question_are_told_so_in_german(reading):
    rows = "question,answer,language,date\nWie viele Urlaubstage gibt es?,{} Tage.,de,{}\n"
    assistant = reading(
        alt_csv=rows.format("Es sind 28", "2022-05-01"),
        neu_csv=rows.format("Es sind 30", "2025-05-01"),
    )
    turn = await ask(assistant, "Wie viele Urlaubstage gibt es?")
    assert turn.answer == (
        "**Wie viele Urlaubstage gibt es?** (2025-05-01)\n\nEs sind 30 Tage. [1]\n\n"
        "**Wie viele Urlaubstage gibt es?** (2022-05-01) – eine ältere Fassung\n\n"
        "Es sind 28 Tage. [2]"
    )


async def test_m5_a_third_version_is_left_out_and_without_a_date_none_is_older(reading):
    def page(days: int, date: str = "") -> str:
        dated = f"date: {date}\n" if date else ""
        return f"---\ntitle: Returns\n{dated}---\nYou may return goods within {days} days.\n"

    three = reading(
        a_md=page(10, "2020-01-01"), b_md=page(20, "2022-01-01"), c_md=page(30, "2024-01-01")
    )
    turn = await ask(three, "Within how many days may I return goods?")
    assert [q["date"] for q in turn.selection["quotations"]] == ["2024-01-01", "2022-01-01"]
    undated = reading(a_md=page(10), b_md=page(20))
    turn = await ask(undated, "Within how many days may I return goods?")
    assert len(turn.selection["quotations"]) == 2
    assert "older" not in turn.answer


# Several meanings, and one meaning in two languages


@SHARED
@pytest.mark.parametrize("question", ["What is an API?", "API", "what does API mean"])
async def test_all_meanings_of_an_acronym_are_shown(reading, question):
    turn = await ask(reading(REAL / "glossary-acronyms.csv"), question)
    assert turn.outcome == "answered"
    assert "Application programming interface" in turn.answer
    assert "Active pharmaceutical ingredient" in turn.answer


async def test_an_entry_without_a_key_is_told_in_the_readers_language_alone(reading):
    head = "term,definition,language\n"
    assistant = reading(
        en_csv=f"{head}Token,A token is the smallest piece of text.,en\n",
        de_csv=f"{head}Token,Ein Token ist das kleinste Textstück.,de\n",
    )
    english = await ask(assistant, "What is a token?")
    german = await ask(assistant, "Was ist ein Token?")
    assert english.answer == "A token is the smallest piece of text. [1]"
    assert german.answer == "Ein Token ist das kleinste Textstück. [1]"
