"""How an adapter is trained: every number that changes what comes out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from assistant.errors import TuningError

Dtype = Literal["auto", "float32", "bfloat16"]

_RANGES: Final[dict[str, tuple[float, float]]] = {
    "rank": (1, 256),
    "alpha": (1e-3, 1024),
    "learning_rate": (1e-7, 1e-1),
    "epochs": (1, 100),
    "accumulate": (1, 1024),
    "warm_up": (0, 0.9),
    "hold_out": (0, 0.5),
    "evaluate_every": (1, 100_000),
    "patience": (1, 1000),
    "replay": (0, 0.9),
    "most_tokens": (32, 32_768),
    "passage_characters": (200, 20_000),
    "seed": (0, 2**32 - 1),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of one training. Shares are in [0, 1).

    rank, alpha: of the LoRA matrices (Hu et al. 2021): W + alpha / rank · B A.
    accumulate: examples that make one step. steps: at most so many; none: what epochs need.
    warm_up: share of the steps in which the rate rises; then it falls along a cosine to 0.
    hold_out: share of the questions that are not learned from but measured on.
    evaluate_every: steps between two measurements. patience: measurements without a better
    loss after which training ends.
    replay: share of the training examples that is made from the knowledge.
    rules: put the rules and shown examples of a real prompt before each question. Off, a
    sequence is several times shorter, and so is training.
    most_tokens: an example with more is left out. passage_characters: of all passages of one.
    dtype: of the frozen weights; auto times both here and takes the faster.

    Raises:
        TuningError: a number is outside its range; the message lists all of them.
    """

    rank: int = 8
    alpha: float = 16.0
    learning_rate: float = 3e-4
    epochs: int = 1
    accumulate: int = 4
    steps: int | None = None
    warm_up: float = 0.1
    hold_out: float = 0.1
    evaluate_every: int = 10
    patience: int = 3
    replay: float = 0.0
    rules: bool = False
    most_tokens: int = 1024
    passage_characters: int = 2400
    seed: int = 0
    dtype: Dtype = "auto"

    def __post_init__(self) -> None:
        wrong = [
            f"{name} is {getattr(self, name):g}, expected {low:g} to {high:g}"
            for name, (low, high) in _RANGES.items()
            if not low <= getattr(self, name) <= high
        ]
        if self.steps is not None and self.steps < 1:
            wrong.append(f"steps is {self.steps}, expected at least 1")
        if wrong:
            raise TuningError(
                f"The recipe cannot be used: {'; '.join(wrong)}.",
                hint="See: routeback tune --help",
            )

    def differences(self, other: dict[str, Any]) -> list[str]:
        """Return what another recipe, as stored, has otherwise: ``name: there, here``."""
        return [
            f"{field.name}: {other.get(field.name)} before, {getattr(self, field.name)} now"
            for field in fields(self)
            if other.get(field.name) != getattr(self, field.name)
        ]


def plan(examples: int, recipe: Recipe) -> list[tuple[int, ...]]:
    """Return which examples make each step, by index; every epoch in an order of its own.

    Raises:
        TuningError: there are no examples.
    """
    import numpy as np  # the options of a command are read here, too

    if examples < 1:
        raise TuningError("There is no example to learn from.")
    steps: list[tuple[int, ...]] = []
    for epoch in range(recipe.epochs):
        order = np.random.default_rng([recipe.seed, epoch]).permutation(examples).tolist()
        width = recipe.accumulate
        steps += [tuple(order[at : at + width]) for at in range(0, examples, width)]
    return steps[: recipe.steps]


def rate(step: int, steps: int, recipe: Recipe) -> float:
    """Return the learning rate of a step, counted from 0: linear up, then a cosine to 0."""
    rising = math.ceil(recipe.warm_up * steps)
    if step < rising:
        return recipe.learning_rate * (step + 1) / rising
    through = (step - rising) / max(1, steps - rising)
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * through))


def exhausted(losses: Sequence[float], patience: int) -> bool:
    """Return whether the last ``patience`` held-out losses are all no better than one before."""
    if len(losses) <= patience:
        return False
    return min(losses[-patience:]) >= min(losses[:-patience])
