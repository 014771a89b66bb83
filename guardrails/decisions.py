"""The record of a decision: what moved, why, and all that is needed to say the same again."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Self

from guardrails import digests
from guardrails.rules import permission as permissions
from guardrails.rules.evidence import Evidence, Summary
from guardrails.rules.permission import Permission, PermissionChange
from guardrails.rules.policy import Policy
from guardrails.rules.stages import Move, blinded, held, judged, released, unbelieved
from guardrails.types import Pair, Pin, Stage, Standing, Voice

_ID: Final = 12
_FROM_PAIRS: Final = frozenset({"candidate", "parent", "held", "released", "blind", "ratio"})
"""Causes that are decided again from the pairs."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One change of stage, or of whether an arm may write, and its reason.

    inputs: what it was decided from, next to the pairs: first and last pair number of the
    evidence, standing or permission, and policy. summary: of the evidence. by: ``guard`` or a
    person's name.
    """

    at: datetime
    arm: str
    segment: str
    before: Stage | Voice
    after: Stage | Voice
    cause: str
    reason: str
    by: str
    inputs: Mapping[str, Any]
    summary: list[dict[str, Any]]

    @property
    def id(self) -> str:
        """The first digits of the record's SHA-256."""
        return digests.of(self.record())[:_ID]

    @property
    def staged(self) -> bool:
        """Whether it is about a stage, and not about who may write."""
        return isinstance(self.after, Stage)

    def record(self) -> bytes:
        """Return the decision as canonical JSON: the bytes that are stored and replayed."""
        values = {**asdict(self), "at": self.at.isoformat()}
        return json.dumps(
            values, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
        ).encode()

    @classmethod
    def read(cls, record: bytes) -> Self:
        """Return the decision that a record holds."""
        values = json.loads(record)
        values["at"] = datetime.fromisoformat(values["at"])
        states = Voice if "permission" in values["inputs"] else Stage
        values["before"], values["after"] = states(values["before"]), states(values["after"])
        return cls(**values)


def decide(
    standing: Standing,
    move: Move,
    policy: Policy,
    at: datetime,
    *,
    summary: Summary | None = None,
    span: tuple[str | None, int, int] | None = None,
    by: str = "guard",
    **more: Any,
) -> Decision:
    """Return the decision that a move makes.

    span: the segment whose pairs were looked at (None: all), and the first and last number.
    more: other inputs that ``replay`` needs.
    """
    inputs = {
        "standing": plain(standing),
        "policy": policy.plain(),
        "span": list(span) if span else None,
        **more,
    }
    return Decision(
        at=at,
        arm=standing.arm,
        segment=standing.segment,
        before=standing.stage,
        after=move.to,
        cause=move.cause,
        reason=move.reason,
        by=by,
        inputs=inputs,
        summary=summary.record() if summary else [],
    )


def decide_writing(
    permission: Permission,
    change: PermissionChange,
    policy: Policy,
    at: datetime,
    *,
    summary: Summary | None = None,
    span: tuple[str | None, int, int] | None = None,
    by: str = "guard",
    **more: Any,
) -> Decision:
    """Return the decision that gives or ends a permission; see ``decide``."""
    inputs = {
        "permission": permission.plain(),
        "policy": policy.plain(),
        "span": list(span) if span else None,
        **more,
    }
    return Decision(
        at=at,
        arm=permission.arm,
        segment=permission.segment,
        before=permission.voice,
        after=change.to,
        cause=change.cause,
        reason=change.reason,
        by=by,
        inputs=inputs,
        summary=summary.record() if summary else [],
    )


def replay(
    decision: Decision, pairs: Callable[[str, str | None, int, int], Iterable[Pair]]
) -> Decision | None:
    """Decide again from the stored pairs; None if nothing would be decided.

    pairs: returns those of (arm, segment, first number, last number), in order. What a person,
    a clock or a change of version decided is decided by its inputs alone; a person who lets an arm
    write rests on pairs, too.
    """
    inputs = decision.inputs
    if "permission" in inputs:
        return _replay_writing(decision, pairs)
    policy = Policy.of(inputs["policy"])
    standing = of_plain(inputs["standing"])
    if decision.cause not in _FROM_PAIRS:
        stage = Stage(decision.after)
        move = Move(stage, decision.cause, decision.reason)  # type: ignore[arg-type]
        return _again(decision, standing, move, policy, None)
    segment, first, last = inputs["span"]
    history = list(pairs(decision.arm, segment, first, last))
    if decision.cause == "blind":
        again = blinded(standing, unscored_share(history, policy), policy)
        return _again(decision, standing, again, policy, None) if again else None
    summary = summarised(history, policy, inputs.get("attempt", 1))
    if decision.cause == "candidate":
        options = {"blind": inputs["blind"], "rate": inputs.get("rate", 1.0)}
        again = judged(standing, summary, policy, decision.at, **options)
    elif decision.cause == "released":
        again = released(standing, summary, policy)
    elif decision.cause == "ratio":
        again = unbelieved(standing, summary)
    else:
        again = _from_above(decision, standing, policy, summary, pairs)
    return _again(decision, standing, again, policy, summary) if again else None


def _from_above(
    decision: Decision,
    standing: Standing,
    policy: Policy,
    summary: Summary,
    pairs: Callable[[str, str | None, int, int], Iterable[Pair]],
) -> Move | None:
    """Return what a trip of a segment above does. summary: of the one above."""
    inputs = decision.inputs
    above = judged(of_plain(inputs["above"]), summary, policy, decision.at)
    if above is None:
        return None
    if decision.cause == "parent":
        return _borrowed(standing, Summary.of(inputs["own"]), policy, above)
    first, attempt = inputs["own"]
    own = pairs(decision.arm, decision.segment, first, inputs["span"][2])
    return held(standing, summarised(own, policy, attempt), policy, above)


def _borrowed(standing: Standing, own: Summary, policy: Policy, above: Move) -> Move | None:
    """Return what the first rule let a trip of a segment above do to one below it.

    It took back all below that was not proven on its own pairs, and so accused innocents: with
    three of four siblings bad, 170 of 200 that were as good as base. Now it holds: ``stages.held``.
    """
    if standing.pin is not None or standing.stage is Stage.ROUTED_BACK or own.proven(policy):
        return None
    return Move(Stage.ROUTED_BACK, "parent", above.reason)


def _again(
    decision: Decision, standing: Standing, move: Move, policy: Policy, summary: Summary | None
) -> Decision:
    inputs = dict(decision.inputs)
    span = tuple(inputs.pop("span") or ()) or None
    more = {k: v for k, v in inputs.items() if k not in {"standing", "policy"}}
    return decide(
        standing,
        move,
        policy,
        decision.at,
        summary=summary,
        span=span,
        by=decision.by,
        **more,
    )


def _replay_writing(
    decision: Decision, pairs: Callable[[str, str | None, int, int], Iterable[Pair]]
) -> Decision | None:
    """Decide again who may write."""
    inputs = dict(decision.inputs)
    policy, permission = Policy.of(inputs["policy"]), Permission.of(inputs["permission"])
    span = tuple(inputs.pop("span") or ()) or None
    summary: Summary | None = None
    voice = Voice(decision.after)
    change: PermissionChange | None = PermissionChange(voice, decision.cause, decision.reason)  # type: ignore[arg-type]
    if span:
        segment, first, last = span
        history = list(pairs(permissions.compared(decision.arm), segment, first, last))
        if decision.cause == "blind":
            change = permissions.unseen(permission, unscored_share(history, policy), policy)
        else:
            own = permissions.seen_in(history, decision.segment)
            summary = summarised(own, policy, inputs.get("attempt", 1))
            change = (
                permissions.lost(permission, summary, policy)
                if decision.cause == "candidate"
                else permissions.allowed(
                    permission, summary, policy, why=inputs["why"], forced=inputs["forced"]
                )
            )
    if change is None:
        return None
    more = {k: v for k, v in inputs.items() if k not in {"permission", "policy"}}
    return decide_writing(
        permission,
        change,
        policy,
        decision.at,
        summary=summary,
        span=span,
        by=decision.by,
        **more,
    )


def summarised(pairs: Iterable[Pair], policy: Policy, attempt: int = 1) -> Summary:
    """Return the summary of fresh evidence from these pairs. attempt: see ``Evidence``."""
    evidence = Evidence.fresh(policy, attempt)
    for pair in pairs:
        evidence.add(pair)
    return evidence.summary()


def unscored_share(pairs: Iterable[Pair], policy: Policy) -> float:
    """Return the share of pairs that lack a guarded score, in [0, 1]; 0 without pairs."""
    return share_of([any(pair.difference(m) is None for m in policy.metrics) for pair in pairs])


def share_of(missing: Sequence[bool]) -> float:
    """Return the share that is true, in [0, 1]; 0 of nothing."""
    return sum(missing) / len(missing) if missing else 0.0


def plain(standing: Standing) -> dict[str, Any]:
    """Return a standing as plain values; ``held`` only where it is, as old records have none."""
    values = asdict(standing)
    if not standing.held:
        del values["held"]
    return {
        **values,
        "since": standing.since.isoformat(),
        "until": standing.until.isoformat() if standing.until else None,
    }


def of_plain(values: Mapping[str, Any]) -> Standing:
    """Return the standing that ``plain`` was given."""
    return Standing(
        **{
            **values,
            "stage": Stage(values["stage"]),
            "pin": Pin(**values["pin"]) if values["pin"] else None,
            "since": datetime.fromisoformat(values["since"]),
            "until": datetime.fromisoformat(values["until"]) if values["until"] else None,
        }
    )
