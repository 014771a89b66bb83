"""Whether scores are missing on the candidate's side as often as on base's: the sample-ratio check.

A candidate whose bad answers get no score looks as good as its good ones. If both sides lack
scores equally often, then of the pairs that lack one on one side alone, each side has half.
"""

import math
from collections.abc import Mapping
from typing import Final

LEVEL: Final = 0.01
"""Chance of an alarm in all time while both sides lack scores equally often."""


def evidence(absent: Mapping[str, int]) -> float:
    """Return the evidence that one side lacks scores more often than the other.

    A gambler with a Beta(1/2, 1/2) prior on the candidate's share bets against a fair coin
    (Krichevsky and Trofimov 1981): a martingale that begins at 1 while the coin is fair, so that
    P(it ever reaches 1 / ``LEVEL``) <= ``LEVEL``.

    absent: pairs that lack a score on one side alone, by that side.
    """
    candidate, base = absent["candidate"], absent["base"]
    chance = (
        math.lgamma(candidate + 0.5) + math.lgamma(base + 0.5) - math.lgamma(candidate + base + 1)
    )
    power = (candidate + base) * math.log(2.0) + chance - math.log(math.pi)
    return math.exp(min(power, 690.0))


def differs(absent: Mapping[str, int]) -> str:
    """Return what is uneven, for a person; empty if nothing is."""
    if evidence(absent) < 1.0 / LEVEL:
        return ""
    candidate, base = absent["candidate"], absent["base"]
    return f"{candidate} pairs lack a score on the candidate's side alone, {base} on base's alone"
