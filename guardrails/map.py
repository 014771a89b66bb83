"""The transfer map as data: candidates x segments, and what the pairs say of each.

It is the routing table with its reasons; nothing here decides anything.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from guardrails.clock import SLACK
from guardrails.decisions import Decision
from guardrails.pairs import EVERY, Sampling
from guardrails.rules.evidence import Evidence, MetricEvidence, Summary
from guardrails.rules.policy import Policy
from guardrails.rules.promise import Promise, promised
from guardrails.rules.segment import WHOLE, lineage
from guardrails.rules.strengths import ALONE, Rung, Rungs, ordered, rung_of
from guardrails.store.store import Ledger
from guardrails.types import QUOTE, RISEN, Stage, Standing, Verdict

WORDS: Final = {
    Verdict.BETTER: "better than base",
    Verdict.EQUAL: "shown harmless",
    Verdict.WORSE: "worse than base",
    Verdict.UNPROVEN: "no harm shown yet",
}
"""For people. The second and the last are not the same: one is proof, the other its lack."""
MONTH: Final = timedelta(days=30)
_LOOK_BACK: Final = 50
"""Decisions that are looked through for the one that still says more than fresh evidence."""


@dataclass(frozen=True, slots=True)
class MapCell:
    """An arm in a segment.

    rung: which strength of which candidate the arm is. standing: where it stands; None for a
    segment above others, which has evidence but no stage.
    summary: of the fresh evidence, or of the decision ``shown_from`` that still says more; for a
    segment above others, the one by which its pairs took back segments below it.
    fresh: scored pairs since the last start of evidence. decision: the last one. below: of a
    segment above others, how many of those below it are routed back, and how many there are.
    lacking: what a promotion still lacks beside the proof. promise: to readers.
    """

    arm: str
    segment: str
    verdict: Verdict
    summary: Summary
    fresh: int
    rung: Rung
    standing: Standing | None = None
    decision: Decision | None = None
    shown_from: str | None = None
    below: tuple[int, int] | None = None
    lacking: str = ""
    promise: Promise | None = None

    @property
    def words(self) -> str:
        """What the verdict says, for a person."""
        if self.below and self.below[0]:
            return f"{self.below[0]} of {self.below[1]} below are routed back"
        return WORDS[self.verdict]

    @property
    def main(self) -> MetricEvidence:
        """The metric that matters: the one that tripped, else the mean score with most to fear."""
        return self.summary.tripped or self.summary.score()

    @property
    def evidence_share(self) -> float:
        """How near a route-back is, in [0, 1]."""
        return nearness(self.main.evidence, self.main.threshold)

    @property
    def proof_share(self) -> float | None:
        """How near the weakest proof is to what a promotion needs, in [0, 1]; None: no proof."""
        shares = (
            nearness(evidence.proof, evidence.needed)
            for evidence in self.summary.metrics
            if evidence.proof is not None and evidence.needed
        )
        return min(shares, default=None)


@dataclass(frozen=True, slots=True)
class TransferMap:
    """All cells, by candidate, full strength first: the strengths can be read as a curve.

    Of each arm those with a stage come first, then those above, nearest first.
    monthly: expected number of false route-backs in 30 days; see ``false_route_backs``.
    """

    candidates: tuple[str, ...]
    cells: tuple[MapCell, ...]
    monthly: float


def transfer_map(
    ledger: Ledger,
    policy: Policy,
    now: datetime,
    arms: Sequence[str] = (),
    rungs: Rungs = ALONE,
    sampling: Sampling = EVERY,
) -> TransferMap:
    """Return the map as the ledger has it.

    arms: candidates that may have no pair yet. sampling: how many questions get a pair.
    """
    standings = ledger.standings()
    known = ordered([*arms, *(standing.arm for standing in standings)], rungs)
    here = {(standing.arm, standing.segment) for standing in standings}
    above = {(s.arm, node) for s in standings for node in lineage(s.segment)[1:]} - here
    policies = {arm: policy.of_arm(arm, rungs) for arm in known}
    cells = [
        _cell(
            ledger,
            standing,
            policies[standing.arm],
            rung_of(standing.arm, rungs),
            sampling.of(standing.segment),
        )
        for standing in standings
    ]
    near = sorted(above, key=lambda one: (one[0], one[1] == WHOLE, -len(lineage(one[1])), one[1]))
    for arm, node in near:
        below = [s for s in standings if s.arm == arm and node in lineage(s.segment)[1:]]
        if cell := _above(ledger, arm, node, policies[arm], rung_of(arm, rungs), below):
            cells.append(cell)
    cells.sort(key=lambda cell: known.index(cell.arm))
    return TransferMap(tuple(known), tuple(cells), false_route_backs(ledger, policy, now, rungs))


def false_route_backs(ledger: Ledger, policy: Policy, now: datetime, rungs: Rungs = ALONE) -> float:
    """Return how many false route-backs a month to expect at most, over all of them together.

    The sum over candidates and segments of (pairs of the last 30 days) x false_alarms / horizon,
    a strength of several counting by its share. The quotation is none: nothing is routed to it.
    An upper bound, were no candidate worse anywhere: unscored pairs are counted too, and each
    segment's promise is for all that may route it back.
    """
    counts = ledger.pair_counts(now - MONTH, now + SLACK)
    pairs = sum(
        count / rung_of(arm, rungs).of for (arm, _), count in counts.items() if arm != QUOTE
    )
    return pairs * policy.false_alarms / policy.horizon


def nearness(evidence: float, threshold: float) -> float:
    """Return how much of the way to the threshold evidence has gone, in [0, 1].

    On a logarithmic scale, as evidence grows by multiplication.
    """
    if evidence >= threshold:
        return 1.0
    return min(1.0, math.log1p(max(evidence, 0.0)) / math.log1p(threshold))


def _cell(ledger: Ledger, standing: Standing, policy: Policy, rung: Rung, rate: float) -> MapCell:
    evidence = ledger.evidence(standing.arm, standing.segment)
    fresh = (evidence.evidence if evidence else Evidence.fresh(policy)).summary()
    recorded = ledger.decisions(standing.arm, standing.segment, _LOOK_BACK)
    decisions = [decision for decision in recorded if decision.staged]
    last = next((d for d in decisions if d.id == standing.decision), None)
    shown = _still_says_more(standing, fresh, decisions, policy)
    summary = Summary.of(shown.summary) if shown else fresh
    return MapCell(
        arm=standing.arm,
        segment=standing.segment,
        verdict=summary.verdict(policy),
        summary=summary,
        fresh=fresh.pairs,
        rung=rung,
        standing=standing,
        decision=last,
        shown_from=shown.id if shown else None,
        lacking=fresh.missing(policy),
        promise=promised(policy, rate, fresh) if _promises(standing) else None,
    )


def _promises(standing: Standing) -> bool:
    """Return whether readers are promised anything; not where a person holds it before them."""
    return standing.arm != QUOTE and not (standing.pin and standing.stage in RISEN)


def _above(
    ledger: Ledger,
    arm: str,
    segment: str,
    policy: Policy,
    rung: Rung,
    below: Sequence[Standing],
) -> MapCell | None:
    evidence = ledger.evidence(arm, segment)
    if evidence is None:
        return None
    fresh = evidence.evidence.summary()
    shown = _took_back(ledger, segment, below) if fresh.pairs < policy.min_pairs else None
    summary = Summary.of(shown.summary) if shown else fresh
    back = sum(standing.stage is Stage.ROUTED_BACK for standing in below)
    # Those that are routed back count above no more: what is left says nothing of them.
    mixed = Verdict.WORSE if back == len(below) else Verdict.UNPROVEN
    return MapCell(
        arm=arm,
        segment=segment,
        verdict=mixed if back and not shown else summary.verdict(policy),
        below=(back, len(below)),
        summary=summary,
        fresh=fresh.pairs,
        rung=rung,
        shown_from=shown.id if shown else None,
    )


def _took_back(ledger: Ledger, segment: str, below: Sequence[Standing]) -> Decision | None:
    """Return the newest decision by which this segment's pairs took back one below that still is.

    Its evidence began anew with that decision, and would show no pair beside the segments that
    its pairs have taken back.
    """
    decisions = [
        decision
        for standing in below
        if standing.stage is Stage.ROUTED_BACK
        for decision in ledger.decisions(standing.arm, standing.segment, _LOOK_BACK)
        if decision.id == standing.decision
        and decision.cause == "parent"
        and decision.inputs["above"]["segment"] == segment
    ]
    return max(decisions, key=lambda decision: decision.at, default=None)


def _still_says_more(
    standing: Standing, fresh: Summary, decisions: Sequence[Decision], policy: Policy
) -> Decision | None:
    """Return the decision whose interval is shown in place of the fresh evidence's, if any.

    Evidence starts anew with each stage. So a route-back is shown until there are ``min_pairs``
    again, and a promotion, while its stage lasts, until the fresh pairs say anything by themselves.
    """
    if fresh.tripped:
        return None
    for decision in decisions:
        if decision.before is decision.after:
            continue  # a hold, or its end, rests on other pairs and leaves these as they are
        if decision.inputs["standing"]["version"] != standing.version:
            return None
        if decision.after is Stage.ROUTED_BACK and decision.summary:
            return decision if fresh.pairs < policy.min_pairs else None
        if decision.after in RISEN and decision.summary:
            unsaid = fresh.verdict(policy) is Verdict.UNPROVEN
            return decision if standing.stage is decision.after and unsaid else None
        if decision.cause in {"version", "blind"}:
            return None
    return None
