"""What people see of the guardrail, and what they may do to it: plain values for CLI and API."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from assistant import recorded
from assistant.errors import GuardError, UnknownName
from guardrails.decisions import share_of
from guardrails.ladder import Rungs, ordered, rung_of
from guardrails.map import false_route_backs, transfer_map
from guardrails.monitor import Monitor
from guardrails.pairs import DAY, Sampling
from guardrails.policy import LEVELS, Policy
from guardrails.segment import lineage
from guardrails.store import Ledger, Store
from guardrails.types import Pin, Stage, Standing

STATES: Final = ("waiting", "done", "failed", "void")
_LONGEST: Final = 1000

Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Oversight:
    """The guardrail of one database, for people. Blocking; call it from a thread.

    arms: the candidates that are configured. segments: returns those that questions can be in,
    with their language; only asked where a name has to be known. rungs: of candidates with several
    strengths.

    Every method raises ``UnknownName`` for a name that does not exist, and says which do.
    """

    store: Store
    policy: Policy
    sampling: Sampling
    arms: Sequence[str]
    segments: Callable[[], Iterable[str]]
    clock: Clock = _now
    rungs: Rungs = field(default_factory=dict)

    def status(self) -> dict[str, Any]:
        """Return how candidates, queue, budget and alarms are at the moment."""
        now = self.clock()
        with self.store.reading() as ledger:
            counts = ledger.job_counts()
            return {
                "candidates": [self._candidate(ledger, arm, now) for arm in self._arms(ledger)],
                "queue": {state: counts.get(state, 0) for state in STATES},
                "pair_tokens": {
                    "last_24_hours": ledger.tokens_since(now - DAY),
                    "ceiling": self.sampling.tokens_per_day,
                },
                "alarms": [
                    {"kind": a.kind, "arm": a.arm, "at": a.at.isoformat(), "message": a.message}
                    for a in ledger.alarms(raised_only=True)
                ],
                "budget": self._budget(),
                "false_route_backs_per_month": false_route_backs(
                    ledger, self.policy, now, self.rungs
                ),
            }

    def map(self) -> dict[str, Any]:
        """Return the transfer map; see ``guardrails.map``."""
        with self.store.reading() as ledger:
            return transfer_map(ledger, self.policy, self.clock(), self.arms, self.rungs).plain()

    def decisions(
        self, arm: str | None = None, segment: str | None = None, count: int = 20
    ) -> dict[str, Any]:
        """Return decisions, newest first."""
        with self.store.reading() as ledger:
            if arm is not None:
                self._known_arm(ledger, arm)
            if segment is not None:
                self._known_segment(ledger, segment)
            found = ledger.decisions(arm, segment, count)
        return {"decisions": [recorded.plain(decision) for decision in found]}

    def show(self, decision_id: str) -> dict[str, Any]:
        """Return one decision. decision_id: or its first characters."""
        with self.store.reading() as ledger:
            return recorded.shown(ledger, decision_id)

    def replay(self, decision_id: str) -> dict[str, Any]:
        """Decide again from the stored pairs; see ``assistant.recorded``."""
        with self.store.reading() as ledger:
            return recorded.replayed(ledger, decision_id)

    def pin(self, arm: str, segment: str, stage: str, by: str, why: str) -> dict[str, Any]:
        """Hold a candidate's stage in a segment; return the decision.

        Raises:
            GuardError: it is not said who or why.
        """
        _said(by, why)
        if stage not in set(Stage):
            raise _unknown("stage", stage, Stage)
        with self.store.reading() as ledger:
            self._known_arm(ledger, arm)
            self._known_segment(ledger, segment)
        pin = Pin(by.strip(), why.strip())
        monitor = Monitor(self.store, self.policy, self.rungs)
        return recorded.plain(monitor.pin(arm, segment, Stage(stage), pin, self.clock()))

    def unpin(self, arm: str, segment: str, by: str, why: str) -> dict[str, Any]:
        """Let go of a pinned stage: it begins in shadow again; return the decision.

        Raises:
            GuardError: it is not pinned, or it is not said who or why.
        """
        _said(by, why)
        with self.store.reading() as ledger:
            self._known_arm(ledger, arm)
            self._known_segment(ledger, segment)
            pinned = [f"{s.arm} in {s.segment}" for s in ledger.standings() if s.pin]
        monitor = Monitor(self.store, self.policy, self.rungs)
        decision = monitor.unpin(arm, segment, by.strip(), why.strip(), self.clock())
        if decision is None:
            there = f"Pinned are: {', '.join(pinned)}." if pinned else "Nothing is pinned."
            raise GuardError(f"{arm} is not pinned in {segment}.", hint=there)
        return recorded.plain(decision)

    def _candidate(self, ledger: Ledger, arm: str, now: datetime) -> dict[str, Any]:
        breaker = ledger.breaker(arm)
        state = "closed"
        if breaker.opened is not None:
            state = "half-open" if breaker.allows(self.policy, now) else "open"
        last = ledger.last_scored(arm, self.policy.metrics, self.policy.blind_window)
        share = share_of([not scored for _, scored in last])
        full = len(last) >= self.policy.blind_window
        return {
            "arm": arm,
            "configured": arm in self.arms,
            "candidate": rung_of(arm, self.rungs).candidate,
            "strength": rung_of(arm, self.rungs).strength,
            "strengths": rung_of(arm, self.rungs).of,
            "breaker": {
                "state": state,
                "opened": breaker.opened.isoformat() if breaker.opened else None,
                "failures": sum(map(bool, breaker.failures)),
                "calls": len(breaker.failures),
            },
            "unscored": {
                "share": share,
                "pairs": len(last),
                "window": self.policy.blind_window,
                "blind": full and share > self.policy.blind_share,
            },
            "segments": [
                {"segment": s.segment, "stage": s.stage.value, "words": _words(s)}
                for s in ledger.standings(arm)
            ],
        }

    def _budget(self) -> dict[str, Any]:
        policy, metrics = self.policy, len(self.policy.metrics)
        chance = f"{100 * policy.false_alarms:g} %"
        return {
            "false_alarms": policy.false_alarms,
            "horizon": policy.horizon,
            "tolerance": policy.tolerance,
            "metrics": list(policy.metrics),
            "levels": LEVELS,
            "threshold": policy.budget.threshold,
            "words": f"at most {chance} chance of a false route-back per candidate and segment in "
            f"{policy.horizon:,} scored pairs, split over {metrics} "
            f"{'metric' if metrics == 1 else 'metrics'} × {LEVELS} levels{self._shared()}",
        }

    def _shared(self) -> str:
        """Return, for a person, over how many strengths some candidates split it further."""
        several = {r.candidate: r.of for r in self.rungs.values() if r.of > 1}
        told = (f"{name} further over {of} strengths" for name, of in sorted(several.items()))
        return "".join(f"; {one}" for one in told)

    def _arms(self, ledger: Ledger) -> list[str]:
        return ordered([*self.arms, *(s.arm for s in ledger.standings())], self.rungs)

    def _known_arm(self, ledger: Ledger, arm: str) -> None:
        known = self._arms(ledger)
        if arm not in known:
            raise _unknown("candidate", arm, known)

    def _known_segment(self, ledger: Ledger, segment: str) -> None:
        held = {standing.segment for standing in ledger.standings()}
        if segment in held:
            return
        known = held | set(self.segments())
        if segment in known:
            return
        below = sorted(name for name in known if segment in lineage(name)[1:])
        if below:
            raise UnknownName(
                f"{segment} is above other segments and has no stage of its own.",
                hint=f"Name one of {', '.join(below)}.",
            )
        raise _unknown("segment", segment, known)


def _unknown(kind: str, name: str, known: Iterable[str]) -> UnknownName:
    names = ", ".join(sorted(known))
    there = f"There is {names}." if names else f"No {kind} is configured."
    return UnknownName(f"There is no {kind} {name!r}.", hint=there)


def _said(by: str, why: str) -> None:
    for name, value in (("who (by)", by), ("why", why)):
        if not value.strip() or len(value) > _LONGEST:
            raise GuardError(f"Say {name}, in at most {_LONGEST:,} characters.")


def _words(standing: Standing) -> str:
    """Return where a candidate stands, for a person."""
    words = {
        Stage.SHADOW: "answers unseen, for comparison only",
        Stage.CANARY: f"answers {standing.canary_share:.0%} of the conversations",
        Stage.SERVING: "answers",
        Stage.ROUTED_BACK: "routed back to base",
    }[standing.stage]
    if standing.until:
        words += f" until {standing.until:%Y-%m-%d %H:%M} UTC at least"
    if standing.pin:
        words += f"; pinned by {standing.pin.by}: {standing.pin.why}"
    return words
