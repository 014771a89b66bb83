"""Simulated pairs of scores whose true mean difference is known exactly."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import numpy as np

from guardrails.arrays import Floats
from guardrails.rules.policy import Policy
from guardrails.rules.version import version
from guardrails.types import Pair, Score

Scores = tuple[Floats, Floats]
"""Of base and of the candidate, each in [0, 1] and of the shape that was asked for."""
Draw = Callable[[np.random.Generator, float, tuple[int, int]], Scores]
Kind = Literal["binary", "tied", "rare"]

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_EVERY: Final = timedelta(minutes=10)
_BATCH: Final = 1000
_DRAWS: Final = 200_000
_STEPS: Final = 40
_GOLDEN: Final = (math.sqrt(5.0) - 1.0) / 2.0
_LARGEST_BET: Final = 0.9999
_PASSED: Final = 0.8
_UNTIED: Final = 0.6


def pass_fail(rng: np.random.Generator, mean: float, shape: tuple[int, int]) -> Scores:
    """Both arms pass or fail; they agree on 85 %, or less where the mean needs it."""
    apart = max(0.15, abs(mean) + 0.05)
    u = rng.random(shape)
    worse, better = u < (apart - mean) / 2, u >= 1 - (apart + mean) / 2
    base = np.where(worse, 1.0, np.where(better, 0.0, rng.random(shape) < _PASSED))
    return base, np.where(worse, 0.0, np.where(better, 1.0, base))


def tied(rng: np.random.Generator, mean: float, shape: tuple[int, int]) -> Scores:
    """Graded scores: 40 % exact ties, else a difference spread by a quarter around its mean."""
    base = 0.65 + 0.1 * rng.random(shape)
    moved = mean / _UNTIED + 0.25 * (2 * rng.random(shape) - 1)
    return base, np.where(rng.random(shape) < _UNTIED, base + moved, base)


def rare_disaster(rng: np.random.Generator, mean: float, shape: tuple[int, int]) -> Scores:
    """A little better nearly always, and rarely wrong altogether."""
    wrong = rng.random(shape) < (0.05 - mean) / 1.05
    return np.where(wrong, 1.0, 0.9), np.where(wrong, 0.0, 0.95)


DRAWS: Final[dict[Kind, Draw]] = {"binary": pass_fail, "tied": tied, "rare": rare_disaster}
DEEPEST: Final[dict[Kind, float]] = {"binary": 0.9, "tied": 0.23, "rare": 0.9}
"""How far below 0 the mean difference of each may lie, for scores to stay in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """One candidate in one segment: as good as base at first, then worse.

    mean: of the difference once it is worse, in [-DEEPEST[kind], 0]. after: pairs before that,
    at least 0, with a mean of 0. Every guarded metric of the policy gets the same scores, and both
    arms cost the same. One pair every ten minutes from ``START``, each from a conversation of its
    own, so that the same seed makes the same records.

    Raises:
        ValueError: a value is out of its range.
    """

    policy: Policy
    mean: float
    kind: Kind = "binary"
    after: int = 0
    seed: int = 0
    arm: str = "simulated"
    segment: str = "support.billing/en"

    def __post_init__(self) -> None:
        if not -DEEPEST[self.kind] <= self.mean <= 0.0:
            rule = f"lies in [-{DEEPEST[self.kind]:g}, 0], got {self.mean:g}"
            raise ValueError(f"a mean difference of {self.kind} scores {rule}")
        if self.after < 0:
            raise ValueError(f"after is at least 0, got {self.after}")

    def pairs(self) -> Iterator[Pair]:
        """Yield scored pairs without end."""
        rng = np.random.default_rng(self.seed)
        names, margins = self.policy.metrics, dict.fromkeys(self.policy.margins, Score(1.0))
        parts = version(
            candidate="simulated",
            base="simulated",
            scorers=dict.fromkeys(names, "simulated"),
            prompt="simulated",
            selection="simulated",
            policy=self.policy,
        )
        for number, (base, candidate) in enumerate(self._scores(rng), start=1):
            yield Pair(
                id=f"simulated-{number}",
                arm=self.arm,
                segment=self.segment,
                at=START + number * _EVERY,
                version=parts,
                base={**dict.fromkeys(names, Score(base)), **margins},
                candidate={**dict.fromkeys(names, Score(candidate)), **margins},
                conversation=f"simulated-{number}",
            )

    def bound(self) -> float:
        """Return log(1 / a) / KL_inf, in pairs; infinite if it is not worse than tolerated.

        KL_inf is the largest expected log growth of one bet on the true distribution, here from
        200,000 draws: about as many pairs would a bettor need who knows it beforehand.
        """
        rng = np.random.default_rng([self.seed, 1])
        base, candidate = DRAWS[self.kind](rng, self.mean, (1, _DRAWS))
        tolerance = self.policy.tolerance
        growth = _growth((candidate - base + tolerance) / (1.0 + tolerance))
        worse = self.mean < -tolerance and growth > 0.0
        return math.log(self.policy.budget.threshold) / growth if worse else math.inf

    def _scores(self, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
        left = self.after
        while True:
            size = min(left, _BATCH) or _BATCH
            base, candidate = DRAWS[self.kind](rng, 0.0 if left else self.mean, (1, size))
            left = max(left - size, 0)
            yield from zip(base[0].tolist(), candidate[0].tolist(), strict=True)


def _growth(scaled: Floats) -> float:
    """Return sup over bets L in (0, 1) of mean log(1 - L * scaled); it is concave in L."""

    def growth(bet: float) -> float:
        return float(np.log1p(-bet * scaled).mean())

    low, high = 0.0, _LARGEST_BET
    for _ in range(_STEPS):
        inner = _GOLDEN * (high - low)
        if growth(high - inner) < growth(low + inner):
            low = high - inner
        else:
            high = low + inner
    return growth((low + high) / 2)
