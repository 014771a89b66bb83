"""The share of something among few: an interval that holds at its ends, too."""

from math import sqrt
from statistics import NormalDist


def wilson(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share by its score test, in [0, 1]; (0, 1) if n is 0.

    Wilson (1927). It is for one look at rows that are drawn alike: who looks again and again until
    it says what they want has no such level. level: in (0, 1).

    Raises:
        ValueError: hits is not in [0, n].
    """
    if not 0 <= hits <= n:
        raise ValueError(f"expected hits in [0, {n}], got {hits}")
    if n == 0:
        return 0.0, 1.0
    z2 = NormalDist().inv_cdf((1 + level) / 2) ** 2
    share = hits / n
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)
