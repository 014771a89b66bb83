"""Public rules that send traffic to a model or take it away, as their own words and defaults say.

Each returns after how many questions a candidate is taken back (infinite: never), and how many
answers it gave readers until then, over streams of scores of base and candidate, shape (streams,
pairs). They see what they would see: a bandit only the arm that it chose, a canary analysis both.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.guard.attempts import POLICY
from benchmarks.guard.streams import KINDS, Floats
from guardrails.simulation.batch import Batch

WINDOW = 50
HORIZON = POLICY.horizon
STORED = Path(__file__).parent / "stored_pairs.json"
"""By arm, the fast scores of base and candidate of each pair: questions of the sample, answered by
the demo's base and its fine-tunes at 22eb6db."""
Truths = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Outcome:
    """taken: questions until it was taken back, shape (streams,). answers: that it gave."""

    taken: Floats
    answers: Floats


Rival = Callable[[Floats, Floats, np.random.Generator], Outcome]


def adaptive_router(base: Floats, candidate: Floats, rng: np.random.Generator) -> Outcome:
    """LiteLLM's adaptive router (its README and config, commits 013b562 and 1130107, 2026).

    A Beta prior of mass 10 for each model, both of the same tier (mean .5), updated by what its own
    answers earned until alpha + beta = 200; of equal cost; a Thompson sample for each request. It
    never takes a model back for good: "taken back" is here when in the last ``WINDOW`` questions
    fewer than one in ten went to the candidate.
    """
    streams, pairs = base.shape
    alpha, beta = np.full((streams, 2), 5.0), np.full((streams, 2), 5.0)
    taken, answers = np.full(streams, np.inf), np.zeros(streams)
    chosen = np.zeros((streams, pairs), bool)
    rows = np.arange(streams)
    for pair in range(pairs):
        pick = (rng.beta(alpha, beta)).argmax(axis=1)
        chosen[:, pair] = pick == 1
        reward = np.where(pick == 1, candidate[:, pair], base[:, pair])
        room = (alpha[rows, pick] + beta[rows, pick]) < 200.0
        alpha[rows, pick] += np.where(room, reward, 0.0)
        beta[rows, pick] += np.where(room, 1.0 - reward, 0.0)
        answers += np.where(np.isinf(taken), chosen[:, pair], 0)
        if pair + 1 >= WINDOW:
            few = chosen[:, pair + 1 - WINDOW : pair + 1].mean(axis=1) < 0.1
            taken[few & np.isinf(taken)] = pair + 1
    return Outcome(taken, answers)


def kayenta(base: Floats, candidate: Floats, _rng: np.random.Generator) -> Outcome:
    """Kayenta's judge (MannWhitneyClassifier, commit 39c1d8a; confidence .98, tolerance .25).

    Every ``WINDOW`` pairs: *Low*, and so a failed canary, if the upper end of the interval of the
    Hodges-Lehmann shift is below a quarter of its estimate. What failed once is rolled back.
    """
    return _windows(base, candidate, _low, fails=1)


def argo(base: Floats, candidate: Floats, _rng: np.random.Generator) -> Outcome:
    """Argo Rollouts' analysis (its docs, v1.10): a measurement every interval, failureLimit 3.

    successCondition here: the candidate's mean of the last ``WINDOW`` pairs is at most 5 points
    below base's. Aborted at the fourth measurement that fails.
    """
    return _windows(base, candidate, _below, fails=4)


def alert(base: Floats, candidate: Floats, _rng: np.random.Generator) -> Outcome:
    """A window and a threshold: the mean difference of the last 100 pairs is below -.1."""
    difference = candidate - base
    total = np.cumsum(difference, axis=1)
    total[:, 100:] -= total[:, :-100].copy()
    reached = total / 100 < -0.1
    reached[:, :99] = False
    return _first(reached)


def _low(base: Floats, candidate: Floats) -> Truths:
    """Return where the interval of the shift says Low, shape (streams,). Normal approximation."""
    count = base.shape[1]
    shifts = np.sort((candidate[:, :, None] - base[:, None, :]).reshape(len(base), -1), axis=1)
    estimate = np.median(shifts, axis=1)
    spread = np.sqrt(count * count * (2 * count + 1) / 12)
    place = int(np.clip(np.ceil(count * count / 2 + 2.326 * spread), 0, shifts.shape[1] - 1))
    return np.asarray(shifts[:, place] < -0.25 * np.abs(estimate))


def _below(base: Floats, candidate: Floats) -> Truths:
    return np.asarray((candidate - base).mean(axis=1) < -0.05)


def _windows(
    base: Floats, candidate: Floats, bad: Callable[[Floats, Floats], Truths], fails: int
) -> Outcome:
    streams, pairs = base.shape
    failed, taken = np.zeros(streams), np.full(streams, np.inf)
    for end in range(WINDOW, pairs + 1, WINDOW):
        open_ = np.flatnonzero(np.isinf(taken))
        if not len(open_):
            break
        part = slice(end - WINDOW, end)
        failed[open_] += bad(base[open_, part], candidate[open_, part])
        taken[open_[failed[open_] >= fails]] = end
    return Outcome(taken, np.minimum(taken, pairs))


def _first(reached: Truths) -> Outcome:
    pairs = reached.shape[1]
    taken = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)
    return Outcome(taken, np.minimum(taken, pairs))


RIVALS: dict[str, Rival] = {
    "LiteLLM adaptive router": adaptive_router,
    "Kayenta canary judge": kayenta,
    "Argo Rollouts analysis": argo,
    "window of 100, threshold .1": alert,
}


def stored() -> Iterator[tuple[str, Floats, Floats]]:
    """Yield name, and the fast scores of base and candidate of pairs of the sample fine-tunes."""
    for arm, pairs in json.loads(STORED.read_text("utf-8")).items():
        yield f"{arm}, {len(pairs)} stored pairs", *np.array(pairs).T


def against(streams: int) -> list[list[object]]:
    """Return a row per rule: false route-backs, delay, and answers that hurt readers."""
    lines: list[list[object]] = []
    rng = np.random.default_rng(8)
    worlds: list[tuple[str, Floats, Floats, bool]] = []
    for name in ("binary", "tied"):
        kind = KINDS[name]
        worlds.append((f"{name}, equal", *kind(rng, 0.0, (streams, HORIZON)), True))
        worlds.append((f"{name}, −.2", *kind(rng, -0.2, (streams, HORIZON)), False))
        first, then = kind(rng, 0.0, (streams, 1000)), kind(rng, -0.2, (streams, 3000))
        later = [np.concatenate([a, b], axis=1) for a, b in zip(first, then, strict=True)]
        worlds.append((f"{name}, −.2 after 1,000", later[0], later[1], False))
    for name, base, candidate in stored():
        which = rng.integers(len(base), size=(streams, HORIZON))
        mean = float((candidate - base).mean())
        told = f"{name}, mean {mean:+.2f}"
        worlds.append((told, base[which], candidate[which], mean >= -POLICY.tolerance))
    rules: dict[str, Rival] = {"**ours**": ours, **RIVALS}
    for world, base, candidate, innocent in worlds:
        start = 1000 if "after" in world else 0
        for name, rule in rules.items():
            found = rule(base, candidate, np.random.default_rng(9))
            taken = np.isfinite(found.taken)
            early = found.taken <= start
            delay = float(np.median(np.where(early, np.inf, found.taken) - start))
            late = None if innocent else delay
            hurt = None if innocent else np.mean(np.maximum(found.answers - start, 0.0))
            false = (taken if innocent else early).mean() if innocent or start else None
            lines.append([world, name, false, late, hurt])
        print(*lines[-len(rules) :], sep="\n", flush=True)
    return lines


def ours(base: Floats, candidate: Floats, _rng: np.random.Generator) -> Outcome:
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
    return Outcome(taken, np.minimum(taken, pairs))
