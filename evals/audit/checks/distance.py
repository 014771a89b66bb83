"""How far two sets of vectors are from each other, with nulls from resampling."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Matrix = NDArray[np.float64]
_RIDGE: Final = 1.0
_RESAMPLES: Final = 200


@dataclass(frozen=True, slots=True)
class Distance:
    """What a two-sample test says.

    mmd: unbiased squared maximum mean discrepancy with a Gaussian kernel whose width is the
    median distance (Gretton et al. 2012, JMLR 13, lemma 6); about 0 for two samples of one
    kind, and may be below. auc: of a linear classifier that tells the sets apart, each row left
    out once (the classifier two-sample test of Lopez-Paz and Oquab 2017), in [0, 1]; .5 means
    that it cannot. p_mmd, p_auc: shares of relabelled samples that come out as far apart.
    """

    mmd: float
    p_mmd: float
    auc: float
    p_auc: float
    sizes: tuple[int, int]


def distance(one: Rows, other: Rows, *, resamples: int = _RESAMPLES, seed: int = 0) -> Distance:
    """Compare two sets of vectors, shape (n, d) and (m, d), each with at least two rows.

    Raises:
        ValueError: a set has fewer than two rows.
    """
    if min(len(one), len(other)) < 2:  # noqa: PLR2004
        raise ValueError(f"two rows of each are needed, got {len(one)} and {len(other)}")
    rows = np.concatenate([one, other]).astype(np.float64)
    labels: NDArray[np.bool_] = np.arange(len(rows)) < len(one)
    rng = np.random.default_rng(seed)
    drawn = np.stack([labels, *(rng.permutation(labels) for _ in range(resamples))])
    mmd, *mmd_null = _mmd(_kernel(rows), drawn)
    auc, *auc_null = _auc(_left_out(rows), drawn)
    return Distance(
        mmd,
        (1 + sum(value >= mmd for value in mmd_null)) / (1 + resamples),
        auc,
        (1 + sum(value >= auc for value in auc_null)) / (1 + resamples),
        (len(one), len(other)),
    )


def _auc(hat: Matrix, labels: NDArray[np.bool_]) -> list[float]:
    """Return the AUC of each labelling, shape (labellings, rows)."""
    goal = np.where(labels, 1.0, -1.0)
    own = np.diag(hat)
    scores = (goal @ hat - own * goal) / (1.0 - own)
    ranks = scores.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable") + 1.0
    ones = int(labels[0].sum())
    zeros = labels.shape[1] - ones
    sums = np.where(labels, ranks, 0.0).sum(axis=1)
    return [float(value) for value in (sums - ones * (ones + 1) / 2) / (ones * zeros)]


def _left_out(rows: Matrix) -> Matrix:
    """Return the hat matrix of ridge regression: predictions without each row follow from it."""
    centred = rows - rows.mean(axis=0)
    gram = centred @ centred.T
    gram *= len(rows) / max(float(np.trace(gram)), 1e-12)
    gram += 1.0  # the intercept
    inverse = np.linalg.inv(gram + _RIDGE * np.eye(len(rows)))
    hat: Matrix = gram @ inverse
    return hat


def _kernel(rows: Matrix) -> Matrix:
    norms = (rows**2).sum(axis=1)
    squares = np.maximum(norms[:, None] + norms - 2.0 * rows @ rows.T, 0.0)
    apart = squares[np.triu_indices(len(rows), 1)]
    width = float(np.median(apart[apart > 0])) if (apart > 0).any() else 1.0
    kernel: Matrix = np.exp(-squares / width)
    return kernel


def _mmd(kernel: Matrix, labels: NDArray[np.bool_]) -> list[float]:
    """Return the squared discrepancy of each labelling, shape (labellings, rows)."""
    ones, zeros = labels.astype(np.float64), (~labels).astype(np.float64)
    n, m = ones[0].sum(), zeros[0].sum()
    diagonal = np.diag(kernel)
    towards = ones @ kernel
    across = (towards * zeros).sum(axis=1) / (n * m)
    within = ((towards * ones).sum(axis=1) - ones @ diagonal) / (n * (n - 1))
    other = ((zeros @ kernel * zeros).sum(axis=1) - zeros @ diagonal) / (m * (m - 1))
    return [float(value) for value in within + other - 2.0 * across]
