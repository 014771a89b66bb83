"""What the sequential tests share: grids of bets, checked differences, order within a batch."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from guardrails.arrays import Floats, Indices

Grid = tuple[ArrayLike, ArrayLike]


def bets(count: int, least: float, most: float, tilt: float) -> tuple[Floats, Floats]:
    """Return a geometric grid of bets in (0, 1) and weights that sum to 1, both of shape (count,).

    tilt: weights are proportional to bet ** tilt. Rounded, so that machines whose power
    functions differ in the last bit have the same grid.
    """
    grid = np.round(np.geomspace(least, most, count), 6)
    weights = np.round(grid**tilt / np.sum(grid**tilt), 6)
    weights[-1] = 1.0 - weights[:-1].sum()
    return grid, weights


def checked_grid(grid: Grid) -> tuple[Floats, Floats]:
    """Return bets and weights as arrays of shape (bets,).

    Raises:
        ValueError: a bet is outside (0, 1), a weight is negative, or they do not sum to 1.
    """
    chosen, weights = (np.array(part, np.float64) for part in grid)
    if chosen.ndim != 1 or chosen.shape != weights.shape or not len(chosen):
        raise ValueError(f"one weight per bet, got shapes {chosen.shape} and {weights.shape}")
    if not np.all((chosen > 0.0) & (chosen < 1.0)):
        raise ValueError(f"bets lie in (0, 1), got {chosen.tolist()}")
    if not (np.all(weights >= 0.0) and abs(weights.sum() - 1.0) < 1e-9):  # noqa: PLR2004 - rounding
        raise ValueError(f"weights are at least 0 and sum to 1, got {weights.tolist()}")
    return chosen, weights


def checked_pairs(
    differences: ArrayLike, streams: ArrayLike | None, count: int
) -> tuple[Floats, Indices]:
    """Return differences and the streams they belong to, both of shape (pairs,).

    Raises:
        ValueError: a difference is not finite or outside [-1, 1], a stream is not in
            [0, count), or the shapes differ.
    """
    values = np.array(differences, np.float64)
    rows = np.arange(count) if streams is None else np.array(streams, np.intp)
    if values.ndim != 1 or values.shape != rows.shape:
        raise ValueError(f"one stream per difference, got shapes {values.shape} and {rows.shape}")
    wrong = ~(np.abs(values) <= 1.0)
    if wrong.any():
        value = float(values[wrong][0])
        raise ValueError(f"a difference is a finite number in [-1.0, 1.0], got {value!r}")
    unknown = (rows < 0) | (rows >= count)
    if unknown.any():
        raise ValueError(f"streams are numbers in [0, {count}), got {int(rows[unknown][0])}")
    return values, rows


def rounds(rows: Indices) -> Iterator[Indices]:
    """Yield places in ``rows`` such that no stream occurs twice in one yield, oldest first."""
    if len(rows) < 2 or bool(np.all(rows[1:] > rows[:-1])):  # noqa: PLR2004 - nothing to order
        yield np.arange(len(rows))
        return
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    first = np.searchsorted(ordered, ordered, side="left")
    turn = np.arange(len(rows)) - first
    by_turn = np.argsort(turn, kind="stable")
    turns = turn[by_turn]
    edges = np.flatnonzero(np.diff(turns)) + 1
    yield from np.split(order[by_turn], edges)
