"""Watches those who write where an entry could be quoted, and says where they might.

Part of ``guardrails.monitor``: a pair is counted here in the same transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from guardrails.decisions import Decision, decide_writing
from guardrails.rules import permission as permissions
from guardrails.rules.evidence import Evidence, Summary
from guardrails.rules.permission import Permission, PermissionChange, against
from guardrails.rules.policy import Policy
from guardrails.rules.stages import Cause
from guardrails.rules.version import difference
from guardrails.store.entries import KeptEvidence, following
from guardrails.store.store import Ledger, Store
from guardrails.types import BASE, QUOTE, Pair, Stage, Standing, Verdict

BLIND: Final = "blind"
FROZEN: Final = "frozen"
"""Alarm of a night whose judge cannot be trusted: while it is raised, no stage rises."""
WORDS: Final = {
    Verdict.BETTER: "writes better than the document",
    Verdict.EQUAL: "is shown not to write worse than the document",
    Verdict.WORSE: "writes worse than the document",
    Verdict.UNPROVEN: "is not shown to write as well as the document",
}


@dataclass(frozen=True, slots=True)
class Writer:
    """An arm against the quotation in a segment.

    summary: of score(arm) - score(quotation) since its evidence began. refusal: why the owner
    cannot let it write without force; empty if nothing is in the way. suggested: whether it is
    shown to write better, and does not write yet.
    """

    permission: Permission
    summary: Summary
    verdict: Verdict
    refusal: str
    suggested: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an arm is not let write, for a person. final: even if it is forced."""

    why: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class Writers:
    """Gives and ends permissions. Blocking; call it from a thread.

    policy_of: returns what decisions about an arm are decided by.
    """

    store: Store
    policy_of: Callable[[str], Policy]

    def all(self, ledger: Ledger, versions: Mapping[str, str] | None = None) -> list[Writer]:
        """Return every arm in every segment where it was compared with the quotation.

        versions: see ``rules.permission.versions_of``; what belongs to another one is left
        out. None: they are not known.
        """
        return [
            self._writer(ledger, permission)
            for permission in ledger.permissions()
            if versions is None or permission.version in {"", versions.get(permission.arm)}
        ]

    def allow(
        self,
        arm: str,
        segment: str,
        by: str,
        why: str,
        now: datetime,
        *,
        forced: bool = False,
        version: str = "",
    ) -> Decision | Refused:
        """Let an arm write where an entry could be quoted, or say why it may not.

        forced: also without evidence. version: of what the arm is compared by, where it is known.
        A candidate must serve there in any case: else nothing is asked of it. Evidence begins anew.
        """
        with self.store.transaction() as ledger:
            grant = ledger.permission(arm, segment) or Permission(arm, segment, version=version)
            if version and grant.version != version:
                self._renewed(ledger, grant, version, now, "")
                grant = ledger.permission(arm, segment) or grant
            if grant.writes:
                return Refused(f"{arm} writes there already", final=True)
            unsure, serves = self._unsure(ledger, arm, segment), _serves(ledger, arm, segment)
            if unsure and not (forced and serves):
                return Refused(unsure, final=not serves)
            policy, evidence = self.policy_of(arm), ledger.evidence(against(arm), segment)
            summary = (evidence.evidence if evidence else Evidence.fresh(policy)).summary()
            change = permissions.allowed(grant, summary, policy, why=why, forced=forced)
            if change is None:
                return Refused(permissions.refusal(summary, policy))
            basis = summary if evidence else None
            span = (segment, evidence.first, ledger.last_number()) if evidence else None
            more = {"by": by, "why": why, "forced": forced}
            more |= {"attempt": evidence.evidence.attempt} if evidence else {}
            decision = self._changed(ledger, grant, change, now, basis, span, **more)
            permission = ledger.permission(arm, segment) or grant
            missing = bool(permissions.refusal(summary, policy))
            ledger.put_permission(replace(permission, by=by, why=why, forced=missing))
            return decision

    def forbid(self, arm: str, segment: str, by: str, why: str, now: datetime) -> Decision | None:
        """Take a permission back; None if there is none."""
        with self.store.transaction() as ledger:
            permission = ledger.permission(arm, segment)
            reason = f"taken back: {why}" if why else "taken back"
            ended = (
                self._ended(ledger, permission, "person", reason, now, by=by) if permission else []
            )
            return ended[0] if ended else None

    def renew(self, versions: Mapping[str, str], now: datetime, why: str = "") -> list[Decision]:
        """Start evidence anew where a version has changed, and end what rested on it.

        versions: see ``rules.permission.versions_of``; who is not in it is left alone. why:
        what is known of the change, for the record.
        """
        with self.store.transaction() as ledger:
            renewals = [
                self._renewed(ledger, permission, versions[permission.arm], now, why)
                for permission in ledger.permissions()
                if permission.arm in versions
            ]
            return [decision for decisions in renewals for decision in decisions]

    def begin(self, ledger: Ledger, arm: str, by: str, now: datetime) -> list[Decision]:
        """Begin without a permission anywhere for a candidate that a person adds."""
        decisions = []
        for permission in ledger.permissions(arm):
            decisions += self._ended(ledger, permission, "person", "added again", now, by=by)
            after = ledger.permission(arm, permission.segment) or permission
            ledger.put_permission(replace(after, version=""))
            self._fresh(ledger, arm, permission.segment)
        return decisions

    def gone(self, ledger: Ledger, arm: str, now: datetime) -> None:
        """End the permissions of a candidate that is there no more."""
        for permission in ledger.permissions(arm):
            self._ended(ledger, permission, "stage", f"{arm} is not configured any more", now)

    def observed(self, ledger: Ledger, pair: Pair) -> list[Decision]:
        """Count a stored pair for whoever writes, and end what it does not bear out."""
        mine = permissions.seen(pair)
        if mine is None:
            return []
        permission = ledger.permission(mine.arm, mine.segment)
        if permission is None:
            permission = Permission(mine.arm, mine.segment, version=mine.version, since=mine.at)
            ledger.put_permission(permission)
        decisions = self._renewed(ledger, permission, mine.version, mine.at, "")
        permission = ledger.permission(mine.arm, mine.segment) or permission
        policy, name = self.policy_of(mine.arm), against(mine.arm)
        evidence = ledger.evidence(name, mine.segment) or KeptEvidence(
            Evidence.fresh(policy), pair.number
        )
        # Evidence that began anew with what this pair has shown begins with this pair.
        evidence = replace(evidence, first=min(evidence.first, pair.number))
        evidence.evidence.add(mine)
        ledger.put_evidence(name, mine.segment, evidence)
        summary = evidence.evidence.summary()
        if change := permissions.lost(permission, summary, policy):
            span = (mine.segment, evidence.first, pair.number)
            attempt = evidence.evidence.attempt
            decided = self._changed(
                ledger, permission, change, mine.at, summary, span, attempt=attempt
            )
            decisions.append(decided)
        return decisions

    def unseen(self, ledger: Ledger, pair: Pair, share: float, first: int) -> list[Decision]:
        """End the permissions of an arm that the guard has become blind for.

        share: of its pairs from number ``first`` to this one that lack a score.
        """
        arm = BASE if pair.arm == QUOTE else pair.arm
        span = (None, first, pair.number)
        return [
            self._changed(ledger, permission, change, pair.at, None, span)
            for permission in ledger.permissions(arm)
            if (change := permissions.unseen(permission, share, self.policy_of(arm)))
        ]

    def left(self, ledger: Ledger, standing: Standing, now: datetime) -> None:
        """End the permission of a candidate that does not serve any more."""
        if standing.stage is not Stage.SERVING:
            permission = ledger.permission(standing.arm, standing.segment)
            why = f"{standing.arm} does not serve in {standing.segment} any more"
            if permission is not None:
                self._ended(ledger, permission, "stage", why, now)

    def _writer(self, ledger: Ledger, held: Permission) -> Writer:
        policy, evidence = (
            self.policy_of(held.arm),
            ledger.evidence(against(held.arm), held.segment),
        )
        summary = (evidence.evidence if evidence else Evidence.fresh(policy)).summary()
        missing = self._unsure(ledger, held.arm, held.segment)
        missing = missing or permissions.refusal(summary, policy)
        better = not missing and permissions.suggested(summary, policy)
        suggests = better and not held.writes
        return Writer(held, summary, summary.verdict(policy), missing, suggests)

    def _unsure(self, ledger: Ledger, arm: str, segment: str) -> str:
        """Return why an arm is not let write whatever its pairs say, for a person; or nothing."""
        if not _serves(ledger, arm, segment):
            return f"{arm} does not serve there"
        for alarm in ledger.alarms(raised_only=True):
            blind = (alarm.kind, alarm.arm) == (BLIND, permissions.compared(arm))
            if blind or alarm.kind == FROZEN:
                return f"there is an alarm ({alarm.kind}): {alarm.message}"
        return ""

    def _renewed(
        self, ledger: Ledger, held: Permission, version: str, now: datetime, why: str
    ) -> list[Decision]:
        if held.version == version:
            return []
        decisions = []
        if held.version:
            change = difference(held.version, version)
            reason = f"evidence starts anew: {change}{f'; {why}' if why else ''}"
            decisions = self._ended(ledger, held, "version", reason, now, version=version)
            self._fresh(ledger, held.arm, held.segment)
        after = ledger.permission(held.arm, held.segment) or held
        ledger.put_permission(replace(after, version=version))
        return decisions

    def _ended(
        self,
        ledger: Ledger,
        held: Permission,
        cause: Cause,
        reason: str,
        now: datetime,
        **more: Any,
    ) -> list[Decision]:
        change = permissions.ended(held, cause, reason)
        return [self._changed(ledger, held, change, now, **more)] if change else []

    def _changed(
        self,
        ledger: Ledger,
        held: Permission,
        change: PermissionChange,
        now: datetime,
        summary: Summary | None = None,
        span: tuple[str | None, int, int] | None = None,
        **more: Any,
    ) -> Decision:
        """Give or end a permission, on record; its evidence begins anew."""
        policy = self.policy_of(held.arm)
        decision = decide_writing(held, change, policy, now, summary=summary, span=span, **more)
        ledger.add_decision(decision)
        after = permissions.changed(held, change, now)
        ledger.put_permission(replace(after, decision=decision.id))
        self._fresh(ledger, held.arm, held.segment)
        return decision

    def _fresh(self, ledger: Ledger, arm: str, segment: str) -> None:
        """Begin the evidence of an arm against the quotation anew, with the next pair."""
        evidence = ledger.evidence(against(arm), segment)
        fresh = Evidence.fresh(self.policy_of(arm), following(evidence))
        ledger.put_evidence(against(arm), segment, KeptEvidence(fresh, ledger.last_number() + 1))


def _serves(ledger: Ledger, arm: str, segment: str) -> bool:
    """Return whether readers' questions may go to an arm there."""
    standing = None if arm == BASE else ledger.standing(arm, segment)
    return arm == BASE or (standing is not None and standing.stage is Stage.SERVING)
