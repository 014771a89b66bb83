"""What segments and readers are promised, attacked by trees, nights, failures and attempts."""

import math
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import create_engine, event

from benchmarks.guard import attempts, rivals, trees
from benchmarks.guard.attempts import POLICY
from benchmarks.guard.streams import KINDS, Floats
from benchmarks.results import Columns, Table, figures, number, percent, table, upper
from guardrails.monitor import Monitor
from guardrails.simulation.forest import BACK, SERVING, Forest
from guardrails.store import sql_tables
from guardrails.store.store import Store
from guardrails.types import Pair, Score, Stage, Standing

HORIZON = POLICY.horizon
TREES = ((4, 2000), (11, 2000), (40, 500))
BAD = -0.2
INNOCENT = (-0.05, 0.0, 0.03)
"""Means of innocents, one after the other: at the edge, as good as base, better."""
STREAMS, ATTACKED, SEEDS, QUICK = 200, 1000, 20, 5


def bad_ones(count: int) -> dict[str, int]:
    """Return how many of so many segments are bad."""
    return {"none": 0, "one": 1, "half": count // 2, "all but one": count - 1}


def scores(count: int, bad: int, trees_: int, pairs: int, seed: int, after: int = 0) -> Floats:
    """Return differences, shape (trees, segments, pairs): bad ones first, then innocents.

    after: pairs that the bad ones are as good as base before.
    """
    found = np.empty((trees_, count, pairs))
    kinds = list(KINDS.values())[:3]
    for leaf in range(count):
        rng = np.random.default_rng([seed, count, bad, leaf])
        kind = kinds[leaf % len(kinds)]
        mean = BAD if leaf < bad else INNOCENT[(leaf - bad) % len(INNOCENT)]
        base, candidate = kind(rng, mean, (trees_, pairs))
        found[:, leaf] = candidate - base
        if leaf < bad and after:
            base, candidate = kind(rng, 0.0, (trees_, after))
            found[:, leaf, :after] = candidate - base
    return found


def innocents(most: int) -> tuple[list[list[object]], float]:
    """Return rows of false route-backs of innocents, and the worst upper bound."""
    lines: list[list[object]] = []
    worst = 0.0
    for count, streams in ((count, min(some, most)) for count, some in TREES):
        for words, bad in bad_ones(count).items():
            hits, n, held, waits = np.zeros(3, int), np.zeros(3, int), 0, []
            for part in range(0, streams, 500):
                some = min(500, streams - part)
                values = scores(count, bad, some, HORIZON, seed=20 + part)
                forest = Forest(trees.segments(count), some, POLICY, SERVING)
                ends = forest.run(values)
                for leaf in range(bad, count):
                    kind = (leaf - bad) % 3
                    hits[kind] += int((ends.back[:, leaf] <= HORIZON).sum())
                    n[kind] += some
                held += int((ends.held[:, bad:] > 0).sum())
                waits.append(ends.held[:, bad:][ends.held[:, bad:] > 0])
            bounds = [upper(int(h), int(k)) if k else 0.0 for h, k in zip(hits, n, strict=True)]
            worst = max(worst, *bounds)
            told = [
                value
                for h, k, bound in zip(hits, n, bounds, strict=True)
                for value in ((h / k, bound) if k else (None, None))
            ]
            waited = np.concatenate(waits)
            length = np.median(waited) if len(waited) else None
            lines.append([count, words, streams, *told, held / n.sum(), length])
            print(lines[-1], flush=True)
    return lines, worst


def delays(most: int) -> tuple[list[list[object]], float]:
    """Return rows of the bad ones' delays, and the worst ratio of readers' delay to today's."""
    lines: list[list[object]] = []
    worst = 0.0
    for count, _ in TREES:
        for words, bad in bad_ones(count).items():
            if not bad:
                continue
            for after in (0, 500):
                some = min(most, 100 if count < 40 else 40)
                values = scores(count, bad, some, after + 700, seed=7, after=after)
                names = trees.segments(count)
                ends = Forest(names, some, POLICY, SERVING).run(values)
                old = trees.today(names, values, POLICY)[:, :bad]
                now, safe = ends.back[:, :bad], ends.safe[:, :bad]
                kept = old > after
                medians = [float(np.median(part[kept])) - after for part in (old, now, safe)]
                ratio = medians[2] / medians[0]
                worst = max(worst, ratio)
                told = [m if math.isfinite(m) else "> 700" for m in medians]
                lines.append([count, words, after, *told, medians[1] / medians[0], ratio])
                print(lines[-1], flush=True)
    return lines, worst


def same_as_the_monitor(seeds: int, pairs: int = 150) -> int:
    """Return in how many of so many seeded trees the real monitor on SQLite does the same."""
    names, same = trees.segments(4), 0
    for seed in range(seeds):
        values = scores(4, 3, 1, pairs, seed=1000 + seed)
        forest = Forest(names, 1, POLICY, SERVING)
        with tempfile.TemporaryDirectory() as place:
            engine = create_engine(f"sqlite:///{place}/guard.sqlite")
            event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA synchronous=OFF"))
            sql_tables.metadata.create_all(engine)
            monitor = Monitor(Store(engine), POLICY)
            same += _together(forest, monitor, names, values)
            engine.dispose()
    return same


def _together(forest: Forest, monitor: Monitor, names: Sequence[str], values: Floats) -> bool:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with monitor.store.transaction() as ledger:
        for name in names:
            ledger.put_standing(Standing("tuned", Stage.SERVING, 0.1, name, "{}", now))
    for turn in range(values.shape[2]):
        for leaf, name in enumerate(names):
            d = float(values[0, leaf, turn])
            base = min(1.0, max(0.0, 0.5 - d / 2))
            pair = Pair(
                *(f"{turn}:{leaf}", "tuned", name, now + timedelta(seconds=turn), "{}"),
                base={"fast": Score(base)},
                candidate={"fast": Score(min(1.0, max(0.0, base + d)))},
            )
            monitor.observe(pair, {})
            forest.step(leaf, np.array([pair.difference("fast") or 0.0]))
            with monitor.store.reading() as ledger:
                found = [ledger.standing("tuned", one) for one in names]
            stages = [SERVING if s and s.stage is Stage.SERVING else BACK for s in found]
            held = [bool(s and s.held) for s in found]
            if stages != forest.stage[0].tolist() or held != forest.held[0].tolist():
                print("differs", turn, leaf, stages, forest.stage[0], held, forest.held[0])
                return False
    return True


INNOCENTS: Columns = (
    *("segments", "bad", "trees"),
    *(
        c
        for name in ("at the edge", "as good", "better")
        for c in (percent(name), percent("bound"))
    ),
    *(percent("held for a while"), number("pairs held, median", 0)),
)
DELAYS = (
    *("segments", "bad", "good pairs before", number("first rule", 0), number("taken back", 0)),
    number("base answers", 0),
    *(number("taken back / first rule", 2), number("base answers / first rule", 2)),
)
PROMOTIONS = ("candidate", percent("promoted"), percent("95 % upper bound"), percent("taken back"))
RISES = (
    *("differences", number("mean", 2, signed=True), number("one metric", 0)),
    number("all that is guarded by default", 0),
)
GIVEN = (
    *("differences", number("worse by", 1), number("promised", 0), number("median", 0)),
    number("ratio", 2),
)
RULES = (
    *("world", "rule", percent("false"), number("delay, median", 0)),
    number("answers that hurt, mean", 0),
)


def measure(*, quick: bool = False) -> list[Table]:
    """Simulate; a quarter of an hour."""
    streams, attacked, seeds = [QUICK] * 3 if quick else [STREAMS, ATTACKED, SEEDS]
    late, worst_late = delays(QUICK if quick else STREAMS)
    same = same_as_the_monitor(1 if quick else seeds)
    false, worst_false = attempts.promotions(attacked)
    rises, given = attempts.good_ones(streams), attempts.expected(streams)
    compared = rivals.against(streams)
    safe, worst_safe = innocents(QUICK if quick else TREES[0][1])
    alarms, promotions = POLICY.false_alarms, POLICY.false_promotions
    goals = figures(
        "goals",
        [
            (f"false route-backs, worst bound, at most {alarms:.0%}", worst_safe, "%", 1),
            ("when base answers / first rule, worst, at most 1.1", worst_late, "", 2),
            (f"false promotions, worst bound, at most {promotions:.0%}", worst_false, "%", 1),
            (f"of {SEEDS} seeded trees, those where the real monitor did the same", same, "", 0),
        ],
        "goal",
    )
    return [
        table("innocents", INNOCENTS, safe),
        table("delays", DELAYS, late),
        table("promotions", PROMOTIONS, false),
        table("rises", RISES, rises),
        table("given", GIVEN, given),
        table("rules", RULES, compared),
        goals,
    ]
