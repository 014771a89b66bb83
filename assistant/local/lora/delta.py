"""How much an adapter changes its base: the norm of what it adds, beside what it is added to.

For each matrix, ``alpha / rank · B A`` is added to ``W``. The Frobenius norm of the first comes
from matrices of rank × rank, so nothing large is multiplied; that of ``W`` is estimated from rows
that are spread over it, since a base may have billions of numbers.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from assistant.errors import WeightsError
from assistant.local.header import Header, matrix, read
from assistant.local.lora.adapter import Adapter

LARGE: Final = 0.3
"""Of the base's norm; fine-tunes that were measured here have .02 to .03."""
ABSURD: Final = 1.0
"""An adapter that adds more than there is does not tune a model, it replaces it."""
NOTHING: Final = 1e-6
_ROWS: Final = 64
_DOWN: Final = ".lora_a"
_UP: Final = ".lora_b"


@dataclass(frozen=True, slots=True)
class LoraDelta:
    """What an adapter adds at strength 1.

    norm: of all that is added. relative: to the norm of the matrices that it is added to; None if
    the base's numbers cannot be read. largest: the same of the matrix that is changed most.
    """

    norm: float
    relative: float | None
    largest: float | None
    where: str
    matrices: int

    def told(self) -> str:
        """Return it as a clause for a person."""
        if self.relative is None:
            return f"it adds a norm of {self.norm:.3g} to {self.matrices} matrices"
        return (
            f"it adds {self.relative:.3g} of the norm of {self.matrices} matrices, at most "
            f"{self.largest:.3g} ({self.where})"
        )


def weigh(adapter: Adapter, weights: Path) -> LoraDelta:
    """Return how much an adapter changes weights that it fits.

    Raises:
        WeightsError: a number of it is not finite, or it is cut off.
    """
    base, header = read(weights), adapter.header
    alpha = header.values.get("adapter.lora.alpha", 0.0)
    if not isinstance(alpha, int | float) or not math.isfinite(alpha):
        raise WeightsError(f"{adapter.path.name} has an alpha of {alpha!r}.", hint=_BROKEN)
    added: dict[str, float] = {}
    there: dict[str, float] = {}
    for name in (name.removesuffix(_DOWN) for name in header.shapes if name.endswith(_DOWN)):
        added[name] = _added(adapter, name, alpha)
        there[name] = _there(weights, base, name)
    norm = math.hypot(*added.values())
    shares = {name: added[name] / there[name] for name in added if there[name]}
    if len(shares) < len(added) or not shares:
        return LoraDelta(norm, None, None, "", len(added))
    where = max(shares, key=shares.__getitem__)
    relative = norm / math.hypot(*there.values())
    return LoraDelta(norm, relative, shares[where], where, len(added))


def checked(delta: LoraDelta, name: str) -> tuple[str, ...]:
    """Return what a person should know of an adapter's size.

    Raises:
        WeightsError: it changes nothing, or more than there is.
    """
    if delta.relative is None:
        return (f"{name}: how much it changes is not known, {delta.told()}.",)
    if delta.relative <= NOTHING:
        raise WeightsError(
            f"{name} changes nothing: {delta.told()}.",
            hint="It was not trained, or not exported whole.",
        )
    if delta.relative > ABSURD:
        raise WeightsError(
            f"{name} is out of all proportion: {delta.told()}. More than {ABSURD:g} is no tuning.",
            hint="Check alpha and rank where it was exported: what is added is alpha / rank · B A.",
        )
    if delta.relative > LARGE:
        return (f"{name} changes a lot: {delta.told()}. Fine-tunes have .02 to .1 as a rule.",)
    return ()


_BROKEN: Final = "The training diverged, or the export is broken."


def _added(adapter: Adapter, name: str, alpha: float) -> float:
    try:
        down, up = (
            matrix(adapter.path, adapter.header, f"{name}{part}").astype(np.float64)
            for part in (_DOWN, _UP)
        )
    except NotImplementedError as error:
        raise WeightsError(f"{adapter.path.name} holds {error}, which nobody can read.") from error
    for part, values in ((_DOWN, down), (_UP, up)):
        if bad := int(values.size - np.isfinite(values).sum()):
            raise WeightsError(
                f"{adapter.path.name} has {bad} numbers in {name}{part} that are not finite.",
                hint=_BROKEN,
            )
    if up.shape[1] != down.shape[0]:  # of the embedding, which is the other way round
        down, up = down.T, up.T
    rank = down.shape[0]
    square = float(np.sum((up.T @ up) * (down @ down.T)))
    return math.sqrt(max(0.0, square)) * (alpha / rank if alpha else 1.0)


def _there(weights: Path, base: Header, name: str) -> float:
    """Return the norm of a matrix of the base, estimated; 0 if its numbers cannot be read."""
    try:
        values = matrix(weights, base, name, _ROWS).astype(np.float64)
    except NotImplementedError:
        return 0.0
    length, rows = base.shapes[name][:2]
    return math.sqrt(float(np.mean(values**2)) * length * rows)
