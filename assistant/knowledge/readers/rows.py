"""Reads rows into curated entries: CSV and JSONL, (term, definition) or (question, answer)."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from assistant.errors import LoadError
from assistant.knowledge.documents import Entry, Kind
from assistant.knowledge.encoding import text_of
from assistant.knowledge.reading import Options, iso_date, language_code
from assistant.language import language_of_question, language_of_text

_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "aliases": ("alternatives",),
    "language": ("lang",),
}


def comma_separated(data: bytes, source: str, options: Options) -> Iterator[Entry]:
    """Read CSV with a header; the separator is found out."""
    text = text_of(data, source)
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


def json_lines(data: bytes, source: str, options: Options) -> Iterator[Entry]:
    """Read one JSON object per line."""
    rows: list[tuple[str, dict[str, Any]]] = []
    for number, line in enumerate(text_of(data, source).split("\n"), start=1):
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
    said = language_code(_value(row, "language", options)) or options.language
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
        date=iso_date(_value(row, "date", options)),
    )


def _shown(row: Mapping[str, Any]) -> Iterator[str]:
    for column, value in row.items():
        yield column if value and str(value).strip() else f"{column} (empty)"


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
