"""Rows under headings into entries and documents: what every format that holds rows comes to."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import chain, repeat
from typing import Any, Final

from assistant.errors import LoadError
from assistant.knowledge.documents import Document, Entry, Kind
from assistant.knowledge.readers.html import pages
from assistant.knowledge.readers.options import (
    MEND,
    RESTRICTED,
    Found,
    Item,
    Note,
    ReadingOptions,
    iso_date,
)
from assistant.knowledge.readers.options import language_code as code_of
from assistant.knowledge.readers.page import Meta, audience_of, page
from assistant.knowledge.readers.tabular.cells import line, plain, shown, text_of_cell
from assistant.knowledge.readers.tabular.headings import (
    LIKELY,
    PAIRS,
    TELLING,
    WEAK,
    Headings,
    Pair,
    TableColumn,
)
from assistant.language import language_of_question, language_of_text

_SHOWN: Final = 6
"""Columns that are named of a row that cannot be read."""
MAP: Final = "Say which column is which: --map term=NAME,definition=TEXT."
_ID: Final = "#id "
"""Between a file and a number in it: a key only where it stands in more than one language."""
_NAMED: Final = 10
"""How many bad rows are named after the first."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row. where: as an error names it (``faq.csv:4``); place: as a note does (``line 4``).

    cells: in the order of the columns. language: of what does not say.
    """

    where: str
    place: str
    cells: Sequence[Any]
    language: str = ""


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that cannot be read. why: goes on from ``where``."""

    where: str
    place: str
    why: str
    hint: str = MEND


Raw = Iterator[Item | Note | Bad]


def settled(found: Iterable[Item | Note | Bad], source: str, options: ReadingOptions) -> Found:
    """Give what was found in one file, each entry once, or refuse its bad rows together.

    Raises:
        LoadError: rows are bad and are not to be skipped, or nothing else is there.
    """
    every = list(found)
    bad = [row for row in every if isinstance(row, Bad)]
    items = any(isinstance(row, Document | Entry) for row in every)
    if bad and not (options.skip and items):
        raise LoadError(
            f"{bad[0].where} {bad[0].why}.{_others(bad[1:])}", source=source, hint=bad[0].hint
        )
    clashing = _clashing(row for row in every if isinstance(row, Entry))
    spoken: dict[str, set[str]] = defaultdict(set)
    for row in every:
        if isinstance(row, Entry):
            spoken[row.key].add(row.language)
    dropped = {*clashing, *(key for key in spoken if _ID in key and len(spoken[key]) < 2)}  # noqa: PLR2004
    seen: set[tuple[str, ...]] = set()
    for row in every:
        if isinstance(row, Bad):
            yield Note.left_out(source, "a row that cannot be read", f"{row.place}: {row.why}")
        elif isinstance(row, Note):
            yield row
        else:
            same = _same(row)
            if same in seen:
                yield Note.left_out(source, "the same again", same[1])
            else:
                yield (
                    replace(row, key="") if isinstance(row, Entry) and row.key in dropped else row
                )
            seen.add(same)
    for key in (key for key in clashing if _ID not in key):
        yield Note.warning(source, "a key of several entries of one language: not used", key)


def _others(bad: Sequence[Bad]) -> str:
    if not bad:
        return ""
    named = ", ".join(row.place for row in bad[:_NAMED])
    more = f" and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
    rows = "1 more row" if len(bad) == 1 else f"{len(bad)} more rows"
    return f" {rows} cannot be read: {named}{more}."


def _same(item: Item) -> tuple[str, ...]:
    if isinstance(item, Entry):
        return item.kind, item.name, item.language, item.text, item.audience
    return Kind.PAGE, item.title, item.language, item.markdown, item.audience


def _clashing(entries: Iterable[Entry]) -> dict[str, None]:
    """Return the keys under which one entry would hide another: those twice in one language."""
    index: dict[tuple[str, Kind, str], tuple[str, ...]] = {}
    clashing: dict[str, None] = {}
    for entry in entries:
        if entry.key:
            same = index.setdefault((entry.key, entry.kind, entry.language), _same(entry))
            if same != _same(entry):
                clashing[entry.key] = None
    return clashing


@dataclass(slots=True)
class _Cells:
    """The cells of one row, by what they hold and in which language."""

    held: dict[str, list[tuple[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def has(self, *roles: str) -> bool:
        return any(role in self.held for role in roles)

    def first(self, *roles: str) -> Any:
        return next((value for role in roles for _, value in self.held.get(role, ())), None)

    def by_language(self, *roles: str) -> dict[str, list[Any]]:
        values: dict[str, list[Any]] = defaultdict(list)
        for role in roles:
            for language, value in self.held.get(role, ()):
                values[language].append(value)
        return values


def read(
    records: Iterable[Record],
    headings: Headings,
    source: str,
    options: ReadingOptions,
    *,
    loose: bool = False,
) -> Raw:
    """Give the entries and documents of rows. loose: a row needs no headings beside it (JSON)."""
    counts: Counter[str] = Counter()
    unread: dict[str, None] = {}
    for record in records:
        cells = _Cells()
        filled = [
            (column, value)
            for column, value in zip(headings.columns, record.cells, strict=False)
            if (plain(value) or _odd(column, value)) and not _is_error(column, value)
        ]
        for column, value in filled:
            cells.held[column.role].append((column.language, value))
        pair = pair_of(cells.held, loose=loose or not headings.unknown)
        unread.update((c.heading, None) for c, _ in filled if pair and c.role not in _read(pair))
        if pair is None:
            hint = MEND if headings.pair else MAP
            yield Bad(record.where, record.place, _lacks(headings, record), hint)
        elif unpublished := _unpublished(cells):
            yield Note.left_out(source, "a draft", f"{record.place}: {unpublished}")
        elif pair[2] is Kind.PAGE:
            yield from _document(cells, record, source, options)
        else:
            yield from _entries(cells, pair, record, source, options, counts)
    if names := [name for name in unread if name]:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        shown_names = ", ".join(names[:_NAMED]) + more
        yield Note.warning(source, "columns that are not read", shown_names)


def _read(pair: Pair) -> frozenset[str]:
    """Return the roles that a row of this kind makes use of."""
    naming, telling, kind = pair
    also = {"tags"} if kind is Kind.PAGE else {*_ALSO_NAMES} if kind is Kind.GLOSSARY else set()
    return frozenset((*naming, *telling, *also, *_FACTS))


_FACTS: Final = (
    *("language", "url", "reference", "audience", "restricted", "updated", "date", "created"),
    *("status", "draft", "published", "key", "id", "aliases", "other"),
)


def _is_error(column: TableColumn, value: Any) -> bool:
    """Whether a cell holds what a spreadsheet shows where a formula failed."""
    return column.role in TELLING and isinstance(value, str) and value.strip() in _ERRORS


_ERRORS: Final = frozenset(
    "#N/A #NV #REF! #BEZUG! #NAME? #VALUE! #WERT! #DIV/0! #NULL! #NUM! #ZAHL! #ERROR!".split()
)


def _odd(column: TableColumn, value: Any) -> bool:
    """Whether it is no text where one is wanted, so that the row is bad rather than poor."""
    return column.role == "aliases" and value not in (None, "", [], (), {})


def pair_of(roles: Iterable[str], *, loose: bool) -> Pair | None:
    """Return which columns name a row and tell, and what that makes it."""
    columns = set(roles)
    for names, texts, kind in (*PAIRS, *LIKELY, *(WEAK if loose else ())):
        naming = tuple(role for role in names if role in columns)
        telling = tuple(role for role in texts if role in columns and role not in naming)
        if naming and telling:
            return naming[:1], telling[:1], kind
    return None


def _lacks(headings: Headings, record: Record) -> str:
    cells = chain(record.cells, repeat(""))
    headed = [one for one in zip(headings.columns, cells, strict=False) if one[0].heading]
    first = sorted(headed, key=lambda one: (not plain(one[1]), not one[0].role))
    columns = [_shown(*one) for one in first]
    more = f" and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
    return (
        "has neither term and definition nor question and answer; "
        f"it has {', '.join(columns[:_SHOWN]) or 'nothing'}{more}"
    )


def _shown(column: TableColumn, value: Any) -> str:
    if _is_error(column, value):
        return f"{column.heading} ({value})"
    return column.heading if plain(value) else f"{column.heading} (empty)"


def _entries(
    cells: _Cells,
    pair: Pair,
    record: Record,
    source: str,
    options: ReadingOptions,
    made: Counter[str],
) -> Raw:
    naming, telling, kind = pair
    if kind is Kind.GLOSSARY:
        naming = (*naming, *(r for r in _ALSO_NAMES if r not in (*naming, *telling)))
    names = {
        language: [line(value) for value in values]
        for language, values in cells.by_language(*naming).items()
    }
    texts = {
        language: "\n\n".join(dict.fromkeys(map(text_of_cell, values)))
        for language, values in cells.by_language(*telling).items()
    }
    texts = {language: text for language, text in texts.items() if text}
    names = {language: rest for language, pool in names.items() if (rest := [n for n in pool if n])}
    if not texts or not names:
        yield Bad(record.where, record.place, "has a name or a text that is markup only")
        return
    aliases: dict[str, list[str]] = defaultdict(list)
    for language, values in cells.by_language("aliases").items():
        for value in values:
            split = aliases_of(value)
            if split is None:
                why = f"has aliases that are not texts: {value!r}"
                yield Bad(record.where, record.place, why)
                return
            aliases[language] += split
    code, notes = _language(cells, record, source, options)
    yield from notes
    facts, notes = _facts(cells, record, source, options)
    yield from notes
    wordings = list(multilingual(names, texts, aliases, code))
    key = facts.key
    if not key and (number := line(cells.first("id"))):
        key = f"{source}{_ID}{number}"
    if (key.startswith(f"{source}{_ID}") and len(wordings) > 1) or (not key and len(wordings) > 1):
        first = wordings[0].name
        made[first] += 1
        key = f"{source}#{first}" + (f"#{made[first]}" if made[first] > 1 else "")
    for wording in wordings:
        yield Entry(
            source=source,
            kind=kind,
            name=wording.name,
            text=wording.text,
            language=wording.language,
            aliases=wording.aliases,
            key=key,
            audience=facts.audience,
            url=facts.url,
            date=facts.date,
        )


_ALSO_NAMES: Final = ("term", "abbreviation", "expansion")


@dataclass(frozen=True, slots=True)
class EntryWording:
    """What one language says of an entry."""

    name: str
    text: str
    language: str
    aliases: tuple[str, ...]


def multilingual(
    names: Mapping[str, Sequence[str]],
    texts: Mapping[str, str],
    aliases: Mapping[str, Sequence[str]],
    language: str,
) -> Iterator[EntryWording]:
    """Give one entry for each language that has a text; all by language, empty for unsaid.

    Names in a language without a text are other names of those that have one. language: of what
    is in none; if empty, it is found out.
    """
    spoken: dict[str, str] = {}
    for tag, text in texts.items():
        named = next(iter(names.get(tag) or next(iter(names.values()), ())), "")
        code = tag or language or _detected(text, named)
        spoken[code] = f"{spoken[code]}\n\n{text}" if code in spoken else text
    alone = [code for code in names if code and code not in spoken]
    for code, text in spoken.items():
        own = [*names.get(code, ()), *names.get("", ())]
        others = [name for other in alone for name in names[other]]
        called = own or others or [name for every in names.values() for name in every]
        rest = [*aliases.get(code, ()), *aliases.get("", ())]
        rest += [name for other in alone for name in aliases.get(other, ())]
        yield EntryWording(
            called[0],
            text,
            code,
            tuple(
                alias
                for alias in dict.fromkeys((*called[1:], *others, *rest))
                if alias != called[0]
            ),
        )


def _detected(text: str, name: str) -> str:
    """Return the language of a text; one as short as "30 days" is told by its name, too."""
    text, name = text[:_LOOKED_AT], name[:_LOOKED_AT]
    code = language_of_question(text, fallback="")
    if code == "" or (code is None and len(text.split()) < _SHORT):
        code = language_of_question(f"{name}\n{text}", fallback="") or ""
    return code or language_of_text(text if code is None else f"{name}\n{text}")


_LOOKED_AT: Final = 2000
"""Characters that tell the language of a text."""
_SHORT: Final = 4
"""Words of a text, up to which its language cannot be told from it alone."""


def _language(
    cells: _Cells, record: Record, source: str, options: ReadingOptions
) -> tuple[str, tuple[Note, ...]]:
    """Return the language that a row says, or the one to assume; empty: to be found out."""
    text = shown(cells.first("language"))
    # "Deutsch (Österreich)", "de/en": a name ends where letters do
    first = "".join(c if c.isalpha() or c in "-_" else " " for c in text).split()
    code = code_of(first[0]) if first else ""
    several = len({code_of(word) for word in first} - {""}) > 1 and "/" in text
    if code and not several:
        return code, ()
    assumed = record.language or options.language or ""
    if not text:
        return assumed, ()
    note = Note.warning(source, "a language that is none", f"{record.place}: {text}")
    return assumed, (note,)


@dataclass(frozen=True, slots=True)
class _Facts:
    key: str
    audience: str
    url: str
    date: str


def _facts(
    cells: _Cells, record: Record, source: str, options: ReadingOptions
) -> tuple[_Facts, tuple[Note, ...]]:
    notes: list[Note] = []
    audience, doubts = audience_of(_audience(cells), source, options)
    notes += doubts
    date_cell = cells.first("updated", "date", "created")
    day = date_of(date_cell)
    if date_cell is not None and not day:
        where = f"{record.place}: {shown(date_cell)}"
        notes.append(Note.warning(source, "a date that is none", where))
    address = plain(cells.first("url"))
    if address and not (address_of(address)):
        where = f"{record.place}: {address[:80]}"
        notes.append(Note.warning(source, "a link that is no web address: not kept", where))
    url = address_of(address) or address_of(plain(cells.first("reference")))
    return _Facts(line(cells.first("key")), audience, url, day), tuple(notes)


def _audience(cells: _Cells) -> str:
    """Return who a row says it is for; what only an ``Internal`` column says counts."""
    audience = line(cells.first("audience"))
    if not audience and shown(cells.first("restricted")).casefold() in _YES:
        return RESTRICTED[0]
    return "public" if audience.casefold() in _EVERYBODY else audience


_EVERYBODY: Final = frozenset({"öffentlich", "alle", "all", "everyone", "everybody", "jeder"})
_YES: Final = frozenset({"yes", "ja", "true", "wahr", "x", "1", "✓", "✔", "y", "j"})
_NO: Final = frozenset({"no", "nein", "false", "falsch", "0", "n"})


def address_of(text: str) -> str:
    """Return a web address, or nothing for what is none."""
    text = text.strip()
    if text.startswith("www.") and " " not in text:
        return f"https://{text}"
    return text if text.startswith(("http://", "https://")) and " " not in text else ""


def date_of(value: Any) -> str:
    """Return the day of a cell as ISO 8601; a number may be Excel's count of days."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int | float):
        day = int(value) if _SERIAL[0] <= value <= _SERIAL[1] else 0
        return (date(1899, 12, 30) + timedelta(days=day)).isoformat() if day else ""
    text = shown(value) if isinstance(value, str) else value
    return iso_date(text)


_SERIAL: Final = (20_000, 80_000)
"""Days from 1954 to 2119, as Excel counts them."""


def _unpublished(cells: _Cells) -> str:
    """Return why a row is not for readers, or nothing."""
    status = line(cells.first("status")).casefold()
    fields = {
        "status": _STATES.get(status, status),
        "draft": "true" if shown(cells.first("draft")).casefold() in _YES else "",
        "published": "false" if shown(cells.first("published")).casefold() in _NO else "",
    }
    return Meta.of({name: value for name, value in fields.items() if value}).draft


_STATES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("entwurf", "in arbeit", "in bearbeitung"), "draft"),
    **dict.fromkeys(("archiviert", "veraltet", "inaktiv", "inactive"), "archived"),
    **dict.fromkeys(("unveröffentlicht", "nicht veröffentlicht"), "unpublished"),
}


def _document(cells: _Cells, record: Record, source: str, options: ReadingOptions) -> Raw:
    language, notes = _language(cells, record, source, options)
    yield from notes
    facts, notes = _facts(cells, record, source, options)
    yield from notes
    tags = [
        tag
        for values in cells.by_language("tags", "aliases").values()
        for value in values
        for tag in _tags(value)
    ]
    meta = Meta(
        title=line(cells.first("title", "name")),
        language=language,
        audience=facts.audience,
        url=facts.url,
        date=facts.date,
        tags=tuple(dict.fromkeys(tags)),
    )
    body = cells.first("body", "description")
    text = plain(body)
    places = ((0, record.place),)
    if "<html" in text[:1000].casefold():
        yield from pages(text, source, options, meta)
        return
    markdown = text_of_cell(body)
    if not markdown:
        yield Note.left_out(source, "a page without text", record.place)
        return
    yield from page(markdown, source, options, meta, places=places)


def _tags(value: Any) -> Iterator[str]:
    parts = value if isinstance(value, list | tuple) else aliases_of(shown(value)) or ()
    yield from (text for part in parts if (text := line(part)))


def aliases_of(value: Any) -> list[str] | None:
    """Return the names of a list, or of a text with separators; None if it is neither.

    What is parted by semicolons, bars or lines keeps its commas; else commas part, but not inside
    brackets, between digits or in a question.
    """
    if value is None:
        return []
    if isinstance(value, str):
        value = _split(text_of_cell(value))
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) for part in value):
        return None
    return [part for name in value if (part := line(name).strip(_AROUND))]


_AROUND: Final = " \t-•*"


def _split(text: str) -> list[str]:
    if any(mark in text for mark in ";|\n"):
        return text.replace("\n", ";").replace("\\|", "|").replace("|", ";").split(";")
    if "?" in text:
        questions = text.replace("? ,", "?,").replace("?,", "?").split("?")
        return [f"{part}?" for part in questions[:-1]] + questions[-1:]
    parts: list[str] = []
    depth = start = 0
    for place, mark in enumerate(text):
        depth = max(0, depth + (mark in "([{") - (mark in ")]}"))
        digits = text[max(0, place - 1) : place].isdigit() and text[place + 1 : place + 2].isdigit()
        if mark == "," and not depth and not digits:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]
