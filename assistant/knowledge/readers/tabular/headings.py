"""What the headings of a table mean: which column holds what, in which language."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from assistant.errors import LoadError
from assistant.knowledge.documents import Kind
from assistant.knowledge.readers.options import COLUMNS, RESTRICTED, ReadingOptions, language_code
from assistant.knowledge.readers.tabular.cells import shown

_LONGEST: Final = 80
"""Characters of a heading; what is longer is a text."""

_NAMES: Final[Mapping[str, str]] = {
    "term": """
        term, terms, glossary term, keyword, word, wort, begriff, begriffe, fachbegriff, fachwort,
        terminus, stichwort, ausdruck, lemma, headword, benennung, concept, jargon, vokabel""",
    "abbreviation": """
        abbreviation, abbreviations, abbr, acronym, acronyms, initialism, short form, abkürzung,
        abkürzungen, abk, kürzel, akronym, kurzform""",
    "expansion": """
        expansion, long form, full form, full name, spelled out, stands for, langform, langtext,
        ausgeschrieben, steht für, vollständige bezeichnung, voller name""",
    "name": "name, entry, eintrag, bezeichnung, label",
    "title": """
        title, titel, betreff, subject, überschrift, headline, article title, page title,
        heading""",
    "definition": """
        definition, definitions, def, meaning, meanings, bedeutung, bedeutungen, explanation,
        erklärung, erläuterung, what it means, was es bedeutet, was heißt das, bedeutet, means""",
    "description": "description, beschreibung, desc, kurzbeschreibung, short description",
    "question": """
        question, questions, frage, fragen, faq, faqs, q, faq question, customer question,
        user question, kundenfrage, häufige frage, häufige fragen, fragestellung, question text,
        question title, title of question, fragetext, questions asked, frequently asked question,
        frequently asked questions, häufig gestellte frage, häufig gestellte fragen, your question,
        ihre frage""",
    "problem": "problem, issue, anfrage, query, fehler, anliegen",
    "answer": """
        answer, answers, antwort, antworten, reply, response, lösung, solution, resolution, a,
        answer text, antworttext, faq answer, standard answer, standardantwort, musterantwort,
        our answer, unsere antwort, antwortvorschlag, abhilfe, loesung, antwortbaustein""",
    "body": """
        body, content, text, html, inhalt, article, article body, body html, markdown, volltext,
        body text, article content, post content, seiteninhalt, textbaustein""",
    "aliases": """
        aliases, alias, synonyms, synonym, synonyme, synonymes, aka, also known as, also called,
        auch, auch bekannt als, auch genannt, alternatives, alternative, alternativen,
        alternative names,
        alt names, alt labels, alternate name, alternate names, variants, varianten, variations,
        other names, andere namen, weitere namen, andere bezeichnungen, weitere bezeichnungen,
        similar questions, ähnliche fragen, alternative questions, alternativfragen,
        alternative fragen, question variants, paraphrases, formulierungen, andere formulierungen,
        see also terms, related questions wording""",
    "language": "language, lang, sprache, locale, language code, lang code, sprachcode, langue",
    "url": """
        url, link, href, permalink, html url, weblink, web link, source url, canonical url, article
        url, page url, hyperlink""",
    "reference": """
        source, quelle, website, webseite, web page, more information, more info, mehr infos,
        weitere informationen, reference, referenz, mehr dazu, siehe""",
    "updated": """
        updated, last updated, last update, updated at, updated on, update, modified, last modified,
        modified at, date modified, last changed, changed, changed on, geändert, geändert am,
        letzte änderung, zuletzt geändert, zuletzt geändert am, aktualisiert, aktualisiert am,
        letzte aktualisierung, zuletzt aktualisiert, stand, lastmod, änderungsdatum, edited at""",
    "date": "date, datum, published, published at, date published, veröffentlicht am, publish date",
    "created": "created, created at, created on, date created, erstellt, erstellt am, angelegt am",
    "key": "key, entry key, schlüssel",
    "id": "id, ids, nr, no, number, nummer, lfd nr, row id, article id, faq id, question id",
    "audience": "audience, zielgruppe, visibility, sichtbarkeit, sichtbar für, visible to",
    "status": "status, state, article status, publication status, veröffentlichungsstatus",
    "draft": "draft, entwurf, is draft",
    "published": "is published, active, aktiv, enabled",
    "tags": """
        tags, keywords, labels, label names, schlagworte, schlagwörter, stichworte, stichwörter""",
}
"""Headings by what their column holds, without brackets and the name of a language."""

_LANGUAGES: Final = frozenset("en de fr es it nl pl pt sv da cs hu ro tr ru uk el fi ja zh".split())
"""Codes that a heading may end or begin with; others are words too (id, is, no, so)."""
_TRANSLATED: Final[Mapping[str, str]] = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}
_WORD: Final = re.compile(r"[^\W_]+")
_CAMEL: Final = re.compile(r"(?<=[a-zäöü])(?=[A-ZÄÖÜ])")
_BRACKETS: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")

Pair = tuple[tuple[str, ...], tuple[str, ...], Kind]
PAIRS: Final[Sequence[Pair]] = (
    (("term",), ("definition",), Kind.GLOSSARY),
    (("question",), ("answer",), Kind.FAQ),
    (("term",), ("description", "body", "answer"), Kind.GLOSSARY),
    (("question",), ("body", "definition", "description"), Kind.FAQ),
    (("abbreviation",), ("definition", "description", "expansion", "term"), Kind.GLOSSARY),
    (("term",), ("expansion",), Kind.GLOSSARY),
    (("expansion",), ("definition", "description"), Kind.GLOSSARY),
    (("title", "name"), ("body",), Kind.PAGE),
)
"""What makes a row, best first: a column that names and one that tells."""
LIKELY: Final[Sequence[Pair]] = (
    (("title", "problem", "name"), ("answer",), Kind.FAQ),
    (("name", "title"), ("definition",), Kind.GLOSSARY),
)
"""What makes one in a JSON object; in a table, whose rows can stay together, as below."""
WEAK: Final[Sequence[Pair]] = (
    (("name",), ("description",), Kind.GLOSSARY),
    (("title",), ("description",), Kind.PAGE),
)
"""What makes one only where every other column is known: a price list has a description, too."""
NAMING: Final = ("question", "term", "abbreviation", "expansion", "name", "title", "problem")
TELLING: Final = ("answer", "definition", "description", "body", "expansion", "term")


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column. role: what it holds, empty if that is not known. language: of its cells."""

    heading: str
    role: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Headings:
    """The columns of one table, in its order."""

    columns: tuple[TableColumn, ...]
    mapped: bool = False

    @property
    def pair(self) -> Literal["", "weak", "likely", "strong"]:
        """How surely its rows are entries or articles, whatever else stands in them."""
        roles = {column.role for column in self.columns}
        if _first(PAIRS, roles):
            return "strong"
        if _first(LIKELY, roles):
            return "likely"
        return "weak" if _first(WEAK, roles) else ""

    @property
    def unknown(self) -> tuple[str, ...]:
        """The headings that mean nothing here."""
        return tuple(c.heading for c in self.columns if not c.role and c.heading)

    def named(self, theirs: str) -> bool:
        """Whether there is a column of this heading."""
        return any(same(column.heading, theirs) for column in self.columns)


def _first(pairs: Iterable[Pair], roles: set[str]) -> Pair | None:
    return next(
        (pair for pair in pairs if roles.intersection(pair[0]) and roles.intersection(pair[1])),
        None,
    )


def squeezed(heading: str) -> str:
    """Return a heading without case, space, marks and accents of German."""
    folded = unicodedata.normalize("NFKC", heading).casefold()
    for letter, written in _TRANSLATED.items():
        folded = folded.replace(letter, written)
    return "".join(_WORD.findall(folded))


def same(heading: str, other: str) -> bool:
    """Whether two headings are one to a person."""
    return heading == other or (bool(squeezed(other)) and squeezed(heading) == squeezed(other))


_ROLES: Final[Mapping[str, str]] = {
    squeezed(name): role for role, names in _NAMES.items() for name in names.split(",")
} | {squeezed(name): "restricted" for name in (*RESTRICTED, "nur intern", "internal only")}


def of(headings: Sequence[str], options: ReadingOptions, group: Sequence[str] = ()) -> Headings:
    """Return what headings mean. group: the languages that stand above them, if any do."""
    columns = [
        _column(shown(heading), group[place] if place < len(group) else "")
        for place, heading in enumerate(headings)
    ]
    if not {"q", "a"} <= {
        squeezed(column.heading) for column in columns if column.role in _LETTERS
    }:
        columns = [
            replace(c, role="") if c.role in _LETTERS and len(c.heading) == 1 else c
            for c in columns
        ]
    roles = {column.role for column in columns}
    if roles & {"definition", "description"} and not roles.intersection(NAMING):
        # A column that is called as a language only has the terms in it.
        columns = [
            TableColumn(c.heading, "term", _language(c.heading)) if _language(c.heading) else c
            for c in columns
        ]
    if not options.columns:
        return Headings(tuple(_by_own_language(columns)))
    ours = {theirs: ours for ours, theirs in options.columns.items()}
    exact = {column.heading for column in columns}.intersection(ours)
    loose = {squeezed(theirs): role for theirs, role in ours.items() if theirs not in exact}
    mine = [ours.get(c.heading) or loose.get(squeezed(c.heading), "") for c in columns]
    mapped = tuple(
        TableColumn(column.heading, _MAPPED.get(role, role))
        if role
        else replace(
            column, role="other" if _REPLACED.get(column.role) in ours.values() else column.role
        )
        for column, role in zip(columns, mine, strict=True)
    )
    return Headings(mapped, mapped=any(mine))


_LETTERS: Final = frozenset({"question", "answer"})
"""What a single letter may stand for, if both do."""
_MAPPED: Final[Mapping[str, str]] = {"date": "updated"}
_REPLACED: Final[Mapping[str, str]] = {
    **{role: role for role in COLUMNS},
    **dict.fromkeys(("updated", "created"), "date"),
    "abbreviation": "term",
    "reference": "url",
}
"""Which of our columns a person named, so that another column of theirs is not it."""


def _column(heading: str, group: str) -> TableColumn:
    heading = " ".join(heading.split())
    short = heading and len(heading) <= _LONGEST
    return _understood(heading, group) if short else TableColumn(heading)


@lru_cache(maxsize=4096)
def _understood(heading: str, group: str) -> TableColumn:
    if role := "id" if heading in {"#", "№"} else _ROLES.get(squeezed(heading), ""):
        return TableColumn(heading, role, group)
    bracketed = " ".join(part[1:-1] for part in _BRACKETS.findall(heading))
    bare = _BRACKETS.sub(" ", heading)
    language = _language(bracketed)
    if (role := _ROLES.get(squeezed(bare), "")) and role != "id":
        return TableColumn(heading, role, language or group)
    words = _WORD.findall(_CAMEL.sub(" ", bare))
    for edge, rest in ((words[-1:], words[:-1]), (words[:1], words[1:])):
        if rest and (language := _language(*edge)):
            role = _ROLES.get(squeezed(" ".join(rest)), "")
            if role in {*NAMING, *TELLING, "aliases", "url"}:
                return TableColumn(heading, role, language)
    return TableColumn(heading)


def language_of(heading: str) -> str:
    """Return the language that a heading, or the name of a sheet, is the name of; else nothing."""
    return _language(heading)


def _language(told: str = "") -> str:
    code = language_code(told.strip()) if told else ""
    return code if code in _LANGUAGES else ""


def _by_own_language(columns: Sequence[TableColumn]) -> list[TableColumn]:
    """Tell columns of one role apart by the language that their headings are in themselves."""
    counted = Counter(column.role for column in columns if not column.language)
    result = []
    for column in columns:
        own = _OWN.get(squeezed(column.heading), "")
        twice = column.role in {*NAMING, *TELLING} and counted[column.role] > 1
        result.append(replace(column, language=own) if twice and not column.language else column)
    languages = {column.role: set[str]() for column in result}
    for column in result:
        languages[column.role].add(column.language)
    return [
        column if {"en", "de"} <= languages[column.role] else before
        for column, before in zip(result, columns, strict=True)
    ]


_OWN: Final[Mapping[str, str]] = {
    **dict.fromkeys(map(squeezed, ("question", "answer", "term", "definition", "meaning")), "en"),
    **dict.fromkeys(map(squeezed, ("abbreviation", "description", "explanation")), "en"),
    **dict.fromkeys(map(squeezed, ("frage", "antwort", "begriff", "bedeutung", "erklärung")), "de"),
    **dict.fromkeys(map(squeezed, ("abkürzung", "beschreibung", "erläuterung")), "de"),
}
"""The language of headings that are words of one only."""


def missing(columns: Iterable[Headings], source: str, options: ReadingOptions) -> None:
    """Refuse a mapping to columns that no table has.

    Raises:
        LoadError: the file has no column that ``--map`` gives.
    """
    tables = list(columns)
    for ours, theirs in options.columns.items():
        if tables and not any(table.named(theirs) for table in tables):
            names = dict.fromkeys(c.heading for table in tables for c in table.columns if c.heading)
            raise LoadError(
                f"{source} has no column {theirs}, which --map gives for {ours}; "
                f"it has {', '.join(names)}.",
                source=source,
            )
