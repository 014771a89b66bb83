"""How few labels of people are needed when scores help, and what it costs when they do not.

Populations are made up, because only then is it known what people would say of every pair.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.results import Columns, Table, figures, number, percent, table, upper
from guardrails.statistics.prediction import Prediction

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
KINDS = {"binary": (0.1, 0.75, 0.15), "graded": (0.3, 0.35, 0.35), "skewed": (0.05, 0.93, 0.02)}
SCORES = ("r ≈ .9", "r ≈ .85", "useless", "misleading")
MIXED = {"r ≈ .9": 0.09, "r ≈ .85": 0.14, "useless": 0.0, "misleading": 0.1}
NOISE = {"r ≈ .9": 0.24, "r ≈ .85": 0.31, "useless": 0.3, "misleading": 0.3}
PAIRS, LABELS, SHOWN, WIDTHS = 2000, 200, (50, 100, 200), 100
COVERED = (300, 100, 2000)
TOLERANCE, BLIND = 0.05, 60
SHARES = ((0.15, 0.80, 0.05), (0.25, 0.70, 0.05), (0.40, 0.50, 0.10))


@dataclass(slots=True)
class Row:
    """What was measured for one population. Widths: by ``SHOWN``, one per round."""

    likeness: list[float] = field(default_factory=list)
    ours: list[list[float]] = field(default_factory=list)
    alone: list[list[float]] = field(default_factory=list)
    missed: int = 0


def population(
    kind: str, scores: str, rng: np.random.Generator, size: int
) -> tuple[Labels, Floats]:
    """Return what people say of each pair, in {-1, 0, 1}, and the scores' differences."""
    labels = rng.choice([-1, 0, 1], size, p=KINDS[kind])
    told = {"useless": rng.permutation(labels), "misleading": -labels}.get(scores, labels)
    f = told.astype(float)
    if kind == "graded":
        return labels, np.clip(0.6 * f + NOISE[scores] * rng.standard_normal(size), -1, 1)
    mixed = rng.random(size) < MIXED[scores]
    f[mixed] = rng.permutation(f)[mixed]
    return labels, f


def labelled(
    labels: Labels, differences: Floats, count: int, rng: np.random.Generator
) -> tuple[list[float], bool]:
    """Return the widths at ``SHOWN``, and whether the interval ever missed the truth."""
    prediction, truth, missed, widths = Prediction(differences), labels.mean(), False, []
    for taken in range(1, count + 1):
        draw = prediction.draw(rng)
        prediction.take(draw, int(labels[draw.place]))
        missed |= not prediction.lower - 1e-9 <= truth <= prediction.upper + 1e-9
        if taken in SHOWN:
            widths.append(prediction.upper - prediction.lower)
    return widths, missed


def until_seen(shares: tuple[float, float, float], rng: np.random.Generator) -> float:
    """Return after how many labels people's interval lies below -tolerance; scores say nothing."""
    labels = rng.choice([-1, 0, 1], PAIRS, p=shares)
    prediction = Prediction(np.where(rng.random(PAIRS) < 0.2, rng.uniform(-0.3, 0.3, PAIRS), 0.0))
    for taken in range(1, PAIRS + 1):
        draw = prediction.draw(rng)
        prediction.take(draw, int(labels[draw.place]))
        if prediction.upper < -TOLERANCE:
            return taken
    return float("inf")


def measured(kind: str, scores: str, seed: int, widths: int, rounds: int) -> Row:
    """Return widths and misses of one population."""
    row = Row()
    for turn in range(widths):
        rng = np.random.default_rng([seed, turn])
        labels, f = population(kind, scores, rng, PAIRS)
        row.likeness.append(float(np.corrcoef(labels, f)[0, 1]))
        row.ours.append(labelled(labels, f, LABELS, rng)[0])
        row.alone.append(labelled(labels, 0.0 * f, LABELS, rng)[0])
    pairs, count, _ = COVERED
    for turn in range(rounds):
        rng = np.random.default_rng([seed, 1, turn])
        labels, f = population(kind, scores, rng, pairs)
        row.missed += labelled(labels, f, count, rng)[1]
    return row


WIDTH: Columns = (
    *("labels", "scores", number("r", 2)),
    *(number(f"width, {n}{of}", 3) for n in SHOWN for of in ("", ", labels alone")),
    *(number("ratio", 2), percent("missed"), percent("95 % bound")),
)
BLINDNESS = (
    number("mean of people's labels", 2, signed=True),
    number("median labels", 0),
    number("90 %", 0),
)


def measure(*, quick: bool = False) -> list[Table]:
    """Simulate; four minutes."""
    widths, rounds = (5, 20) if quick else (WIDTHS, COVERED[2])
    lines: list[list[object]] = []
    best, worst, bound = 0.0, 0.0, 0.0
    for kind in KINDS:
        for scores in SCORES:
            row = measured(kind, scores, len(lines), widths, rounds)
            ours, alone = (np.mean(side, axis=0) for side in (row.ours, row.alone))
            highest, ratio = upper(row.missed, rounds), float(ours[-1] / alone[-1])
            best = max(best, ratio) if scores.startswith("r") else best
            worst = max(worst, ratio) if scores == "useless" else worst
            bound = max(bound, highest)
            cells = [value for both in zip(ours, alone, strict=True) for value in both]
            likeness = np.mean(row.likeness)
            lines.append([kind, scores, likeness, *cells, ratio, row.missed / rounds, highest])
            print(lines[-1], flush=True)
    seen = []
    for shares in SHARES:
        needed = [until_seen(shares, np.random.default_rng([99, n])) for n in range(widths)]
        seen.append([shares[2] - shares[0], np.median(needed), np.quantile(needed, 0.9)])
    goals = figures(
        "goals",
        [
            ("largest bound of what is missed, at most 5 %", bound, "%", 1),
            ("largest ratio with scores that correlate by .85 to .9, at most .6", best, "", 2),
            ("largest ratio with useless scores, at most 1.1", worst, "", 2),
        ],
        "goal",
    )
    return [table("widths", WIDTH, lines), table("blind", BLINDNESS, seen), goals]
