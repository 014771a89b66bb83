"""What is trained on and what is held out, read from a folder of JSON Lines.

The folder is laid out as ``help_en/help_en.jsonl``, ``nli_de/rte3_de.jsonl`` and so on; each row
names its ``source``, so that whole products and share-alike texts can be left out.
"""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

HELD_OUT: Final = frozenset({"adobe-commerce-kb", "cryptpad", "monero-guides", "opensource-guide"})
"""Products of which nothing is trained on."""
SHARE_ALIKE: Final = frozenset(
    {"arduino-help", "edx", "jabref", "mozilla-legal", "owasp-asvs", "owasp-top10", "privacyguides"}
    | {"boolq", "conjnli-adv", "conjnli-dev", "fever-dev-rte", "fever-symmetric", "vicodata"}
)
"""Sources under CC BY-SA, or whose sentences are Wikipedia's."""
LANGUAGES: Final = ("en", "de")

_ABBREVIATED: Final = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|incl|No|Dr|Mr|Mrs|St|Inc|z\. ?B|d\. ?h|u\. ?a|o\. ?ä|bzw|ca|"
    r"ggf|evtl|inkl|zzgl|Nr|Abs|Art|Bsp|usw|vgl)|\b[A-Z]|\b\d{1,2})\.$"
)
_BREAK: Final = re.compile(r"(?<=[.!?])[\"”“»)]?\s+(?=[\"„“«(]?[A-ZÄÖÜ0-9])")
_SHORTEST, _LONGEST = 4, 55


@dataclass(frozen=True, slots=True)
class Document:
    """Sentences of one section, in order. group: its page, whose sections are its neighbours."""

    source: str
    group: str
    language: str
    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parallel:
    """The same sentences in English and German."""

    source: str
    group: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A passage and what people say that it supports or not."""

    source: str
    language: str
    passage: str
    claims: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Texts:
    """All that packs are made of."""

    documents: Mapping[str, tuple[Document, ...]]
    parallel: tuple[Parallel, ...]
    judged: Mapping[str, tuple[Judged, ...]]
    closed: tuple[Judged, ...]


def sentences(text: str) -> list[str]:
    """Split a text at line breaks and ends of sentences; what is too short or no prose is left."""
    found: list[str] = []
    for line in text.split("\n"):
        plain = re.sub(r"\s+", " ", re.sub(r"^\s*(?:[-*•]|\d+[.)])\s+", "", line)).strip()
        held = ""
        for part in _BREAK.split(plain):
            held = f"{held} {part}".strip()
            if not _ABBREVIATED.search(part):
                found.append(held)
                held = ""
        found += [held] if held else []
    return [one for one in found if is_prose(one)]


def is_prose(text: str) -> bool:
    """Whether a sentence has a usual length and is mostly letters."""
    letters = sum(letter.isalpha() for letter in text)
    return _SHORTEST <= len(text.split()) <= _LONGEST and letters > 0.6 * len(text)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read JSON Lines; nothing where there is no such file."""
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines)


def documents(folder: Path, language: str) -> Iterator[Document]:
    """Yield help sections and FAQ of a language."""
    for row in rows(folder / f"help_{language}" / f"help_{language}.jsonl"):
        title = row.get("section") or row["title"]
        yield Document(row["source"], row["doc"], language, title, tuple(sentences(row["text"])))
    for row in rows(folder / f"qa_{language}" / f"faq_{language}.jsonl"):
        yield Document(
            row["source"], row["doc"], language, row["question"], tuple(sentences(row["context"]))
        )


def parallel(folder: Path) -> Iterator[Parallel]:
    """Yield pages whose sentences stand in both languages."""
    pages: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for row in rows(folder / "parallel_ende" / "sentences.jsonl"):
        pages[row["source"], row["doc"]].append((row["en"].strip(), row["de"].strip()))
    for (source, page), pairs in pages.items():
        alike = [pair for pair in pairs if is_prose(pair[0]) and is_prose(pair[1])]
        if len(alike) > 1:
            yield Parallel(source, page, tuple(alike))


def judged(paths: Iterable[Path], language: str) -> Iterator[Judged]:
    """Yield premises with their hypotheses; rows of a test split are left out."""
    held: defaultdict[tuple[str, str], list[tuple[str, bool]]] = defaultdict(list)
    for path in paths:
        for row in rows(path):
            if row.get("split") != "test":
                claim = (row["hypothesis"], row["label"] == "supported")
                held[row["source"], row["premise"]].append(claim)
    for (source, premise), claims in held.items():
        yield Judged(source, language, premise, tuple(claims))


def closed(folder: Path) -> Iterator[Judged]:
    """Yield passages with a yes-or-no question of people; True stands for yes."""
    for row in rows(folder / "qa_en" / "boolq_dev.jsonl"):
        yes = row["answers"][0].lower() == "yes"
        yield Judged(row["source"], "en", row["context"], ((row["question"], yes),))


def read(folder: Path, *, only: Collection[str] = (), without: Collection[str] = HELD_OUT) -> Texts:
    """Read what there is of a folder, without some sources, or only of some."""

    def wanted(source: str) -> bool:
        return source not in without and (not only or source in only)

    nli = {
        "en": ["fever_dev_rte", "fever_symmetric", "conjnli"],
        "de": ["rte3_de", "vicodata"],
    }
    prose = {
        language: tuple(
            one for one in documents(folder, language) if wanted(one.source) and one.sentences
        )
        for language in LANGUAGES
    }
    people = {
        language: tuple(
            one
            for one in judged(
                [folder / f"nli_{language}" / f"{name}.jsonl" for name in names], language
            )
            if wanted(one.source)
        )
        for language, names in nli.items()
    }
    return Texts(
        prose,
        tuple(one for one in parallel(folder) if wanted(one.source)),
        people,
        tuple(one for one in closed(folder) if wanted(one.source)),
    )
