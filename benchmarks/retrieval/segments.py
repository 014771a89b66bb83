"""Whether questions get the right segment, and strange ones none.

The product's ``Segmenter`` against the nearest centroid of word TF-IDF, on two public sets of
intents and, by leaving pairs of translations out, on the examples that are shipped.
"""

import hashlib
import math
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from assistant.local.embeddings import E5, TextEmbedder, remembered_queries
from assistant.segments import UNKNOWN, LabelledQuestion, Segmenter, read_examples
from benchmarks import data
from benchmarks.results import KEPT, Table, number, table
from guardrails.arrays import Vectors

SAMPLE = Path(str(files("assistant") / "sample"))
FEW = 20
DRAWS = 3
FOLDS = 5
TIMED = 200

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Questions:
    """Labelled questions with their embeddings."""

    examples: list[LabelledQuestion]
    vectors: Vectors

    def only(self, chosen: Sequence[int]) -> Self:
        """Return some of them."""
        return type(self)([self.examples[i] for i in chosen], self.vectors[list(chosen)])

    @property
    def labels(self) -> list[str]:
        """The segments, in order."""
        return [example.segment for example in self.examples]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a classifier says: its best segment for each question, and how well it fits."""

    labels: list[str]
    fits: Floats

    def right(self, questions: Questions) -> float:
        """Return the accuracy when it has to choose a segment."""
        return float(np.mean([a == b for a, b in zip(self.labels, questions.labels, strict=True)]))


class Centroids:
    """The baseline: cosine with the mean TF-IDF vector of each segment's words."""

    def __init__(self, examples: Sequence[LabelledQuestion]) -> None:
        counts = [_words(example.text) for example in examples]
        having = Counter(word for counted in counts for word in counted)
        self._columns = {word: column for column, word in enumerate(having)}
        inverse = [math.log((1 + len(counts)) / (1 + n)) + 1 for n in having.values()]
        self._idf = np.array(inverse, np.float32)
        self.segments = sorted({example.segment for example in examples})
        sums = np.zeros((len(self.segments), len(having)), np.float32)
        for example in examples:
            where, weights = self._vector(example.text)
            sums[self.segments.index(example.segment), where] += weights
        self._centroids = sums / np.linalg.norm(sums, axis=1, keepdims=True)

    def answer(self, questions: Questions) -> Answers:
        """Classify questions."""
        scores = np.stack([self._scores(example.text) for example in questions.examples])
        return Answers([self.segments[i] for i in scores.argmax(axis=1)], scores.max(axis=1))

    def _scores(self, text: str) -> Floats:
        where, weights = self._vector(text)
        scores: Floats = self._centroids[:, where] @ weights
        return scores

    def _vector(self, text: str) -> tuple[NDArray[np.intp], Floats]:
        known = {
            self._columns[w]: 1 + math.log(n) for w, n in _words(text).items() if w in self._columns
        }
        where = np.array(list(known), np.intp)
        weights = np.array(list(known.values()), np.float32) * self._idf[where]
        return where, weights / max(float(np.linalg.norm(weights)), 1e-9)


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text.casefold()))


def ours(segmenter: Segmenter, questions: Questions) -> Answers:
    """Classify questions with the product's code."""
    pairs = zip(questions.examples, questions.vectors, strict=True)
    said = [segmenter.nearest(example.text, vector) for example, vector in pairs]
    return Answers([label for label, _ in said], np.array([fit for _, fit in said], np.float32))


def auc(inside: Floats, outside: Floats) -> float:
    """Return how often a question in scope fits better than one that is not; ties count half."""
    less = np.searchsorted(np.sort(outside), inside, side="left")
    most = np.searchsorted(np.sort(outside), inside, side="right")
    return float((less + most).mean() / 2 / len(outside))


def compare(train: Questions, test: Questions, foreign: Questions) -> list[float]:
    """Return the measures of one row, in the order of ``PUBLIC``."""
    segmenter = Segmenter(train.examples, train.vectors)
    baseline = Centroids(train.examples)
    own, own_foreign = ours(segmenter, test), ours(segmenter, foreign)
    base, base_foreign = baseline.answer(test), baseline.answer(foreign)
    refused = float((own.fits < segmenter.threshold).mean())
    same_share = np.quantile(base.fits, refused)
    return [
        own.right(test),
        base.right(test),
        auc(own.fits, own_foreign.fits),
        auc(base.fits, base_foreign.fits),
        refused,
        float((own_foreign.fits < segmenter.threshold).mean()),
        float((base_foreign.fits < same_share).mean()),
    ]


def few(train: Questions, seed: int) -> Questions:
    """Draw ``FEW`` examples of each segment."""
    order = np.random.default_rng(seed).permutation(len(train.examples))
    taken: Counter[str] = Counter()
    chosen = []
    for i in map(int, order):
        label = train.examples[i].segment
        taken[label] += 1
        if taken[label] <= FEW:
            chosen.append(i)
    return train.only(chosen)


def public(embedder: TextEmbedder) -> Iterator[tuple[str, Questions, Questions, Questions]]:
    """Yield (name, train, test, out of scope) of CLINC150 and Banking77."""
    train, test = load("clinc150_train", embedder), load("clinc150_val", embedder)
    inside = [[i for i, e in enumerate(q.examples) if e.segment != "oos"] for q in (train, test)]
    outside = [[i for i, e in enumerate(q.examples) if e.segment == "oos"] for q in (train, test)]
    foreign = joined(train.only(outside[0]), test.only(outside[1]))
    yield "CLINC150", train.only(inside[0]), test.only(inside[1]), foreign
    banking = load("banking77_train", embedder)
    held = [fold(example.text) == 0 for example in banking.examples]
    rest, part = ([i for i, out in enumerate(held) if out is wanted] for wanted in (False, True))
    yield "Banking77, held-out fifth of train", banking.only(rest), banking.only(part), foreign


def load(name: str, embedder: TextEmbedder) -> Questions:
    """Read and embed one file."""
    rows = data.lines(f"support_intents/{name}.jsonl")
    return embedded([LabelledQuestion(row["text"], row["intent"]) for row in rows], embedder)


def embedded(examples: list[LabelledQuestion], embedder: TextEmbedder) -> Questions:
    """Embed questions, or remember their vectors from an earlier run."""
    texts = [example.text for example in examples]
    return Questions(examples, remembered_queries(texts, embedder, KEPT))


def joined(one: Questions, other: Questions) -> Questions:
    """Put two sets together."""
    vectors = np.concatenate([one.vectors, other.vectors])
    return Questions(one.examples + other.examples, vectors)


def fold(text: str) -> int:
    """Return which of the folds a text is in."""
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), 16) % FOLDS


def sample(embedder: TextEmbedder) -> Iterator[list[object]]:
    """Yield a line per language and segment: accuracy on pairs that the classifiers never saw."""
    asked = embedded(read_examples(SAMPLE / "segments.jsonl"), embedder)
    smalltalk = embedded(read_examples(SAMPLE / "smalltalk.jsonl"), embedder)
    folds = np.array(pair_folds(asked.examples))
    language = np.array([example.language for example in asked.examples])
    label = np.array(asked.labels)
    said, base, translated = (np.empty(len(label), object) for _ in range(3))
    for held in range(FOLDS):
        out = folds == held
        test = asked.only(np.flatnonzero(out).tolist())
        train = joined(asked.only(np.flatnonzero(~out).tolist()), smalltalk)
        said[out] = segmented(train, test)
        base[out] = Centroids(train.examples).answer(test).labels
        english = asked.only(np.flatnonzero(~out & (language == "en")).tolist())
        translated[out] = segmented(english, test)
    groups = {"all": folds >= 0, "all with a segment": label != UNKNOWN}
    groups |= {name: language == name for name in ("en", "de")}
    groups |= {name: label == name for name in sorted(set(asked.labels))}
    for name, of in groups.items():
        yield [name, *_sample_line(said[of], label[of]), float((base == label)[of].mean())]
    of = language == "de"
    yield ["de, English examples only", *_sample_line(translated[of], label[of]), None]


def _sample_line(said: NDArray[np.object_], label: NDArray[np.str_]) -> list[object]:
    return [len(label), float((said == label).mean()), float((said == UNKNOWN).mean())]


def segmented(train: Questions, test: Questions) -> NDArray[np.str_]:
    """Return what the product says, ``other`` below its threshold included."""
    segmenter = Segmenter(train.examples, train.vectors)
    pairs = zip(test.examples, test.vectors, strict=True)
    return np.array([segmenter.segment(example.text, vector) for example, vector in pairs])


def pair_folds(examples: Sequence[LabelledQuestion]) -> list[int]:
    """Return a fold for each example; a question and its translation get the same.

    In the file, the n-th German example of a segment translates the n-th English one.
    """
    english: dict[str, list[str]] = defaultdict(list)
    for example in examples:
        if example.language == "en":
            english[example.segment].append(example.text)
    seen: Counter[tuple[str, str]] = Counter()
    folds = []
    for example in examples:
        place = example.segment, example.language
        folds.append(fold(english[example.segment][seen[place]]))
        seen[place] += 1
    return folds


def milliseconds(
    segmenter: Segmenter, test: Questions, embedder: TextEmbedder
) -> tuple[float, float]:
    """Return the median time of one question: its embedding, and its segment."""
    embedding, choosing = [], []
    for example in test.examples[:TIMED]:
        start = time.perf_counter()
        vector = embedder.queries([example.text])[0]
        between = time.perf_counter()
        segmenter.segment(example.text, vector)
        embedding.append(between - start)
        choosing.append(time.perf_counter() - between)
    return 1e3 * float(np.median(embedding)), 1e3 * float(np.median(choosing))


PUBLIC = (
    *("set", "examples", "segments", "asked", "right", "right, words", "AUC", "AUC, words"),
    *("refused", "caught", "caught, words"),
)
SHIPPED = ("shipped examples", "asked", "right", "called other", "right, words")
TIMES = ("one question", number("median", 1, "ms"))


def measure(*, quick: bool = False) -> list[Table]:
    """Classify; half an hour, and minutes once the texts are embedded."""
    embedder = E5()
    lines: list[list[object]] = []
    times: list[list[object]] = []
    for name, train, test, foreign in () if quick else public(embedder):
        segments = len(set(train.labels))
        if not times:
            segmenter = Segmenter(train.examples, train.vectors)
            embedding, choosing = milliseconds(segmenter, test, embedder)
            label = f"its segment, by {len(train.examples):,} examples"
            times = [["its embedding, which retrieval needs anyway", embedding], [label, choosing]]
        size = [segments, len(test.examples)]
        lines.append([name, len(train.examples), *size, *compare(train, test, foreign)])
        draws = [compare(few(train, seed), test, foreign) for seed in range(DRAWS)]
        means = np.mean(draws, axis=0).tolist()
        lines.append([f"{name}, {FEW} each", FEW * segments, *size, *means])
    return [
        table("public", PUBLIC, lines),
        table("shipped", SHIPPED, list(sample(embedder))),
        table("times", TIMES, times),
    ]
