"""Who may write where an entry could be quoted: what the pairs say of it, and what ends it. Pure.

An arm that writes is compared with the quotation of the same passages as a candidate is with base:
d = score(arm) - score(quotation), on questions that could be quoted and on no others. The owner
lets it write; the pairs take that back.

Why one sequence of d is enough, for base and for a candidate alike:

- base: d is quote - base turned round, so its interval is that one with both signs changed.
- a candidate c: on each question d = (c - base) - (quote - base), base's score falling out. The
  lower end of the first less the upper end of the second would hold, too: each of them fails with
  probability at most alpha / 2, so both hold with at least 1 - alpha (union bound). But the
  interval of c - base is also about questions that cannot be quoted, and begins anew with each
  stage: the two would not be about the same questions. d itself is, and its lower end fails with
  probability at most alpha / 2.

So with alpha and tolerance of the policy, at all times at once, from one start of evidence to the
next: an arm whose E[d | past] is never above -tolerance is fit to be let write with probability at
most alpha / 2; one that is never above 0 on any metric is suggested with at most alpha / 2 for each
guarded metric. One that is never below -tolerance loses its permission within n scored pairs with
probability at most n * a on each metric, a being the rate of the policy's budget (e-SR detector).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final, Self

from guardrails.rules.evidence import Summary
from guardrails.rules.policy import FIRST, Policy
from guardrails.rules.stages import Cause, counted, interval
from guardrails.types import BASE, LONG_AGO, QUOTE, Pair, Verdict, Voice

WORDS: Final = "the document's own words"


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether an arm writes in a segment although an entry could be quoted.

    writes: the owner lets it, and nothing has taken that back. version: the parts that its
    evidence belongs to; "" while they are not known. since: when that began. by, why: who let it
    write, and what they said. forced: without evidence. decision: id of the last one.
    """

    arm: str
    segment: str
    writes: bool = False
    version: str = ""
    since: datetime = LONG_AGO
    by: str = ""
    why: str = ""
    forced: bool = False
    decision: str = ""

    @property
    def voice(self) -> Voice:
        """Whose words readers get."""
        return Voice.WRITING if self.writes else Voice.QUOTED

    def plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "since": self.since.isoformat()}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the permission that ``plain`` was asked of."""
        return cls(**{**values, "since": datetime.fromisoformat(values["since"])})


@dataclass(frozen=True, slots=True)
class PermissionChange:
    """What gives a permission, or ends it. reason: a sentence for a person."""

    to: Voice
    cause: Cause
    reason: str


def against(arm: str) -> str:
    """Return the name under which an arm's evidence against the quotation is kept."""
    return f"{arm} / {QUOTE}"


def compared(writer: str) -> str:
    """Return the arm whose pairs say how a writer does against the quotation."""
    return QUOTE if writer == BASE else writer


def seen(pair: Pair) -> Pair | None:
    """Return a pair as that of a writer with the quotation in base's place, if it is one."""
    if pair.arm == QUOTE:
        version = turned(pair.version)
        return replace(pair, arm=BASE, version=version, base=pair.candidate, candidate=pair.base)
    if pair.quoted is None:
        return None
    version = joined(pair.version, pair.quoted.version)
    return replace(pair, version=version, base=pair.quoted.results, quoted=None)


def seen_in(pairs: Iterable[Pair], segment: str) -> list[Pair]:
    """Return those of a segment itself, as ``seen`` has them."""
    views = (seen(pair) for pair in pairs if pair.segment == segment)
    return [pair for pair in views if pair is not None]


def versions_of(versions: Mapping[str, str]) -> dict[str, str]:
    """Return the versions of what writers are compared with the quotation by, by writer.

    versions: of the candidates, the quotation among them. Nothing if it is not.
    """
    quoting = quoting_of(versions)
    if not quoting:
        return {}
    others = {arm: version for arm, version in versions.items() if arm != QUOTE}
    writers = {arm: joined(version, quoting) for arm, version in others.items()}
    return {BASE: turned(versions[QUOTE]), **writers}


def quoting_of(versions: Mapping[str, str]) -> str:
    """Return the revision of the way of quoting; empty if there is none among the versions."""
    return str(json.loads(versions[QUOTE])["candidate"]) if QUOTE in versions else ""


def turned(version: str) -> str:
    """Return the version of base against the quotation, from that of the quotation against base."""
    parts = json.loads(version)
    return _canonical({"quote" if k == "candidate" else k: v for k, v in parts.items()})


def joined(version: str, quoting: str) -> str:
    """Return the version of a candidate against the quotation."""
    return _canonical({**json.loads(version), "quote": quoting})


def refusal(summary: Summary, policy: Policy) -> str:
    """Return why the pairs do not let an arm write, for a person; empty if they do.

    They do if it is shown not to be worse than the quotation by more than the tolerance, on every
    metric and on enough pairs, and its mean is above the quotation's on at least one.
    """
    weakest = summary.weakest()
    numbers = interval(weakest, policy)
    if summary.verdict(policy) is Verdict.WORSE:
        return f"it is shown to be worse: {interval(summary.tripped or weakest, policy)}"
    if policy.rule == FIRST and summary.pairs < policy.min_pairs:
        return f"there are {summary.pairs} of at least {policy.min_pairs} scored pairs: {numbers}"
    if lacking := summary.missing(policy):
        return f"there are {lacking}: {numbers}"
    if not summary.proven(policy):
        return f"a loss of more than {policy.tolerance:g} is not ruled out: {numbers}"
    if not any(evidence.mean is not None and evidence.mean > 0 for evidence in summary.metrics):
        return f"it does not score higher: {numbers}"
    return ""


def suggested(summary: Summary, policy: Policy) -> bool:
    """Return whether the pairs show that an arm writes better than the document."""
    return not refusal(summary, policy) and summary.verdict(policy) is Verdict.BETTER


def allowed(
    permission: Permission, summary: Summary, policy: Policy, *, why: str, forced: bool
) -> PermissionChange | None:
    """Return what lets an arm write; None if the pairs do not, and nobody forces it."""
    missing = refusal(summary, policy)
    if missing and not forced:
        return None
    note = f"; {why}" if why else ""
    head = f"{permission.arm} may write in {permission.segment}"
    if missing:
        return PermissionChange(
            Voice.WRITING, "person", f"{head} without evidence, as {missing}{note}"
        )
    rests = interval(summary.weakest(), policy)
    shown = f"not worse than {WORDS} by more than {policy.tolerance:g}: {rests}{note}"
    return PermissionChange(Voice.WRITING, "person", f"{head}: {shown}")


def lost(permission: Permission, summary: Summary, policy: Policy) -> PermissionChange | None:
    """Return what ends a permission where the pairs say that the arm writes worse."""
    worst = summary.tripped
    if not permission.writes or worst is None:
        return None
    return PermissionChange(
        Voice.QUOTED,
        "candidate",
        f"{permission.arm} writes worse than {WORDS} in {permission.segment}: "
        f"{interval(worst, policy)}; evidence {counted(worst.evidence, policy)} reached "
        f"{worst.threshold:,.0f}",
    )


def unseen(permission: Permission, share: float, policy: Policy) -> PermissionChange | None:
    """Return what ends a permission where the guard cannot see. share: of pairs without a score."""
    if not permission.writes:
        return None
    why = f"{share:.0%} of the last {policy.blind_window} pairs have no score"
    return PermissionChange(Voice.QUOTED, "blind", f"the guard cannot see: {why}")


def ended(permission: Permission, cause: Cause, reason: str) -> PermissionChange | None:
    """Return what ends a permission for another reason than its pairs."""
    return PermissionChange(Voice.QUOTED, cause, reason) if permission.writes else None


def changed(permission: Permission, change: PermissionChange, now: datetime) -> Permission:
    """Return the permission after a change; who let it write is for the caller to add."""
    writes = change.to is Voice.WRITING
    return replace(permission, writes=writes, since=now, by="", why="", forced=False)


def _canonical(parts: Mapping[str, Any]) -> str:
    return json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
