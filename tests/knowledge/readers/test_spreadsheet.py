"""Workbooks as Excel and LibreOffice save them."""

from datetime import date, datetime

import pytest

from assistant.errors import LoadError
from assistant.knowledge.documents import Document, Entry, Kind
from assistant.knowledge.isolation import ReadingProcess
from assistant.knowledge.load import ReadingOptions, reading
from assistant.knowledge.readers.options import ReadingLimits
from assistant.knowledge.readers.tabular.number_formats import formatted
from tests.knowledge.readers.workbooks import locked, ods, repeated, sheets, xlsx

FAQ = [["Frage", "Antwort"], ["Wie lange ist die Frist?", "Einen Monat, ab heute."]]
GLOSSARY = [["Term", "Definition"], ["Pod", "A group of containers."]]


@pytest.fixture
def book(tmp_path):
    def read(content, name="book.xlsx", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return reading(path, ReadingOptions(**options), source=name)

    return read


@pytest.mark.parametrize("name", ["book.xlsx", "book.xlsm"])
def test_every_sheet_is_read_and_tables_are_pages_beside_entries(book, name):
    prices = [["Plan", "Preis"], ["Basic", 9.0], ["Team", 29.5]]
    read = book(sheets(Fragen=FAQ, Leer=[], Preise=prices, Begriffe=GLOSSARY), name)
    faq, page, term = read.items
    assert (faq.kind, faq.name, faq.language) == (Kind.FAQ, FAQ[1][0], "de")
    assert (term.kind, term.name, term.language) == (Kind.GLOSSARY, "Pod", "en")
    assert isinstance(page, Document)
    assert (page.title, page.places) == ("Preise", ((0, "sheet Preise"),))
    assert page.markdown == "| Plan | Preis |\n| --- | --- |\n| Basic | 9 |\n| Team | 29.5 |"
    [note] = read.notes
    assert note.where == "sheet Preise: Plan, Preis"


def test_a_sheet_without_a_name_of_its_own_is_called_as_its_file(book):
    [page] = book(sheets(Tabelle1=[["Plan", "Preis"], ["Basic", 9]]), "tarife.xlsx").items
    assert page.title == "tarife"


def test_the_name_of_a_sheet_may_tell_its_language(book):
    rows = [["Term", "Definition"], ["Pod", "Container"]]
    assert [item.language for item in book(sheets(Deutsch=rows, EN=rows)).items] == ["de", "en"]


def test_cells_are_read_as_people_see_them(book):
    def fill(workbook):
        def look(code):
            return workbook.add_format({"num_format": code})

        sheet = workbook.add_worksheet("Preise")
        sheet.write_row(1, 1, ["Plan", "Preis", "Rabatt", "Aktiv", "Ab", "PLZ", "Summe", "Zeit"])
        sheet.write(2, 1, "Basic")
        sheet.write(2, 2, 9.9, look('#,##0.00 "€"'))
        sheet.write(2, 3, 0.195, look("0.0%"))
        sheet.write(2, 4, True)
        sheet.write_datetime(2, 5, date(2026, 3, 1), look("dd.mm.yyyy"))
        sheet.write(2, 6, 1067, look("00000"))
        sheet.write_formula(2, 7, "=1+1", None, 2)
        sheet.write_datetime(
            2, 8, datetime.fromisoformat("2026-03-01 14:30"), look("dd.mm.yy hh:mm")
        )

    [page] = book(xlsx(fill)).items
    assert page.markdown.splitlines()[2] == (
        "| Basic | 9.90 € | 19.5% | TRUE | 2026-03-01 | 01067 | 2 | 2026-03-01 14:30 |"
    )


@pytest.mark.parametrize(
    ("value", "code", "seen"),
    [
        (0.19, "0%", "19%"),
        (0.19, "0 %", "19 %"),
        (1200, "[$€-407] #,##0.00", "€ 1200.00"),
        (5, '0 "Tage"', "5 Tage"),
        (-2.5, "0.00_);(0.00)", "-2.50"),
        (2.5, "0.##", "2.5"),
        (3, "0.##", "3"),
        (5, "General", ""),
        (45000, "dd.mm.yyyy", ""),
        (0.5, "# ?/?", ""),
        (1e9, "0.00E+00", ""),
    ],
)
def test_a_format_says_how_a_number_looks(value, code, seen):
    assert formatted(value, code) == seen


def test_dates_and_numbers_in_the_columns_of_an_entry(book):
    def fill(workbook):
        sheet = workbook.add_worksheet("FAQ")
        sheet.write_row(0, 0, ["Frage", "Antwort", "Zuletzt geändert", "Synonyme"])
        sheet.write_row(1, 0, ["Welcher Fehler ist das?", 404.0])
        day = workbook.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_datetime(1, 2, date(2026, 3, 1), day)
        sheet.write(1, 3, 405)
        sheet.write_row(2, 0, ["Welcher noch?", "Der andere.", 46082])

    read = book(xlsx(fill))
    assert [(item.text, item.date, item.aliases) for item in read.items] == [
        ("404", "2026-03-01", ("405",)),
        ("Der andere.", "2026-03-01", ()),
    ]


def test_titles_sections_and_blank_rows_are_no_rows(book):
    def fill(workbook):
        sheet = workbook.add_worksheet("FAQ")
        sheet.merge_range(0, 0, 0, 1, "Fragen und Antworten")
        sheet.write_row(2, 0, FAQ[0])
        sheet.merge_range(3, 0, 3, 1, "Urlaub")
        sheet.write_row(4, 0, FAQ[1])
        sheet.write_row(7, 0, ["Wie viel Geld gibt es?", "Ein halbes Gehalt."])

    read = book(xlsx(fill))
    assert [item.name for item in read.items] == [FAQ[1][0], "Wie viel Geld gibt es?"]
    assert [(note.what, note.where) for note in read.notes] == [
        ("a line above the headings", "sheet FAQ, row 1: Fragen und Antworten"),
        ("a heading between rows", "sheet FAQ, row 4: Urlaub"),
    ]


def test_what_is_merged_downwards_stands_in_each_row(book):
    def fill(workbook):
        sheet = workbook.add_worksheet("Preise")
        sheet.write_row(0, 0, ["Gruppe", "Ware", "Preis"])
        sheet.merge_range(1, 0, 2, 0, "Obst")
        sheet.write_row(1, 1, ["Apfel", 1])
        sheet.write_row(2, 1, ["Birne", 2])

    [page] = book(xlsx(fill)).items
    assert page.markdown.endswith("| Obst | Apfel | 1 |\n| Obst | Birne | 2 |")


def test_a_hidden_sheet_is_left_out(book):
    def fill(workbook):
        for name in ("FAQ", "Intern"):
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(FAQ):
                sheet.write_row(number, 0, row)
        sheet.hide()

    read = book(xlsx(fill))
    assert len(read.items) == 1
    assert [(note.what, note.where) for note in read.notes] == [("a hidden sheet", "Intern")]


def test_hidden_rows_and_columns_are_left_out_and_told(book):
    def fill(workbook):
        sheet = workbook.add_worksheet("Preise")
        rows = [["Artikel", "Preis", "Einkauf"], ["Rad", "90 €", "GONE"], ["GONE", "1 €", "GONE"]]
        for number, row in enumerate([*rows, ["Helm", "30 €", "GONE"]]):
            sheet.write_row(number, 0, row)
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column(2, 2, None, None, {"hidden": True})

    read = book(xlsx(fill))
    [table] = read.items
    assert "| Rad | 90 € |" in table.markdown
    assert "| Helm | 30 € |" in table.markdown
    assert "GONE" not in table.markdown
    assert "Einkauf" not in table.markdown
    assert ("hidden rows and columns", "Preise: 2") in [(n.what, n.where) for n in read.notes]


def test_bad_rows_of_all_sheets_are_refused_together_or_left_out(book):
    content = sheets(A=[*FAQ, ["Und dann?", ""]], B=[FAQ[0], ["", "Verloren"]])
    with pytest.raises(LoadError) as caught:
        book(content)
    assert caught.value.message == (
        "book.xlsx, sheet A, row 3 has neither term and definition nor question and answer; "
        "it has Frage, Antwort (empty). 1 more row cannot be read: sheet B, row 2."
    )
    read = book(content, skip=True)
    assert len(read.items) == 1
    assert [note.what for note in read.notes] == ["a row that cannot be read"] * 2


def test_a_mapped_column_may_stand_in_one_sheet_only(book):
    content = sheets(A=[["Wort X", "Sinn"], ["Pod", "Eine Gruppe."]], B=FAQ)
    read = book(content, columns={"term": "Wort X", "definition": "Sinn"})
    assert [item.name for item in read.items] == ["Pod", FAQ[1][0]]
    with pytest.raises(LoadError, match="has no column nix, which --map gives for term"):
        book(content, columns={"term": "nix"})


def test_a_sheet_of_libreoffice_is_read(book):
    blank = repeated("", 1_048_000, 16_384)
    [entry] = book(ods(FAQ, more=blank), "book.ods").items
    assert isinstance(entry, Entry)
    assert (entry.name, entry.text) == tuple(FAQ[1])


def test_what_portals_call_a_workbook_is_read_as_what_it_is(book):
    text = "\r\n".join("\t".join(row) for row in FAQ)
    cells = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in FAQ)
    for content in (text.encode("utf-16"), f"<html><body><table>{cells}</table></body></html>"):
        [entry] = book(content, "export.xls").items
        assert (entry.name, entry.text) == tuple(FAQ[1])


WHOLE = sheets(A=FAQ)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", locked(), "is protected by a password"),
        ("a.xlsx", WHOLE[: len(WHOLE) // 2], "not a readable workbook"),
        ("a.xlsx", b"PK\x03\x04" + bytes(100), "not a readable workbook"),
        ("a.xlsx", b"", "not a readable workbook"),
        (
            "a.xls",
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"',
            "not a readable workbook",
        ),
    ],
)
def test_what_is_no_workbook_is_refused_with_advice(book, name, content, said):
    with pytest.raises(LoadError, match=said) as caught:
        book(content, name)
    assert caught.value.message.startswith(name)
    assert caught.value.hint


def far(workbook):
    sheet = workbook.add_worksheet("A")
    sheet.write(0, 0, "a")
    sheet.write(1_048_575, 16_383, "z")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", xlsx(far)),
        ("a.ods", ods(FAQ, more=repeated("x", 1_048_000, 16_384))),
        ("a.xls", locked()[:512] + bytes(1024)),
    ],
)
def test_a_small_file_that_would_fill_the_memory_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with (
        ReadingProcess(ReadingLimits()) as process,
        pytest.raises(LoadError, match="too large|not a readable workbook") as caught,
    ):
        process.reading(tmp_path / name, ReadingOptions(), source=name)
    assert caught.value.message.startswith(name)
    assert caught.value.hint
