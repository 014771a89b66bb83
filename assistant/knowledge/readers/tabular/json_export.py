"""JSON and JSON Lines: exports of help centres, FAQs and termbases, and plain objects."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from assistant.errors import LoadError
from assistant.knowledge.readers.encoding import text_of
from assistant.knowledge.readers.options import MEND, Found, Note, ReadingOptions
from assistant.knowledge.readers.page import Meta, page
from assistant.knowledge.readers.tabular import headings as heads
from assistant.knowledge.readers.tabular import json_prose, tables
from assistant.knowledge.readers.tabular.cells import is_html, plain
from assistant.knowledge.readers.tabular.records import (
    MAP,
    Bad,
    Raw,
    Record,
    pair_of,
    read,
    settled,
)
from assistant.knowledge.readers.tabular.tables import Grid

_SCHEMES: Final = frozenset({"$schema", "openapi", "swagger", "compilerOptions", "lockfileVersion"})
"""What only the files of programs say of themselves."""
_LISTS: Final = frozenset(
    map(
        heads.squeezed,
        (
            *("faq", "faqs", "questions", "fragen", "glossary", "glossar", "terms", "begriffe"),
            *("definitions", "abbreviations", "abkürzungen", "acronyms", "entries", "einträge"),
        ),
    )
)
_IDENTIFIER: Final = re.compile(r"[\w-]+(?:[._:/][\w-]+)+|[a-z]+[A-Z]\w*")
_WORDS: Final = 3
"""Words of a text that tells something; labels of a program have fewer."""
_MOST: Final = 0.8
_RATHER: Final = 2
"""How many times the words of its records a file must have to be read as a page instead."""
_ARTICLE: Final = 300
"""Characters from which a description is a text of its own."""


def lines(data: bytes, source: str, options: ReadingOptions) -> Found:
    """Read one JSON object per line."""
    text = text_of(data, source)
    records: list[_Told] = []
    bad: list[Bad] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where, place = f"{source}:{number}", f"line {number}"
        try:
            value = json.loads(line)
        except ValueError as error:
            if not records and not bad and (whole := _whole(text)) is not None:
                yield from _exported(whole, source, options)
                return
            bad.append(Bad(where, place, f"is not valid JSON: {error}"))
            continue
        if isinstance(value, dict):
            records.append(_Told(where, place, _flat(value)))
        elif isinstance(value, list) and not records and not bad and "\n" not in text.strip():
            yield from _exported(value, source, options)
            return
        else:
            bad.append(Bad(where, place, "is not a JSON object"))
    columns = list(dict.fromkeys(name for record in records for name in record.values))
    headings = heads.of(columns, options)
    heads.missing([headings] if records else [], source, options)
    # A column that other lines have is no matter of names.
    items = [
        replace(item, hint=MEND) if isinstance(item, Bad) and headings.pair else item
        for item in (*bad, *_read(records, source, options))
    ]
    yield from settled(_by_place(items), source, options)


def document(data: bytes, source: str, options: ReadingOptions) -> Found:
    """Read a JSON file: records at any depth, or an object of names and texts."""
    text = text_of(data, source)
    try:
        value = json.loads(text)
    except ValueError as error:
        value = _whole(_JSONC.sub(r"\1", _JSONC.sub(r"\1", text)))
        if value is None and _is_lines(text):
            yield from lines(data, source, options)
            return
        if value is None:
            line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
            raise LoadError(
                f"{source}:{line} is not valid JSON: {error}.",
                source=source,
                hint="Mend it, or leave the file out.",
            ) from error
    yield from _exported(value, source, options)


_JSONC: Final = re.compile(
    r'("(?:[^"\\]|\\.)*"?)|//[^\n]*|/\*(?:[\s\S]*?\*/|[\s\S]*)|,(?=\s*[}\]])'
)
"""What people and editors write in JSON, though it is none: comments, and commas at the end."""


def _whole(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _is_lines(text: str) -> bool:
    first = text.lstrip().partition("\n")[0]
    return first.startswith("{") and isinstance(_whole(first), dict)


def _by_place(found: Iterable[Any]) -> list[Any]:
    every = list(found)
    bad = sorted(
        (one for one in every if isinstance(one, Bad)), key=lambda one: int(one.place.split()[-1])
    )
    return [*(one for one in every if not isinstance(one, Bad)), *bad]


# Records of a document


@dataclass(slots=True)
class _Told:
    """An object whose fields may say an entry. listed: whether it stood in a list."""

    where: str
    place: str
    values: Mapping[str, Any]
    language: str = ""
    listed: bool = True


@dataclass(slots=True)
class _Walk:
    """What was found on the way through a document."""

    source: str
    options: ReadingOptions
    told: list[_Told] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    others: list[_Told] = field(default_factory=list)
    near: list[_Told] = field(default_factory=list)

    def take_all(self, value: Any) -> None:
        """Find the records in a whole document."""
        if isinstance(value, dict) and self._is_plain(value, "", ""):
            self._pairs(value, "", "")
        else:
            self.take(value, "")

    def take(self, value: Any, path: str, language: str = "", *, listed: bool = False) -> int:
        """Find the records in a value; return how many there are."""
        if isinstance(value, list):
            return self._list(value, path, language)
        if isinstance(value, dict):
            return self._object(value, path, language, listed=listed)
        return 0

    def _list(self, values: list[Any], path: str, language: str) -> int:
        if len(values) > 1 and all(_is_row(value) for value in values):
            self.grids.append(Grid(tuple(tables.rows(enumerate(values, start=1)))))
            return len(values)
        return sum(
            self.take(value, _inside(path, f"record {place}"), language, listed=True)
            for place, value in enumerate(values, start=1)
        )

    def _object(self, value: dict[str, Any], path: str, language: str, *, listed: bool) -> int:
        values = _flat(value)
        record = _Told(f"{self.source}, {path or 'its object'}", path, values, language, listed)
        own = self._is_record(record)
        if own:
            self.told.append(record)
        count = int(own)
        for name, inner in value.items():
            if own and name in _ANSWERS:
                continue
            inside = _inside(path, str(name))
            spoken = heads.language_of(name) if isinstance(inner, list | dict) else ""
            if isinstance(inner, dict) and not own and (body := _named(name, inner)):
                inner = body  # noqa: PLW2901
            if isinstance(inner, dict) and self._is_plain(inner, name, path):
                count += self._pairs(inner, inside, spoken or language)
            else:
                count += self.take(inner, inside, spoken or language)
        if listed and not count:
            near = heads.of(list(values), self.options).mapped or _near(values, self.options)
            (self.near if near else self.others).append(record)
        return count

    def _is_record(self, one: _Told) -> bool:
        headings = heads.of(list(one.values), self.options)
        keys = {
            column.role
            for column, value in zip(headings.columns, one.values.values(), strict=True)
            if column.role and plain(value)
        }
        pair = pair_of(keys, loose=True)
        if pair is None:
            return False
        if "description" not in pair[1]:
            return True
        text = plain(
            next(
                v
                for c, v in zip(headings.columns, one.values.values(), strict=True)
                if c.role == "description"
            )
        )
        whole = one.listed and not headings.unknown
        return whole or (one.listed and "title" in keys and (is_html(text) or len(text) > _ARTICLE))

    def _is_plain(self, value: Mapping[str, Any], name: str, path: str) -> bool:
        """Whether an object is questions or terms with their texts."""
        if not value or not all(isinstance(text, str) for text in value.values()):
            return False
        if self._is_record(_Told("", "", value)):
            return False
        questions = sum(key.strip().endswith("?") for key in value)
        if questions >= _MOST * len(value):
            return True
        listed = heads.squeezed(name) in _LISTS or (not path and not name)
        telling = sum(len(text.split()) >= _WORDS for text in value.values())
        named = sum(bool(_IDENTIFIER.fullmatch(key)) or bool(_role(key)) for key in value)
        return listed and not named and telling >= _MOST * len(value)

    def _pairs(self, value: Mapping[str, str], path: str, language: str) -> int:
        for name, text in value.items():
            question = name.strip().endswith("?")
            values = {
                "question" if question else "term": name,
                "answer" if question else "definition": text,
            }
            inside = _inside(path, name)
            self.told.append(_Told(f"{self.source}, {inside}", inside, values, language))
        return len(value)


_ANSWERS: Final = frozenset({"acceptedAnswer", "suggestedAnswer"})


def _inside(path: str, name: str) -> str:
    return f"{path} › {name}" if path else name


def _is_row(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(cell is None or isinstance(cell, str | int | float) for cell in value)
    )


def _role(name: str) -> str:
    return heads.of([name], ReadingOptions()).columns[0].role


def _near(values: Mapping[str, Any], options: ReadingOptions) -> bool:
    """Whether an object names or tells something, and only the other half is not understood."""
    roles = {column.role for column in heads.of(list(values), options).columns}
    return bool(roles & {"question", "answer", "term", "definition", "abbreviation", "body"})


def _named(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object with the name that it stands under, if it has a text and no name."""
    roles = {_role(key) for key, text in value.items() if plain(text)}
    if roles & {"term", "question", "title", "name", "abbreviation"}:
        return {}
    if "definition" in roles:
        return {"term": name, **value}
    return {"question": name, **value} if "answer" in roles else {}


def _flat(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an object, each language of a field as one of its own."""
    kind = value.get("@type", "")
    if isinstance(kind, str) and kind in _SCHEMA:
        value = {_SCHEMA[kind].get(name, name): inner for name, inner in value.items()}
        value = {name: inner for name, inner in value.items() if not name.startswith("@")}
        answer = value.get("answer")
        answers = answer if isinstance(answer, list) else [answer]
        if kind == "Question":
            value["answer"] = [row.get("text") if isinstance(row, dict) else row for row in answers]
    flat: dict[str, Any] = {}
    for name, inner in value.items():
        if isinstance(inner, dict) and (body := _value(inner)):
            flat[name] = body
        elif isinstance(inner, dict) and inner and all(map(heads.language_of, inner)):
            flat |= {f"{name}_{language}": text for language, text in inner.items()}
        else:
            flat[name] = inner
    return flat


def _value(inner: Mapping[str, Any]) -> str:
    """Return the text of a body as Confluence wraps it: by its kind, then as a value."""
    body = next(
        (inner[kind] for kind in ("view", "export_view", "storage") if kind in inner), inner
    )
    text = body.get("value") if isinstance(body, Mapping) else None
    return text if isinstance(text, str) else ""


_SCHEMA: Final[Mapping[str, Mapping[str, str]]] = {
    "Question": {"name": "question", "acceptedAnswer": "answer", "suggestedAnswer": "answer"},
    "DefinedTerm": {"name": "term", "description": "definition", "alternateName": "aliases"},
}
"""Names of schema.org, whose ``name`` means a question here and a term there."""


def _exported(value: Any, source: str, options: ReadingOptions) -> Found:
    walk = _Walk(source, options)
    if isinstance(value, dict) and _SCHEMES.intersection(value):
        yield Note.left_out(source, _NOTHING)
        return
    walk.take_all(value)
    texts = {} if walk.grids else _prose(value)
    if _size(texts.values()) > _RATHER * _size(_strings([record.values for record in walk.told])):
        yield Note.warning(source, "a JSON file read as a page, for its objects are no questions")
        for language, text in texts.items():
            yield from page(text, source, options, Meta(language=language))
        return
    if not walk.told and not walk.grids and walk.near:
        record = walk.near[0]
        raise LoadError(
            f"{record.where} has neither term and definition nor question and answer; "
            f"it has {_fields(record)}.",
            source=source,
            hint=MAP,
        )
    if not walk.told and not walk.grids:
        yield Note.left_out(source, _NOTHING)
        return
    every = [heads.of(list(record.values), options) for record in walk.told]
    heads.missing([] if walk.grids else every, source, options)
    yield from settled(_read(walk.told, source, options), source, options)
    yield from tables.given(walk.grids, source, options) if walk.grids else ()
    for record in walk.others:
        yield Note.left_out(source, "a record without question, term or article", record.place)
    for record in walk.near:
        what = "a record whose question, term or article lacks a part"
        yield Note.left_out(source, what, f"{record.place}: {_fields(record)}")


def _size(texts: Iterable[str]) -> int:
    return sum(len(text.split()) for text in texts)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    inner = value.values() if isinstance(value, Mapping) else value
    for item in inner if isinstance(value, list | Mapping) else ():
        yield from _strings(item)


def _prose(value: Any) -> dict[str, str]:
    """Return the texts of a file by language, if they are for people; empty for no language."""
    pages = {code: json_prose.page(inner) for code, inner in json_prose.languages(value).items()}
    return {language: text for language, text in pages.items() if text}


def _fields(one: _Told) -> str:
    return ", ".join(
        name if plain(value) else f"{name} (empty)" for name, value in one.values.items()
    )


_NOTHING: Final = "a JSON file without questions, terms or articles"


def _read(told: Sequence[_Told], source: str, options: ReadingOptions) -> Raw:
    """Read records, those with the same fields together, in the order of the file."""
    groups: dict[tuple[str, ...], list[_Told]] = {}
    for row in told:
        groups.setdefault(tuple(row.values), []).append(row)
    for names, group in groups.items():
        headings = heads.of(names, options)
        records = (
            Record(row.where, row.place, list(row.values.values()), row.language) for row in group
        )
        yield from read(records, headings, source, options, loose=True)
