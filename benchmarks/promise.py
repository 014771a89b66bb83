"""What a segment and a reader are promised, attacked by trees, nights, failures and attempts."""

import argparse
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import report
import rivals
import trees
from scipy.stats import beta
from sqlalchemy import create_engine, event
from streams import Floats, Kind, autocorrelated_mix

from guardrails.monitor import Monitor
from guardrails.rules import promise
from guardrails.rules.policy import Policy
from guardrails.simulation.batch import Batch
from guardrails.simulation.forest import BACK, SERVING, Forest
from guardrails.simulation.pairs import pass_fail, rare_disaster, tied
from guardrails.store import sql_tables
from guardrails.store.sql_store import SqlStore
from guardrails.types import Pair, Score, Stage, Standing

POLICY = Policy(metrics=("fast",))
CAREFUL = replace(
    POLICY,
    catastrophe=0.7,
    margins={"failures": 0.05, "time": 0.5, "tokens": 0.5},
    min_conversations=20,
    min_days=3,
)
HORIZON = POLICY.horizon
TREES = ((4, 2000), (11, 2000), (40, 500))
BAD = -0.2
INNOCENT = (-0.05, 0.0, 0.03)
"""Means of innocents, one after the other: at the edge, as good as base, better."""
DAY = 40
"""Questions a day in one segment, half of them at night."""
ATTACKED = 1000
KINDS: dict[str, Kind] = {
    "binary": pass_fail,
    "tied": tied,
    "rare −1": rare_disaster,
    "autocorrelated mix": autocorrelated_mix,
}


def upper(hits: int, n: int) -> float:
    """Return the Clopper-Pearson upper bound at 95 %, one-sided."""
    return float(beta.ppf(0.95, hits + 1, n - hits)) if hits < n else 1.0


def share(value: float) -> str:
    """Return a percentage with one decimal."""
    return f"{100 * value:.1f}%"


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


def innocents() -> tuple[list[list[object]], float]:
    """Return rows of false route-backs of innocents, and the worst upper bound."""
    lines: list[list[object]] = []
    worst = 0.0
    for count, streams in TREES:
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
                f"{share(h / k)} ({share(b)})" if k else "–"
                for h, k, b in zip(hits, n, bounds, strict=True)
            ]
            waited = np.concatenate(waits)
            length = f"{np.median(waited):.0f}" if len(waited) else "–"
            lines.append([count, words, streams, *told, share(held / n.sum()), length])
            print(lines[-1], flush=True)
    return lines, worst


def delays() -> tuple[list[list[object]], float]:
    """Return rows of the bad ones' delays, and the worst ratio of readers' delay to today's."""
    lines: list[list[object]] = []
    worst = 0.0
    for count, _ in TREES:
        for words, bad in bad_ones(count).items():
            if not bad:
                continue
            for after in (0, 500):
                some = 100 if count < 40 else 40
                values = scores(count, bad, some, after + 700, seed=7, after=after)
                names = trees.segments(count)
                ends = Forest(names, some, POLICY, SERVING).run(values)
                old = trees.today(names, values, POLICY)[:, :bad]
                now, safe = ends.back[:, :bad], ends.safe[:, :bad]
                kept = old > after
                medians = [float(np.median(part[kept])) - after for part in (old, now, safe)]
                ratio = medians[2] / medians[0]
                worst = max(worst, ratio)
                told = [f"{m:,.0f}" if math.isfinite(m) else "> 700" for m in medians]
                lines.append(
                    [count, words, after, *told, f"{medians[1] / medians[0]:.2f}", f"{ratio:.2f}"]
                )
                print(lines[-1], flush=True)
    return lines, worst


def same_as_the_monitor(seeds: int = 20, pairs: int = 150) -> int:
    """Return in how many of so many seeded trees the real monitor on SQLite does the same."""
    names, same = trees.segments(4), 0
    for seed in range(seeds):
        values = scores(4, 3, 1, pairs, seed=1000 + seed)
        forest = Forest(names, 1, POLICY, SERVING)
        with tempfile.TemporaryDirectory() as place:
            engine = create_engine(f"sqlite:///{place}/guard.sqlite")
            event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA synchronous=OFF"))
            sql_tables.metadata.create_all(engine)
            monitor = Monitor(SqlStore(engine), POLICY)
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


@dataclass(frozen=True, slots=True)
class Attack:
    """A bad candidate that wants to be promoted.

    draw: returns, for a generator and (streams, pairs), the differences by metric, and which pairs
    repeat an earlier question. worse: whether the average so far is below what is tolerated, shape
    (pairs,); None: always. restarts: pairs after which a new version begins. strengths: of one
    candidate.
    """

    name: str
    draw: Callable[[np.random.Generator, tuple[int, int]], Mapping[str, Floats]]
    means: Callable[[int], Floats]
    repeats: int = 0
    restarts: int = 0
    strengths: int = 1
    policy: Policy = CAREFUL


def quiet(shape: tuple[int, int]) -> dict[str, Floats]:
    """Return margins of an arm that costs what base costs."""
    return {name: np.zeros(shape) for name in CAREFUL.margins}


def plain(kind: Kind, mean: float) -> Callable[..., Mapping[str, Floats]]:
    """Return a draw of one kind of differences."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Mapping[str, Floats]:
        base, candidate = kind(rng, mean, shape)
        return {"fast": candidate - base, **quiet(shape)}

    return draw


def night(rng: np.random.Generator, shape: tuple[int, int]) -> Mapping[str, Floats]:
    """+.02 by day and -.22 by night, half of a day's questions each."""
    by_day, by_night = (np.subtract(*pass_fail(rng, m, shape)[::-1]) for m in (0.02, -0.22))
    dark = (np.arange(shape[1]) % DAY) >= DAY // 2
    return {"fast": np.where(dark, by_night, by_day), **quiet(shape)}


def night_means(pairs: int) -> Floats:
    """Return the average of the means of night and day so far."""
    dark = (np.arange(pairs) % DAY) >= DAY // 2
    return np.cumsum(np.where(dark, -0.22, 0.02)) / np.arange(1, pairs + 1)


def failing(rng: np.random.Generator, shape: tuple[int, int]) -> Mapping[str, Floats]:
    """Fails on the hardest tenth of the questions, and is as good as base on the others."""
    fails = rng.random(shape) < 0.1
    base, candidate = tied(rng, 0.02, shape)
    found = quiet(shape) | {"failures": np.where(fails, -1.0, 0.0)}
    return {"fast": np.where(fails, 0.0, candidate - base), **found}


def slow(rng: np.random.Generator, shape: tuple[int, int]) -> Mapping[str, Floats]:
    """Better answers that take three times as long, on average."""
    base, candidate = tied(rng, 0.05, shape)
    times = 1.0 / np.clip(rng.gamma(6.0, 0.5, shape), 1.0, None) - 1.0
    return {"fast": candidate - base, **(quiet(shape) | {"time": times})}


def dear(rng: np.random.Generator, shape: tuple[int, int]) -> Mapping[str, Floats]:
    """Better answers of three times the tokens."""
    found = dict(slow(rng, shape))
    found["tokens"], found["time"] = found["time"], found["tokens"]
    return found


def catastrophic(rng: np.random.Generator, shape: tuple[int, int]) -> Mapping[str, Floats]:
    """A little better nearly always, and wrong altogether in 5 of 100."""
    wrong = rng.random(shape) < 0.05
    return {"fast": np.where(wrong, -0.95, 0.06), **quiet(shape)}


def constant(value: float) -> Callable[[int], Floats]:
    """Return the average of a mean that stands still."""
    return lambda pairs: np.full(pairs, value)


EDGE = -POLICY.tolerance - 1e-9
ATTACKS = (
    *(Attack(f"{name}, at the edge", plain(k, -0.05), constant(EDGE)) for name, k in KINDS.items()),
    *(
        Attack(f"{name}, 5 points worse", plain(k, -0.1), constant(-0.1))
        for name, k in KINDS.items()
    ),
    Attack("day +.02, night −.22", night, night_means),
    Attack("one question, again and again", plain(pass_fail, 0.0), constant(-1.0), repeats=1),
    Attack("ten questions, again and again", plain(pass_fail, 0.0), constant(-1.0), repeats=10),
    Attack("fails on the hardest tenth", failing, constant(-1.0)),
    Attack("three times as slow", slow, constant(-1.0)),
    Attack("three times as dear", dear, constant(-1.0)),
    Attack("5 % catastrophes", catastrophic, constant(-1.0)),
    Attack(
        "at the edge, a new version every 200 pairs",
        plain(pass_fail, -0.05),
        constant(EDGE),
        restarts=200,
    ),
    Attack(
        "at the edge, a new version every 60, tied", plain(tied, -0.05), constant(EDGE), restarts=60
    ),
    Attack("at the edge, three strengths", plain(tied, -0.05), constant(EDGE), strengths=3),
)


def promoted(attack: Attack, streams: int, pairs: int, seed: int) -> tuple[int, int]:
    """Return in how many streams it answered readers falsely, and in how many it was taken back."""
    false, back = np.zeros(streams, bool), np.zeros(streams, bool)
    policy = replace(attack.policy, strengths=attack.strengths)
    means = attack.means(pairs) < -policy.tolerance
    for strength in range(attack.strengths):
        rng = np.random.default_rng([seed, strength])
        batch, rows = Batch(streams, policy, 1 + strength), np.arange(streams)
        values = attack.draw(rng, (streams, pairs))
        begun = 0
        for pair in range(pairs):
            if attack.repeats and pair >= attack.repeats:
                break  # what repeats an earlier question proves nothing
            if attack.restarts and pair and pair % attack.restarts == 0:
                batch.restart(rows)
                begun = pair
            batch.add(rows, {name: part[:, pair] for name, part in values.items()})
            back |= batch.tripped(rows)
            if (pair + 1 - begun) / DAY > policy.min_days - 1 and means[pair]:
                false |= batch.proven(rows) & ~back
    return int(false.sum()), int(back.sum())


def promotions() -> tuple[list[list[object]], float]:
    """Return rows of false promotions, and the worst upper bound."""
    lines: list[list[object]] = []
    worst = 0.0
    for attack in ATTACKS:
        hits, back = promoted(attack, ATTACKED, 2000, seed=31)
        bound = upper(hits, ATTACKED)
        worst = max(worst, bound)
        lines.append([attack.name, share(hits / ATTACKED), share(bound), share(back / ATTACKED)])
        print(lines[-1], flush=True)
    return lines, worst


def good_ones() -> list[list[object]]:
    """Return rows of how soon candidates that are no worse begin to answer readers."""
    lines: list[list[object]] = []
    for name, kind in KINDS.items():
        for mean in (0.0, 0.03):
            found = []
            for policy in (POLICY, CAREFUL):
                rng, rows = np.random.default_rng(5), np.arange(200)
                values = plain(kind, mean)(rng, (200, 4000))
                batch, risen = Batch(200, policy), np.full(200, np.inf)
                for pair in range(4000):
                    batch.add(rows, {n: part[:, pair] for n, part in values.items()})
                    if (pair + 1) / DAY > policy.min_days - 1:
                        risen[batch.proven(rows) & np.isinf(risen)] = pair + 1
                    if np.isfinite(risen).all():
                        break
                middle = float(np.median(risen))
                found.append(f"{middle:,.0f}" if math.isfinite(middle) else "> 4,000")
            lines.append([name, f"{mean:+.2f}", *found])
            print(lines[-1], flush=True)
    return lines


def expected() -> list[list[object]]:
    """Return rows of the answers that are promised to end, and those that were given."""
    lines: list[list[object]] = []
    for name, kind in KINDS.items():
        for worse in (0.1, 0.2, 0.4):
            rng = np.random.default_rng(6)
            if name == "tied" and worse > 0.22:
                continue
            base, candidate = kind(rng, 0.0, (200, 500))
            good = candidate - base
            base, candidate = kind(rng, -worse, (200, 3000))
            values = np.concatenate([good, candidate - base], axis=1)
            batch, rows = Batch(200, POLICY), np.arange(200)
            taken, evidence = np.full(200, np.inf), 1.0
            for pair in range(values.shape[1]):
                batch.add(rows, {"fast": values[:, pair]})
                if pair + 1 == 500:
                    evidence = float(np.median(batch.detectors["fast"].evidence))
                taken[batch.tripped(rows) & np.isinf(taken)] = pair + 1
                if np.isfinite(taken).all():
                    break
            given = float(np.median(taken[taken > 500] - 500))
            promised = promise.pairs_before(POLICY, worse, float(good.std()), evidence)
            lines.append(
                [
                    name,
                    f"{worse:.1f}",
                    f"{promised:,.0f}",
                    f"{given:,.0f}",
                    f"{given / promised:.2f}",
                ]
            )
    return lines


def stored() -> Iterator[tuple[str, Floats, Floats]]:
    """Yield name, and the scores of base and candidate, of the pairs that are kept."""
    from transfer_kept import BASE, arms_of, sides
    from transfer_table import fast_results

    found = sides()
    results = fast_results(found)
    for arm in arms_of(found):
        if "@" in arm:
            continue
        pairs = [
            (base.value, tuned.value)
            for one in found
            if isinstance(base := results.get((one.case.id, BASE)), Score)
            and isinstance(tuned := results.get((one.case.id, arm)), Score)
        ]
        yield f"{arm}, {len(pairs)} stored pairs", *np.array(pairs).T


def against() -> list[list[object]]:
    """Return a row per rule: false route-backs, delay, and answers that hurt readers."""
    lines: list[list[object]] = []
    rng = np.random.default_rng(8)
    worlds: list[tuple[str, Floats, Floats, bool]] = []
    for name in ("binary", "tied"):
        kind = KINDS[name]
        worlds.append((f"{name}, equal", *kind(rng, 0.0, (200, HORIZON)), True))
        worlds.append((f"{name}, −.2", *kind(rng, -0.2, (200, HORIZON)), False))
        first, then = kind(rng, 0.0, (200, 1000)), kind(rng, -0.2, (200, 3000))
        later = [np.concatenate([a, b], axis=1) for a, b in zip(first, then, strict=True)]
        worlds.append((f"{name}, −.2 after 1,000", later[0], later[1], False))
    for name, base, candidate in stored():
        which = rng.integers(len(base), size=(200, HORIZON))
        mean = float((candidate - base).mean())
        told = f"{name}, mean {mean:+.2f}"
        worlds.append((told, base[which], candidate[which], mean >= -POLICY.tolerance))
    rules: dict[str, rivals.Rival] = {"**ours**": ours, **rivals.RIVALS}
    for world, base, candidate, innocent in worlds:
        start = 1000 if "after" in world else 0
        for name, rule in rules.items():
            found = rule(base, candidate, np.random.default_rng(9))
            taken = np.isfinite(found.taken)
            early = found.taken <= start
            delay = float(np.median(np.where(early, np.inf, found.taken) - start))
            told = f"{delay:,.0f}" if math.isfinite(delay) and not innocent else "–"
            hurt = 0.0 if innocent else float(np.mean(np.maximum(found.answers - start, 0.0)))
            false = (
                share(float((taken if innocent else early).mean())) if innocent or start else "–"
            )
            lines.append([world, name, false, told, "–" if innocent else f"{hurt:,.0f}"])
        print(*lines[-len(rules) :], sep="\n", flush=True)
    return lines


def ours(base: Floats, candidate: Floats, _rng: np.random.Generator) -> rivals.Outcome:
    """Return what we do with a candidate that serves."""
    streams, pairs = base.shape
    batch, rows = Batch(streams, POLICY), np.arange(streams)
    taken = np.full(streams, np.inf)
    difference = np.clip(candidate - base, -1.0, 1.0)
    for pair in range(pairs):
        batch.add(rows, {"fast": difference[:, pair]})
        taken[batch.tripped(rows) & np.isinf(taken)] = pair + 1
        if np.isfinite(taken).all():
            break
    return rivals.Outcome(taken, np.minimum(taken, pairs))


INNOCENT_HEAD = (
    *("segments", "bad", "trees", "at the edge", "as good", "better"),
    *("held for a while", "pairs held, median"),
)
DELAY_HEAD = (
    *("segments", "bad", "good pairs before", "first rule", "taken back", "base answers"),
    *("taken back / first rule", "base answers / first rule"),
)
PROMOTION_HEAD = ("candidate", "promoted", "95 % upper bound", "taken back")
GOOD_HEAD = ("differences", "mean", "one metric", "all that is guarded by default")
EXPECTED_HEAD = ("differences", "worse by", "promised", "median", "ratio")
RIVAL_HEAD = ("world", "rule", "false", "delay, median", "answers that hurt, mean")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="parts to run, by their first letters")
    only = parser.parse_args().only
    if only:
        parts: dict[str, Callable[[], object]] = {
            "i": innocents,
            "d": delays,
            "p": promotions,
            "g": good_ones,
            "e": expected,
            "m": same_as_the_monitor,
            "r": against,
        }
        for letter in only:
            print(letter, parts[letter](), flush=True)
        return
    start = time.process_time()
    late, worst_late = delays()
    same = same_as_the_monitor()
    false, worst_false = promotions()
    good, gives, others = good_ones(), expected(), against()
    safe, worst_safe = innocents()
    text = TEXT.format(
        innocents=report.table(INNOCENT_HEAD, safe),
        worst_safe=share(worst_safe),
        safe_verdict="kept" if worst_safe <= POLICY.false_alarms else "MISSED",
        delays=report.table(DELAY_HEAD, late),
        worst_late=f"{worst_late:.2f}",
        late_verdict="met on every row" if worst_late <= 1.1 else "MISSED",
        same=same,
        promotions=report.table(PROMOTION_HEAD, false),
        worst_false=share(worst_false),
        false_verdict="kept" if worst_false <= POLICY.false_promotions else "MISSED",
        good=report.table(GOOD_HEAD, good),
        expected=report.table(EXPECTED_HEAD, gives),
        rivals=report.table(RIVAL_HEAD, others),
        attacked=ATTACKED,
        day=DAY,
        minutes=(time.process_time() - start) / 60,
    )
    report.publish("promise", "What segments and readers are promised", text)


TEXT = """
Simulated pairs: tolerance 5 points, budget 5 % in 4,000 scored pairs of a segment's own, false
promotions 2 %. In a tree every third segment has binary, tied and rarely disastrous scores; bad
ones are worse by 20 points, innocents by 5 (at the edge), 0, or better by 3. All segments serve
at first, and get a pair in turn. {minutes:.0f} minutes of processor time.

**False route-backs of innocents**, of all levels together, in 4,000 own pairs each, and the upper
binomial bound at 95 %. *Held*: base answered in its place for a while, stage and waiting time stay.

{innocents}

Worst upper bound: {worst_safe} (5 %: {safe_verdict}).

**Delay of the bad ones**, in own pairs, medians. *First rule*: what a segment above did until now,
at once, to all below it. *Taken back*: by the own pairs alone. *Base answers*: taken back or held.

{delays}

Worst ratio of when base answers: {worst_late} (1.1: {late_verdict}). Where most of many segments
are bad, *taken back* comes later than under the first rule, which could not tell them from the
innocents: nobody can after so few pairs of their own. Readers are safe as early, but for two or
three pairs where forty segments turn worse at once. (The first rule left alone what was proven on
its own pairs; that is not counted against it here.)

The real monitor on SQLite did the same as this core, pair by pair, in {same} of 20 seeded trees.

**False promotions**, of {attacked} candidates each in 2,000 pairs, {day} a day: the share that
answered readers at a moment at which the average of what it rested on was worse than tolerated, or
although it repeats, fails, dawdles, rambles or errs badly.

{promotions}

Worst upper bound: {worst_false} (2 %: {false_verdict}).

**Pairs until a candidate that is no worse answers its first readers**, median of 200.

{good}

**Answers that one gives that turns worse**, after 500 good pairs: promised and found.

{expected}

**Public rules** on the same streams and stored pairs, all with the candidate serving at first:
false route-backs in 4,000 questions (or before it turned worse), delay, and how many answers of the
worse candidate readers got. Stored pairs are drawn with replacement; a candidate whose mean is
no lower than tolerated is innocent. A bandit never takes a model back for good; see
`benchmarks/rivals.py` for what is counted, and for the versions.

{rivals}

What it does not show: scores that do not see the harm (docs/attack.md); traffic that differs so
much between segments that one has a pair where another has thousands.
"""

if __name__ == "__main__":
    main()
