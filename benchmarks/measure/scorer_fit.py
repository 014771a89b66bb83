"""Fits the constants of the fast scorers on half of the cases, and prints them."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure.scorer_sets import Case
from guardrails.scorers.ground import ground
from guardrails.scorers.meaning import Meaning
from guardrails.scorers.models import Embedder
from guardrails.scorers.support import support
from guardrails.text.reading import claims, read

Array = NDArray[np.float64]
FITTING: Final = 0
PENALTY: Final = 2.0
STEPS: Final = 30
WEIGHTS: Final = {"ExpertQA": 2.0, "MTRAG": 2.0, "swapped": 0.5}
"""How much the cases of a set weigh in the fit; good and bad ones weigh the same."""


def main(tried: Sequence[Case], embedder: Embedder) -> None:
    """Print the weights; the intercept is the last."""
    meaning = Meaning(embedder)
    known = [c for c in tried if c.half == FITTING and c.set.startswith(tuple(WEIGHTS))]
    home = [c for c in known if " from " not in c.set]
    away = [c for c in known if " from " in c.set]
    _fitted("words", home, lambda case: _features(case, None))
    _fitted("both", home, lambda case: _features(case, meaning))
    _fitted("across", away, lambda case: _features(case, meaning)[-2:])


def _fitted(name: str, known: Sequence[Case], features: Callable[[Case], list[float]]) -> None:
    there = [case for case in known if claims(case.sample.answer, case.sample.language)]
    values = np.array([features(case) for case in there])
    labels = np.array([case.label for case in there])
    weights = np.zeros(len(there))
    sets = np.array([case.set for case in there])
    for one in np.unique(sets):
        share = next((w for start, w in WEIGHTS.items() if one.startswith(start)), 1.0)
        for label in (0.0, 1.0):
            at = (sets == one) & (labels == label)
            weights[at] = 50 * share / at.sum()
    print(name, [round(float(w), 2) for w in logistic(values, labels, weights)], len(there))


def logistic(values: Array, labels: Array, weights: Array) -> Array:
    """Return slopes and intercept of a ridge logistic regression by Newton's method.

    values: shape (n, k), standardised for the penalty and not in what is returned.
    """
    mean, scale = values.mean(axis=0), values.std(axis=0) + 1e-9
    x = np.column_stack([(values - mean) / scale, np.ones(len(values))])
    penalty = PENALTY * np.diag([1.0] * values.shape[1] + [0.0])
    w = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        slope = x.T @ (weights * (p - labels)) + penalty @ w
        curve = (x * (weights * p * (1 - p))[:, None]).T @ x + penalty
        w -= np.linalg.solve(curve + 1e-9 * np.eye(len(w)), slope)
    slopes = w[:-1] / scale
    return np.append(slopes, w[-1] - slopes @ mean)


def _features(case: Case, meaning: Meaning | None) -> list[float]:
    """Return the features of an answer: means over its claims, weighted."""
    sample = case.sample
    held = ground(tuple(sample.passages), sample.language)
    asked = read(sample.question, sample.language)
    rows, weights = [], []
    for sentence in claims(sample.answer, sample.language):
        claim = read(sentence, sample.language)
        if not claim.claims:
            continue
        row = [0.0, 0.0, 0.0]
        if held.windows:
            found = support(claim, asked, held)
            row = [found.anywhere, found.window, found.pairs]
        if meaning:
            texts = [text for passage in held.sentences for text in passage]
            row.append(float(meaning.nearest([claim.text], texts)[0]))
            row.append(meaning.topic(claim.text, held.sentences))
        rows.append(row)
        weights.append(claim.weight)
    means: list[float] = np.average(np.array(rows), axis=0, weights=weights).tolist()
    return means
