"""What becomes of real folders of documents: whether the right file is found, and no text lost.

``BENCHMARK_DATA/folders`` holds one folder for each site; docs/benchmarks.md says which public ones
were taken. The second reader of a format is another library or the plain text of the file: its
words are looked for in what was indexed.
"""

import io
import json
import re
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import LoadError
from assistant.knowledge import load
from assistant.knowledge.chunk import chunks
from assistant.knowledge.documents import Document
from assistant.knowledge.index.edge import EdgeIndex
from assistant.knowledge.library import Library
from assistant.knowledge.search import Search
from assistant.local.embeddings import E5, TextEmbedder
from benchmarks import data
from benchmarks.results import Count, Table, number, percent, table

_WORD = re.compile(r"[^\W_]+")
LIMIT = 5
MOST = 60
"""Files of a folder that are indexed and searched; all are read. Embedding takes long."""


def html_text(data: bytes) -> str:
    """Return the words of a page's main part, or of all of it, by lxml alone."""
    from lxml import html

    parser = html.HTMLParser(encoding="utf-8")
    tree: Any = html.fromstring(data or b"<p/>", parser=parser)
    for gone in tree.xpath(
        "//script|//style|//nav|//noscript|//template|//svg|//comment()|//header|//footer|//head"
        "|//aside|//button|//select|//*[@hidden]|//*[contains(@class,'sidebar')]|//*[@role='search']"
    ):
        gone.drop_tree()
    main: Any = tree.xpath("//main|//*[@role='main']|//article") or [tree]
    return " ".join(str(text) for text in main[0].xpath(".//text()"))


def markdown_text(data: bytes) -> str:
    """Return the words of a page as a Markdown renderer of a site shows them."""
    from markdown_it import MarkdownIt

    text = data.decode("utf-8-sig", "replace")
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    text = re.sub(
        r"<!--.*?-->|\{/\*.*?\*/\}|\{%.*?%\}|\{\{.*?\}\}|^import .*$",
        " ",
        text,
        flags=re.DOTALL | re.MULTILINE,
    )
    rendered = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)
    return html_text(rendered.encode())


def zipped_text(data: bytes) -> str:
    """Return the words of an office file: all text in its main parts."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        main = re.compile(r"word/document\.xml|sharedStrings|slides/slide\d+\.xml")
        names = [name for name in file.namelist() if main.search(name)]
        parts = (re.sub(r"</w:p>|</a:p>|</t>", " ", file.read(n).decode()) for n in names)
        return " ".join(re.sub(r"<[^>]+>", "", part) for part in parts)


def pdf_text(data: bytes) -> str:
    """Return the words of a PDF by pypdf."""
    from pypdf import PdfReader

    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    return re.sub(r"(\w)-\n(\w)", r"\1\2", text)


def json_text(data: bytes) -> str:
    """Return all strings of a JSON file."""

    def strings(value: Any) -> Iterable[str]:
        if isinstance(value, str):
            yield value
        held = value.values() if isinstance(value, dict) else value
        for inner in held if isinstance(value, dict | list) else ():
            yield from strings(inner)

    return html_text((" ".join(strings(json.loads(data))) or "-").encode())


def plain_text(data: bytes) -> str:
    """Return the file as it is."""
    return data.decode("utf-8-sig", "replace")


SECOND: dict[str, Callable[[bytes], str]] = {
    **dict.fromkeys((".html", ".htm", ".xhtml"), html_text),
    **dict.fromkeys((".md", ".mdx", ".markdown"), markdown_text),
    **dict.fromkeys((".docx", ".xlsx", ".pptx"), zipped_text),
    **dict.fromkeys((".txt", ".csv", ".tsv", ".rst"), plain_text),
    ".pdf": pdf_text,
    ".json": json_text,
}


def words(text: str) -> Counter[str]:
    """Return how often each word is there."""
    return Counter(word.casefold() for word in _WORD.findall(text))


@dataclass(frozen=True)
class Text:
    """What reading a folder came to. lost: words of the second reader that are not indexed."""

    items: list[load.Item]
    files: int
    left_out: int
    unreadable: int
    words: int
    lost: int
    seconds: float


def read(folder: Path) -> Text:
    """Read a folder, and look for lost words."""
    survey = load.look(folder)
    items: list[load.Item] = []
    notes = list(survey.left_out)
    lost, total, failed, seconds = Counter[str](), 0, 0, 0.0
    worst: list[tuple[int, str]] = []
    for file in survey.files:
        source = str(file.relative_to(folder))
        started = time.perf_counter()
        try:
            one = load.reading(file, load.ReadingOptions(skip=True), source=source)
        except LoadError as error:
            failed += 1
            print("  cannot be read:", error.message[:160])
            continue
        seconds += time.perf_counter() - started
        items += one.items
        notes += one.notes
        if not one.items or file.suffix.lower() not in SECOND:
            continue
        theirs = words(SECOND[file.suffix.lower()](file.read_bytes()))
        told = (f"{c.searchable} {c.url}" for item in one.items for c in chunks("", item))
        missing = theirs - words(" ".join(told))
        lost += missing
        total += sum(theirs.values())
        worst.append((sum(missing.values()), source))
    for count, name in sorted(worst, reverse=True)[:4]:
        print(f"  {count} words lost of {name}")
    print("  lost most:", lost.most_common(12))
    print("  notes:", Counter(note.what for note in notes).most_common(8))
    gone = sum(note.kind == "left out" for note in notes)
    return Text(items, len(survey.files), gone, failed, total, sum(lost.values()), seconds)


def asked(
    folder: Path, text: Text, rows: list[dict[str, str]], embedder: TextEmbedder
) -> list[object]:
    """Index what was read and ask for it: right first, right among the first, evidence kept."""
    first = among = kept = 0
    with tempfile.TemporaryDirectory() as home:
        store = EdgeIndex(Path(home), embedder.dimensions)
        items = _some(text.items, {row["file"] for row in rows})
        started = time.perf_counter()
        added = Library(store, embedder).add(folder.name, items, lambda *_: None).added
        seconds = time.perf_counter() - started
        search = Search(store, embedder)
        for row in rows:
            found = search.find(row["question"], row["language"], LIMIT)
            ranks = [n for n, p in enumerate(found) if p.chunk.source == row["file"]]
            first += ranks[:1] == [0]
            among += bool(ranks)
            kept += _bare(row["evidence"]) in _bare(_shown(text.items, row["file"]))
            if ranks[:1] != [0]:
                got = found[0].chunk.source if found else "nothing"
                print(f"  {row['question']} -> {got}; wanted {row['file']}, at {ranks[:1]}")
        store.close()
    of = len(rows)
    return [added, Count(hits=first, of=of), Count(hits=among, of=of), kept, seconds]


def _some(items: list[load.Item], wanted: set[str]) -> list[load.Item]:
    """Return the items of the files that are asked for, and of others up to ``MOST`` files."""
    others = sorted({item.source for item in items} - wanted)
    step = max(1, len(others) // max(1, MOST - len(wanted)))
    kept = wanted | set(others[::step])
    return [item for item in items if item.source in kept]


def _bare(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _shown(items: list[load.Item], source: str) -> str:
    """Return all text of a source as it is indexed."""
    own = (item for item in items if item.source == source)
    return " ".join(i.markdown if isinstance(i, Document) else f"{i.name} {i.text}" for i in own)


READ = (
    *("folder", "kind", "files", "left out", "unreadable", percent("words lost")),
    *(number("to read", 1, "s"), "passages", "right file first", f"in {LIMIT}", "evidence kept"),
    number("to index", 0, "s"),
)


def measure(*, quick: bool = False, only: str = "") -> list[Table]:
    """Read and ask each folder, or the one that is named; an hour."""
    rows = list(data.lines(Path(__file__).with_suffix(".jsonl")))
    names = [only] if only else sorted({row["folder"] for row in rows})
    told = []
    for name in names[: 1 if quick else None]:
        print(name, flush=True)
        folder = data.root() / "folders" / name
        if not folder.is_dir():
            raise data.MissingDataError(f"There is no {folder}.\n{data.sets()['folders'].help()}")
        own = [row for row in rows if row["folder"] == name]
        text = read(folder)
        line: list[object] = [name, own[0]["kind"], text.files, text.left_out, text.unreadable]
        line += [text.lost / max(1, text.words), text.seconds]
        told.append(line + asked(folder, text, own, E5()))
        print(" ", told[-1], flush=True)
    return [table("read", READ, told)]
