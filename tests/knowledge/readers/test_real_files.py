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
from assistant.knowledge.documents import Document, Entry, Kind
from assistant.progress import Watcher
from assistant.records.turns import Turn
from assistant.settings import KnowledgeSettings, Settings
from assistant.turn.permissions import Writing
from guardrails.text import markers
from tests.support.endpoint import Endpoint

DATA = Path(os.environ.get("BENCHMARK_DATA", Path(__file__).parents[4] / "shared" / "data"))
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
            for item in load.read(path, load.ReadingOptions(), source=path.name)
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


@pytest.mark.parametrize(
    "question", ["How many users has Plan Stuttgart?", "What is the price of Plan Zwickau?"]
)
async def test_t2_a_row_that_is_not_there_is_no_other_row(reading, question):
    rows = [f"| Plan {city} | {7 * n + 3} users | {19 * n + 11} |" for n, city in enumerate(CITIES)]
    turn = await ask(reading(prices_md=PRICES + "\n".join(rows) + "\n"), question)
    assert turn.outcome != "answered"


# H, M, V, D: what is read of a file, and what a question finds in it


def read(*below: str) -> tuple[str, list[str]]:
    """Return all text that a file comes to, and what is noted of it."""
    path = REAL.joinpath(*below)
    found = load.reading(path, load.ReadingOptions(), source=path.name)
    texts = [
        item.markdown if isinstance(item, Document) else f"{item.name}\n{item.text}"
        for item in found.items
    ]
    return "\n\n".join(texts), [note.what for note in found.notes]


@SHARED
async def test_h1_every_article_of_a_page_is_read(reading):
    assistant = reading(REAL / "html" / "01-several-articles.html")
    for question, fact in (
        ("How do I change my plan?", "Change plan"),
        ("Can I pause my subscription?", "90 days"),
        ("Is there a discount for students?", "40 percent"),
    ):
        turn = await ask(assistant, question)
        assert turn.outcome == "answered"
        assert fact in turn.answer


@SHARED
async def test_h3_headings_in_a_header_part_two_rules(reading):
    text, _ = read("html", "08-header-in-article.html")
    assert "## Returns within the EU\n\nYou have 30 days." in text
    assert "## Returns outside the EU\n\nYou have 14 days." in text
    turn = await ask(
        reading(REAL / "html" / "08-header-in-article.html"), "Returns outside the EU: how long?"
    )
    assert "14 days" in turn.answer
    assert "30 days" not in turn.answer


@SHARED
def test_h6_what_stands_around_an_article_is_left_out():
    text, _ = read("html", "05-zendesk-boilerplate.html")
    assert text == (
        "# Resetting two-factor authentication\n\n"
        "Ask your workspace owner to press **Reset 2FA** under Members. You then get a new code by "
        "e-mail, valid for 30 minutes.\n\n"
        "## I am the only owner\n\n"
        "Send us a signed letter; we answer within 3 working days."
    )


@SHARED
def test_m1_comments_and_what_only_the_site_needs_are_left_out():
    text, notes = read("md", "02-docusaurus.md")
    for gone in ("99 EUR", "internal", "import ", "Tab", ":::", "{{", "glossary_tooltip"):
        assert gone not in text
    for kept in ("**Linux**", "curl -fsSL", "**Windows**", "port 8443", "A restart is needed"):
        assert kept in text
    assert notes == []


@SHARED
async def test_m3_an_unknown_audience_warns_and_hides_nothing(reading):
    _, notes = read("audience", "faq-create.md")
    assert notes == ["an audience that the settings do not name, so it hides nothing"]
    turn = await ask(reading(REAL / "audience"), "How do I publish an FAQ entry?")
    assert "choose Publish and confirm" in turn.answer


@SHARED
def test_v3_v5_v7_rows_as_people_save_them():
    text, notes = read("csv", "04-blank-rows.csv")
    assert (text.count("?\n"), notes) == (2, [])
    assert read("csv", "03-capital-headers.csv")[0].startswith("How long is the notice period?\n14")
    text, _ = read("csv", "08-html-in-cells.csv")
    assert "Go to **Team** > *Invite*." in text
    assert "- Enter the e-mail\n- Press **Send**" in text
    for gone in ("base64", "&gt;", "<p>", "nbsp"):
        assert gone not in text


@SHARED
def test_d1_a_page_without_text_stops_nothing():
    assert read("folder", "docs", "redirect.md") == ("", ["a redirect"])


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


async def test_m5_rows_of_one_file_are_versions_where_their_dates_differ(reading):
    rows = (
        "question,answer,date\n"
        "What does a parcel to Switzerland cost?,A parcel costs 12.90 euros.,2024-03-01\n"
        "What does a parcel to Switzerland cost?,A parcel costs 17.50 euros.,2026-02-01\n"
    )
    turn = await ask(reading(prices_csv=rows), "What does a parcel to Switzerland cost?")
    assert [q["date"] for q in turn.selection["quotations"]] == ["2026-02-01", "2024-03-01"]


async def test_m5_files_of_one_name_under_two_roots_are_versions(reading):
    assistant = reading(prices_csv="question,answer\nWho pays?,The sender pays the customs.\n")
    assistant.knowledge.library.add(
        "other",
        [
            Entry(
                *("prices.csv", Kind.FAQ, "Who pays?", "The receiver pays.", "en"),
                date="2026-02-01",
            )
        ],
        lambda *_: None,
    )
    try:
        turn = await ask(assistant, "Who pays?")
    finally:
        assistant.knowledge.library.remove("other")
    assert len(turn.selection["quotations"]) == 2


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


# N1, N3, S1, S3, P1, P4: what a scripted model writes, and what a reader sees of it

TEXTS = """question,answer,language
How long is a session?,"A session ends after thirty minutes. Large files of up to 1,500 MB are kept for half a year.",en
What does shipping cost?,"Shipping costs EUR 4.90 and takes two to three working days. It is free from 1 May 2026 on.",en
Wie lange gilt das Angebot?,"Das Angebot gilt bis zum 31. März 2026 und kostet 1.200 Euro. Sie sparen fünf Prozent.",de
Wie groß ist der Speicher?,"Jeder Nutzer hat 2,5 GB Speicher. Der Zugang bleibt dreißig Tage lang offen.",de
How do I change the plan?,"To change the plan, open Settings and choose Plan. Then press Upgrade. You need the role of an owner.",en
Wie lege ich ein Team an?,"Um ein Team anzulegen, öffnen Sie die Verwaltung und wählen Sie Teams. Klicken Sie dann auf Neues Team.",de
What does each plan cost?,"The Basic plan costs 9 euros. The Team plan costs 29 euros a month.",en
Wann wird mein Zugang gesperrt?,"Der Zugang wird nach der dritten Mahnung gesperrt. Ab dem zweiten Werktag ist er wieder frei.",de
Can guests see my calendar?,"No. Guests see only pages that you share. Calendars are for members.",en
Können Gäste Dateien löschen?,"Nein. Gäste dürfen Dateien nur lesen. Das Löschen bleibt Mitgliedern vorbehalten.",de
Ist der Support kostenlos?,"Ja. Der Support ist in jedem Tarif enthalten. Sie erreichen ihn per Chat.",de
Does the app work offline?,"Yes. The app keeps the last ten documents on your device.",en
"""  # noqa: E501


@pytest.fixture
def writing(reading, endpoint):
    """What a reader sees of what a model writes, where nothing may be quoted in its place."""
    faq = REAL / "faq-scripted.csv"
    assistant = replace(
        reading(*([faq] if faq.is_file() else []), texts_csv=TEXTS), writing=Writing("never")
    )

    async def tell(question: str, answer: str) -> Turn:
        endpoint.script = lambda _: answer
        return await ask(assistant, question, conversation_id=f"{question} {answer}")

    return tell


def bare(answer: str) -> str:
    return markers.strip(answer).strip()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        pytest.param("How many users can a workspace have?", answer, marks=SHARED)
        for answer in (
            "A workspace can have up to 1000 users.",
            "A workspace can have up to 1.000 users.",
            "A workspace can have up to 1,000 users, and each has 2,5 GB of storage.",
        )
    ]
    + [
        pytest.param("How long is the trial?", answer, marks=SHARED)
        for answer in (
            "The trial lasts 3 weeks.",
            "The trial lasts 21 days.",
            "The trial lasts 3 weeks and ends on 1 March 2026 at 14:00.",
        )
    ]
    + [
        ("How long is a session?", "A session ends after half an hour."),
        ("How long is a session?", "Large files of up to 1.5 GB are kept for 6 months."),
        ("What does shipping cost?", "Shipping costs 4,90 € and takes 2–3 working days."),
        ("What does shipping cost?", "Shipping is free from May 1, 2026 on."),
        ("Wie lange gilt das Angebot?", "Das Angebot gilt bis zum 31.03.2026."),
        ("Wie lange gilt das Angebot?", "Das Angebot kostet 1200 €, Sie sparen 5 %."),
        ("Wie groß ist der Speicher?", "Jeder Nutzer hat 2.5 GB Speicher."),
        ("Wie groß ist der Speicher?", "Der Zugang bleibt 30 Tage lang offen."),
    ],
)
async def test_n1_n3_the_same_value_in_another_way_of_writing_is_shown(writing, question, answer):
    turn = await writing(question, answer)
    assert (turn.outcome, bare(turn.answer)) == ("answered", answer)
    assert all(sentence["carried"] for sentence in turn.sentences)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        pytest.param(
            "How many users can a workspace have?",
            "A workspace can have up to 10,000 users.",
            marks=SHARED,
        ),
        pytest.param("How long is the trial?", "The trial lasts 3 days.", marks=SHARED),
        ("How long is a session?", "A session ends after 13 minutes."),
        ("What does shipping cost?", "Shipping costs 49.0 € and takes 2–3 working days."),
        ("What does shipping cost?", "Shipping is free from May 5, 2026 on."),
        ("Wie lange gilt das Angebot?", "Das Angebot gilt bis zum 30. März 2026."),
        ("Wie lange gilt das Angebot?", "Das Angebot kostet 1,2 Euro."),
        ("Wie groß ist der Speicher?", "Jeder Nutzer hat 25 GB Speicher."),
        ("Wann wird mein Zugang gesperrt?", "Er wird nach der vierten Mahnung gesperrt."),
    ],
)
async def test_n1_n3_another_value_is_not(writing, question, answer):
    assert (await writing(question, answer)).outcome == "abstained"


@pytest.mark.parametrize(
    ("question", "answer", "shown"),
    [
        pytest.param(
            "How do I reset my password?",
            "To reset it:\n\n1. Open the login page.\n2. Choose **Forgot password**.\n",
            "To reset it:\n\n1. Open the login page. [{n}]\n2. Choose **Forgot password**. [{n}]",
            marks=SHARED,
        ),
        (
            "How do I change the plan?",
            (
                "To change the plan:\n\n1. Open **Settings → Plan**.\n2. Press **Upgrade**.\n\n"
                "You need the role of an owner."
            ),
            (
                "To change the plan:\n\n1. Open **Settings → Plan**. [{n}]\n"
                "2. Press **Upgrade**. [{n}]\n\nYou need the role of an owner. [{n}]"
            ),
        ),
        (
            "Wie lege ich ein Team an?",
            (
                "So legen Sie ein Team an:\n\n1. Öffnen Sie die Verwaltung.\n"
                "   - Wählen Sie Teams.\n2. Klicken Sie auf **Neues Team**."
            ),
            (
                "So legen Sie ein Team an:\n\n1. Öffnen Sie die Verwaltung. [{n}]\n"
                "   - Wählen Sie Teams. [{n}]\n2. Klicken Sie auf **Neues Team**. [{n}]"
            ),
        ),
        (
            "What does each plan cost?",
            "| Plan | Costs |\n| --- | --- |\n| Basic plan | 9 euros |\n| Team plan | 29 euros |",
            (
                "| Plan | Costs |\n| --- | --- |\n| Basic plan | 9 euros [{n}] |\n"
                "| Team plan | 29 euros [{n}] |"
            ),
        ),
    ],
)
async def test_s1_a_list_or_a_table_reaches_the_reader_whole(writing, question, answer, shown):
    turn = await writing(question, answer)
    assert turn.outcome == "answered"
    cited = {n for sentence in turn.sentences for n in sentence["cited"]}
    assert len(cited) == 1
    assert turn.answer == shown.replace("{n}", str(cited.pop()))
    assert all(sentence["carried"] for sentence in turn.sentences)


async def test_s1_what_leads_to_nothing_is_left_out(writing):
    turn = await writing(
        "What does each plan cost?",
        "The Basic plan costs 9 euros.\n\nOther plans:\n\n- The Gold plan costs 99 euros.",
    )
    assert bare(turn.answer) == "The Basic plan costs 9 euros."
    turn = await writing(
        "What does each plan cost?",
        "The plans:\n\n- The Gold plan costs 99 euros.\n- The Team plan costs 29 euros.",
    )
    assert bare(turn.answer) == "The plans:\n- The Team plan costs 29 euros."


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        pytest.param(
            "Wie hoch ist die Mahngebühr?",
            "Die Mahngebühr beträgt 5 Euro ab der 2. Mahnung.",
            marks=SHARED,
        ),
        (
            "Wann wird mein Zugang gesperrt?",
            "Der Zugang wird nach der 3. Mahnung gesperrt. Ab dem 2. Werktag ist er wieder frei.",
        ),
        ("Wann wird mein Zugang gesperrt?", "Er wird z. B. nach der 3. Mahnung gesperrt."),
        ("Wie lange gilt das Angebot?", "Das Angebot gilt bis zum 31. März 2026, d. h. kurz."),
    ],
)
async def test_s3_an_ordinal_ends_no_sentence(writing, question, answer):
    turn = await writing(question, answer)
    assert (turn.outcome, bare(turn.answer)) == ("answered", answer)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        pytest.param(
            "Does the Team plan include SSO?", "Yes, the Team plan includes SSO [1].", marks=SHARED
        ),
        pytest.param(
            "Does the Team plan include SSO?", "The Team plan includes SSO.", marks=SHARED
        ),
        ("Can guests see my calendar?", "Yes, guests can see your calendar [1]."),
        ("Can guests see my calendar?", "Guests can see your calendar."),
        ("Können Gäste Dateien löschen?", "Ja, Gäste können Dateien löschen [1]."),
        ("Dürfen Gäste Dateien löschen?", "Gäste dürfen Dateien löschen."),
        ("Ist der Support kostenlos?", "Nein, der Support ist nicht kostenlos."),
    ],
)
async def test_p1_the_question_of_an_entry_is_no_support_for_its_answer(writing, question, answer):
    assert (await writing(question, answer)).outcome == "abstained"


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        pytest.param("Does the Team plan include SSO?", "No", "Yes", marks=SHARED),
        pytest.param("Can I export invoices?", "Yes", "No", marks=SHARED),
        ("Can guests see my calendar?", "No", "Yes"),
        ("Does the app work offline?", "Yes", "No"),
        ("Können Gäste Dateien löschen?", "Nein", "Ja"),
        ("Ist der Support kostenlos?", "Ja", "Nein"),
    ],
)
async def test_p4_a_bare_yes_or_no_is_shown_if_it_is_right(writing, question, right, wrong):
    for said in (f"{right} [1].", f"{right}."):
        turn = await writing(question, said)
        assert (turn.outcome, bare(turn.answer)) == ("answered", f"{right}.")
    assert (await writing(question, f"{wrong} [1].")).outcome == "abstained"


@pytest.mark.parametrize(
    ("question", "answer", "shown"),
    [
        ("How do I change the plan?", "Open **Settings → Plan**.", True),
        ("How do I change the plan?", "Open **Settings > Plan > Upgrade**.", True),
        ("How do I change the plan?", "Open **Settings › Billing › Plan**.", False),
        ("How do I change the plan?", "Open Admin → Plan and press Upgrade.", False),
        ("Wie lege ich ein Team an?", "Öffnen Sie **Verwaltung / Teams**.", True),
        ("Wie lege ich ein Team an?", "Öffnen Sie **Einstellungen → Teams**.", False),
    ],
)
async def test_a_path_through_menus_must_stand_in_the_passage(writing, question, answer, shown):
    turn = await writing(question, answer)
    assert turn.outcome == ("answered" if shown else "abstained")
