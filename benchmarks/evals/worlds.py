"""A simulated service whose nights can be spoilt in known ways.

Real: the 200 questions and their segments and languages, drawn from the labelled questions that
are shipped. Simulated: everything about answers, judges and traffic.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from evals.statistics.measurements import Kind, NightScores
from evals.statistics.scored import Scored

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
ARMS = ("base", "tuned")
CASES = 200
QUESTIONS = 1500
CLAIMS = (2, 3, 4, 5, 6)
SLIP = 0.05  # a judge's verdict on one claim is wrong so often
NEW_WORDING = 0.3  # so many answers are worded anew when asked again
CHURN = 0.05  # so many cases get other passages from an index that is only updated


@dataclass(frozen=True, slots=True)
class Spoilt:
    """What is wrong tonight.

    lenient: share of false claims that tonight's judge lets pass, above its slips. harm: by arm,
    the factor on the chance that a claim is true. lost: share of cases whose document left the
    index. tilt: how far the question mix moves to the harder segments.
    """

    lenient: float = 0.0
    harm: dict[str, float] = field(default_factory=dict)
    lost: float = 0.0
    tilt: float = 0.0


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers of one arm to all cases: number of claims and how many are true. Shapes (cases,)."""

    claims: Integers
    true: Integers


class World:
    """A fixed set of cases, their difficulty, two arms, and a frozen night."""

    def __init__(self, seed: int, cases: int = CASES) -> None:
        """Draw difficulty (shared by arms and nights) and the frozen answers."""
        self.random = np.random.default_rng(seed)
        text = (files("assistant") / "sample" / "segments.jsonl").read_text(encoding="utf-8")
        rows = [json.loads(line) for line in text.splitlines()]
        chosen = [rows[i] for i in self.random.choice(len(rows), cases, replace=False)]
        self.ids = [sha256(row["text"].encode()).hexdigest()[:10] for row in chosen]
        self.kinds: list[Kind] = [(row["segment"], row["language"]) for row in chosen]
        known = sorted(set(self.kinds))
        ease = dict(zip(known, self.random.uniform(0.65, 0.93, len(known)), strict=True))
        self.ease = ease
        mean = np.array([ease[kind] for kind in self.kinds])
        shared = self.random.beta(8 * mean, 8 * (1 - mean))
        self.chance = {
            arm: np.clip(shared + self.random.normal(0, 0.05, cases), 0, 1) for arm in ARMS
        }
        self.claims = self.random.choice(CLAIMS, cases)
        counts = Counter(row["segment"] + row["language"] for row in rows)
        self.shares = np.array([counts[a + b] for a, b in known], float)
        self.shares /= self.shares.sum()
        self.frozen = {arm: self.answered(self.chance[arm]) for arm in ARMS}
        scored = self.scored(self.frozen, 0.0)
        same = dict.fromkeys(self.ids, 1.0)
        self.reference = NightScores(scored, scored, scored, same, self.asked(0.0))

    def answered(self, chance: Floats) -> Answers:
        """Let an arm answer every case."""
        return Answers(self.claims, self.random.binomial(self.claims, chance))

    def again(self, first: Answers, chance: Floats) -> Answers:
        """Let an arm answer again: mostly the same words, unless it has changed."""
        new = self.random.random(len(self.ids)) < NEW_WORDING
        return Answers(
            self.claims, np.where(new, self.random.binomial(self.claims, chance), first.true)
        )

    def scored(self, answers: dict[str, Answers], lenient: float) -> list[Scored]:
        """Let a judge count the claims it takes for true."""
        out = []
        for arm, given in answers.items():
            lets = SLIP + lenient
            said = self.random.binomial(given.true, 1 - SLIP)
            said = said + self.random.binomial(given.claims - given.true, lets)
            for i, value in enumerate(said / given.claims):
                segment, language = self.kinds[i]
                case = self.ids[i]
                out.append(
                    Scored(case, "1", case, segment, language, arm, "faithfulness", float(value))
                )
        return out

    def asked(self, tilt: float) -> dict[Kind, int]:
        """Draw a week's real questions; ``tilt`` favours the kinds that are hard for base."""
        known = list(self.ease)
        hard = np.argsort(np.argsort([-self.ease[kind] for kind in known])) / (len(known) - 1)
        shares = self.shares * np.exp(tilt * (hard - 0.5))
        counts = self.random.multinomial(QUESTIONS, shares / shares.sum())
        return {kind: int(n) for kind, n in zip(known, counts, strict=True)}

    def night(self, spoilt: Spoilt) -> NightScores:
        """Run one night."""
        size = len(self.ids)
        gone = self.random.random(size) < spoilt.lost
        other = gone | (self.random.random(size) < CHURN)
        frozen, again, live = {}, {}, {}
        for arm in ARMS:
            factor = spoilt.harm.get(arm, 1.0)
            chance = self.chance[arm] * factor
            first = self.frozen[arm]
            changed = self.answered(chance) if factor != 1 else self.again(first, chance)
            frozen[arm] = first
            again[arm] = changed
            fresh = self.answered(np.where(gone, 0.45, 1.0) * chance)
            asked = self.again(changed, chance)
            live[arm] = Answers(self.claims, np.where(other, fresh.true, asked.true))
        return NightScores(
            live=self.scored(live, spoilt.lenient),
            frozen=self.scored(frozen, spoilt.lenient),
            reanswered=self.scored(again, spoilt.lenient),
            overlap={
                case: 0.0 if moved else 1.0 for case, moved in zip(self.ids, other, strict=True)
            },
            mix=self.asked(spoilt.tilt),
        )


def mean_of(night: NightScores, arm: str, mix: Mapping[Kind, int]) -> float:
    """Return the mean that a report without attribution shows: weighted by the night's mix."""
    by: dict[Kind, list[float]] = {}
    for one in night.live:
        if one.arm == arm and one.value is not None:
            by.setdefault((one.segment, one.language), []).append(one.value)
    whole = sum(mix[kind] for kind in by)
    return float(sum(mix[kind] / whole * np.mean(values) for kind, values in by.items()))
