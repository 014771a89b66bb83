"""What the evidence does to a candidate's stage in a segment: a pure function.

shadow -> canary -> serving, each on evidence gathered since the stage began; from any of them to
routed_back when the candidate is worse; back to shadow, on fresh evidence, when the wait is over.
A pinned stage does not move.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from guardrails.rules import promise
from guardrails.rules.evidence import MetricEvidence, Summary
from guardrails.rules.policy import FIRST, Policy
from guardrails.types import RISEN, Pin, Stage, Standing

Cause = Literal[
    "candidate",
    "parent",
    "held",
    "released",
    "wait",
    "version",
    "blind",
    "ratio",
    "person",
    "night",
    "stage",
]

_MANY: Final = 1e9
_NEXT: Final = {Stage.SHADOW: Stage.CANARY, Stage.CANARY: Stage.SERVING}


@dataclass(frozen=True, slots=True)
class Move:
    """A change of stage. reason: a sentence for a person."""

    to: Stage
    cause: Cause
    reason: str


def judged(
    standing: Standing,
    summary: Summary,
    policy: Policy,
    now: datetime,
    *,
    blind: bool = False,
    rate: float = 1.0,
) -> Move | None:
    """Return the move that the evidence asks for, if any.

    blind: no promotion meanwhile. rate: share of questions that get a pair, in [0, 1].
    """
    if standing.pin is not None:
        return None
    if standing.stage is Stage.ROUTED_BACK:
        if standing.until is not None and now >= standing.until:
            return Move(Stage.SHADOW, "wait", "the wait is over; fresh evidence is gathered")
        return None
    if worst := summary.tripped:
        return Move(Stage.ROUTED_BACK, "candidate", told(worst, standing, policy))
    following = _NEXT.get(standing.stage)
    if following is None or blind or not summary.proven(policy):
        return None
    weakest = summary.score()
    shown = (
        f"{standing.arm} is not worse than base in {standing.segment} by more than "
        f"{weakest.accepted(policy):g}: {interval(weakest, policy)}"
    )
    if policy.rule != FIRST:
        shown = f"{shown}; {promise.promised(policy, rate, summary).words}"
    return Move(following, "candidate", shown)


def held(standing: Standing, own: Summary, policy: Policy, above: Move) -> Move | None:
    """Return what a trip of a segment above does to one below it that readers are answered by.

    Some segment below is worse, and which is not known: base answers, until the own pairs say more.
    That is no verdict: stage, evidence and waiting time stay. Where the own pairs are enough and do
    not lean towards harm, nothing is held.
    """
    if not _answers(standing) or standing.held or spoken(own, policy):
        return None
    return Move(
        standing.stage, "held", f"base answers until its own pairs have spoken: {above.reason}"
    )


def released(standing: Standing, own: Summary, policy: Policy) -> Move | None:
    """Return what lets a held segment go: its own pairs are enough, and do not lean to harm."""
    if not standing.held or not spoken(own, policy):
        return None
    weakest = interval(own.score(), policy)
    return Move(
        standing.stage,
        "released",
        f"held because of {standing.held}; its own pairs do not lean towards harm: {weakest}",
    )


def _answers(standing: Standing) -> bool:
    """Return whether readers get its answers by its pairs, and not by a person's word."""
    return standing.pin is None and standing.stage in RISEN


def spoken(own: Summary, policy: Policy) -> bool:
    """Return whether a segment's own pairs are enough, and do not lean towards harm."""
    return own.seen >= policy.min_pairs and not own.leans


def blinded(standing: Standing, share: float, policy: Policy) -> Move | None:
    """Return the move of a guard that cannot see. share: of recent pairs without a score."""
    if not _answers(standing):
        return None
    why = f"{share:.0%} of the last {policy.blind_window} pairs have no score"
    return Move(Stage.SHADOW, "blind", f"the guard cannot see: {why}")


def unbelieved(standing: Standing, summary: Summary) -> Move | None:
    """Return the move of a guard that sees base's side better than the candidate's.

    Where it is base's side that lacks scores, nobody rises; what serves has not become worse by it.
    """
    if not (_answers(standing) and summary.uneven and summary.hidden):
        return None
    why = f"what is missing is not missing by chance: {summary.uneven}"
    return Move(Stage.SHADOW, "ratio", f"the guard cannot believe what it sees: {why}")


def restarted(standing: Standing, version: str, changed: str) -> Move | None:
    """Return the move after a change of version; evidence starts anew in any case."""
    if standing.version == version or standing.pin is not None:
        return None
    return Move(Stage.SHADOW, "version", f"evidence starts anew: {changed}")


def moved(standing: Standing, move: Move, policy: Policy, now: datetime) -> Standing:
    """Return the standing after a move to another stage; see ``holding`` for the others."""
    back = move.to is Stage.ROUTED_BACK and move.cause in {"candidate", "parent", "night"}
    routed = standing.route_backs + back
    wait = min(policy.wait_s * 2.0 ** max(0, routed - 1), policy.longest_wait_s)
    return replace(
        standing,
        stage=move.to,
        canary_share=policy.canary_share,
        since=now,
        until=now + timedelta(seconds=wait) if back else None,
        route_backs=routed,
        lower=None,
        held="",
    )


def holding(standing: Standing, node: str) -> Standing:
    """Return the standing held because of a segment above, or let go (""); all else stays."""
    return replace(standing, held=node)


def pinned(standing: Standing, stage: Stage, pin: Pin, now: datetime) -> Standing:
    """Return the standing with its stage held by a person."""
    return replace(standing, stage=stage, pin=pin, since=now, until=None, held="")


def unpinned(standing: Standing, now: datetime) -> Standing:
    """Return the standing without its pin, in shadow: it is unproven until pairs say more."""
    return replace(standing, stage=Stage.SHADOW, pin=None, since=now, until=None, held="")


def told(worst: MetricEvidence, standing: Standing, policy: Policy) -> str:
    """Return why a candidate is routed back, for a person."""
    where = "all segments" if standing.segment == "*" else standing.segment
    return (
        f"{standing.arm} is worse than base in {where}: {interval(worst, policy)}; "
        f"evidence {counted(worst.evidence, policy)} reached {worst.threshold:,.0f}"
    )


def counted(evidence: float, policy: Policy) -> str:
    """Return evidence for a person; the first rule wrote all of its digits."""
    if policy.rule != FIRST and evidence >= _MANY:
        return f"{evidence:.0e}"
    return f"{evidence:,.0f}"


def interval(measured: MetricEvidence, policy: Policy) -> str:
    """Return mean and interval of a metric, for a person."""
    sure = f"{1 - policy.alpha:.0%}".replace("%", " %")
    mean = f"{measured.mean:+.3f}" if measured.mean is not None else "unknown"
    return (
        f"mean difference of {measured.metric} {mean}, {sure} interval "
        f"{measured.lower:+.3f} to {measured.upper:+.3f}, {measured.pairs} pairs"
    )
