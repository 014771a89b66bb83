import io
import zipfile

import pytest
from docx.oxml import OxmlElement
from PIL import Image
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from assistant.errors import LoadError
from assistant.knowledge.chunk import chunks
from assistant.knowledge.documents import Document
from assistant.knowledge.readers.office import docx, epub, pptx
from assistant.knowledge.readers.options import Note, ReadingOptions
from tests.knowledge.readers.office import changed, raw, saved, word
from tests.knowledge.readers.office import epub as book

READERS = {".docx": docx.read, ".pptx": pptx.read, ".epub": epub.read}


def read(suffix: str, data: bytes) -> tuple[list[Document], dict[str, str]]:
    found = list(READERS[suffix](data, f"a{suffix}", ReadingOptions()))
    notes = {one.what: one.where for one in found if isinstance(one, Note)}
    return [one for one in found if isinstance(one, Document)], notes


def one(suffix: str, data: bytes) -> Document:
    [document] = read(suffix, data)[0]
    return document


# Word


def test_headings_lists_and_tables_of_word():
    def write(made) -> None:
        made.add_heading("Travel", 1)
        style = made.styles.add_style("Überschrift 2", 1)
        made.add_paragraph("Hotels", style=style)
        made.add_paragraph("Ask first.")
        for text, kind in (("one", "List Bullet"), ("deep", "List Bullet 2")):
            made.add_paragraph(text, style=kind)
        made.add_paragraph("first", style="List Number")
        table = made.add_table(2, 2)
        for cell, text in zip(table._cells, ("Land", "Rate", "DE", "28"), strict=True):
            cell.text = text

    told = one(".docx", word(write)).markdown
    assert "# Travel" in told
    assert "## Hotels" in told
    assert "| Land | Rate |\n| --- | --- |\n| DE | 28 |" in told
    lines = told.splitlines()
    deep = next(line for line in lines if line.endswith("deep"))
    assert deep.startswith("  ")
    assert "1. first" in told


def test_what_a_reader_of_the_page_does_not_see_is_left_out():
    def write(made) -> None:
        paragraph = made.add_paragraph("Seen ")
        paragraph.add_run("HIDDEN").font.hidden = True
        raw(paragraph, "<w:del w:id='1'><w:r><w:delText>DELETED</w:delText></w:r></w:del>")
        raw(paragraph, "<w:ins w:id='2'><w:r><w:t>added</w:t></w:r></w:ins>")
        made.add_comment(paragraph.runs[0], text="REMARK")
        made.sections[0].header.paragraphs[0].text = "HEAD"
        picture = io.BytesIO()
        Image.new("RGB", (9, 9)).save(picture, "PNG")
        made.add_picture(picture)
        field = made.add_paragraph("Field: ")
        raw(
            field,
            "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:r><w:t>CLICK HERE"
            "</w:t></w:r></w:sdtContent></w:sdt>",
        )

    [document], notes = read(".docx", word(write))
    assert "Seen added" in document.markdown
    for gone in ("HIDDEN", "DELETED", "REMARK", "HEAD", "CLICK", "data:", "base64"):
        assert gone not in document.markdown
    assert notes == {
        "hidden text": "1",
        "comments": "1",
        "headers and footers": "1",
        "pictures": "1",
    }


def test_text_boxes_formulas_frames_and_footnotes_keep_their_words():
    def write(made) -> None:
        raw(
            made.add_paragraph("Anchor"),
            "<w:r><w:drawing><wps:txbx><w:txbxContent><w:p><w:r><w:t>In the box</w:t></w:r></w:p>"
            "</w:txbxContent></wps:txbx></w:drawing></w:r>",
        )
        raw(made.add_paragraph("So "), "<m:oMath><m:r><m:t>a+b=c</m:t></m:r></m:oMath>")
        made.add_table(1, 1).cell(0, 0).text = "Framed words"
        run = made.add_paragraph("Two weeks").add_run()
        reference = OxmlElement("w:footnoteReference")
        reference.set(reference.nsmap["w"].join("{}") + "id", "2")
        run._r.append(reference)

    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    note = (
        f'<w:footnotes xmlns:w="{space}"><w:footnote w:id="2"><w:p><w:r><w:footnoteRef/></w:r><w:r>'
        "<w:t>With leave.</w:t></w:r></w:p></w:footnote></w:footnotes>"
    )
    data = changed(word(write), {"word/footnotes.xml": lambda _: note.encode()})
    told = one(".docx", data).markdown
    assert "In the box" in told
    assert told.count("In the box") == 1
    assert "So a+b=c" in told
    assert "Framed words" in told
    assert "|" not in told
    assert "Two weeks¹\n\n¹ With leave." in told


def test_bold_paragraphs_are_headings_where_no_style_is():
    def write(made) -> None:
        for head, text in (("Leave", "It is thirty days."), ("Illness", "Call us.")):
            made.add_paragraph().add_run(head).bold = True
            made.add_paragraph(text)

    assert "## Leave\n\nIt is thirty days.\n\n## Illness" in one(".docx", word(write)).markdown


def test_properties_of_word_say_what_it_is():
    def write(made) -> None:
        made.add_paragraph("The words of it, which are few.")
        made.core_properties.title = "Travel rules"
        made.core_properties.keywords = "hotel; train"
        made.core_properties.language = "de-DE"

    document = one(".docx", word(write))
    assert (document.title, document.language) == ("Travel rules", "de")
    assert document.tags == ("hotel", "train")
    assert document.date.startswith("20")

    def template(made) -> None:
        write(made)
        made.core_properties.title = "Word Document"
        made.add_heading("Rules for travel", 0)

    assert one(".docx", word(template)).title == "Rules for travel"


# PowerPoint


def slides() -> bytes:
    made = Presentation()
    first = made.slides.add_slide(made.slide_layouts[1])
    first.shapes.title.text = "First day"
    frame = first.placeholders[1].text_frame
    frame.text = "Fetch your pass"
    deeper = frame.add_paragraph()
    deeper.text, deeper.level = "at the desk", 1
    first.notes_slide.notes_text_frame.text = "SECRET"
    second = made.slides.add_slide(made.slide_layouts[5])
    second.shapes.title.text = "HIDDEN"
    second._element.set("show", "0")
    third = made.slides.add_slide(made.slide_layouts[5])
    third.shapes.title.text = "Rates"
    table = third.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for cell, text in zip(table.iter_cells(), ("Land", "Rate", "DE", "2 | 8"), strict=True):
        cell.text = text
    for text, left, top in (("Right.", 6, 5), ("Left.", 1, 5)):
        box = third.shapes.add_textbox(Inches(left), Inches(top), Inches(3), Inches(1))
        box.text_frame.text = text
    group = third.shapes.add_group_shape()
    inside = group.shapes.add_textbox(Inches(1), Inches(6), Inches(3), Inches(1))
    inside.text_frame.text = "In a group."
    fourth = made.slides.add_slide(made.slide_layouts[5])
    fourth.shapes.title.text = "Sales"
    data = CategoryChartData()
    data.categories = ["Q1", "Q2"]
    data.add_series("Sum", (1.5, 2))
    where = Inches(1), Inches(2), Inches(4), Inches(3)
    fourth.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *where, data)
    return saved(made)


def test_slides_become_sections_with_their_number():
    [document], notes = read(".pptx", slides())
    assert document.markdown == (
        "## First day\n\n- Fetch your pass\n   - at the desk\n\n"
        "## Rates\n\n| Land | Rate |\n| --- | --- |\n| DE | 2 \\| 8 |\n\nLeft.\n\nRight.\n\n"
        "In a group.\n\n## Sales\n\n|  | Sum |\n| --- | --- |\n| Q1 | 1.5 |\n| Q2 | 2 |"
    )
    assert document.title == "First day"
    assert notes == {"speakers' notes": "1", "hidden slides": "1"}
    assert [(c.title_path[-1], c.place) for c in chunks("r", document)] == [
        ("First day", "slide 1"),
        ("Rates", "slide 3"),
        ("Sales", "slide 4"),
    ]


# EPUB

CHAPTERS = {
    "text/one.xhtml": "<h1>One</h1><p>The words of the first chapter.</p>",
    "text/two%20b.xhtml": "<h1>Two</h1><p>The words of the second chapter.</p>",
}
CONTENTS = '<ol><li><a href="text/one.xhtml#top">Chapter one</a></li></ol>'


def written(**options: str) -> bytes:
    data = book(CHAPTERS, **options)
    return data.replace(b"two%20b.xhtml", b"two%20b.xhtml")


def test_chapters_of_a_book_become_documents_under_its_title():
    found, notes = read(
        ".epub", book({k.replace("%20b", ""): v for k, v in CHAPTERS.items()}, contents=CONTENTS)
    )
    assert [one.title for one in found] == ["The house book › Chapter one", "The house book › Two"]
    assert ["first chapter" in found[0].markdown, "second chapter" in found[1].markdown] == [
        True
    ] * 2
    assert {(one.source, one.language, one.date) for one in found} == {
        ("a.epub", "en", "2025-02-03")
    }
    assert list(notes) == ["tables of contents and pages beside the text"]


def test_a_book_with_copy_protection_is_refused_and_disguised_fonts_are_none():
    data = book(
        CHAPTERS and {"a.xhtml": "<p>Some words here.</p>"},
        cipher="http://www.w3.org/2001/04/xmlenc#aes128-cbc",
    )
    with pytest.raises(LoadError, match="copy protection"):
        read(".epub", data)
    fonts = book(
        {"a.xhtml": "<p>Some words here.</p>"}, cipher="http://www.idpf.org/2008/embedding"
    )
    assert "Some words" in one(".epub", fonts).markdown


# All of them


def archives() -> dict[str, bytes]:
    return {
        ".docx": word(lambda made: made.add_paragraph("Words of the file.")),
        ".pptx": slides(),
        ".epub": book({"a.xhtml": "<p>Words.</p>"}),
    }


@pytest.mark.parametrize("suffix", READERS)
def test_what_is_broken_is_refused_with_what_to_do(suffix):
    whole = archives()[suffix]
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    for data in (b"", b"no archive", whole[: len(whole) // 2], empty.getvalue()):
        with pytest.raises(LoadError) as caught:
            read(suffix, data)
        assert f"a{suffix}" in caught.value.message
        assert caught.value.hint


@pytest.mark.parametrize("suffix", READERS)
def test_old_and_encrypted_files_say_so(suffix):
    ole = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
    with pytest.raises(LoadError, match="old format") as caught:
        read(suffix, ole)
    assert "save it as" in caught.value.hint
    with pytest.raises(LoadError, match="protected by a password"):
        read(suffix, ole + "EncryptedPackage".encode("utf-16-le"))


@pytest.mark.parametrize(
    ("suffix", "part"),
    [
        (".docx", "word/document.xml"),
        (".pptx", "ppt/slides/slide1.xml"),
        (".epub", "OEBPS/book.opf"),
    ],
)
def test_what_grows_without_end_is_refused(suffix, part):
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(
            f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">'.encode() for i in range(8)
        )
        + b"]><x>&i;</x>"
    )
    with pytest.raises(LoadError):
        read(suffix, changed(archives()[suffix], {part: lambda _: bomb}))
    large = changed(archives()[suffix], {part: lambda _: b" " * (65 * 2**20)})
    with pytest.raises(LoadError, match="MB of text"):
        read(suffix, large)


def test_parts_outside_of_the_archive_are_not_looked_for(tmp_path):
    (tmp_path / "secret.xhtml").write_text("<p>SECRET</p>")
    data = book({"a.xhtml": "<p>Words.</p>"}).replace(b"a.xhtml", b"a.xhtml")
    moved = changed(
        data,
        {
            "OEBPS/book.opf": lambda old: old.replace(
                b'"a.xhtml"', f'"{tmp_path}/secret.xhtml"'.encode()
            )
        },
    )
    with pytest.raises(LoadError, match="is missing"):
        read(".epub", moved)


@pytest.mark.parametrize("suffix", READERS)
def test_libraries_say_nothing_on_the_terminal(suffix, capfd):
    read(suffix, archives()[suffix])
    assert capfd.readouterr() == ("", "")
