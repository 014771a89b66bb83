"""Chance that is the same in every run: drawn from a seed, a case and a name."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from guardrails import digests
from guardrails.attack.harms.material import AttackCase

T = TypeVar("T")


def chance(case: AttackCase, seed: int, name: str) -> np.random.Generator:
    """Return what draws for one harm of one case."""
    return np.random.default_rng(digests.drawn(f"{seed}\0{name}\0{case.id}"))


def one_of(options: Sequence[T], rng: np.random.Generator) -> T:
    """Return one of several options; there is at least one."""
    return options[int(rng.integers(len(options)))]


def shuffled(options: Sequence[T], rng: np.random.Generator) -> list[T]:
    """Return the options in another order."""
    return [options[i] for i in rng.permutation(len(options))]
