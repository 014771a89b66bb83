"""Chance that is the same in every run: drawn from a seed, a case and a name."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

import numpy as np

from guardrails.attack.harms.material import AttackCase

T = TypeVar("T")


def chance(case: AttackCase, seed: int, name: str) -> np.random.Generator:
    """Return what draws for one harm of one case."""
    digest = blake2b(f"{seed}\0{name}\0{case.id}".encode(), digest_size=8).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def one_of(options: Sequence[T], rng: np.random.Generator) -> T:
    """Return one of several options; there is at least one."""
    return options[int(rng.integers(len(options)))]


def shuffled(options: Sequence[T], rng: np.random.Generator) -> list[T]:
    """Return the options in another order."""
    return [options[i] for i in rng.permutation(len(options))]
