"""Whether Routeback's search finds the right passage more often than its parts alone.

Each row is one collection and one direction of languages. It is indexed by ``Library`` into an
``EdgeIndex`` and asked through ``Search``; the two baselines rank the same passages by the same
vectors: the cosine alone, and BM25 alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from assistant.knowledge.documents import Chunk, Document, Entry, Kind
from assistant.knowledge.index.bm25 import Bm25
from assistant.knowledge.index.edge import EdgeIndex
from assistant.knowledge.library import Library
from assistant.knowledge.load import Item
from assistant.knowledge.search import Search
from assistant.local.embeddings import TextEmbedder
from benchmarks import data
from benchmarks.remembered import RememberedE5
from benchmarks.results import Table, figures, number, table
from guardrails.arrays import Vectors

LANGUAGES = ("en", "de")
DIRECTIONS = (("en", "en"), ("de", "de"), ("de", "en"), ("en", "de"))
BOTH = "en+de"
LIMIT = 5
MISSED = 10**6
EVERY_SECOND = 2
RESAMPLES = 4000

WHAT_IS = {"en": "What is {}?", "de": "Was ist {}?"}
PARAPHRASE = {
    "en": "Can you tell me about {{}} in the context of {}?",
    "de": "Kannst du mir etwas über {{}} im Zusammenhang mit {} erzählen?",
}

Ranks = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Case:
    """A question and the source that answers it."""

    question: str
    gold: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what is indexed and what is asked."""

    name: str
    items: list[Item]
    asked_in: Literal["en", "de"]
    cases: list[Case]


@dataclass(frozen=True, slots=True)
class Result:
    """Place of the first right passage for each question and way to search, from 0."""

    ours: Ranks
    dense: Ranks
    bm25: Ranks

    @property
    def better(self) -> Ranks:
        """The baseline with more first places."""
        return max(self.dense, self.bm25, key=lambda ranks: hit(ranks, 1))


def ranks(row: Row, embedder: TextEmbedder) -> Result:
    """Index the row's items and ask its questions in three ways."""
    with TemporaryDirectory() as folder:
        index = EdgeIndex(Path(folder), embedder.dimensions)
        Library(index, embedder).add("benchmark", row.items, lambda *_: None)
        search = Search(index, embedder)
        passages = [chunk for _, chunk in index.chunks()]
        ours = [
            place([p.chunk for p in search.find(case.question, row.asked_in, LIMIT)], case.gold)
            for case in row.cases
        ]
        index.close()
    questions = [case.question for case in row.cases]
    cosines = embedder.queries(questions) @ embedder.passages([p.searchable for p in passages]).T
    return Result(
        ours=np.array(ours),
        dense=ranked(cosines, passages, row.cases),
        bm25=ranked(bm25_scores(questions, passages), passages, row.cases),
    )


def bm25_scores(questions: Sequence[str], passages: Sequence[Chunk]) -> Vectors:
    """Return BM25 of each question with each passage, with the index's formula for rarity."""
    bm25 = Bm25()
    documents = [bm25.document(p.searchable, p.language) for p in passages]
    asked = [bm25.question(question) for question in questions]
    columns = {token: column for column, token in enumerate({t for d in documents for t in d})}
    weights = np.zeros((len(passages), len(columns)), np.float32)
    for line, document in enumerate(documents):
        for token, weight in document.items():
            weights[line, columns[token]] = weight
    having = (weights > 0).sum(axis=0)
    weights *= np.log(1 + (len(passages) - having + 0.5) / (having + 0.5))
    scores = np.zeros((len(questions), len(passages)), np.float32)
    for line, tokens in enumerate(asked):
        known = [columns[token] for token in tokens if token in columns]
        scores[line] = weights[:, known].sum(axis=1)
    return scores


def ranked(scores: Vectors, passages: Sequence[Chunk], cases: Sequence[Case]) -> Ranks:
    """Return each case's place in the list of passages by score; a score of 0 is not found."""
    places = []
    for line, case in zip(scores, cases, strict=True):
        order = np.argsort(-line, kind="stable")[:LIMIT]
        places.append(place([passages[i] for i in order if line[i] > 0], case.gold))
    return np.array(places)


def place(found: Sequence[Chunk], gold: str) -> int:
    """Return where the first passage of the right source stands."""
    return next((at for at, chunk in enumerate(found) if chunk.source == gold), MISSED)


def hit(ranks: Ranks, within: int) -> float:
    """Return the share of questions whose passage is among the first ``within``."""
    return float((ranks < within).mean())


def interval(one: Ranks, other: Ranks) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the difference in hit@1, over questions."""
    difference = (one < 1).astype(float) - (other < 1)
    drawn = np.random.default_rng(0).integers(0, len(one), (RESAMPLES, len(one)))
    low, high = np.quantile(difference[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def xquad() -> Iterator[Row]:
    """Yield XQuAD's directions: Wikipedia paragraphs as documents without a title."""
    items: dict[str, list[Item]] = {language: [] for language in LANGUAGES}
    for row in data.lines("xquad_ende/paragraphs.jsonl"):
        items[row["lang"]].append(Document(row["pid"], "", row["text"], row["lang"]))
    cases: dict[str, list[Case]] = {language: [] for language in LANGUAGES}
    for row in data.lines("xquad_ende/questions.jsonl"):
        cases[row["lang"]].append(Case(row["question"], row["pid"]))
    yield from directions("XQuAD", items, cases)


def help_centre() -> Iterator[Row]:
    """Yield the Corona-Warn-App FAQ asked with its own questions in the other language."""
    items: dict[str, list[Item]] = {language: [] for language in LANGUAGES}
    cases: dict[str, list[Case]] = {language: [] for language in LANGUAGES}
    for row in data.lines("faq_ende/cwa_faq.jsonl"):
        source, language = row["anchor"], row["lang"]
        entry = Entry(source, Kind.FAQ, row["question"], row["answer"], language, key=source)
        items[language].append(entry)
        cases[language].append(Case(row["question"], source))
    yield from directions("help centre", items, cases, DIRECTIONS[2:], both=False)


def glossary(
    name: str, field: dict[str, str], asked: Sequence[tuple[str, str]], *, step: int = 1
) -> Iterator[Row]:
    """Yield a glossary as entries asked by name and otherwise, and as pages without names."""
    rows = list(data.lines(f"glossary_ende/{name}_glossary.jsonl"))
    kept = set(sorted({row["key"] for row in rows})[::step])
    rows = [row for row in rows if row["key"] in kept]
    entries: dict[str, list[Item]] = {language: [] for language in LANGUAGES}
    pages: dict[str, list[Item]] = {language: [] for language in LANGUAGES}
    for row in rows:
        key, language = row["key"], row["lang"]
        text = row["definition"] or row.get("short") or row["more"]
        others = tuple(row.get("aka") or ())
        entry = Entry(key, Kind.GLOSSARY, row["term"], text, language, others, key)
        entries[language].append(entry)
        pages[language].append(Document(key, row["term"], text, language))
    paraphrase = {language: PARAPHRASE[language].format(field[language]) for language in LANGUAGES}
    by_name, otherwise = terms(rows, WHAT_IS), terms(rows, paraphrase)
    yield from directions(f"{name} “What is …?”", entries, by_name, asked, both=False)
    yield from directions(f"{name} paraphrase", entries, otherwise, asked, both=False)
    yield from directions(f"{name} as pages", pages, by_name, asked, both=False)


def terms(rows: Sequence[dict[str, Any]], wording: dict[str, str]) -> dict[str, list[Case]]:
    """Return a question for each term; German ones use the English term if there is no other."""
    known = {(row["key"], row["lang"]): row["term"] for row in rows}
    keys = sorted({key for key, _ in known})
    return {
        language: [
            Case(wording[language].format(known.get((key, language)) or known[key, "en"]), key)
            for key in keys
            if (key, language) in known or (key, "en") in known
        ]
        for language in LANGUAGES
    }


def directions(
    name: str,
    items: dict[str, list[Item]],
    cases: dict[str, list[Case]],
    asked: Sequence[tuple[str, str]] = DIRECTIONS,
    *,
    both: bool = True,
) -> Iterator[Row]:
    """Yield a row per pair of languages, with the questions that have an answer there."""
    pool = {**items, BOTH: [item for language in LANGUAGES for item in items[language]]}
    for asked_in, indexed in (*asked, *(((a, BOTH) for a in LANGUAGES) if both else ())):
        sources = {item.source for item in pool[indexed]}
        known = [case for case in cases[asked_in] if case.gold in sources]
        yield Row(f"{name}, {asked_in} → {indexed}", pool[indexed], asked_in, known)


def line(row: Row, result: Result) -> list[object]:
    """Return one line of the table."""
    lists = (result.ours, result.dense, result.bm25)
    low, high = interval(result.ours, result.better)
    return [
        row.name,
        len(row.cases),
        *(hit(ranks, 1) for ranks in lists),
        *(hit(ranks, LIMIT) for ranks in lists),
        hit(result.ours, 1) - hit(result.better, 1),
        [low, high],
        hit(result.ours[1::2], 1),
        hit(result.better[1::2], 1),
    ]


def rows() -> Iterator[Row]:
    """Yield every row of the table."""
    yield from xquad()
    yield from help_centre()
    web = {"en": "web development", "de": "Webentwicklung"}
    containers = {"en": "container orchestration", "de": "Container-Orchestrierung"}
    yield from glossary("mdn", web, DIRECTIONS, step=EVERY_SECOND)
    yield from glossary("k8s", containers, (("en", "en"), ("de", "en")))


def findings(results: dict[str, Result]) -> Table:
    """Return how many rows say what."""
    gains = [hit(r.ours, 1) - hit(r.better, 1) for r in results.values()]
    lows = [interval(r.ours, r.better)[0] for r in results.values()]
    losses = [
        max(hit(r.dense, LIMIT), hit(r.bm25, LIMIT)) - hit(r.ours, LIMIT) for r in results.values()
    ]
    return figures(
        "figures",
        [
            ("rows", len(gains), "", 0),
            ("ours at least the better baseline @1", sum(gain >= 0 for gain in gains), "", 0),
            ("ours ahead by more than chance @1", sum(low > 0 for low in lows), "", 0),
            ("ours behind @5", sum(loss > 0 for loss in losses), "", 0),
            ("by at most, @5", max(0.0, *losses), "", 3),
        ],
    )


PLACES = (
    *("asked → indexed", "n", "ours @1", "dense @1", "BM25 @1", "ours @5", "dense @5", "BM25 @5"),
    *("ours − better @1", number("95 %", 3, signed=True), "ours @1, odd", "better @1, odd"),
)


def measure(*, quick: bool = False) -> list[Table]:
    """Measure every row; half an hour, and minutes once the texts are embedded."""
    embedder = RememberedE5()
    lines, results = [], {}
    for row in rows():
        if quick and not row.name.startswith("help centre"):
            continue
        results[row.name] = ranks(row, embedder)
        lines.append(line(row, results[row.name]))
        print(lines[-1], flush=True)
    return [table("places", PLACES, lines), findings(results)]
