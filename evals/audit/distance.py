"""How far two sets of vectors are from each other, with nulls from resampling."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
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
    kernel, left_out = _kernel(rows), _left_out(rows)
    rng = np.random.default_rng(seed)
    mmd, auc = _mmd(kernel, labels), left_out.auc(labels)
    null = [
        (_mmd(kernel, drawn), left_out.auc(drawn))
        for drawn in (rng.permutation(labels) for _ in range(resamples))
    ]
    return Distance(
        mmd,
        (1 + sum(value >= mmd for value, _ in null)) / (1 + resamples),
        auc,
        (1 + sum(value >= auc for _, value in null)) / (1 + resamples),
        (len(one), len(other)),
    )


@dataclass(frozen=True, slots=True)
class _LeftOut:
    """Ridge regression on +1 and -1: the predictions without each row, in closed form."""

    hat: NDArray[np.float64]

    def auc(self, labels: NDArray[np.bool_]) -> float:
        goal = np.where(labels, 1.0, -1.0)
        own = np.diag(self.hat)
        scores = (self.hat @ goal - own * goal) / (1.0 - own)
        order = np.argsort(np.argsort(scores, kind="stable"), kind="stable") + 1.0
        ones = int(labels.sum())
        zeros = len(labels) - ones
        return float((order[labels].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def _left_out(rows: NDArray[np.float64]) -> _LeftOut:
    centred = rows - rows.mean(axis=0)
    gram = centred @ centred.T
    gram *= len(rows) / max(float(np.trace(gram)), 1e-12)
    gram += 1.0  # the intercept
    inverse = np.linalg.inv(gram + _RIDGE * np.eye(len(rows)))
    return _LeftOut(gram @ inverse)


def _kernel(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    norms = (rows**2).sum(axis=1)
    squares = np.maximum(norms[:, None] + norms - 2.0 * rows @ rows.T, 0.0)
    apart = squares[np.triu_indices(len(rows), 1)]
    width = float(np.median(apart[apart > 0])) if (apart > 0).any() else 1.0
    kernel: NDArray[np.float64] = np.exp(-squares / width)
    return kernel


def _mmd(kernel: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    ones, zeros = labels.astype(float), (~labels).astype(float)
    n, m = ones.sum(), zeros.sum()
    diagonal = np.diag(kernel)
    within = (ones @ kernel @ ones - diagonal @ ones) / (n * (n - 1))
    other = (zeros @ kernel @ zeros - diagonal @ zeros) / (m * (m - 1))
    return float(within + other - 2.0 * (ones @ kernel @ zeros) / (n * m))
