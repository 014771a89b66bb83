import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import assistant.sample
from assistant.knowledge.chunk import (
    FULL,
    SHORT,
    WINDOW,
    chunks,
    embedded,
    excerpt,
    sentences,
    windows,
)
from assistant.knowledge.documents import Chunk, Document, Entry, Kind
from assistant.knowledge.load import ReadingOptions, read

SAMPLES = sorted((Path(assistant.sample.__path__[0]) / "knowledge").glob("*.md"))


def cut(markdown: str, *, title: str = "T", language: str = "en") -> list[Chunk]:
    return list(chunks("root", Document("page.md", title, markdown, language)))


def texts(markdown: str, **options) -> list[str]:
    return [chunk.text for chunk in cut(markdown, **options)]


def words(count: int, start: int = 0) -> str:
    return " ".join(f"word{i:05d}" for i in range(start, start + count))


# Structure


def test_a_passage_knows_its_document_and_its_headings():
    page = Document("a/page.md", "Guide", "## One\n\nText.", "de", "staff", "https://example.com")
    assert list(chunks("docs", page)) == [
        Chunk(
            root="docs",
            source="a/page.md",
            title_path=("Guide", "One"),
            text="Text.",
            language="de",
            kind=Kind.PAGE,
            audience="staff",
            url="https://example.com",
        )
    ]


def test_each_heading_opens_a_passage_and_path_follows_the_levels():
    page = (
        "# T\n\nintro\n\n## A\n\na\n\n### A1\n\na1\n\n#### deep\n\nd\n\n## B\n\nb\n\n#### far\n\nf"
    )
    assert [(c.title_path, c.text) for c in cut(page)] == [
        (("T",), "intro"),
        (("T", "A"), "a"),
        (("T", "A", "A1"), "a1"),
        (("T", "A", "A1", "deep"), "d"),
        (("T", "B"), "b"),
        (("T", "B", "far"), "f"),
    ]


def test_setext_headings_are_headings():
    page = "Title\n=====\n\nintro\n\nPart\n----\n\nbody"
    assert [(c.title_path, c.text) for c in cut(page)] == [
        (("T",), "intro"),
        (("T", "Part"), "body"),
    ]


def test_several_first_level_headings_stand_in_the_path():
    assert [c.title_path for c in cut("# A\n\na\n\n# B\n\nb")] == [("T", "A"), ("T", "B")]


def test_a_heading_inside_a_quotation_is_not_a_title():
    [passage] = cut("# T\n\n> # Quoted\n> text\n")
    assert passage.title_path == ("T",)
    assert passage.text == "> # Quoted\n> text"


def test_blocks_under_one_heading_share_a_passage_until_it_is_full():
    third = words(FULL // 30)
    assert texts(f"{third}\n\n{third}") == [f"{third}\n\n{third}"]
    most = words(FULL // 12)
    assert texts(f"{most}\n\n{third}") == [most, third]


def test_a_rule_is_no_passage():
    assert texts("## A\n\n---\n\n## B\n\ntext\n\n***\n") == ["text"]


# What is never cut

LONG = FULL // 8


@pytest.mark.parametrize(
    "block",
    [
        "```python\n"
        + "\n\n".join(f"value_{i} = 1.  # Done. Next." for i in range(LONG))
        + "\n```",
        "    first\n\n" + "\n".join(f"      value_{i} = 1" for i in range(LONG)),
        "<div>\n" + "\n".join(f"<p>Text {i}. More.</p>" for i in range(LONG)) + "\n</div>",
        "> " + "\n> ".join(f"Sentence {i}. Another." for i in range(LONG)),
        f"- {words(LONG)}. {words(LONG)}.\n\n  {words(LONG)}.",
    ],
    ids=["fence", "indented code", "html", "quotation", "item"],
)
def test_a_block_longer_than_a_passage_stays_whole(block):
    assert len(block) > FULL
    assert texts(f"## A\n\nbefore\n\n{block}\n\nafter\n") == ["before", block, "after"]


def test_a_long_list_is_cut_between_its_items():
    items = [f"- item {i}: {words(8)}\n  - nested {i}\n    - deeper {i}" for i in range(40)]
    page = "\n".join(items)
    pieces = texts(page)
    assert len(pieces) > 3
    assert "\n".join(pieces) == page
    for piece in pieces:
        assert piece.startswith("- item")
        assert piece.count("- item") == piece.count("- nested") == piece.count("- deeper")
        assert len(piece) <= FULL


def test_a_long_loose_numbered_list_is_cut_between_its_items():
    items = [f"{i}. step {i}\n\n    {words(12)}" for i in range(10, 40)]
    pieces = texts("\n\n".join(items))
    assert len(pieces) > 2
    assert squeezed("".join(pieces)) == squeezed("".join(items))
    assert all(re.match(r"\d+\. step", piece) for piece in pieces)


def rows(count: int, start: int = 0) -> list[str]:
    return [f"| E-{i} | meaning of {i} | what to do about {i} |" for i in range(start, count)]


HEAD = "| Code | Meaning | What to do |\n|---|:--|--:|"


def test_a_long_table_is_cut_between_its_rows_and_each_part_has_the_heading():
    told = rows(60, 10)
    pieces = texts(f"## A\n\nbefore\n\n{HEAD}\n" + "\n".join(told) + "\n\nafter\n")
    assert len(pieces) > 2
    lines = "\n".join(pieces).split("\n")
    assert [line for line in lines if line.startswith("| E-")] == told
    assert (pieces[0], pieces[-1].split("\n\n")[-1]) == ("before", "after")
    assert all(piece.startswith(f"{HEAD}\n| E-") for piece in pieces[1:])
    assert max(map(len, pieces)) < FULL + 200


def test_a_table_that_fits_stays_whole_also_with_a_pipe_and_code_in_a_cell():
    table = f"{HEAD}\n| a \\| b | `x` | **y** |"
    assert texts(f"## A\n\n{table}\n") == [table]


def test_a_long_paragraph_is_cut_between_its_sentences():
    told = [f"Sentence number {i} says {words(4, i)}." for i in range(60)]
    pieces = texts(" ".join(told))
    assert len(pieces) > 2
    assert " ".join(pieces) == " ".join(told)
    for piece in pieces:
        assert piece.startswith("Sentence number")
        assert piece.endswith(".")
        assert len(piece) <= FULL


ABBREVIATED = [
    "Das gilt z. B. für Berichte vom 3. Mai.",
    "Siehe S. 5 bzw. Abschnitt 3.",
    "Herr Dr. Müller prüft das u. a. am Abend, d. h. um 20.30 Uhr.",
]


def test_abbreviations_do_not_end_a_sentence():
    assert sentences(" ".join(ABBREVIATED), "de") == ABBREVIATED
    told = ABBREVIATED * 15
    for piece in texts(" ".join(told), language="de"):
        assert all(sentence in ABBREVIATED for sentence in sentences(piece, "de"))
        assert re.search(r"(Mai|3|Uhr)\.$", piece)


@pytest.mark.parametrize("language", ["fr", "xx", ""])
def test_sentences_of_any_language_are_found(language):
    assert sentences("Eins ist da. Zwei auch!", language) == ["Eins ist da.", "Zwei auch!"]


# Nothing is lost


def body(markdown: str) -> str:
    """Return the source without its headings and rules, which are no passages."""
    lines: list[str | None] = list(re.split(r"\r\n?|\n", markdown))
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        if token.type in {"heading_open", "hr"} and not token.level:
            first, end = token.map
            lines[first:end] = [None] * (end - first)
    return "\n".join(line for line in lines if line is not None)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


MIXED = """\
Intro with *emphasis*\\
and a second line.

Setext
------

1. one
2. two

   ```sh
   run --all

   stop
   ```

   > quoted in an item
   > on two lines
3. three

***

* a
  * b

    c paragraph
      * d

<details>
<summary>More</summary>
inside
</details>

> quotation
>
> - with a list
>
> ## and a heading

Term | Meaning
--- | ---
x | `y`

    indented code
      deeper

last without newline"""
STRANGE = "form\ffeed\x0bhere\n\nnext\u2028line\x85on\n\nthird\x1cone\rold Mac line\r\n\r\nlast\n"
HUGE = "\n\n".join(
    [
        "# Huge",
        " ".join(f"Unique sentence {i} is told." for i in range(200)),
        "\n".join(f"- unique item {i}\n  - nested item {i}" for i in range(150)),
        "| a |\n| --- |\n" + "\n".join(f"| cell {i} |" for i in range(200)),
        *(f"## Part {i}\n\nParagraph of part {i}." for i in range(30)),
    ]
)
PAGES = {path.name: path.read_text() for path in SAMPLES} | {
    "mixed": MIXED,
    "strange": STRANGE,
    "huge": HUGE,
    "crlf": MIXED.replace("\n", "\r\n"),
}


def test_the_samples_are_there():
    assert len(SAMPLES) >= 4


@pytest.mark.parametrize("name", PAGES)
def test_every_block_of_the_source_is_in_the_passages_once(name):
    """Only the heading of a table is said again, where the table goes on."""
    markdown = PAGES[name].split("\n---\n", 1)[-1] if name.endswith(".md") else PAGES[name]
    found = texts(markdown, language="de" if ".de." in name else "en")
    first, *others = found
    others = [text.removeprefix("| a |\n| --- |\n") for text in others]
    table = "| a |\n| --- |" in first or name != "huge"
    assert squeezed("".join([first, *others])) == squeezed(
        body(markdown) if table else body(markdown).replace("| a |\n| --- |\n", "")
    )


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_sample_passages_carry_what_the_front_matter_says(path):
    [page] = read(path, ReadingOptions(), source=path.name)
    found = list(chunks("sample", page))
    assert len(found) > 4
    for passage in found:
        assert passage.language == path.stem[-2:]
        assert passage.url.startswith("https://")
        assert passage.title_path[0] == page.title
        assert page.title not in passage.title_path[1:]


# Windows and entries


def passage(text: str) -> Chunk:
    return Chunk("r", "s", ("Guide", "Part"), text, "en", Kind.PAGE, "public")


def test_a_short_passage_is_its_only_window_and_has_one_vector():
    short = passage("x" * SHORT)
    assert windows(short) == [short.text]
    assert embedded(short) == [short.searchable]


def test_the_windows_of_a_long_passage_hold_all_of_it_and_are_embedded_under_its_title():
    told = [f"Sentence number {i} says {words(4, i)}." for i in range(40)]
    long = passage(" ".join(told))
    held = windows(long)
    assert len(held) > 3
    assert " ".join(held) == long.text
    assert max(map(len, held)) <= WINDOW
    assert embedded(long) == [long.searchable, *(f"Guide › Part\n{window}" for window in held)]


def test_the_windows_of_a_table_are_its_rows_with_each_cell_under_its_heading():
    table = f"{HEAD}\n| E-1 | Door open | Close the **door**. |\n| E-2 | | Wait. |"
    assert windows(passage(f"Look here:\n\n{table}\n\nThat is all.")) == [
        "Look here:",
        "Code: E-1; Meaning: Door open; What to do: Close the **door**.",
        "Code: E-2; What to do: Wait.",
        "That is all.",
    ]


def test_the_windows_of_a_list_are_its_items_together():
    text = "Do this:\n\n" + "\n".join(f"- step {i}: {words(6, i)}" for i in range(12))
    first, *steps = windows(passage(text))
    assert first == "Do this:"
    assert "\n".join(steps) == text.split("\n\n")[1]
    assert all(step.startswith("- step") and len(step) <= WINDOW for step in steps)


# What is shown of a passage


def marked(text: str, word: str) -> list[float]:
    """Cosines of a question that the windows with a word answer."""
    return [0.9 if word in window else 0.1 for window in windows(passage(text))]


SENTENCES = [f"Sentence number {i} says {words(12, 20 * i)}." for i in range(12)]


def test_what_is_short_is_shown_whole():
    short = "One. Two. Three."
    assert excerpt(passage(short), (0.5,), 700) == short
    long = passage(" ".join(SENTENCES))
    assert excerpt(long, marked(long.text, "number 5"), len(long.text)) == long.text


@pytest.mark.parametrize("number", [0, 5, 11])
def test_of_what_is_long_the_window_that_matched_is_shown_with_an_ellipsis_where_some_is_left_out(
    number,
):
    text = " ".join(SENTENCES)
    shown = excerpt(passage(text), marked(text, f"number {number} "), WINDOW)
    assert SENTENCES[number] in shown
    assert len(shown) < len(text) / 2
    assert shown.startswith("…") == (number != 0)
    assert shown.endswith("…") == (number != 11)


def test_a_block_that_is_left_out_leaves_an_ellipsis_before_and_behind():
    steps = "\n".join(f"{i}. step {i}: {words(12, i)}" for i in range(1, 5))
    text = f"Read this. {SENTENCES[0]}\n\n{steps}\n\nThe end is near. {SENTENCES[1]}"
    first = excerpt(passage(text), marked(text, "Read this"), 10)
    assert first == f"Read this. {SENTENCES[0]} …"
    last = excerpt(passage(text), marked(text, "The end"), 10)
    assert last == f"… The end is near. {SENTENCES[1]}"


def test_an_opening_is_shown_beside_what_matched():
    text = " ".join(SENTENCES)
    shown = excerpt(passage(text), marked(text, "number 11 "), 2 * WINDOW + 50, opening=True)
    assert shown.startswith(SENTENCES[0])
    assert shown.endswith(SENTENCES[11])
    assert shown.count(" … ") == 1


def test_a_list_is_shown_whole_when_one_of_its_items_matched():
    steps = "\n".join(f"{i}. step {i}: {words(8, i)}" for i in range(1, 12))
    text = " ".join(SENTENCES) + f"\n\n{steps}\n\nAt the end, {words(30)}."
    shown = excerpt(passage(text), marked(text, "step 7:"), 400)
    assert shown == f"{steps} …"


def test_of_a_table_the_row_that_matched_is_shown_under_its_heading():
    table = "\n".join([HEAD, *rows(20)])
    text = f"These are the codes.\n\n{table}"
    shown = excerpt(passage(text), marked(text, "meaning of 13;"), 60)
    assert shown == f"{HEAD}\n{rows(20)[13]}"


def test_an_entry_is_one_passage_however_long():
    text = words(FULL)
    entry = Entry(
        "g.csv", Kind.GLOSSARY, "Pod", text, "en", ("pods",), "pod", "staff", "https://example.com"
    )
    assert list(chunks("docs", entry)) == [
        Chunk(
            root="docs",
            source="g.csv",
            title_path=("Pod",),
            text=text,
            language="en",
            kind=Kind.GLOSSARY,
            audience="staff",
            url="https://example.com",
            key="pod",
            names=("Pod", "pods"),
        )
    ]


# Places


def test_a_passage_names_the_places_of_its_file_that_it_stands_on():
    head, rule, *_ = HEAD.split("\n")
    table = "\n".join([head, rule, *rows(40)])
    markdown = f"# T\n\nFirst.\n\n## A\n\nSecond.\n\nThird.\n\n## B\n\n{table}"
    lines = markdown.split("\n")
    places = (
        (0, "page 1"),
        (lines.index("Second."), "page 2"),
        (lines.index("Third."), "page 2 – page 3"),
        (lines.index("## B"), "page 3"),
        (len(lines) - 30, "page 4"),
        (len(lines) - 1, "page 5"),
    )
    found = list(chunks("root", Document("a.pdf", "T", markdown, "en", places=places)))
    assert [passage.place for passage in found[:2]] == ["page 1", "page 2 – page 3"]
    tables = [passage.place for passage in found[2:]]
    assert tables[0] == "page 3 – page 4"
    assert set(tables[1:-1]) <= {"page 4"}
    assert tables[-1] == "page 4 – page 5"


def test_items_of_a_long_list_stand_where_they_do():
    items = [f"- item {i}: {words(8, i)}" for i in range(40)]
    markdown = "\n\n".join(items)
    places = ((0, "page 1"), (markdown.split("\n").index(items[30]), "page 2"))
    found = list(chunks("root", Document("a.pdf", "T", markdown, "en", places=places)))
    for passage in found:
        numbers = [int(n) for n in re.findall(r"item (\d+):", passage.text)]
        wanted = dict.fromkeys("page 2" if n >= 30 else "page 1" for n in numbers)
        assert passage.place == " – ".join(wanted)


def test_without_places_there_is_none():
    assert {passage.place for passage in cut("# T\n\nText.\n\n## A\n\nMore.")} == {""}


def test_a_heading_with_nothing_under_it_is_not_lost():
    found = cut("# T\n\n## Closed on Sundays\n\n## Prices\n\n9 euros.\n\n## Call 0800 123\n")
    assert [(chunk.title_path, chunk.text) for chunk in found] == [
        (("T",), "Closed on Sundays"),
        (("T", "Prices"), "9 euros."),
        (("T",), "Call 0800 123"),
    ]
