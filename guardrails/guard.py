"""The guardrail as the assistant sees it: where a question goes, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from guardrails.monitor import BREAKER, Monitor
from guardrails.pairs import PairQuestion, Sampling, here, queue
from guardrails.router import route
from guardrails.rules.permission import versions_of
from guardrails.rules.policy import Policy
from guardrails.rules.strengths import Rungs
from guardrails.store.entries import PairJob
from guardrails.store.store import Ledger, Store
from guardrails.types import BASE, QUOTE, Route, Standing

__all__ = ["BASE", "QUOTE", "Guard"]


@dataclass(frozen=True, slots=True)
class Guard:
    """The guardrail of one assistant. Blocking; call it from a thread.

    versions: of each candidate, as they are now; see ``guardrails.rules.version``. The quotation is
    among them where it is compared with base; nothing is routed to it. rungs: of those that have
    several strengths. Both may change while it is used: ``now`` holds still. gate: see ``Monitor``.
    """

    store: Store
    policy: Policy = field(default_factory=Policy)
    versions: Mapping[str, str] = field(default_factory=dict)
    sampling: Sampling = field(default_factory=Sampling)
    rungs: Rungs = field(default_factory=dict)
    gate: str = ""

    def now(self) -> Self:
        """Return the guard over the candidates of this moment, for the length of a turn."""
        return replace(self, versions=dict(self.versions), rungs=dict(self.rungs))

    @property
    def monitor(self) -> Monitor:
        """What takes the scored pairs."""
        return Monitor(self.store, self.policy, self.rungs, self.gate, self.sampling)

    def renew(self, now: datetime, why: str = "") -> None:
        """Start evidence anew where a version is not what it was. why: for the record."""
        versions = dict(self.versions)
        for arm, version in versions.items():
            self.monitor.renew(arm, version, now, why)
        self.monitor.writers.renew(versions_of(versions), now, why)

    def writes(self, arm: str, segment: str) -> bool:
        """Return whether the owner lets an arm write in a segment, as it is now.

        One row is read. A permission of another version counts no more, whether or not its end is
        on record yet.
        """
        with self.store.reading() as ledger:
            permission = ledger.permission(arm, segment)
        if permission is None or not permission.writes:
            return False
        return permission.version in {"", versions_of(dict(self.versions)).get(arm, "")}

    def route(self, segment: str, conversation_id: str, now: datetime) -> Route:
        """Choose the arm that answers a question. segment: with its language."""
        candidates = {arm: version for arm, version in self.versions.items() if arm != QUOTE}
        if not candidates:
            return route(BASE, (), segment=segment, conversation_id=conversation_id)
        with self.store.reading() as ledger:
            standings = here(ledger, segment, candidates)
            breakers = {standing.arm: ledger.breaker(standing.arm) for standing in standings}

        def choose(among: list[Standing]) -> Route:
            where = {"segment": segment, "conversation_id": conversation_id}
            return route(BASE, among, **where, rungs=self.rungs)

        first = choose(standings)
        if first.arm == BASE:
            return first
        closed = [s for s in standings if breakers[s.arm].allows(self.policy, now)]
        chosen = choose(closed)
        if chosen.arm == BASE:
            return Route(BASE, segment, f"the breaker of {first.arm} is open")
        if breakers[chosen.arm].opened is not None:
            with self.store.transaction() as ledger:
                ledger.put_breaker(chosen.arm, ledger.breaker(chosen.arm).probe(now))
            return replace(chosen, reason=f"{chosen.reason} (probe after failures)")
        return chosen

    def called(self, ledger: Ledger, arm: str, failure: str, now: datetime) -> None:
        """Tell the breaker how a call of a candidate went. failure: "" if it went well."""
        if arm not in self.versions:
            return
        before = ledger.breaker(arm)
        after = before.after(failure, self.policy, now)
        if after == before:
            return
        ledger.put_breaker(arm, after)
        if after.opened is not None:
            times = f"{sum(map(bool, after.failures))} of the last {len(after.failures)} calls"
            message = f"{arm} failed in {times}, last: {failure}. Base answers in its place."
            ledger.raise_alarm(BREAKER, arm, now, message)
        elif before.opened is not None:
            ledger.clear_alarm(BREAKER, arm, now)

    def failed(self, arm: str, failure: str, now: datetime) -> None:
        """Tell the breaker of a call that no turn will be recorded of, if it failed."""
        if failure:
            with self.store.transaction() as ledger:
                self.called(ledger, arm, failure, now)

    def answered(self, ledger: Ledger, question: PairQuestion) -> list[PairJob]:
        """Queue the pairs of a question that was answered."""
        return queue(ledger, question, self.versions, self.sampling, self.rungs)
