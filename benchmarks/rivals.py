"""Public rules that send traffic to a model or take it away, as their own words and defaults say.

Each returns after how many questions a candidate is taken back (infinite: never), and how many
answers it gave readers until then, over streams of scores of base and candidate, shape (streams,
pairs). They see what they would see: a bandit only the arm that it chose, a canary analysis both.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from streams import Floats

WINDOW = 50
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
