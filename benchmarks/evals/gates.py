"""How often gates fail a night on which nothing changed, and which drops they catch."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from benchmarks.evals.worlds import Spoilt, World
from benchmarks.results import Columns, Table, figures, number, percent, table, upper
from evals.statistics.compare import compare, estimated
from evals.statistics.gates import RATE, NightGate, judge
from evals.statistics.scored import ALL, ScoreMatching, of_arm, pair

SEGMENTS = (*("glossary", "support.account", "support.billing", "support.technical"), ALL)
SERIES = 40
NIGHTS = 10
POWER_NIGHTS = 60
FACTORS = (0.95, 0.9, 0.85, 0.8, 0.7)
MARGIN = 0.01
GOAL = 0.02


@dataclass
class Outcomes:
    """Nights that fail under each rule. blind: nights that could not be measured."""

    nights: int = 0
    any_drop: int = 0
    two_points: int = 0
    strict: int = 0
    ours: int = 0
    blind: int = 0


def gates(margin: float) -> list[NightGate]:
    return [NightGate("faithfulness", segment, margin=margin) for segment in SEGMENTS]


def means(pairing: ScoreMatching) -> list[float]:
    """Return the change of each gate's mean: all that the naive rules look at."""
    cells = [gate.cell for gate in gates(0)]
    return [estimated([p for p in pairing.pairs if cell.holds(p)]).mean for cell in cells]


def look(kept: Outcomes, pairing: ScoreMatching) -> None:
    """Judge one night by every rule."""
    moved = min(means(pairing))
    kept.nights += 1
    kept.any_drop += moved < 0
    kept.two_points += moved < -0.02
    for margin in (0.0, MARGIN):
        limits = gates(margin)
        compared = compare(pairing, looked_at=[gate.cell for gate in limits])
        code = judge(limits, compared).exit_code
        if margin:
            kept.ours += code == 1
            kept.blind += code == 2
        else:
            kept.strict += code == 1


def quiet(series: int) -> Outcomes:
    """Run unchanged nights: several a world, all against that world's one noisy reference."""
    kept = Outcomes()
    for seed in range(series):
        world = World(90_000 + seed)
        first = of_arm(world.reference.live, "tuned")
        for _ in range(NIGHTS):
            look(kept, pair(first, of_arm(world.night(Spoilt()).live, "tuned")))
    return kept


def spoilt(factor: float, nights: int) -> tuple[Outcomes, float]:
    """Run nights with a worse arm; also return its mean change."""
    kept, change = Outcomes(), []
    for seed in range(nights):
        world = World(95_000 + seed)
        night = world.night(Spoilt(harm={"tuned": factor}))
        pairing = pair(of_arm(world.reference.live, "tuned"), of_arm(night.live, "tuned"))
        look(kept, pairing)
        change.append(means(pairing)[-1])
    return kept, float(np.mean(change))


def sizes() -> list[list[object]]:
    """Return what a gate would find with 80 %, by number of cases, from measured spreads."""
    world = World(99_000)
    night = world.night(Spoilt())
    pairing = pair(of_arm(world.reference.live, "tuned"), of_arm(night.live, "tuned"))
    whole = estimated(list(pairing.pairs))
    spread = whole.error * sqrt(whole.pairs)
    rows: list[list[object]] = []
    for count in (20, 40, 100, 200, 500, 1000):
        found = type(whole)(0.0, spread / sqrt(count), count - 1, count, count)
        seen = [found.detectable(RATE / gates_, sides=1) for gates_ in (1, 5, 20)]
        rows.append([count, *(100 * one for one in seen)])
    return rows


FALSE = ("rule", "nights failed", percent("false failures"))
RULES = (
    "any drop in any gate",
    "a drop of more than 2 points in any gate",
    "ours, margin 0",
    "ours, margin 1 point",
)
POWER: Columns = (
    number("mean change", 1, "points", signed=True),
    *(percent(rule, 0) for rule in RULES),
)
SIZES: Columns = ("cases", *(number(gates, 1) for gates in ("1 gate", "5 gates", "20 gates")))


def measure(*, quick: bool = False) -> list[Table]:
    """Simulate; half a minute."""
    calm = quiet(2 if quick else SERIES)
    false = [
        [rule, count, count / calm.nights]
        for rule, count in zip(
            RULES, (calm.any_drop, calm.two_points, calm.strict, calm.ours), strict=True
        )
    ]
    power = []
    for factor in FACTORS:
        kept, change = spoilt(factor, 3 if quick else POWER_NIGHTS)
        counts = (kept.any_drop, kept.two_points, kept.strict, kept.ours)
        power.append([100 * change, *(n / kept.nights for n in counts)])
    goals = figures(
        "goals",
        [
            (
                f"false failures with the margin, bound, at most {GOAL:.0%}",
                upper(calm.ours, calm.nights),
                "%",
                1,
            ),
            ("nights that could not be measured", calm.blind, "", 0),
        ],
        "goal",
    )
    return [
        table("false", FALSE, false),
        table("power", POWER, power),
        table("sizes", SIZES, sizes()),
        goals,
    ]
