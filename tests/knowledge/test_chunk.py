import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import assistant.sample
from assistant.knowledge.chunk import FULL, SHORT, WINDOW, chunks, sentences, windows
from assistant.knowledge.documents import Chunk, Document, Entry, Kind
from assistant.knowledge.load import Options, read

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
        "| a | b |\n| --- | --- |\n" + "\n".join(f"| {words(3, i)} | y. z |" for i in range(LONG)),
        "```python\n"
        + "\n\n".join(f"value_{i} = 1.  # Done. Next." for i in range(LONG))
        + "\n```",
        "    first\n\n" + "\n".join(f"      value_{i} = 1" for i in range(LONG)),
        "<div>\n" + "\n".join(f"<p>Text {i}. More.</p>" for i in range(LONG)) + "\n</div>",
        "> " + "\n> ".join(f"Sentence {i}. Another." for i in range(LONG)),
        f"- {words(LONG)}. {words(LONG)}.\n\n  {words(LONG)}.",
    ],
    ids=["table", "fence", "indented code", "html", "quotation", "item"],
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
    markdown = PAGES[name].split("\n---\n", 1)[-1] if name.endswith(".md") else PAGES[name]
    found = texts(markdown, language="de" if ".de." in name else "en")
    assert squeezed("".join(found)) == squeezed(body(markdown))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_sample_passages_carry_what_the_front_matter_says(path):
    [page] = read(path, Options(), source=path.name)
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


def test_a_short_passage_has_no_windows():
    assert windows(passage("x" * SHORT)) == []


def test_the_windows_of_a_long_passage_hold_all_of_it_under_its_title():
    told = [f"Sentence number {i} says {words(4, i)}." for i in range(40)]
    parts = windows(passage(" ".join(told)))
    assert len(parts) > 3
    heads, bodies = zip(*(part.split("\n", 1) for part in parts), strict=True)
    assert set(heads) == {"Guide › Part"}
    assert " ".join(bodies) == " ".join(told)
    assert max(map(len, bodies)) <= WINDOW


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
