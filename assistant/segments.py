"""Which segment a question is in: nearest labelled examples, no language model.

A class scores by the mean cosine of its nearest examples, by its centroid in a space where
directions that vary within classes count less (Fisher's idea), and by its centroid of
character n-grams. Below a threshold, set by leaving each example out once, the question is
``other``. Measured by ``benchmarks/retrieval/segments.py``.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.errors import SettingsError
from assistant.language import LANGUAGES
from guardrails.arrays import Vectors

UNKNOWN: Final = "other"
PERSON: Final = "person"
DECLINED: Final = "smalltalk.declined"
SMALLTALK: Final[Mapping[str, str]] = {
    "smalltalk.greeting": "greeting",
    "smalltalk.thanks": "thanks",
    "smalltalk.farewell": "farewell",
    DECLINED: "declined",
}

SURE_TALK: Final = 0.45
"""Fit from which a text is taken as a greeting, thanks, or a request for a person: a question
that begins with "hello" must not be answered with "hello" alone."""
NEAREST: Final = 5
CENTROID_WEIGHT: Final = 1.0
CHARACTER_WEIGHT: Final = 0.3
DENSITY_WEIGHT: Final = 0.5
SHRINKAGE: Final = 0.5
REFUSED: Final = 0.05
"""Share of the labelled examples that the threshold may call ``other``, each left out once."""

_GRAMS: Final = (3, 4)
_TINY: Final = 1e-9
_ABSENT: Final = -2.0
"""In place of the cosine with an example that is left out."""
_BLOCK: Final = 1000
_LEFT_OUT: Final = 400

_Characters = tuple[NDArray[np.intp], Vectors]


def is_talk(segment: str) -> bool:
    """Return whether a segment needs no documents."""
    return segment == PERSON or segment in SMALLTALK


def asking(segments: Iterable[str]) -> list[str]:
    """Return the segments that arms answer in, as the guardrail names them: with a language."""
    kinds = {UNKNOWN, *(segment for segment in segments if not is_talk(segment))}
    return sorted(f"{kind}/{language}" for kind in kinds for language in LANGUAGES)


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question whose segment a person has labelled."""

    text: str
    segment: str
    language: str = ""


def read_examples(path: Path) -> list[LabelledQuestion]:
    """Read JSON lines of ``text``, ``segment`` and, optionally, ``language``.

    Raises:
        SettingsError: the file cannot be read, or a line is not such an object.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"segments_file {path} cannot be read: {error}.") from error
    examples = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            examples.append(LabelledQuestion(row["text"], row["segment"], row.get("language", "")))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingsError(
                f"{path}:{number} is not an object with text and segment ({error!r})."
            ) from error
    if not examples:
        raise SettingsError(f"segments_file {path} holds no examples.")
    return examples


class Segmenter:
    """Labels questions. Safe to call from several threads.

    vectors: of the examples' texts as questions, shape (len(examples), dimensions).
    threshold: the fit below which a question is ``other``; fitted if not given.
    """

    def __init__(
        self, examples: Sequence[LabelledQuestion], vectors: Vectors, threshold: float | None = None
    ) -> None:
        order = sorted(range(len(examples)), key=lambda i: examples[i].segment)
        labels, of = np.unique([examples[i].segment for i in order], return_inverse=True)
        self.segments = tuple(str(label) for label in labels)
        self._asking = np.array([not is_talk(segment) for segment in self.segments])
        self._of = of
        self._languages = np.array([examples[i].language for i in order])
        self._starts = np.searchsorted(of, np.arange(len(labels) + 1))
        self._fit_vectors(vectors[order])
        self._fit_characters([examples[i].text for i in order])
        self.threshold = self._fitted_threshold() if threshold is None else threshold

    def segment(self, text: str, vector: Vectors) -> str:
        """Return the segment of a question, given its embedding of shape (dimensions,)."""
        label, fit = self.nearest(text, vector)
        if is_talk(label) and fit < SURE_TALK:
            label, fit = self.nearest(text, vector, talk=False)
        return label if fit >= self.threshold else UNKNOWN

    def nearest(self, text: str, vector: Vectors, *, talk: bool = True) -> tuple[str, float]:
        """Return the best segment and how well the question fits the examples at all.

        talk: whether greetings, thanks and requests for a person are considered.
        """
        centred = vector - self._mean
        scores, fit = self._scores(
            self._examples @ _unit(centred),
            self._centroids @ _unit(centred @ self._whiten),
            self._character_scores(self._characters(text)),
            self._asking if not talk else None,
        )
        return self.segments[int(scores.argmax())], fit

    def _fit_vectors(self, vectors: Vectors) -> None:
        self._mean = vectors.mean(axis=0)
        centred = vectors - self._mean
        self._examples = _unit(centred)
        means = self._by_class(centred) / np.diff(self._starts)[:, None]
        within = centred - means[self._of]
        covariance = within.T @ within / max(1, len(vectors) - len(self.segments))
        self._whiten = _whitening(covariance.astype(np.float64))
        self._whitened = _unit(centred @ self._whiten)
        self._totals = self._by_class(self._whitened)
        self._centroids = _unit(self._totals)
        self._own = np.concatenate(
            [self._densities(start) for start in range(0, len(vectors), _BLOCK)]
        )

    def _fit_characters(self, texts: Sequence[str]) -> None:
        grams = [_grams(text) for text in texts]
        frequency = Counter(gram for counted in grams for gram in counted)
        self._columns = {gram: column for column, gram in enumerate(frequency)}
        inverse = [math.log((1 + len(grams)) / (1 + n)) + 1 for n in frequency.values()]
        self._idf = np.asarray(inverse, dtype=np.float32)
        self._example_characters = [self._characters(text) for text in texts]
        totals = np.zeros((len(frequency), len(self.segments)), np.float32)
        for (where, weights), column in zip(self._example_characters, self._of, strict=True):
            totals[where, column] += weights
        self._character_totals = totals
        self._character_norms = np.linalg.norm(totals, axis=0) + _TINY

    def _fitted_threshold(self) -> float:
        chosen = np.random.default_rng(0).permutation(len(self._of))[:_LEFT_OUT]
        return float(np.quantile([self._fit_without(int(i)) for i in chosen], REFUSED))

    def _fit_without(self, example: int) -> float:
        """Return the fit of an example if neither it nor its translation were among them."""
        own = self._of[example]
        similarities = self._examples @ self._examples[example]
        left_out = [example, *self._translation(example, similarities)]
        similarities[left_out] = _ABSENT
        whitened = self._whitened[example]
        centroid_scores = self._centroids @ whitened
        others = self._totals[own] - self._whitened[left_out].sum(axis=0)
        centroid_scores[own] = _unit(others) @ whitened
        where, weights = self._example_characters[example]
        character_scores = self._character_scores((where, weights))
        if len(where):
            rest = self._character_totals[:, own].copy()
            for columns, shares in (self._example_characters[i] for i in left_out):
                rest[columns] -= shares
            character_scores[own] = weights @ rest[where] / (np.linalg.norm(rest) + _TINY)
        return self._scores(similarities, centroid_scores, character_scores)[1]

    def _translation(self, example: int, similarities: Vectors) -> list[int]:
        """Return the example of the same segment in another language that is most like it.

        Bilingual examples come in pairs, and a threshold fitted with one half of a pair in
        place would call twice as many new questions ``other`` as it should.
        """
        same_segment = self._of == self._of[example]
        others = np.flatnonzero(same_segment & (self._languages != self._languages[example]))
        return [int(others[similarities[others].argmax()])] if len(others) else []

    def _scores(
        self,
        similarities: Vectors,
        centroid_scores: Vectors,
        character_scores: Vectors,
        considered: NDArray[np.bool_] | None = None,
    ) -> tuple[Vectors, float]:
        """Return a score per class, and the fit: the best score less the local density."""
        near = np.argpartition(-similarities, min(NEAREST, len(similarities)) - 1)[:NEAREST]
        classes = zip(self._starts[:-1], self._starts[1:], strict=True)
        nearest = np.array([_mean_of_best(similarities[a:b]) for a, b in classes], np.float32)
        scores = nearest + CENTROID_WEIGHT * centroid_scores + CHARACTER_WEIGHT * character_scores
        if considered is not None and considered.any():
            scores = np.where(considered, scores, -np.inf)
        return scores, float(scores.max() - DENSITY_WEIGHT * self._own[near].mean())

    def _character_scores(self, characters: _Characters) -> Vectors:
        where, weights = characters
        scores: Vectors = weights @ self._character_totals[where] / self._character_norms
        return scores

    def _by_class(self, rows: Vectors) -> Vectors:
        """Sum the rows of each class. Shape (classes, columns)."""
        sums: Vectors = np.add.reduceat(rows, self._starts[:-1], axis=0)
        return sums

    def _densities(self, start: int) -> Vectors:
        """Return how close their nearest neighbours are to a block of examples."""
        block = self._examples[start : start + _BLOCK] @ self._examples.T
        rows = np.arange(len(block))
        block[rows, rows + start] = -1
        nearest = min(NEAREST, len(self._examples))
        best: Vectors = np.partition(block, -nearest, axis=1)[:, -nearest:].mean(axis=1)
        return best

    def _characters(self, text: str) -> _Characters:
        """Return the columns and unit weights of a text's character n-grams."""
        counted = _grams(text).items()
        grams = [(self._columns[g], 1 + math.log(n)) for g, n in counted if g in self._columns]
        where = np.array([column for column, _ in grams], np.intp)
        weights = np.array([weight for _, weight in grams], np.float32) * self._idf[where]
        return where, _unit(weights)


def _whitening(covariance: NDArray[np.float64]) -> Vectors:
    """Return W with W Wᵀ the inverse of the shrunk covariance: cosines are the same for any such W.

    A Cholesky factor, as eigenvectors take ten times as long, and seconds beside a busy neighbour.
    """
    size = len(covariance)
    shrunk = covariance + SHRINKAGE * max(float(np.trace(covariance)) / size, _TINY) * np.eye(size)
    whiten: Vectors = np.linalg.inv(np.linalg.cholesky(shrunk)).T.astype(np.float32)
    return whiten


def _mean_of_best(similarities: Vectors) -> float:
    best = similarities[similarities > _ABSENT]
    if len(best) > NEAREST:
        best = np.partition(best, -NEAREST)[-NEAREST:]
    return float(best.mean()) if len(best) else -1.0


def _unit(rows: Vectors) -> Vectors:
    """Scale to length 1 along the last axis."""
    unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), _TINY)
    return unit


def _grams(text: str) -> Counter[str]:
    padded = (f" {word} " for word in re.findall(r"\w+", text.casefold()))
    return Counter(
        word[i : i + n] for word in padded for n in _GRAMS for i in range(max(1, len(word) - n + 1))
    )
