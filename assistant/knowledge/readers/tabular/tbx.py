"""TBX (ISO 30042), as termbases export it: version 2 and 3, in either style."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from assistant.errors import LoadError
from assistant.knowledge.documents import Entry, Kind
from assistant.knowledge.readers.options import Found, Note, ReadingOptions
from assistant.knowledge.readers.options import language_code as code_of
from assistant.knowledge.readers.page import Meta, page
from assistant.knowledge.readers.tabular.cells import in_table, line, text_of_cell
from assistant.knowledge.readers.tabular.records import Raw, multilingual, settled

_ENTRIES: Final = frozenset({"termEntry", "conceptEntry"})
_LANGUAGES: Final = frozenset({"langSet", "langSec"})
_TERMS: Final = frozenset({"tig", "ntig", "termSec"})
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def read(data: bytes, source: str, options: ReadingOptions) -> Found:
    """Read a termbase; its concepts become glossary entries in each language."""
    root = _root(data, source)
    concepts = [element for element in root.iter() if _name(element) in _ENTRIES]
    if not concepts:
        raise LoadError(
            f"{source} has no term entries; TBX has them as termEntry or conceptEntry.",
            source=source,
            hint="Export it again as TBX-Basic, or as CSV with the columns term and definition.",
        )
    yield from settled(_found(concepts, root.get(_LANGUAGE, ""), source, options), source, options)


def _root(data: bytes, source: str) -> Any:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False
    )
    try:
        tree = etree.fromstring(data, parser).getroottree()
    except (etree.XMLSyntaxError, ValueError) as error:
        why = " ".join(str(error).split()).partition(", line")[0].partition(", use ")[0]
        where = f"{source}:{error.lineno}" if isinstance(error, etree.XMLSyntaxError) else source
        raise LoadError(
            f"{where} is not valid XML: {why}.",
            source=source,
            hint="Export it again, or leave it out.",
        ) from error
    inside: Any = tree.docinfo.internalDTD
    if inside is not None and next(inside.iterentities(), None) is not None:
        raise LoadError(
            f"{source} declares entities, which Routeback does not take from files.",
            source=source,
            hint="Export it again without them.",
        )
    return tree.getroot()


def _found(concepts: list[Any], spoken: str, source: str, options: ReadingOptions) -> Raw:
    untold = 0
    pairs: list[dict[str, list[str]]] = []
    for number, concept in enumerate(concepts, start=1):
        names, texts = _terms(concept)
        if names and texts:
            # An id is a name in this file only, and a key one of all that was added together.
            key = f"{source}#{concept.get('id') or number}"
            language = options.language or ""
            for wording in multilingual(names, texts, {}, language):
                yield Entry(
                    source=source,
                    kind=Kind.GLOSSARY,
                    name=wording.name,
                    text=wording.text,
                    language=wording.language,
                    aliases=wording.aliases,
                    key=key,
                    audience=options.audience,
                )
        elif len(names) > 1:
            pairs.append(names)
        else:
            untold += 1
            where = concept.get("id") or f"entry {number}"
            yield Note.left_out(source, "a term without a definition", where)
    if pairs:
        yield from page(_list(pairs), source, options, Meta(language=code_of(spoken)))
        what = "terms without definitions, read as a page with a column for each language"
        yield Note.warning(source, what, f"{len(pairs)}")


def _list(pairs: list[dict[str, list[str]]]) -> str:
    languages = list(dict.fromkeys(code for names in pairs for code in names))
    rows = [languages, ["---"] * len(languages)]
    rows += [[in_table(", ".join(n.get(code, ()))) for code in languages] for n in pairs]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _terms(concept: Any) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return the names and the definitions of a concept by language, the preferred name first."""
    ranked: dict[str, list[tuple[int, str]]] = defaultdict(list)
    texts: dict[str, list[str]] = defaultdict(list)
    for text in _definitions(concept, below=_LANGUAGES):
        texts[""].append(text)
    for part in concept:
        if _name(part) not in _LANGUAGES:
            continue
        code = code_of(part.get(_LANGUAGE) or part.get("lang"))
        texts[code] += _definitions(part, below=frozenset())
        for section in part.iter():
            if _name(section) in _TERMS:
                term = next((e for e in section.iter() if _name(e) == "term"), None)
                if term is not None and (text := line(_text(term))):
                    ranked[code].append((_rank(section), text))
    names = {
        code: list(dict.fromkeys(text for _, text in sorted(pairs, key=lambda one: one[0])))
        for code, pairs in ranked.items()
    }
    return names, {code: "\n\n".join(dict.fromkeys(rows)) for code, rows in texts.items() if rows}


def _definitions(element: Any, below: frozenset[str]) -> Iterator[str]:
    """Give the definitions in an element. below: elements that have their own."""
    for part in element:
        if _name(part) in below:
            continue
        match = _name(part) == "definition" or part.get("type") == "definition"
        if match and (text := text_of_cell(_text(part))):
            yield text
        elif not match:
            yield from _definitions(part, below)


def _rank(section: Any) -> int:
    """Return how much a term is to be used: 0 preferred, 3 deprecated."""
    statuses = {
        _text(e).strip().casefold().partition("term-")[0]
        for e in section.iter()
        if _name(e) == "administrativeStatus"
        or e.get("type") in {"administrativeStatus", "normativeAuthorization"}
    }
    return max((_RANKS.get(status, 1) for status in statuses), default=1)


_RANKS: Final = {
    "preferred": 0,
    "preferredterm": 0,
    "deprecated": 3,
    "superseded": 3,
    "forbidden": 3,
}


def _text(element: Any) -> str:
    return "".join(element.itertext())


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
