"""What readers are promised: attempts to be promoted falsely, and how soon a good one rises."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.guard.streams import KINDS, Floats, Kind
from benchmarks.results import upper
from guardrails.rules import promise
from guardrails.rules.policy import Policy
from guardrails.simulation.batch import Batch
from guardrails.simulation.pairs import pass_fail, tied

POLICY = Policy(metrics=("fast",))
CAREFUL = replace(
    POLICY,
    catastrophe=0.7,
    margins={"failures": 0.05, "time": 0.5, "tokens": 0.5},
    min_conversations=20,
    min_days=3,
)
DAY = 40
"""Questions a day in one segment, half of them at night."""


@dataclass(frozen=True, slots=True)
class Attack:
    """A bad candidate that wants to be promoted.

    draw: returns, for a generator and (streams, pairs), the differences by metric. means: returns
    the true average so far, shape (pairs,). repeats: pairs after which only earlier questions come.
    restarts: pairs after which a new version begins. strengths: of one candidate.
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


def promotions(streams: int) -> tuple[list[list[object]], float]:
    """Return rows of false promotions, and the worst upper bound."""
    lines: list[list[object]] = []
    for attack in ATTACKS:
        hits, back = promoted(attack, streams, 2000, seed=31)
        lines.append([attack.name, hits / streams, upper(hits, streams), back / streams])
        print(lines[-1], flush=True)
    return lines, max(float(str(line[2])) for line in lines)


def good_ones(streams: int) -> list[list[object]]:
    """Return rows of how soon candidates that are no worse begin to answer readers."""
    lines: list[list[object]] = []
    for name, kind in KINDS.items():
        for mean in (0.0, 0.03):
            found: list[object] = []
            for policy in (POLICY, CAREFUL):
                rng, rows = np.random.default_rng(5), np.arange(streams)
                values = plain(kind, mean)(rng, (streams, 4000))
                batch, risen = Batch(streams, policy), np.full(streams, np.inf)
                for pair in range(4000):
                    batch.add(rows, {n: part[:, pair] for n, part in values.items()})
                    if (pair + 1) / DAY > policy.min_days - 1:
                        risen[batch.proven(rows) & np.isinf(risen)] = pair + 1
                    if np.isfinite(risen).all():
                        break
                middle = float(np.median(risen))
                found.append(middle if math.isfinite(middle) else "> 4,000")
            lines.append([name, mean, *found])
            print(lines[-1], flush=True)
    return lines


def expected(streams: int) -> list[list[object]]:
    """Return rows of the answers that are promised to end, and those that were given."""
    lines: list[list[object]] = []
    for name, kind in KINDS.items():
        for worse in (0.1, 0.2, 0.4):
            rng = np.random.default_rng(6)
            if name == "tied" and worse > 0.22:
                continue
            base, candidate = kind(rng, 0.0, (streams, 500))
            good = candidate - base
            base, candidate = kind(rng, -worse, (streams, 3000))
            values = np.concatenate([good, candidate - base], axis=1)
            batch, rows = Batch(streams, POLICY), np.arange(streams)
            taken, evidence = np.full(streams, np.inf), 1.0
            for pair in range(values.shape[1]):
                batch.add(rows, {"fast": values[:, pair]})
                if pair + 1 == 500:
                    evidence = float(np.median(batch.detectors["fast"].evidence))
                taken[batch.tripped(rows) & np.isinf(taken)] = pair + 1
                if np.isfinite(taken).all():
                    break
            given = float(np.median(taken[taken > 500] - 500))
            promised = promise.pairs_before(POLICY, worse, float(good.std()), evidence)
            lines.append([name, worse, promised, given, given / promised])
    return lines
