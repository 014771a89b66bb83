import io
import time

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader

from assistant.errors import LoadError
from assistant.knowledge.chunk import chunks
from assistant.knowledge.documents import Document
from assistant.knowledge.readers import pdf
from assistant.knowledge.readers.options import Note, ReadingOptions
from assistant.knowledge.readers.printed import words
from assistant.knowledge.readers.titles import real_title
from tests.knowledge.readers.papers import HEIGHT, LEFT, WIDTH, Paper, paper

BODY = (
    "Travel is booked at the desk on the ground floor, which is open on",
    "every working day. Whoever books alone pays first and is paid back.",
)


def read(data: bytes) -> tuple[Document, list[Note]]:
    found = list(pdf.read(data, "a.pdf", ReadingOptions()))
    [document] = [one for one in found if isinstance(one, Document)]
    return document, [one for one in found if isinstance(one, Note)]


def text(data: bytes) -> str:
    return read(data)[0].markdown


# Words


@pytest.mark.parametrize(
    ("lines", "whole"),
    [
        (("The applica-", "tion is late."), "The application is late."),
        (("The applica\u00ad", "tion is late."), "The application is late."),
        (("The applica\u2010", "tion is late."), "The application is late."),
        (("a well-", "known place"), "a well-known place"),
        (("a role-", "based right"), "a role-based right"),
        (("an up-", "to-date list"), "an up-to-date list"),
        (("all high-", "lights of it"), "all highlights of it"),
        (("the read-", "ing room"), "the reading room"),
        (("Nord-", "Süd-Achse"), "Nord-Süd-Achse"),
        (("die IT-", "Abteilung"), "die IT-Abteilung"),
        (("die E-", "Mail"), "die E-Mail"),
        (("Vor-", "und Nachteile"), "Vor- und Nachteile"),
        (("Personalver-", "waltung"), "Personalverwaltung"),
        (("ANTRAGSFOR-", "MULAR"), "ANTRAGSFORMULAR"),
        (("im Jahr 2024-", "25 gilt"), "im Jahr 2024-25 gilt"),
        (("von 8 –", "12 Uhr"), "von 8 – 12 Uhr"),
        (("https://example.com/hr/", "leave for more"), "https://example.com/hr/leave for more"),
        (("See https://example.com/", "The rest."), "See https://example.com/ The rest."),
    ],
)
def test_what_a_line_end_cut_is_joined_and_hyphens_of_words_stay(lines, whole):
    assert words.joined(lines) == whole


def test_a_word_that_stands_whole_elsewhere_decides():
    known = words.vocabulary(["a long-lasting one", "the lowland"])
    assert words.joined(("the low-", "land"), known=known) == "the lowland"
    assert words.joined(("a long-", "lasting"), known=known) == "a long-lasting"


def test_lines_become_paragraphs_without_hyphens_of_line_ends():
    data = Paper().lines("Every applica-", "tion is read by two.").gap().lines("The end.").done()
    assert text(data) == "Every application is read by two.\n\nThe end."


def test_a_paragraph_and_a_word_go_on_over_columns_and_pages():
    made = Paper().columns(
        ("The left one tells of leave and of", "the rules that hold for all in the com-"),
        ("pany, and the right one goes on until", "the last line of the page is full and"),
        xs=(LEFT, 310),
    )
    made.turn().lines("then it is over.")
    document, _ = read(made.done())
    assert document.markdown == (
        "The left one tells of leave and of the rules that hold for all in the company, and the "
        "right one goes on until the last line of the page is full and then it is over."
    )
    assert document.places == ((0, "page 1 – page 2"),)


def test_ligatures_and_letters_in_two_parts_become_letters():
    assert words.joined(["x"]) == "x"
    from assistant.knowledge.readers.printed.glyphs import clean

    assert clean("o\ufb03ce  f\u00a8ur U\u0308ber") == "office für Über"


# What surrounds the text


def framed(head: str, foot: str, *, pages: int = 6) -> bytes:
    def draw(made: Paper, number: int) -> None:
        made.at(LEFT, 805, head.format(n=number, pages=pages), 8)
        made.at(300, 30, foot.format(n=number, pages=pages), 8)
        made.lines(f"Page text {'abcdefghijkl'[number - 1]} begins here, and goes on", *BODY)

    return paper(pages, draw)


@pytest.mark.parametrize("pages", [2, 3, 6, 12])
@pytest.mark.parametrize(
    "foot",
    [
        "Page {n} of {pages}",
        "Seite {n} von {pages}",
        "- {n} -",
        "{n}/{pages}",
        "{n}",
        "ACME Handbook 2026 · {n}",
    ],
)
def test_running_heads_and_page_numbers_are_left_out_with_one_note(foot, pages):
    document, notes = read(framed("ACME GmbH · confidential", foot, pages=pages))
    assert "ACME" not in document.markdown
    assert "Page text a" in document.markdown
    assert not any(line.strip().isdigit() for line in document.markdown.splitlines())
    assert document.markdown.count("Travel is booked") == pages
    assert [str(note) for note in notes] == [
        f"a.pdf: running heads, feet and page numbers (on {pages} pages)"
    ]


def test_odd_and_even_pages_and_chapters_have_heads_of_their_own():
    def draw(made: Paper, number: int) -> None:
        head = f"Chapter {1 + number // 5} Travel   {number}" if number % 2 else f"{number}  Rules"
        made.at(LEFT, 805, head, 8)
        made.lines(f"Text {'abcdefghijkl'[number - 1]} of this page begins,", *BODY)

    told = text(paper(8, draw))
    assert "Chapter" not in told
    assert "Rules" not in told
    assert told.count("Text ") == 8


def test_text_that_repeats_by_chance_stays():
    def draw(made: Paper, number: int) -> None:
        first = "Note on this page:" if number in {2, 5} else f"Other words {'abcdef'[number - 1]}"
        made.lines(f"{first} the rule holds here, and goes on", *BODY)

    assert text(paper(6, draw)).count("Note on this page:") == 2


@pytest.mark.parametrize("size", [10, 16])
def test_steps_that_count_with_the_pages_are_no_frame(size):
    def draw(made: Paper, number: int) -> None:
        made.lines(f"Step {number}", size=size, bold=True)
        made.lines(f"In step {number} something is done.", "Then the next one follows it.")

    told = text(paper(5, draw))
    assert [f"# Step {number}" in told for number in range(1, 6)] == [True] * 5


def test_a_footnote_is_no_foot_of_the_page_and_does_not_part_a_sentence():
    def draw(made: Paper, number: int) -> None:
        made.lines("The fee is due after two weeks, and it is waived for those")
        if number == 1:
            made.at(LEFT, 93, "1", 6).at(LEFT + 4, 90, "See the list of fees.", 8)
        made.at(300, 30, f"{number}", 8)

    told = text(paper(2, draw))
    assert "\n\n¹See the list of fees." in told
    assert "those The fee is due" in told


def test_watermarks_and_text_on_its_side_are_left_out_with_a_note():
    def draw(made: Paper, number: int) -> None:
        made.canvas.saveState()
        made.canvas.translate(300, 400)
        made.canvas.rotate(45)
        made.at(0, 0, "DRAFT", 60)
        made.canvas.restoreState()
        made.lines(f"{'abc'[number - 1]} text.", *BODY)

    document, notes = read(paper(3, draw))
    assert "DRAFT" not in document.markdown
    assert [note.where for note in notes if "askew" in note.what] == ["pages 1–3"]


# Order


def test_columns_are_read_one_after_the_other_below_what_spans_them():
    made = Paper().lines("A heading over all three of the columns of it", size=18, bold=True).gap()
    made.columns(
        *([f"{name} line {i} says more words" for i in range(8)] for name in "ABC"),
        xs=(60, 230, 400),
        size=9,
    )
    told = text(made.done())
    assert told.startswith("# A heading over all three of the columns of it\n\nA line 0")
    order = [told.index(f"{name} line {i} ") for name in "ABC" for i in range(8)]
    assert order == sorted(order)


def test_headings_open_passages_under_their_titles():
    made = Paper().lines("Travel rules", size=20, bold=True).gap()
    made.lines("1 Booking", size=14, bold=True).lines(*BODY).gap()
    made.lines("1.1 Hotels", size=12, bold=True).lines(*BODY).gap()
    made.turn().lines("2 Paying", size=14, bold=True).lines(*BODY)
    document, _ = read(made.done())
    assert document.title == "Travel rules"
    found = list(chunks("root", document))
    assert [(one.title, one.place) for one in found] == [
        ("Travel rules › 1 Booking", "page 1"),
        ("Travel rules › 1 Booking › 1.1 Hotels", "page 1"),
        ("Travel rules › 2 Paying", "page 2"),
    ]


def test_items_stay_items():
    made = Paper().lines("Bring with you when you come here:").gap(4)
    for label, item in (
        ("•", "your pass, which you have got from"),
        ("", "the desk"),
        ("•", "a pen"),
    ):
        made.at(LEFT, made.y, label).lines(item, x=LEFT + 18)
    made.gap(10)
    for label, item in (("1.", "Ask"), ("2.", "Wait")):
        made.at(LEFT, made.y, label).lines(item, x=LEFT + 18)
    told = text(made.done())
    assert "- your pass, which you have got from the desk\n- a pen" in told
    assert "1. Ask\n2. Wait" in told


def test_lines_that_end_on_purpose_and_code_keep_their_ends():
    made = Paper().lines("Write to this address, which is that of the whole house:").gap()
    made.lines("ACME GmbH", "Main Street 1", "12345 Berlin").gap()
    made.lines("for i in 1 2; do", "    echo $i", "done", font="Courier", size=9)
    told = text(made.done())
    assert "ACME GmbH\nMain Street 1\n12345 Berlin" in told
    assert "```\nfor i in 1 2; do\n    echo $i\ndone\n```" in told


# Tables

HEAD = ("Country", "Rate", "Note")


def rate(number: int) -> tuple[str, str, str]:
    return f"Land {number}", f"{20 + number} EUR", "from day three on"


@pytest.mark.parametrize("again", [True, False])
def test_a_table_goes_on_over_pages_under_one_heading(again):
    made = Paper().lines("These are the rates of the year:", *BODY)
    made.table([HEAD, *map(rate, range(30))], xs=(72, 180, 280, 420))
    made.turn()
    more = [*([HEAD] if again else []), *map(rate, range(30, 40))]
    made.table(more, xs=(72, 180, 280, 420)).lines("After the table the text goes on.")
    document, _ = read(made.done())
    assert document.markdown.count("| Country | Rate | Note |") == 1
    assert all(f"| Land {i} | {20 + i} EUR |" in document.markdown for i in range(40))
    assert document.markdown.count("Land 7 ") == 1
    last = next(one for one in chunks("r", document) if "Land 39" in one.text)
    assert last.text.startswith("| Country | Rate | Note |")
    assert last.place.endswith("page 2")


def test_a_table_without_lines_has_rows_too():
    made = Paper().lines("Call them if something does not work as it should:", *BODY, *BODY).gap()
    rows = [
        ("Name", "Telephone", "For"),
        ("Anna Muster", "030 1234", "Network and printers in"),
        ("", "", "all buildings"),
        ("Bernd Beispiel", "030 1235", "Laptops"),
    ]
    made.columns(*zip(*rows, strict=True), xs=(72, 200, 300)).gap().lines(*BODY, *BODY)
    told = text(made.done())
    assert (
        "| Name | Telephone | For |\n| --- | --- | --- |\n"
        "| Anna Muster | 030 1234 | Network and printers in all buildings |\n"
        "| Bernd Beispiel | 030 1235 | Laptops |"
    ) in told


def test_a_box_around_a_paragraph_is_no_table():
    made = Paper().lines(*BODY)
    made.canvas.rect(LEFT, 600, 400, 60)
    made.at(80, 640, "Note: this box is no table, and its text").at(80, 628, "stays a paragraph.")
    assert "Note: this box is no table, and its text stays a paragraph." in text(made.done())


# What cannot be read


def test_pages_that_may_be_scans_are_named():
    picture = io.BytesIO()
    Image.new("RGB", (50, 50)).save(picture, "PNG")

    def draw(made: Paper, number: int) -> None:
        if number in {2, 5, 6, 7}:
            made.canvas.drawImage(ImageReader(picture), 0, 0, WIDTH, HEIGHT)
        else:
            made.lines(f"Text {'abcdefg'[number - 1]} of this page.", *BODY)

    _, notes = read(paper(7, draw))
    assert [str(note) for note in notes if note.kind == "warning"] == [
        "a.pdf: pages without text, which may be scans (pages 2, 5–7)"
    ]


def test_text_whose_signs_mean_nothing_is_not_indexed():
    """A font with own codes and without a map: pdfminer gives (cid:1), (cid:2)…"""
    font = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts "
        b"[<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) "
        b"/Ordering (Identity) /Supplement 0 >> >>] >>"
    )
    from tests.knowledge.files import pdf as handmade

    plain = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    data = handmade(["\\001\\002\\003\\004\\005\\006\\007\\010" * 5]).replace(plain, font)
    with pytest.raises(LoadError, match="do not say what their signs mean") as caught:
        list(pdf.read(data, "a.pdf", ReadingOptions()))
    assert "OCR" in caught.value.hint


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("Travel rules 2026", "Travel rules 2026"),
        ("Reiserichtlinie", "Reiserichtlinie"),
        ("Microsoft Word - Travel rules", "Travel rules"),
        ("Microsoft Word - draft_v3.docx", ""),
        ("untitled", ""),
        ("Unbenannt 1", ""),
        ("Word Document", ""),
        ("PowerPoint-Präsentation", ""),
        ("Neues Microsoft Word-Dokument", ""),
        ("HR_2024_final", ""),
        ("C:\\Users\\x\\plan", ""),
        ("12345", ""),
        (None, ""),
    ],
)
def test_titles_that_nobody_gave_are_none(said, title):
    assert real_title(said) == title


def test_the_title_is_that_of_the_file_then_its_first_heading():
    made = Paper(title="Microsoft Word - x.doc").lines("Leave", size=20).gap().lines(*BODY)
    assert read(made.done())[0].title == "Leave"
    made = Paper(title="Leave in 2026").lines("Other", size=20).gap().lines(*BODY)
    assert read(made.done())[0].title == "Leave in 2026"


def test_a_long_file_takes_seconds():
    data = paper(120, lambda made, number: made.lines(f"Text {number} begins", *(BODY * 15)))
    start = time.monotonic()
    read(data)
    assert time.monotonic() - start < 40


def test_libraries_say_nothing_on_the_terminal(capfd):
    read(Paper().lines(*BODY).done() + b"\n% garbage behind the end")
    with pytest.raises(LoadError):
        list(pdf.read(b"%PDF-1.7\nbroken", "a.pdf", ReadingOptions()))
    assert capfd.readouterr() == ("", "")
