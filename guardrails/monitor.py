"""Turns scored pairs into evidence, and evidence into decisions. One transaction per pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from guardrails.attack.certificate import refusal, rules_of, scorers_of
from guardrails.calibration.contradiction import contradicted
from guardrails.clock import anchored
from guardrails.decisions import Decision, decide, plain, share_of
from guardrails.pairs import Sampling
from guardrails.rules.breaker import Breaker
from guardrails.rules.evidence import AGAIN, Evidence, Summary
from guardrails.rules.policy import FIRST, Policy
from guardrails.rules.segment import lineage
from guardrails.rules.stages import (
    Move,
    blinded,
    held,
    holding,
    judged,
    moved,
    pinned,
    released,
    restarted,
    unbelieved,
    unpinned,
)
from guardrails.rules.strengths import Rungs, parted
from guardrails.rules.version import difference
from guardrails.store.entries import KeptEvidence
from guardrails.store.store import Ledger, Store
from guardrails.text.repeats import LOOKED_THROUGH, alike
from guardrails.types import QUOTE, RISEN, Pair, Pin, Stage, Standing
from guardrails.writers import BLIND, FROZEN, Writers

__all__ = ["BLIND", "BREAKER", "FROZEN", "RATIO", "Monitor"]

BREAKER: Final = "breaker"
RATIO: Final = "ratio"
"""Alarm of a candidate whose side lacks scores more often, or more rarely, than base's."""
MEASURE: Final = "measure"
"""Alarm of a language in which a candidate would rise if the measure could be believed."""


AGAIN_S: Final = AGAIN.total_seconds()


@dataclass(frozen=True, slots=True)
class Monitor:
    """Watches the candidates. Blocking; call it from a thread.

    policy: what a new decision is decided by; decisions keep the one they were decided by.
    rungs: the strengths of candidates that have several; each has its share of the budget. gate:
    version of the check before a reader; empty where it is not known. sampling: how many questions
    get a pair, for what is said of answers.
    """

    store: Store
    policy: Policy
    rungs: Rungs = field(default_factory=dict)
    gate: str = ""
    sampling: Sampling = field(default_factory=Sampling)

    def policy_of(self, arm: str) -> Policy:
        """Return what decisions about an arm are decided by."""
        return self.policy.of_arm(arm, self.rungs)

    @property
    def writers(self) -> Writers:
        """What watches those who write where an entry could be quoted."""
        return Writers(self.store, lambda arm: replace(self.policy_of(arm), margins={}))

    def observe(self, pair: Pair, answers: Mapping[str, Any]) -> list[Decision]:
        """Take a scored pair; return what it decided. The same pair again changes nothing.

        answers: question and answers, for people to read.
        """
        with self.store.transaction() as ledger:
            return self.observed(ledger, pair, answers)

    def observed(self, ledger: Ledger, pair: Pair, answers: Mapping[str, Any]) -> list[Decision]:
        """Take a scored pair within a transaction; see ``observe``."""
        if ledger.has_pair(pair.id):
            return []
        decisions = self._renewed(ledger, pair.arm, pair.segment, pair.version, pair.at)
        standing = self._standing(ledger, pair.arm, pair.segment, pair.version, pair.at)
        nodes = lineage(pair.segment)
        # What is routed back already, or held by a person, says nothing about those beside it.
        alone = standing.stage is Stage.ROUTED_BACK or standing.pin is not None
        counts = nodes[:1] if alone else nodes
        pair = self._marked(ledger, pair)
        pair = replace(pair, number=ledger.add_pair(pair, answers, counts))
        for node in counts:
            evidence = ledger.evidence(pair.arm, node) or KeptEvidence(
                self._begun(ledger, pair.arm, node), pair.number
            )
            evidence.evidence.add(pair)
            ledger.put_evidence(pair.arm, node, evidence)
        blind, moves = self._blindness(ledger, pair)
        decisions += moves
        uneven, doubted = self._uneven(ledger, pair)
        decisions += doubted
        decisions += self._own(ledger, pair, blind=blind or uneven or _frozen(ledger))
        for node in counts[1:]:
            decisions += self._above(ledger, pair, node)
        return decisions + self.writers.observed(ledger, pair)

    def renew(self, arm: str, version: str, now: datetime, why: str = "") -> list[Decision]:
        """Start the evidence of a candidate anew where its version has changed.

        why: what is known of the change, for the record.
        """
        with self.store.transaction() as ledger:
            segments = [standing.segment for standing in ledger.standings(arm)]
            renewals = [self._renewed(ledger, arm, s, version, now, why) for s in segments]
            return [decision for decisions in renewals for decision in decisions]

    def begin(self, ledger: Ledger, arm: str, by: str, now: datetime) -> list[Decision]:
        """Begin in shadow everywhere with a candidate that a person adds.

        An earlier one of that name leaves its decisions and pairs, and proves nothing.
        """
        decisions = []
        for standing in ledger.standings(arm):
            after = replace(unpinned(standing, now), version="", route_backs=0, lower=None)
            if standing.stage is not Stage.SHADOW or standing.pin is not None:
                reason = "added again: begins in shadow"
                decision = self._person(standing, Stage.SHADOW, reason, by, now)
                ledger.add_decision(decision)
                after = replace(after, decision=decision.id)
                decisions.append(decision)
            ledger.put_standing(after)
            for node in lineage(standing.segment):
                self._fresh(ledger, arm, node, ledger.last_number())
        decisions += self.writers.begin(ledger, arm, by, now)
        ledger.put_breaker(arm, Breaker())
        self.forget(ledger, arm, now)
        return decisions

    def forget(self, ledger: Ledger, arm: str, now: datetime) -> None:
        """Say that a candidate's alarms and permissions are over: it is gone, or begins anew."""
        self.writers.gone(ledger, arm, now)
        kinds = (alarm.kind for alarm in ledger.alarms(raised_only=True) if alarm.arm == arm)
        for kind in (BLIND, BREAKER, RATIO, *(kind for kind in kinds if kind.startswith(MEASURE))):
            ledger.clear_alarm(kind, arm, now)

    def pin(self, arm: str, segment: str, stage: Stage, pin: Pin, now: datetime) -> Decision:
        """Hold a stage. Evidence is still gathered, and does not move it."""
        with self.store.transaction() as ledger:
            standing = self._standing(ledger, arm, segment, "", now)
            decision = self._person(standing, stage, f"pinned: {pin.why}", pin.by, now)
            after = replace(pinned(standing, stage, pin, now), decision=decision.id)
            self._commit(ledger, after, decision)
            return decision

    def unpin(self, arm: str, segment: str, by: str, why: str, now: datetime) -> Decision | None:
        """Let go of a pinned stage; None if it is not pinned."""
        with self.store.transaction() as ledger:
            standing = ledger.standing(arm, segment)
            if standing is None or standing.pin is None:
                return None
            decision = self._person(standing, Stage.SHADOW, f"unpinned: {why}", by, now)
            after = replace(unpinned(standing, now), decision=decision.id)
            self._commit(ledger, after, decision)
            return decision

    def overnight(
        self, arm: str, segments: Sequence[str] | None, reason: str, now: datetime
    ) -> list[Decision]:
        """Route a candidate back where an eval night has shown that it got worse.

        segments: with their language; None: all. Only where it answers readers, and is not
        pinned. What the night found is the reason; there are no pairs to replay it from.
        """
        with self.store.transaction() as ledger:
            decisions = []
            for standing in ledger.standings(arm):
                here = segments is None or standing.segment in segments
                if standing.stage in RISEN and here and standing.pin is None:
                    move = Move(Stage.ROUTED_BACK, "night", reason)
                    policy = self.policy_of(arm)
                    decision = decide(standing, move, policy, now)
                    after = moved(standing, move, policy, now)
                    self._commit(ledger, replace(after, decision=decision.id), decision)
                    decisions.append(decision)
            return decisions

    def _own(self, ledger: Ledger, pair: Pair, *, blind: bool) -> list[Decision]:
        standing = self._standing(ledger, pair.arm, pair.segment, pair.version, pair.at)
        evidence = ledger.evidence(pair.arm, pair.segment)
        if evidence is None:
            return []
        summary, policy = evidence.evidence.summary(), self.policy_of(pair.arm)
        rate = self.sampling.of(pair.segment)
        span = (pair.segment, evidence.first)
        more = {"blind": blind, "rate": rate, "attempt": evidence.evidence.attempt}
        move = judged(standing, summary, policy, pair.at, blind=blind, rate=rate)
        if move and move.to in RISEN and self._withheld(ledger, standing, pair):
            move = None
        if move is None and (move := released(standing, summary, policy)):
            return [self._moved(ledger, standing, move, pair, summary, span, **more)]
        if move is None:
            return []
        if move.cause == "wait":
            return [self._moved(ledger, standing, move, pair)]
        decision = self._moved(ledger, standing, move, pair, summary, span, **more)
        if move.to is Stage.ROUTED_BACK:
            for node in lineage(pair.segment)[1:]:
                self._fresh(ledger, pair.arm, node, pair.number)
        return [decision]

    def _withheld(self, ledger: Ledger, standing: Standing, pair: Pair) -> bool:
        """Return whether a candidate may not rise since its measure cannot be believed; say so.

        The quotation has no traffic to rise to.
        """
        policy = self.policy_of(pair.arm)
        language = standing.segment.partition("/")[2]
        kind = f"{MEASURE}/{language}"
        why = (
            ""
            if pair.arm == QUOTE
            else refusal(
                ledger.certificate(),
                {
                    name: held
                    for name, held in scorers_of(pair.version).items()
                    if name in policy.metrics
                },
                self.gate,
                language,
                policy.families,
                rules_of(self.policy),
            )
            or contradicted(ledger, policy, pair.arm, standing.segment)
        )
        if not why:
            ledger.clear_alarm(kind, pair.arm, pair.at)
            return False
        message = (
            f"The pairs let {pair.arm} rise in {standing.segment}, and it does not: {why}. "
            "A person may pin it."
        )
        ledger.raise_alarm(kind, pair.arm, pair.at, message)
        return True

    def _above(self, ledger: Ledger, pair: Pair, node: str) -> list[Decision]:
        """Let a segment that tripped hold those below it whose own pairs have not spoken."""
        evidence = ledger.evidence(pair.arm, node)
        if evidence is None:
            return []
        policy = self.policy_of(pair.arm)
        above = Standing(pair.arm, segment=node, version=pair.version, since=pair.at)
        summary = evidence.evidence.summary()
        trip = judged(above, summary, policy, pair.at, blind=True)
        if trip is None:
            return []
        decisions = []
        for standing in ledger.standings(pair.arm):
            if node not in lineage(standing.segment)[1:]:
                continue
            below = ledger.evidence(pair.arm, standing.segment)
            if below is None:
                below = KeptEvidence(Evidence.fresh(policy), pair.number + 1)
            if move := held(standing, below.evidence.summary(), policy, trip):
                decisions.append(
                    self._moved(
                        ledger,
                        standing,
                        move,
                        pair,
                        summary,
                        span=(node, evidence.first),
                        attempt=evidence.evidence.attempt,
                        above=plain(above),
                        own=[below.first, below.evidence.attempt],
                    )
                )
        self._fresh(ledger, pair.arm, node, pair.number)
        return decisions

    def _marked(self, ledger: Ledger, pair: Pair) -> Pair:
        """Return a pair with what it repeats, among those of this evidence that told of harm.

        One without a score is nothing that could be repeated.
        """
        if any(pair.difference(metric) is None for metric in self.policy.metrics):
            return replace(pair, signature=b"")
        evidence = ledger.evidence(pair.arm, pair.segment)
        if evidence is None or not pair.signature:
            return pair
        earlier = ledger.signatures(pair.arm, pair.segment, evidence.first, LOOKED_THROUGH)
        harms = [(mark, at) for mark, at, gap_s in earlier if gap_s is None or gap_s >= AGAIN_S]
        same = alike([mark for mark, _ in harms], pair.signature)
        times = [at for (_, at), hit in zip(harms, same, strict=True) if hit and at <= pair.at]
        return replace(pair, gap_s=(pair.at - max(times)).total_seconds()) if times else pair

    def _begun(self, ledger: Ledger, arm: str, segment: str) -> Evidence:
        """Return evidence that begins: the next attempt of the candidate, at whatever strength."""
        held = ledger.evidence(arm, segment)
        if held is not None and not held.evidence.begun:
            attempt = held.evidence.attempt
        else:
            candidate, _ = parted(arm)
            arms = {s.arm for s in ledger.standings() if parted(s.arm)[0] == candidate} | {arm}
            evidence = [ledger.evidence(name, segment) for name in sorted(arms)]
            attempt = 1 + max((item.evidence.attempt for item in evidence if item), default=0)
        return Evidence.fresh(self.policy_of(arm), attempt)

    def _uneven(self, ledger: Ledger, pair: Pair) -> tuple[bool, list[Decision]]:
        """Return whether a segment lacks scores on one side more often, and what that moved.

        What was gathered there is not to be believed then: below ``canary``, or where it is the
        candidate's side, evidence begins anew.
        """
        evidence = ledger.evidence(pair.arm, pair.segment)
        if evidence is None or self.policy.rule == FIRST:
            return False, []
        summary, head = evidence.evidence.summary(), f"{pair.segment}: "
        if not summary.uneven:
            raised = [a for a in ledger.alarms(raised_only=True) if a.kind == RATIO]
            mine = any(a.arm == pair.arm and a.message.startswith(head) for a in raised)
            if mine and summary.pairs >= self.policy.min_pairs:
                ledger.clear_alarm(RATIO, pair.arm, pair.at)
            return False, []
        standing = self._standing(ledger, pair.arm, pair.segment, pair.version, pair.at)
        decisions = []
        if move := unbelieved(standing, summary):
            details = (ledger, standing, move, pair, summary, (pair.segment, evidence.first))
            decisions.append(self._moved(*details, attempt=evidence.evidence.attempt))
        elif standing.stage is Stage.SHADOW:
            self._fresh(ledger, pair.arm, pair.segment, pair.number)
        message = f"{head}{summary.uneven}. {pair.arm} does not rise there meanwhile."
        ledger.raise_alarm(RATIO, pair.arm, pair.at, message)
        return True, decisions

    def _blindness(self, ledger: Ledger, pair: Pair) -> tuple[bool, list[Decision]]:
        """Return whether the guard is blind for a candidate, and what that moved."""
        window = self.policy.blind_window
        last = ledger.last_scored(pair.arm, self.policy.metrics, window)
        share = share_of([not scored for _, scored in last])
        if len(last) < window or share <= self.policy.blind_share:
            ledger.clear_alarm(BLIND, pair.arm, pair.at)
            return False, []
        decisions = []
        for standing in ledger.standings(pair.arm):
            if move := blinded(standing, share, self.policy):
                span = (None, last[0][0])
                decisions.append(self._moved(ledger, standing, move, pair, None, span))
        decisions += self.writers.unseen(ledger, pair, share, last[0][0])
        message = f"{share:.0%} of the last {window} pairs of {pair.arm} have no score"
        ledger.raise_alarm(BLIND, pair.arm, pair.at, message)
        return True, decisions

    def _renewed(
        self,
        ledger: Ledger,
        arm: str,
        segment: str,
        version: str,
        now: datetime,
        why: str = "",
    ) -> list[Decision]:
        standing = ledger.standing(arm, segment)
        if standing is None or standing.version == version:
            return []
        policy, changed = self.policy_of(arm), difference(standing.version, version)
        changed = f"{changed}; {why}" if why else changed
        move = restarted(standing, version, changed) if standing.version else None
        after = replace(standing, version=version, since=now)
        decisions = []
        if move and standing.stage is not Stage.SHADOW:
            decision = decide(standing, move, policy, now, version=version)
            ledger.add_decision(decision)
            after = replace(moved(after, move, policy, now), decision=decision.id)
            decisions.append(decision)
        ledger.put_standing(replace(after, route_backs=0) if move else after)
        for node in lineage(segment):
            self._fresh(ledger, arm, node, ledger.last_number())
        return decisions

    def _moved(
        self,
        ledger: Ledger,
        standing: Standing,
        move: Move,
        pair: Pair,
        summary: Summary | None = None,
        span: tuple[str | None, int] | None = None,
        **more: Any,
    ) -> Decision:
        policy = self.policy_of(pair.arm)
        decision = decide(
            standing,
            move,
            policy,
            pair.at,
            summary=summary,
            span=(*span, pair.number) if span else None,
            **more,
        )
        if move.cause in {"held", "released"}:
            node = span[0] if span and move.cause == "held" else ""
            after = holding(standing, node or "")
        else:
            after = moved(standing, move, policy, pair.at)
            proven = summary if move.to in RISEN else None
            after = replace(after, lower=proven.score().lower if proven else None)
        self._commit(ledger, replace(after, decision=decision.id), decision)
        return decision

    def _person(
        self, standing: Standing, stage: Stage, reason: str, by: str, now: datetime
    ) -> Decision:
        policy = self.policy_of(standing.arm)
        return decide(standing, Move(stage, "person", reason), policy, now, by=by)

    def _fresh(self, ledger: Ledger, arm: str, segment: str, last: int) -> None:
        """Begin the evidence of a segment anew, with the pair after ``last``: one more attempt."""
        fresh = self._begun(ledger, arm, segment)
        ledger.put_evidence(arm, segment, KeptEvidence(fresh, last + 1))

    def _standing(
        self, ledger: Ledger, arm: str, segment: str, version: str, now: datetime
    ) -> Standing:
        standing = ledger.standing(arm, segment)
        if standing is None:
            share = self.policy.canary_share
            standing = Standing(arm, Stage.SHADOW, share, segment, version, now)
            ledger.put_standing(standing)
        elif (begun := anchored(standing, now)) is not standing:
            ledger.put_standing(standing := begun)
        return standing

    def _commit(self, ledger: Ledger, standing: Standing, decision: Decision) -> None:
        """Store a standing and its decision; who does not serve any more writes no more, either."""
        ledger.add_decision(decision)
        ledger.put_standing(standing)
        if decision.before is not decision.after:
            self._fresh(ledger, standing.arm, standing.segment, ledger.last_number())
        self.writers.left(ledger, standing, decision.at)


def _frozen(ledger: Ledger) -> bool:
    """Return whether a night has said that no stage may rise."""
    return any(alarm.kind == FROZEN for alarm in ledger.alarms(raised_only=True))
