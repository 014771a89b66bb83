"""Reads files into documents and curated entries.

Prose: Markdown (YAML front matter), HTML, text, PDF. Rows: CSV, JSONL with either
(term, definition) or (question, answer). Other column names are mapped with ``--map``.
"""

import csv
import io
import json
import logging
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from bs4 import BeautifulSoup
from charset_normalizer import from_bytes
from markdown_it import MarkdownIt
from markdownify import markdownify
from mdit_py_plugins.front_matter import front_matter_plugin
from pypdf import PdfReader
from pypdf.errors import DependencyError

from assistant.errors import LoadError
from assistant.knowledge.documents import Document, Entry, Kind
from assistant.language import language_of_question, language_of_text

Item = Document | Entry

COLUMNS: Final = (
    *("term", "definition", "question", "answer"),
    *("aliases", "language", "key", "url", "audience"),
)
"""The columns that rows may have; ``aliases`` may be a list or text separated by ``;``."""

_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "aliases": ("alternatives",),
    "language": ("lang",),
}
_NOT_CONTENT: Final = ("script", "style", "nav", "footer", "header", "form", "noscript", "aside")


@dataclass(frozen=True, slots=True)
class Options:
    """How to read.

    columns: our column name -> the file's. language: for what does not say (None: detect).
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    audience: str = "public"

    def __post_init__(self) -> None:
        unknown = sorted(set(self.columns) - set(COLUMNS))
        if unknown:
            raise LoadError(
                f"--map names {', '.join(unknown)}, which is not a column Routeback knows.",
                source="--map",
                hint=f"Known columns: {', '.join(COLUMNS)}.",
            )


def files(path: Path) -> list[Path]:
    """Return the readable files at ``path`` (itself, or below it), sorted.

    Raises:
        LoadError: nothing is there, it may not be read, or no file has a known suffix.
    """
    known = ", ".join(sorted(_LOADERS))
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise LoadError(f"{path} does not exist.", source=str(path)) from None
    except OSError as error:
        raise _unreadable(path, error, source=str(path)) from error
    if not stat.S_ISDIR(mode):
        if path.suffix.lower() not in _LOADERS:
            raise LoadError(
                f"{path} has the suffix {path.suffix or '(none)'}, which Routeback cannot read.",
                source=str(path),
                hint=f"It reads {known}.",
            )
        return [path]
    found: list[Path] = []

    def complain(error: OSError) -> None:
        raise LoadError(
            f"{error.filename} cannot be listed: {error.strerror}.",
            source=str(error.filename),
            hint="Give this user the right to read it, or add a folder inside it.",
        )

    for folder, _, names in os.walk(path, onerror=complain):
        found += (Path(folder) / name for name in names)
    chosen = sorted(file for file in found if file.suffix.lower() in _LOADERS)
    if not chosen:
        raise LoadError(
            f"{path} holds no file that Routeback can read.",
            source=str(path),
            hint=f"It reads {known}.",
        )
    return chosen


def read(path: Path, options: Options, *, source: str) -> list[Item]:
    """Read one file.

    Raises:
        LoadError: the file cannot be read; the message says where and why.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise LoadError(f"{path} is not a regular file.", source=source)
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error, source=source) from error
    try:
        items = list(_LOADERS[path.suffix.lower()](data, source, options))
    except RecursionError as error:
        raise LoadError(f"{path} is nested too deeply to be read.", source=source) from error
    if not items:
        raise LoadError(f"{path} holds no text.", source=source)
    return items


def _unreadable(path: Path, error: OSError, *, source: str) -> LoadError:
    denied = isinstance(error, PermissionError)
    return LoadError(
        f"{path} cannot be read: {error.strerror}.",
        source=source,
        hint="Give this user the right to read it." if denied else "",
    )


def _text(data: bytes, source: str) -> str:
    if b"\0" in data:
        raise LoadError(
            f"{source} is binary, not text.", source=source, hint="Save it as text in UTF-8."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        best = from_bytes(data).best()
        if best is None:
            raise LoadError(
                f"{source} is in no known text encoding.", source=source, hint="Save it as UTF-8."
            ) from None
        text = str(best)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _markdown(data: bytes, source: str, options: Options) -> Iterator[Item]:
    text = _text(data, source)
    tokens = _front_matter.parse(text)
    meta: dict[str, Any] = {}
    if tokens and tokens[0].type == "front_matter":
        try:
            meta = yaml.safe_load(tokens[0].content) or {}
        except (yaml.YAMLError, ValueError) as error:
            raise LoadError(
                f"{source} has malformed front matter: {_yaml_problem(error)}.", source=source
            ) from error
        if not isinstance(meta, dict):
            raise LoadError(f"{source} has front matter that is not a mapping.", source=source)
        text = "\n".join(text.split("\n")[(tokens[0].map or [0, 0])[1] :])
    heading = next(
        (
            tokens[i + 1].content
            for i, t in enumerate(tokens)
            if t.type == "heading_open" and t.tag == "h1"
        ),
        "",
    )
    yield from _document(
        text, source, options, meta, title=str(meta.get("title") or heading or Path(source).stem)
    )


def _yaml_problem(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        # The mark counts from 0, and the line with the dashes stands above.
        return f"{error.problem} in line {error.problem_mark.line + 2}"
    return " ".join(str(error).split())


def _html(data: bytes, source: str, options: Options) -> Iterator[Item]:
    soup = BeautifulSoup(_text(data, source), "html.parser")
    root = soup.html
    meta = {"language": root.get("lang")} if root else {}
    names = (tag.get_text(" ", strip=True) for tag in (soup.title, soup.h1) if tag)
    title = next((name for name in names if name), Path(source).stem)
    for tag in soup(_NOT_CONTENT):
        tag.decompose()
    body = soup.find("main") or soup.find("article") or soup.body or soup
    text = markdownify(str(body), heading_style="ATX")
    yield from _document(text, source, options, meta, title=title)


def _plain(data: bytes, source: str, options: Options) -> Iterator[Item]:
    yield from _document(_text(data, source), source, options, {}, title=Path(source).stem)


def _pdf(data: bytes, source: str, options: Options) -> Iterator[Item]:
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # our one message says it
    pages: list[str] = []
    title = ""
    try:
        reader = PdfReader(io.BytesIO(data))
        locked = bool(reader.is_encrypted and not reader.decrypt(""))
        if not locked:
            pages = [page.extract_text().strip() for page in reader.pages]
            title = str((reader.metadata and reader.metadata.title) or "").strip()
    except DependencyError:
        locked = True
    except Exception as error:  # pypdf meets damage with whatever it trips over
        raise LoadError(
            f"{source} is not a readable PDF ({error}).",
            source=source,
            hint="Open it and save or print it to PDF again, or leave it out.",
        ) from error
    if locked:
        raise LoadError(
            f"{source} is protected by a password.",
            source=source,
            hint="Save it without protection, or leave it out.",
        )
    if not any(pages):
        raise LoadError(
            f"{source} is a PDF without text (a scan?).",
            source=source,
            hint="Run text recognition (OCR) on it first.",
        )
    title = title or Path(source).stem
    yield from _document("\n\n".join(pages), source, options, {}, title=title)


def _document(
    text: str, source: str, options: Options, meta: Mapping[str, Any], *, title: str
) -> Iterator[Document]:
    if not text.strip():
        return
    yield Document(
        source=source,
        title=title,
        markdown=text,
        language=_code(meta.get("language")) or options.language or language_of_text(text),
        audience=str(meta.get("audience") or options.audience),
        url=str(meta.get("url") or ""),
    )


def _csv(data: bytes, source: str, options: Options) -> Iterator[Item]:
    text = _text(data, source)
    separator = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        rows = [(f"{source}:{reader.line_num}", row) for row in reader]
    except csv.Error as error:
        where = f"{source}:{reader.line_num}"
        raise LoadError(f"{where} is not valid CSV: {error}.", source=source) from error
    for where, row in rows:
        if None in row:
            raise LoadError(
                f"{where} has more cells than the header.",
                source=source,
                hint=f'Put cells that hold "{separator}" in double quotes.',
            )
    yield from _entries(rows, source, options)


def _jsonl(data: bytes, source: str, options: Options) -> Iterator[Item]:
    rows: list[tuple[str, dict[str, Any]]] = []
    for number, line in enumerate(_text(data, source).split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{source}:{number}"
        try:
            row = json.loads(line)
        except ValueError as error:
            raise LoadError(f"{where} is not valid JSON: {error}.", source=source) from error
        if not isinstance(row, dict):
            raise LoadError(f"{where} is not a JSON object.", source=source)
        rows.append((where, row))
    yield from _entries(rows, source, options)


def _entries(
    rows: Sequence[tuple[str, Mapping[str, Any]]], source: str, options: Options
) -> Iterator[Entry]:
    for ours, theirs in options.columns.items():
        if rows and not any(theirs in row for _, row in rows):
            raise LoadError(
                f"{source} has no column {theirs}, which --map gives for {ours}; "
                f"it has {', '.join(rows[0][1])}.",
                source=source,
            )
    for where, row in rows:
        yield _entry(row, where, source, options)


def _entry(row: Mapping[str, Any], where: str, source: str, options: Options) -> Entry:
    def has(*columns: str) -> bool:
        return all(str(_value(row, column, options) or "").strip() for column in columns)

    if has("term", "definition"):
        kind, name, text = Kind.GLOSSARY, "term", "definition"
    elif has("question", "answer"):
        kind, name, text = Kind.FAQ, "question", "answer"
    else:
        raise LoadError(
            f"{where} has neither term and definition nor question and answer; "
            f"it has {', '.join(_shown(row))}.",
            source=source,
            hint="Say which column is which: --map term=NAME,definition=TEXT.",
        )
    body = str(_value(row, text, options)).strip()
    said = _code(_value(row, "language", options)) or options.language
    return Entry(
        source=source,
        kind=kind,
        name=str(_value(row, name, options)).strip(),
        text=body,
        language=said or language_of_question(body, fallback="") or language_of_text(body),
        aliases=_aliases(_value(row, "aliases", options), where, source),
        key=str(_value(row, "key", options) or ""),
        audience=str(_value(row, "audience", options) or options.audience),
        url=str(_value(row, "url", options) or ""),
    )


def _shown(row: Mapping[str, Any]) -> Iterator[str]:
    for column, value in row.items():
        yield column if value and str(value).strip() else f"{column} (empty)"


def _code(language: Any) -> str:
    """Return the first part of a language tag: ``de`` of ``de-AT``."""
    return str(language or "").strip().lower().replace("_", "-").partition("-")[0]


def _value(row: Mapping[str, Any], column: str, options: Options) -> Any:
    if column in options.columns:
        return row.get(options.columns[column])
    names = (column, *_SYNONYMS.get(column, ()))
    return next((row[name] for name in names if row.get(name)), None)


def _aliases(value: Any, where: str, source: str) -> tuple[str, ...]:
    if value is None:
        return ()
    parts = value.split(";") if isinstance(value, str) else value
    if not isinstance(parts, Sequence) or not all(isinstance(part, str) for part in parts):
        raise LoadError(f"{where} has aliases that are not texts: {value!r}.", source=source)
    return tuple(part.strip() for part in parts if part.strip())


_front_matter: Final = MarkdownIt("commonmark").use(front_matter_plugin)

_LOADERS: Final[Mapping[str, Callable[[bytes, str, Options], Iterator[Item]]]] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".html": _html,
    ".htm": _html,
    ".txt": _plain,
    ".pdf": _pdf,
    ".csv": _csv,
    ".jsonl": _jsonl,
}
