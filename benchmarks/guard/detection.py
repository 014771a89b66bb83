"""How rarely the guardrail is wrong, and how soon it is right; next to what people use instead.

Streams are simulated, because only then is the true difference known.
"""

import math
from collections.abc import Iterator

import numpy as np
from scipy.optimize import minimize_scalar

from benchmarks.guard import rules, streams
from benchmarks.guard.streams import KINDS, Floats, Kind
from benchmarks.results import Columns, Table, figures, number, percent, table, upper
from guardrails.statistics import confidence
from guardrails.statistics.confidence import ConfidenceSequences
from guardrails.statistics.detector import Budget, Detectors

TOLERANCE = 0.02
BUDGET = Budget()
HORIZON = BUDGET.horizon
STREAMS, DELAYED, COMPARED, QUICK = 2000, 1000, 500, 100
PART = 500
DROPS = (0.05, 0.10, 0.20)
GOAL = 1.05
WIDTHS = (50, 200, 1000, 4000)
DRAWS = 2_000_000


def draw(kind: Kind, mean: float, count: int, pairs: int, seed: int) -> Iterator[streams.Pairs]:
    """Yield (base, candidate) scores of at most ``PART`` streams at a time."""
    for start in range(0, count, PART):
        rng = np.random.default_rng([seed, start])
        yield kind(rng, mean, (min(PART, count - start), pairs))


def differences(
    kind: Kind, mean: float, count: int, pairs: int = HORIZON, seed: int = 1
) -> Iterator[Floats]:
    """Yield candidate - base, in [-1, 1]."""
    for base, candidate in draw(kind, mean, count, pairs, seed):
        yield candidate - base


def alarms(values: Floats) -> Floats:
    """Return after how many pairs each stream is routed back; infinite if never."""
    detectors = Detectors(len(values), TOLERANCE)
    found = np.full(len(values), np.inf)
    for t in range(values.shape[1]):
        evidence = detectors.update(values[:, t])
        found[(evidence >= BUDGET.threshold) & np.isinf(found)] = t + 1
        if np.isfinite(found).all():
            break
    return found


def validity(streams_: int) -> tuple[list[list[object]], float, float]:
    """Return rows of false route-backs, the worst upper bound, and the rate on binary streams."""
    cases: list[tuple[str, Kind, float]] = [(name, kind, 0.0) for name, kind in KINDS.items()]
    cases += [(f"{name}, at the edge", kind, -TOLERANCE) for name, kind in KINDS.items()]
    cases += [("binary, at the edge or .1 above", streams.moving_mean, -TOLERANCE)]
    lines: list[list[object]] = []
    worst, binary = 0.0, 0.0
    for name, kind, mean in cases:
        hits = sum(int(np.isfinite(alarms(d)).sum()) for d in differences(kind, mean, streams_))
        bound = upper(hits, streams_)
        worst = max(worst, bound)
        binary = hits / streams_ if name == "binary, at the edge" else binary
        lines.append([name, streams_, hits, hits / streams_, bound])
    return lines, worst, binary


def missed(values: Floats, mean: float) -> int:
    """Return for how many streams the true mean is ever outside the interval.

    Straight from the definition: capital against the true mean. Bounds are rounded outwards, so
    that the shipped interval misses no more often.
    """
    grid, weights = confidence.BETS
    out = np.zeros(len(values), bool)
    for sign in (1.0, -1.0):
        capital = np.tile(weights, (len(values), 1))
        for t in range(values.shape[1]):
            gain = (sign * (values[:, t] - mean)) / (1 + sign * mean)
            capital = np.clip(capital * (1 + grid * gain[:, None]), 1e-200, 1e200)
            out |= capital.sum(axis=1) >= 2 / 0.05
    return int(out.sum())


def intervals(streams_: int) -> tuple[list[list[object]], float]:
    """Return rows on the confidence sequence, and the worst upper bound on its misses."""
    lines: list[list[object]] = []
    worst = 0.0
    for name, kind in KINDS.items():
        hits = sum(missed(d, -TOLERANCE) for d in differences(kind, -TOLERANCE, streams_, seed=2))
        worst = max(worst, upper(hits, streams_))
        values = next(differences(kind, -TOLERANCE, 20, seed=3))
        sequences = ConfidenceSequences(20)
        ratios = []
        for t in range(HORIZON):
            sequences.update(values[:, t])
            if t + 1 in WIDTHS:
                half = float((sequences.upper - sequences.lower).mean() / 2)
                normal = 1.96 * float(values.std()) / math.sqrt(t + 1)
                ratios += [half, half / normal]
        lines.append([name, 1 - hits / streams_, 1 - upper(hits, streams_), *ratios])
    return lines, worst


def growth(kind: Kind, mean: float) -> tuple[float, float]:
    """Return KL_inf = sup over bets L < 1 of E log(1 - L (d + tol) / (1 + tol)), and that L."""
    values = next(differences(kind, mean, DRAWS // HORIZON, seed=4))
    scaled = (values.ravel() + TOLERANCE) / (1 + TOLERANCE)
    found = minimize_scalar(
        lambda bet: -float(np.log1p(-bet * scaled).mean()),
        bounds=(0.0, 0.9999),
        method="bounded",
        options={"xatol": 1e-3},
    )
    return -float(found.fun), float(found.x)


def median(found: Floats) -> float | str:
    """Return the median number of pairs; more than the horizon if most streams go on."""
    middle = float(np.median(found))
    return middle if math.isfinite(middle) else f"> {HORIZON:,}"


def delays(streams_: int) -> tuple[list[list[object]], float]:
    """Return rows of delays beside the bounds log(1 / a) / KL_inf, and the worst ratio."""
    lines: list[list[object]] = []
    worst = 0.0
    for name, kind in KINDS.items():
        for drop in DROPS:
            speed, bet = growth(kind, -TOLERANCE - drop)
            bound = math.log(BUDGET.threshold) / speed
            found = np.concatenate(
                [alarms(d) for d in differences(kind, -TOLERANCE - drop, streams_, seed=5)]
            )
            ratio = float(np.median(found)) / bound
            worst = max(worst, ratio)
            tail = np.quantile(found, 0.9)
            later = after_good_pairs(kind, drop)
            lines.append([name, drop, bet, bound, median(found), tail, ratio, later])
    return lines, worst


def after_good_pairs(kind: Kind, drop: float) -> float | str:
    """Return the median delay where 1,000 pairs without any difference come first."""
    good = next(differences(kind, 0.0, PART, 1000, seed=6))
    bad = next(differences(kind, -TOLERANCE - drop, PART, 3000, seed=7))
    found = alarms(np.concatenate([good, bad], axis=1)) - 1000
    return median(found[found > 0])


def crossing(statistic: Floats, threshold: float) -> Floats:
    """Return after how many pairs each row reaches the threshold first; infinite if never."""
    reached = statistic >= threshold
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)


def comparison(binary_rate: float, streams_: int, compared: int) -> list[list[object]]:
    """Return a row per rule, as it comes and tuned on binary streams; ours first."""
    ours: list[object] = ["**ours**", BUDGET.threshold]
    for kind in KINDS.values():
        d = list(differences(kind, -TOLERANCE, streams_, seed=10))
        ours.append(np.isfinite(np.concatenate([alarms(v) for v in d])).mean())
    for kind in KINDS.values():
        found = [alarms(next(_later(kind, drop, compared))[1]) for drop in DROPS]
        ours.append([median(f) for f in found])
    every = rules.rules(BUDGET.rate)
    peaks = {
        (rule.name, name): np.concatenate(
            [
                rule.statistic(base, candidate, TOLERANCE).max(axis=1)
                for base, candidate in draw(kind, rule.edge(TOLERANCE), streams_, HORIZON, seed=10)
            ]
        )
        for rule in every
        for name, kind in KINDS.items()
    }
    plain: list[list[object]] = []
    tuned: list[list[object]] = []
    for rule in every:
        fitted = float(np.quantile(peaks[rule.name, "binary"], 1 - binary_rate, method="higher"))
        fitted = np.nextafter(fitted, np.inf) if binary_rate < 1 else fitted
        rows: list[list[object]] = [
            [rule.name, rule.threshold],
            [f"{rule.name}, tuned", fitted],
        ]
        for name in KINDS:
            for row, threshold in zip(rows, (rule.threshold, fitted), strict=True):
                row.append((peaks[rule.name, name] >= threshold).mean())
        for kind in KINDS.values():
            cells: list[list[float | str]] = [[], []]
            for drop in DROPS:
                pair, _ = next(_later(kind, drop, compared))
                statistic = rule.statistic(*pair, TOLERANCE)
                for cell, threshold in zip(cells, (rule.threshold, fitted), strict=True):
                    cell.append(median(crossing(statistic, threshold)))
            for row, cell in zip(rows, cells, strict=True):
                row.append(cell)
        plain.append(rows[0])
        tuned.append(rows[1])
    return [ours, *plain, *tuned]


def _later(kind: Kind, drop: float, count: int) -> Iterator[tuple[streams.Pairs, Floats]]:
    for base, candidate in draw(kind, -TOLERANCE - drop, count, HORIZON, seed=11):
        yield (base, candidate), candidate - base


def outside(streams_: int) -> float:
    """Return the share of streams that alarm where the mean is right on average only."""
    found = [alarms(d) for d in differences(streams.worse_in_runs, -TOLERANCE, streams_, seed=12)]
    return float(np.isfinite(np.concatenate(found)).mean())


RATES = (
    "differences",
    "streams",
    "false route-backs",
    percent("rate"),
    percent("95 % upper bound"),
)
INTERVALS: Columns = (
    *("differences", percent("covered always"), percent("95 % lower bound")),
    *(c for n in WIDTHS for c in (number(f"{n:,}", 3), number("× normal", 1))),
)
DELAYS = (
    *("differences", number("drop", 2), number("best bet", 2), number("log(1/a)/KL_inf", 0)),
    *(number("median pairs", 0), number("90 %", 0), number("ratio", 2)),
    number("median after 1,000 good pairs", 0),
)
RULES: Columns = (
    *("rule", number("threshold", 2)),
    *(percent(f"false, {name}") for name in KINDS),
    *(number(f"delay, {name}", 0) for name in KINDS),
)


def measure(*, quick: bool = False) -> list[Table]:
    """Simulate; some minutes."""
    count, delayed, compared = [QUICK] * 3 if quick else [STREAMS, DELAYED, COMPARED]
    valid, worst_false, binary_rate = validity(count)
    covered, worst_missed = intervals(count)
    late, worst_ratio = delays(delayed)
    goals = figures(
        "goals",
        [
            (
                f"largest bound of false route-backs, at most {BUDGET.false_alarms:.0%}",
                worst_false,
                "%",
                1,
            ),
            ("smallest bound of coverage, at least 95 %", 1 - worst_missed, "%", 1),
            (f"largest ratio of a delay to log(1/a)/KL_inf, at most {GOAL}", worst_ratio, "", 2),
            ("outside H0: streams that alarm, no goal", outside(count), "%", 1),
        ],
        "goal",
    )
    return [
        table("rates", RATES, valid),
        table("intervals", INTERVALS, covered),
        table("delays", DELAYS, late),
        table("rules", RULES, comparison(binary_rate, count, compared)),
        goals,
    ]
