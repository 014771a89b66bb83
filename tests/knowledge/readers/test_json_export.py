"""JSON as help centres and people write it."""

import json

import pytest

from assistant.errors import LoadError
from assistant.knowledge.documents import Document, Kind
from assistant.knowledge.load import ReadingOptions, reading
from assistant.knowledge.readers.tabular import json_export

PAY = ("How do I pay?", "By card, once a month.")
WHERE = ("Where are invoices?", "Below your account.")


@pytest.fixture
def export(tmp_path):
    def read(value, name="x.json", **options):
        path = tmp_path / name
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")
        return reading(path, ReadingOptions(**options), source=name)

    return read


def faq(question, answer, **more):
    return {"question": question, "answer": answer, **more}


@pytest.mark.parametrize(
    "value",
    [
        [faq(*PAY), faq(*WHERE)],
        {"faqs": [faq(*PAY), faq(*WHERE)]},
        {"data": {"items": [faq(*PAY), {"frage": WHERE[0], "antwort": WHERE[1]}]}},
        [{"title": "Billing", "questions": [faq(*PAY), {"q": WHERE[0], "a": WHERE[1]}]}],
        {"Billing": [faq(*PAY)], "Account": [faq(*WHERE)]},
        {"a1": faq(*PAY), "a2": faq(*WHERE)},
        dict((PAY, WHERE)),
        {"faq": dict((PAY, WHERE))},
        {"values": [["Question", "Answer"], list(PAY), list(WHERE)]},
        {
            "@context": "https://schema.org",
            "@type": "FAQPage",
            "mainEntity": [
                {
                    "@type": "Question",
                    "name": question,
                    "acceptedAnswer": {"@type": "Answer", "text": f"<p>{answer}</p>"},
                }
                for question, answer in (PAY, WHERE)
            ],
        },
    ],
)
def test_questions_are_found_wherever_they_stand(export, value):
    read = export(value)
    assert [(item.kind, item.name, item.text) for item in read.items] == [
        (Kind.FAQ, *PAY),
        (Kind.FAQ, *WHERE),
    ]
    assert not read.notes


@pytest.mark.parametrize(
    "value",
    [
        {"Pod": "A group of containers."},
        {"glossary": {"Pod": "A group of containers."}},
        {"glossary": {"Pod": {"definition": "A group of containers."}}},
        {
            "@type": "DefinedTermSet",
            "hasDefinedTerm": [
                {"@type": "DefinedTerm", "name": "Pod", "description": "A group of containers."}
            ],
        },
        [{"name": "Pod", "description": "A group of containers."}],
    ],
)
def test_terms_are_found_wherever_they_stand(export, value):
    [entry] = export(value).items
    assert (entry.kind, entry.name, entry.text) == (Kind.GLOSSARY, "Pod", "A group of containers.")


def test_languages_of_a_field_are_entries_with_one_key(export):
    both = {"question": {"en": "How long?", "de": "Wie lange?"}}
    both["answer"] = {"en": "One month.", "de": "Einen Monat."}
    read = export([both])
    assert [(item.name, item.text, item.language) for item in read.items] == [
        ("How long?", "One month.", "en"),
        ("Wie lange?", "Einen Monat.", "de"),
    ]
    assert {item.key for item in read.items} == {"x.json#How long?"}
    beside = export({"en": [faq("OK?", "OK")], "de": [faq("Gut?", "OK")]})
    assert [item.language for item in beside.items] == ["en", "de"]


LONG = "<h2>Steps</h2><p>Open the <b>menu</b>.</p>"


@pytest.mark.parametrize(
    "value",
    [
        {
            "articles": [
                {
                    "id": 1,
                    "title": "Reset it",
                    "body": LONG,
                    "locale": "en-us",
                    "updated_at": "2026-03-01T10:00:00Z",
                    "html_url": "https://help.example.com/1",
                    "draft": False,
                    "vote_sum": 3,
                },
                {"id": 2, "title": "Secret", "body": "<p>Not yet.</p>", "draft": True},
            ]
        },
        {
            "data": [
                {
                    "title": "Reset it",
                    "body": LONG,
                    "state": "published",
                    "updated_at": "2026-03-01",
                    "url": "https://help.example.com/1",
                },
                {"title": "Secret", "body": "<p>Not yet.</p>", "state": "draft"},
            ]
        },
        [
            {
                "title": {"rendered": "Reset it"},
                "content": {"rendered": LONG, "protected": False},
                "date": "2026-01-01T00:00:00",
                "modified": "2026-03-01T00:00:00",
                "link": "https://help.example.com/1",
                "status": "publish",
            },
            {
                "title": {"rendered": "Secret"},
                "content": {"rendered": "<p>x</p>"},
                "status": "draft",
            },
        ],
    ],
    ids=["zendesk", "intercom", "wordpress"],
)
def test_articles_of_help_centres_become_documents_and_drafts_do_not(export, value):
    read = export(value)
    [page] = read.items
    assert isinstance(page, Document)
    assert (page.title, page.language, page.date) == ("Reset it", "en", "2026-03-01")
    assert (page.url, page.markdown) == (
        "https://help.example.com/1",
        "## Steps\n\nOpen the **menu**.",
    )
    assert [note.what for note in read.notes if note.kind == "left out"] == ["a draft"]


def test_an_article_may_have_a_description_only(export):
    article = {"id": 7, "title": "Reset it", "description": LONG, "status": 2, "folder_id": 5}
    [page] = export([article]).items
    assert (page.title, page.markdown) == ("Reset it", "## Steps\n\nOpen the **menu**.")


def test_what_is_not_understood_is_named(export):
    read = export([faq(*PAY, category="Billing"), faq("Why?", ""), {"x": 1}, faq(*PAY)])
    assert len(read.items) == 1
    assert {note.where for note in read.notes} == {
        "category",
        PAY[0],
        "record 3",
        "record 2: question, answer (empty)",
    }


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"name": "x", "description": "My package", "scripts": {"a": "one two three"}}),
        '{\n  // how to build\n  "compilerOptions": {"strict": true,},\n}',
        json.dumps({"label": "Guide", "position": 2, "link": {"type": "x", "title": "T"}}),
        json.dumps({"login.title": "Please log in now", "login.text": "You have to do so"}),
        json.dumps({"save": "Save", "cancel": "Cancel"}),
        json.dumps({"openapi": "3.0", "tags": [{"name": "pets", "description": "All pets"}]}),
        json.dumps({"dependencies": [{"name": "x", "version": "1", "description": "y"}]}),
        json.dumps({f"k{i}": {"a": 1} for i in range(5)}),
        "[]",
        "{}",
        "7",
    ],
)
def test_files_of_programs_do_not_stop_a_folder(export, text):
    read = export(text)
    assert not read.items
    assert [note.what for note in read.notes] == [
        "a JSON file without questions, terms or articles"
    ]


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ('{"a": [1,\n 2', "x.json:2 is not valid JSON", "Mend it"),
        ("", "x.json:1 is not valid JSON", "Mend it"),
        ('[{"question": "How?", "reply_x": "So."}]', "it has question, reply_x", "--map"),
        (
            '[{"term": "Pod", "definition": "A group", "aliases": 7}]',
            "x.json, record 1 has aliases that are not texts: 7",
            "--skip-unreadable",
        ),
        ("[" * 100_000, "nested too deeply", ""),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, "nested too deeply", ""),
    ],
)
def test_what_cannot_be_read_is_refused(export, text, said, hint):
    with pytest.raises(LoadError) as caught:
        export(text)
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_columns_can_be_mapped(export):
    read = export([{"ask": PAY[0], "say": PAY[1]}], columns={"question": "ask", "answer": "say"})
    assert [(item.name, item.text) for item in read.items] == [PAY]
    with pytest.raises(LoadError, match="has no column aka, which --map gives for aliases"):
        export([faq(*PAY)], columns={"aliases": "aka"})


def test_lines_and_a_whole_document_are_told_apart_whatever_the_suffix(export):
    lines = "\n".join(json.dumps(faq(*one)) for one in (PAY, WHERE))
    assert len(export(lines).items) == 2
    assert len(export([faq(*PAY), faq(*WHERE)], "x.jsonl").items) == 2
    assert len(export(json.dumps([faq(*PAY), faq(*WHERE)], indent=1), "y.jsonl").items) == 2


def test_the_texts_of_a_site_become_a_page_under_their_titles():
    long = "Die Zustellung ist rechtsgültig, sobald sie im Portal geöffnet oder zehn Tage alt ist"
    value = {
        "title": "Hilfe",
        "hero": {"title": "Fragen", "button": "Los"},
        "a": {
            "1": {"title": "Was gilt?", "description_1": f"{long}.", "description_2": f"{long}!"}
        },
        "b": [
            {"title": "Wann?", "text": "Am Samstag ab 8.00 bis 14:00", "image": {"alt": "no no no"}}
        ],
        "c": {"body": f"<p>{long} <b>immer</b>.</p>"},
    }
    note, page = json_export.document(json.dumps(value).encode(), "de.json", ReadingOptions())
    assert note.what == "a JSON file read as a page, for its objects are no questions"
    assert page.language == "de"
    assert page.markdown == (
        f"## Hilfe\n\n#### Was gilt?\n\n{long}.\n\n{long}!\n\n"
        f"### Wann?\n\nAm Samstag ab 8.00 bis 14:00\n\n{long} **immer**."
    )


def test_the_labels_of_a_program_are_no_page():
    value = {"ok": "OK then", "menu": {"open": "Open the file", "close": "Close the file"}}
    [note] = json_export.document(json.dumps(value).encode(), "en.json", ReadingOptions())
    assert note.what == "a JSON file without questions, terms or articles"
