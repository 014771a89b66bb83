"""Whether the evidence score tells questions that the passages answer from those they do not.

Each case is a question and what the product's search found for it; the score is compared with
the cosine alone and with the share of the question's words, weighted by their rarity, that the
passages have. ``--fit`` prints the constants of ``assistant/knowledge/evidence.py``.
"""

import argparse
import json
import math
import re
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import report
from numpy.typing import NDArray

from assistant.knowledge import evidence
from assistant.knowledge.documents import Chunk, Document, Entry, Kind
from assistant.knowledge.edge_index import EdgeIndex
from assistant.knowledge.evidence import CONSIDERED, NEAR, THRESHOLD, Features
from assistant.knowledge.library import Library
from assistant.knowledge.load import Item
from assistant.knowledge.search import Passage, Search
from assistant.local.embeddings import E5, Vectors
from assistant.sample import knowledge
from guardrails.words import content

T = TypeVar("T")
Array = NDArray[np.float64]

OWN = Path(__file__).parent / "abstention_questions.jsonl"
SAMPLE = Path(__file__).parent / "questions.jsonl"
LANGUAGES = ("en", "de")
OTHER = {"en": "de", "de": "en"}
BOTH = "en+de"
ACROSS = " across"
MISSED = "sample, passage not found"
STRICTER = 0.2
SEED = 7
RESAMPLES = 400
FOLDS = 10
PENALTY = 1 / 0.3
CLIP = 3.0
WORDS_FIRST = 4
NEWTON_STEPS = 12
APART = ("other subject", "far off-topic")
AGAINST = ("XQuAD", "FAQ", "glossary")
GLOSSARY_KEYS = 70
SHORT = 600
FAQ_ENTRIES = 64
CLINC = 300
BANKING = 60
ASKED = {
    "en": ("how does {} work?", "why would I need {}?", "when should I use {}", "advantages of {}"),
    "de": (
        "Wie funktioniert {}?",
        "Wozu braucht man {}?",
        "Wann benutze ich {}",
        "Vorteile von {}",
    ),
}
WEIGHTS = {
    "ClapNQ": (1.0, 1.0),
    "XQuAD abstain": (0.8, 0.8),
    "XQuAD": (0.6, 0.4),
    "XQuAD across": (0.3, 0.2),
    "MTRAG": (0.5, 0.5),
    "FAQ": (0.6, 0.3),
    "FAQ across": (0.2, 0.1),
    "glossary": (0.4, 0.15),
    "other subject": (0.0, 0.6),
    "other subject across": (0.0, 0.2),
    "far off-topic": (0.0, 0.6),
    "far off-topic across": (0.0, 0.2),
}
"""How much the answerable and the other cases of a set weigh in the fit, for each language."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the passages that were found for it.

    group: cases about the same question are never split between fitting and testing.
    overlap: share of the question's words that the passages have, weighted by rarity.
    """

    set: str
    group: str
    language: str
    question: str
    answerable: bool
    passages: list[Passage]
    overlap: float


class Memory(E5):
    """An embedder that keeps its vectors in a file: the next run takes seconds."""

    def __init__(self) -> None:
        super().__init__()
        path = Path(tempfile.gettempdir()) / "routeback-benchmark-vectors.sqlite"
        self._file = sqlite3.connect(path, timeout=60)
        self._file.execute("create table if not exists vectors (key text primary key, v blob)")

    def _embed(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
        return np.stack([self._one(text, is_query=is_query) for text in texts])

    def _one(self, text: str, *, is_query: bool) -> Vectors:
        key = sha256(f"{self.revision}\0{is_query}\0{text}".encode()).hexdigest()
        row = self._file.execute("select v from vectors where key = ?", (key,)).fetchone()
        if row:
            return np.frombuffer(row[0], np.float32)
        vector: Vectors = super()._embed([text], is_query=is_query)[0]
        with self._file:
            self._file.execute(
                "insert or ignore into vectors values (?, ?)", (key, vector.tobytes())
            )
        return vector


class Pool:
    """Passages that questions are asked of, with the rarity of their words."""

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        held = [content(chunk.searchable, chunk.language) for chunk in chunks]
        self._size = len(held)
        self._having = Counter(word for words in held for word in words)

    def overlap(self, question: str, language: str, passages: Sequence[Passage]) -> float:
        """Return the baseline."""
        asked = content(question, language)
        found = frozenset[str]().union(
            *(content(p.chunk.searchable, p.chunk.language) for p in passages)
        )
        total = sum(map(self._rarity, asked))
        return sum(self._rarity(word) for word in asked & found) / total if total else 0.0

    def _rarity(self, word: str) -> float:
        having = self._having[word]
        return math.log(1 + (self._size - having + 0.5) / (having + 0.5))


class Collection(Pool):
    """Documents in an index of their own, asked through the product's search."""

    def __init__(self, items: Sequence[Item], embedder: E5, folder: Path) -> None:
        self._index = EdgeIndex(folder, embedder.dimensions)
        Library(self._index, embedder).add("benchmark", items, lambda *_: None)
        self._search = Search(self._index, embedder)
        super().__init__(chunk for _, chunk in self._index.chunks())

    def find(self, question: str, language: str, without: str | None = None) -> list[Passage]:
        """Return what is found; without: a source that is taken out."""
        found = self._search.find(question, language, 2 * CONSIDERED)
        return [p for p in found if p.chunk.source != without][:CONSIDERED]

    def close(self) -> None:
        """Release the index."""
        self._index.close()


class Shelf(Pool):
    """Single passages, ranked by cosine."""

    def __init__(self, chunks: Sequence[Chunk], embedder: E5) -> None:
        super().__init__(chunks)
        self._chunks = chunks
        self._embedder = embedder
        self._vectors = embedder.passages([chunk.searchable for chunk in chunks])
        self._at = {chunk.source: at for at, chunk in enumerate(chunks)}

    def find(self, question: str) -> list[Passage]:
        """Return the closest passages."""
        return self._passages(question, np.argsort(-self._cosines(question))[:CONSIDERED].tolist())

    def take(self, question: str, sources: Sequence[str]) -> list[Passage]:
        """Return these passages, the closest first."""
        return self._passages(question, [self._at[source] for source in sources])

    def _passages(self, question: str, places: Sequence[int]) -> list[Passage]:
        cosines = self._cosines(question).tolist()
        return [
            Passage(str(at), self._chunks[at], cosines[at], cosines[at], cosines[at])
            for at in sorted(places, key=lambda at: -cosines[at])
        ]

    def _cosines(self, question: str) -> Vectors:
        cosines: Vectors = self._vectors @ self._embedder.queries([question])[0]
        return cosines


@dataclass(frozen=True, slots=True)
class _Question:
    text: str
    language: str
    group: str
    gold: str | None = None

    @property
    def indexed(self) -> tuple[str, str, str]:
        """The languages of the three indices: its own, both, the other."""
        return self.language, BOTH, OTHER[self.language]

    def case(
        self, kind: str, indexed: str, pool: Pool, found: list[Passage], *, answerable: bool
    ) -> Case:
        name = kind if self.language in indexed else f"{kind}{ACROSS}"
        overlap = pool.overlap(self.text, self.language, found)
        return Case(name, self.group, self.language, self.text, answerable, found, overlap)


def read(path: str | Path) -> list[dict[str, Any]]:
    """Read a file of JSON lines, by default of the data folder."""
    return [json.loads(line) for line in (report.DATA / path).read_text("utf-8").splitlines()]


def _plain(question: str) -> str:
    """Return an FAQ's question without the platform in brackets before it."""
    return re.sub(r"\[[^\]]*\]:?\s*", "", question)


def drawn(things: Sequence[T], count: int) -> list[T]:
    """Return some of them, always the same."""
    order = np.random.default_rng(SEED).permutation(len(things))
    return [things[at] for at in order[:count]]


def page(source: str, title: str, text: str, language: str) -> Chunk:
    """Return a passage that is not cut."""
    path = (title,) if title else ()
    return Chunk("benchmark", source, path, text, language, Kind.PAGE, "public")


def clapnq(embedder: E5) -> Iterator[Case]:
    """Yield search queries with the one passage that annotators judged."""
    rows = read("clapnq_dev/clapnq_dev.jsonl")
    shelf = Shelf(
        [page(r["id"], r["title"], " ".join(r["sentences"]), "en") for r in rows], embedder
    )
    for row in rows:
        asked = _Question(row["question"], "en", row["id"])
        found = shelf.take(asked.text, [row["id"]])
        yield asked.case("ClapNQ", "en", shelf, found, answerable=row["answerable"])


def xquad_abstain(embedder: E5) -> Iterator[Case]:
    """Yield questions with three paragraphs of their article, with and without the right one."""
    rows = read("xquad_ende/abstain_pairs_derived.jsonl")
    for language in LANGUAGES:
        own = [row for row in rows if row["lang"] == language]
        texts = {p: t for r in own for p, t in zip(r["context_pids"], r["contexts"], strict=True)}
        shelf = Shelf([page(p, "", text, language) for p, text in texts.items()], embedder)
        for row in own:
            asked = _Question(row["question"], language, row["qid"])
            found = shelf.take(asked.text, row["context_pids"])
            answerable = row["answerable"]
            yield asked.case("XQuAD abstain", language, shelf, found, answerable=answerable)


def mtrag(embedder: E5) -> Iterator[Case]:
    """Yield support questions of conversations, two turns joined, with the closest passages."""
    rows = [r for r in read("mtrag/mtrag_un.jsonl") if r["domain"] in {"cloud", "govt"}]
    rows = [r for r in rows if r["answerability"] in {"ANSWERABLE", "UNANSWERABLE"}]
    gold = {id_ for row in rows for id_ in row["context_ids"]}
    chunks = [
        page(r["id"], "", " ".join(r["text"].split()[:150]), "en")
        for r in read("mtrag/passages.jsonl")
        if r["id"] in gold
    ]
    shelf = Shelf(chunks, embedder)
    for row in rows:
        turns = [m["content"] for m in row["messages"] if m["role"] == "user"]
        asked = _Question(" ".join(turns[-2:]), "en", row["conversation_id"])
        found = shelf.find(asked.text)
        answerable = row["answerability"] == "ANSWERABLE"
        if not answerable or any(p.chunk.source in row["context_ids"] for p in found):
            yield asked.case("MTRAG", "en", shelf, found, answerable=answerable)


def xquad_items() -> list[Item]:
    """Return the paragraphs that the abstain rows use, as documents without a title."""
    used = {p for r in read("xquad_ende/abstain_pairs_derived.jsonl") for p in r["context_pids"]}
    rows = [row for row in read("xquad_ende/paragraphs.jsonl") if row["pid"] in used]
    return [Document(row["pid"], "", row["text"], row["lang"]) for row in rows]


def faq_items() -> list[Item]:
    """Return the Corona-Warn-App FAQ: the entries that are asked for, and some others."""
    asked = {row["source"] for row in read(OWN)} - {None}
    rows = read("faq_ende/cwa_faq.jsonl")
    others = sorted({row["anchor"] for row in rows} - asked)
    kept = asked.union(drawn(others, FAQ_ENTRIES - len(asked)))
    return [
        Entry(anchor, Kind.FAQ, _plain(row["question"]), row["answer"], row["lang"], key=anchor)
        for row in rows
        if (anchor := row["anchor"]) in kept
    ]


def glossary_items() -> list[Item]:
    """Return short entries of two glossaries: MDN's in both languages, Kubernetes' in English."""
    rows = [r for r in read("glossary_ende/mdn_glossary.jsonl") if len(r["definition"]) <= SHORT]
    have = Counter(row["key"] for row in rows)
    keys = sorted(key for key, count in have.items() if count == len(LANGUAGES))
    kept = set(drawn(keys, GLOSSARY_KEYS))
    rows = [row for row in rows if row["key"] in kept]
    more = [r for r in read("glossary_ende/k8s_glossary.jsonl") if r["lang"] == "en"]
    rows += drawn(more, GLOSSARY_KEYS)
    return [
        Entry(r["key"], Kind.GLOSSARY, r["term"], r["definition"], r["lang"], key=r["key"])
        for r in rows
        if r["definition"]
    ]


class Asked:
    """Yields the cases that go through the product's search.

    Every collection is indexed three times: in English, in German, and in both.
    """

    def __init__(self, embedder: E5, folder: Path) -> None:
        self._items = {"xquad": xquad_items(), "faq": faq_items(), "glossary": glossary_items()}
        self._pools = {
            (name, indexed): Collection(
                [item for item in held if item.language in indexed],
                embedder,
                folder / name / indexed,
            )
            for name, held in self._items.items()
            for indexed in (*LANGUAGES, BOTH)
        }

    def close(self) -> None:
        """Release the indices."""
        for pool in self._pools.values():
            pool.close()

    def cases(self) -> Iterator[Case]:
        """Yield every case."""
        own = read(OWN)
        yield from self._xquad()
        yield from self._faq([row for row in own if row["set"] == "faq"])
        yield from self._glossary()
        yield from self._far([row for row in own if row["set"] == "off-topic"])

    def _xquad(self) -> Iterator[Case]:
        held = {item.source for item in self._items["xquad"]}
        for row in read("xquad_ende/questions.jsonl"):
            asked = _Question(row["question"], row["lang"], row["qid"], row["pid"])
            if asked.gold in held:
                which = int(sha256(asked.group.encode()).hexdigest(), 16) % 6
                if which < 3:
                    yield from self._both("XQuAD", "xquad", asked.indexed[which], asked)
                else:
                    yield self._other("other subject", "faq", asked.indexed[which - 3], asked)
                    yield self._other("other subject", "glossary", asked.indexed[which - 3], asked)

    def _faq(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[Case]:
        for row in rows:
            text, gold = row["question"], row["source"]
            asked = _Question(text, row["language"], gold or text, gold)
            for indexed in asked.indexed:
                if gold:
                    yield from self._both("FAQ", "faq", indexed, asked)
                    yield self._other("other subject", "glossary", indexed, asked)
                    yield self._other("other subject", "xquad", indexed, asked)
                else:
                    yield self._other("FAQ", "faq", indexed, asked)

    def _glossary(self) -> Iterator[Case]:
        for at, item in enumerate(self._items["glossary"]):
            wording = ASKED[item.language][at % len(ASKED[item.language])]
            text = wording.format(item.name if isinstance(item, Entry) else item.title)
            asked = _Question(text, item.language, item.source, item.source)
            yield from self._both("glossary", "glossary", asked.indexed[at % 2], asked)

    def _far(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[Case]:
        for row in rows:
            asked = _Question(row["question"], row["language"], row["question"])
            for name in self._items:
                for indexed in asked.indexed:
                    yield self._other("far off-topic", name, indexed, asked)
        strangers = (
            ("far off-topic", "clinc150_val", CLINC),
            ("other subject", "banking77_train", BANKING),
        )
        for kind, file, count in strangers:
            for at, row in enumerate(drawn(read(f"support_intents/{file}.jsonl"), count)):
                asked = _Question(row["text"], "en", row["text"])
                for place, name in enumerate(self._items):
                    indexed = asked.indexed[(at + place) % 3]
                    yield self._other(kind, name, indexed, asked)

    def _both(self, kind: str, name: str, indexed: str, asked: "_Question") -> Iterator[Case]:
        """Yield the question with its passage, if it was found, and without it."""
        pool = self._pools[name, indexed]
        found = pool.find(asked.text, asked.language)
        if any(passage.chunk.source == asked.gold for passage in found):
            yield asked.case(kind, indexed, pool, found, answerable=True)
        found = pool.find(asked.text, asked.language, without=asked.gold)
        yield asked.case(kind, indexed, pool, found, answerable=False)

    def _other(self, kind: str, name: str, indexed: str, asked: "_Question") -> Case:
        pool = self._pools[name, indexed]
        found = pool.find(asked.text, asked.language)
        return asked.case(kind, indexed, pool, found, answerable=False)


def sample(embedder: E5, folder: Path) -> list[Case]:
    """Return the questions that were written for the knowledge that comes with Routeback."""
    collection = Collection(knowledge(), embedder, folder)
    cases = []
    for row in read(SAMPLE):
        asked = _Question(row["question"], row["language"], row["id"])
        found = collection.find(asked.text, asked.language)
        answerable = row["behaviour"] == "answer"
        kind = "far off-topic" if row["segment"] == "other" else "sample"
        if answerable and not any(
            (p.chunk.key or p.chunk.source).startswith(row["source"]) for p in found
        ):
            kind = MISSED
        cases.append(asked.case(kind, BOTH, collection, found, answerable=answerable))
    collection.close()
    return cases


class Model:
    """The logistic model of ``evidence``, fitted."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self._values = np.array([astuple(_features(case)) for case in cases])
        self._labels = np.array([case.answerable for case in cases], float)
        self._weights = _weights(cases)
        foreign = self._values[:, 2] == 1
        used = np.ones(self._values.shape, bool)
        used[foreign, WORDS_FIRST:] = False
        used[~foreign, WORDS_FIRST - 1] = False
        masked = np.where(used, self._values, np.nan)
        self.mean, self.scale = np.nanmean(masked, axis=0), np.nanstd(masked, axis=0)
        standard = np.clip((self._values - self.mean) / self.scale, -CLIP, CLIP)
        self._inputs = np.column_stack([np.where(used, standard, 0.0), np.ones(len(cases))])
        self.weight = self._fit(np.arange(len(cases)))

    def cross_validated(self, cases: Sequence[Case]) -> Array:
        """Return the log odds of each case from a model that did not see its question."""
        groups = sorted({case.group for case in cases})
        fold = {group: at % FOLDS for at, group in enumerate(drawn(groups, len(groups)))}
        folds = np.array([fold[case.group] for case in cases])
        odds = np.zeros(len(cases))
        for held_out in range(FOLDS):
            weight = self._fit(np.flatnonzero(folds != held_out))
            odds[folds == held_out] = self._inputs[folds == held_out] @ weight
        return odds

    def constants(self) -> str:
        """Return the lines to paste into ``evidence.py``."""
        rows = {"_MEAN": self.mean, "_SCALE": self.scale, "_WEIGHT": self.weight[:-1]}
        lines = [
            f"{name}: Final = Features({', '.join(f'{value:.4f}' for value in row)})"
            for name, row in rows.items()
        ]
        return "\n".join([*lines, f"_INTERCEPT: Final = {self.weight[-1]:.4f}"])

    def _fit(self, rows: NDArray[np.int64]) -> Array:
        """Return the weights that maximise the penalised likelihood, by Newton's method."""
        inputs, labels, weights = self._inputs[rows], self._labels[rows], self._weights[rows]
        penalty = np.diag([PENALTY] * (inputs.shape[1] - 1) + [0.0])
        found = np.zeros(inputs.shape[1])
        for _ in range(NEWTON_STEPS):
            chance = 1 / (1 + np.exp(-inputs @ found))
            slope = inputs.T @ (weights * (chance - labels)) + penalty @ found
            bend = (inputs * (weights * chance * (1 - chance))[:, None]).T @ inputs + penalty
            found -= np.linalg.solve(bend, slope)
        return found


def _features(case: Case) -> Features:
    return evidence.measure(case.question, case.language, case.passages)


def _weights(cases: Sequence[Case]) -> Array:
    cells = [(case.set, case.language, case.answerable) for case in cases]
    sizes = Counter(cells)
    weights = np.array([WEIGHTS[cell[0]][not cell[2]] / sizes[cell] for cell in cells])
    normal: Array = weights / weights.mean()
    return normal


def area(scores: Array, labels: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve, ties counted half."""
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    right = labels.sum()
    wrong = len(labels) - right
    return float((ranks[labels].sum() - right * (right + 1) / 2) / (right * wrong))


def resampled(
    cases: Sequence[Case], statistic: Callable[[NDArray[np.int64]], float]
) -> tuple[float, float]:
    """Return a 95 % bootstrap interval over questions; statistic: of the drawn cases."""
    groups: dict[str, list[int]] = defaultdict(list)
    for at, case in enumerate(cases):
        groups[case.group].append(at)
    held = [np.array(rows) for rows in groups.values()]
    draw = np.random.default_rng(SEED)
    drawn = (draw.integers(0, len(held), len(held)) for _ in range(RESAMPLES))
    values = [statistic(np.concatenate([held[at] for at in row])) for row in drawn]
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def public(embedder: E5, folder: Path) -> list[Case]:
    """Return all cases from public data."""
    asked = Asked(embedder, folder)
    cases = [*clapnq(embedder), *xquad_abstain(embedder), *mtrag(embedder), *asked.cases()]
    asked.close()
    return cases


@dataclass(frozen=True, slots=True)
class Row:
    """Cases of one kind: those that have an answer and those that have none."""

    name: str
    chosen: list[int]
    answerable: int

    @property
    def other(self) -> int:
        """How many have no answer."""
        return len(self.chosen) - self.answerable


def rows(cases: Sequence[Case]) -> list[Row]:
    """Return the lines of the tables. Questions off the subject are set against all answers."""
    made = []
    for kind in dict.fromkeys(kind.removesuffix(ACROSS) for kind in WEIGHTS):
        places = [(language, kind) for language in LANGUAGES]
        for language, name in [*places, (BOTH, f"{kind}{ACROSS}")]:
            against = AGAINST if kind in APART else (kind,)
            right = {f"{k}{ACROSS}" if name.endswith(ACROSS) else k for k in against}
            chosen = [
                at
                for at, case in enumerate(cases)
                if case.language in language and case.set in (right if case.answerable else {name})
            ]
            answerable = sum(cases[at].answerable for at in chosen)
            if 0 < answerable < len(chosen):
                label = name if name.endswith(ACROSS) else f"{name}, {language}"
                made.append(Row(label, chosen, answerable))
    return made


def areas(cases: Sequence[Case], scores: Array, odds: Array) -> str:
    """Return the table of areas under the curve."""
    labels = np.array([case.answerable for case in cases])
    overlap = np.array([case.overlap for case in cases])
    cosine = np.array([max(p.similarity for p in case.passages) for case in cases])
    lines: list[list[object]] = []
    for row in rows(cases):
        at = np.array(row.chosen)
        ways = [area(way[at], labels[at]) for way in (scores, odds, overlap, cosine)]
        better = overlap if ways[2] > ways[3] else cosine

        def gain(
            drawn: NDArray[np.int64], at: NDArray[np.int64] = at, better: Array = better
        ) -> float:
            some = at[drawn]
            return area(scores[some], labels[some]) - area(better[some], labels[some])

        low, high = resampled([cases[i] for i in row.chosen], gain)
        lines.append([row.name, row.answerable, row.other, *ways, f"{low:+.3f} to {high:+.3f}"])
    head = (
        *("questions", "with answer", "without", "evidence", "cross-validated"),
        *("words", "cosine", "gain over the better of the two"),
    )
    return report.table(head, lines)


def points(cases: Sequence[Case], scores: Array, thresholds: Sequence[float]) -> str:
    """Return the table of what each threshold refuses."""
    lines: list[list[object]] = []
    for row in rows(cases):
        yes = scores[[at for at in row.chosen if cases[at].answerable]]
        no = scores[[at for at in row.chosen if not cases[at].answerable]]
        refused = [f"{(yes < t).mean():.1%}" for t in thresholds]
        caught = [f"{(no < t).mean():.1%}" for t in thresholds]
        lines.append([row.name, *refused, *caught])
    names = [f"{t:g}" for t in thresholds]
    head = [f"with answer, refused at {n}" for n in names] + [
        f"without, caught at {n}" for n in names
    ]
    return report.table(["questions", *head], lines)


def own_points(cases: Sequence[Case], scores: Array, thresholds: Sequence[float]) -> str:
    """Return the table for the sample knowledge."""
    kinds = [
        ("with answer, its passage found", [c.answerable and c.set != MISSED for c in cases]),
        ("with answer, its passage not found", [c.set == MISSED for c in cases]),
        ("on a subject it has, no answer", [not c.answerable and c.set == "sample" for c in cases]),
        ("far off-topic", [c.set == "far off-topic" for c in cases]),
    ]
    lines = [
        [name, sum(held), *(int((scores[np.array(held)] < t).sum()) for t in thresholds)]
        for name, held in kinds
    ]
    return report.table(["questions", "all", *(f"below {t:g}" for t in thresholds)], lines)


TEXT = """

*Evidence* is the score of `assistant/knowledge/evidence.py` as it stands, *cross-validated* the
same model fitted without the question at hand; *words* is the share of the question's words,
weighted by rarity, that the passages have; *cosine* that of the closest passage. All four columns
are areas under the ROC curve, and the gain is a 95 % bootstrap interval over questions. In
XQuAD, FAQ and glossary, the questions without an answer are the same ones with their passage
taken out, so that the rest of the subject is still found. *Other subject* and *far off-topic*
are set against the answerable questions of those three. *Across*: the passages are in the other
language only. Questions whose passage the search did not find are left out.

{points}

Routeback abstains below {threshold:g}; below {near:g} it does not even name what it found; the
third threshold is there for comparison. The next table is about questions written for the sample
knowledge, deliberately in other words than its own; none of them was fitted on, but the
thresholds were chosen with them in view.

{own}

What it shows: {shows}

What it does not show: whether a passage states the fact that was asked for. The score measures
relevance and coverage, so that a question about the right subject without an answer mostly
passes, and is left to the arm. Across languages only the cosines speak, and the score is
accordingly weaker there. The rewordings and the chit-chat are by one author; the German
far-off-topic questions are few.
"""


def shown(cases: Sequence[Case], scores: Array, threshold: float) -> str:
    """Return one sentence with the numbers that matter."""
    core = [c.answerable and c.set in AGAINST for c in cases]
    far = [c.set == "far off-topic" for c in cases]
    return (
        f"at {threshold:g}, {(scores[core] < threshold).mean():.1%} of {sum(core)} answerable "
        f"questions in the language of the passages are refused, and "
        f"{(scores[far] < threshold).mean():.1%} of {sum(far)} far off-topic ones are caught. The "
        "score ranks better than words or cosine alone wherever the interval lies above 0."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="print constants for evidence.py")
    fit = parser.parse_args().fit
    if not report.DATA.is_dir():
        print(f"Skipped abstention: there is no folder {report.DATA}.")
        return
    with tempfile.TemporaryDirectory() as folder:
        embedder = Memory()
        cases = public(embedder, Path(folder) / "public")
        own = sample(embedder, Path(folder) / "sample")
    # What a question asks for by its name is never weighed.
    cases = [case for case in cases if not case.passages[0].matched]
    model = Model(cases)
    if fit:
        print(model.constants())
        return
    scores = np.array([evidence.enough(c.question, c.language, c.passages) for c in cases])
    own_scores = np.array([evidence.enough(c.question, c.language, c.passages) for c in own])
    thresholds = (NEAR, THRESHOLD, STRICTER)
    text = areas(cases, scores, model.cross_validated(cases)) + TEXT.format(
        points=points(cases, scores, thresholds),
        own=own_points(own, own_scores, thresholds),
        threshold=THRESHOLD,
        near=NEAR,
        shows=shown(cases, scores, THRESHOLD),
    )
    report.publish("abstention", "Abstaining", text)


if __name__ == "__main__":
    main()
