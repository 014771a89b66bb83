"""The guardrail as the assistant sees it: where a question goes, and what comes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from guardrails.monitor import Monitor
from guardrails.pairs import Question, Sampling, queue
from guardrails.policy import Policy
from guardrails.router import route
from guardrails.store import Job, Ledger, Store
from guardrails.types import Route, Stage, Standing

BASE: Final = "base"
BREAKER: Final = "breaker"


@dataclass(frozen=True, slots=True)
class Guard:
    """The guardrail of one assistant. Blocking; call it from a thread.

    versions: of each candidate, as they are now; see ``guardrails.version``.
    """

    store: Store
    policy: Policy = field(default_factory=Policy)
    versions: Mapping[str, str] = field(default_factory=dict)
    sampling: Sampling = field(default_factory=Sampling)

    @property
    def monitor(self) -> Monitor:
        """What takes the scored pairs."""
        return Monitor(self.store, self.policy)

    def renew(self, now: datetime) -> None:
        """Start evidence anew where a version is not what it was."""
        for arm, version in self.versions.items():
            self.monitor.renew(arm, version, now)

    def route(self, segment: str, conversation_id: str, now: datetime) -> Route:
        """Choose the arm that answers a question. segment: with its language."""
        if not self.versions:
            return route(BASE, (), segment=segment, conversation_id=conversation_id)
        with self.store.reading() as ledger:
            standings = self._here(ledger, segment)
            breakers = {arm: ledger.breaker(arm) for arm in self.versions}
        wanted = route(BASE, standings, segment=segment, conversation_id=conversation_id)
        if wanted.arm == BASE:
            return wanted
        closed = [s for s in standings if breakers[s.arm].allows(self.policy, now)]
        chosen = route(BASE, closed, segment=segment, conversation_id=conversation_id)
        if chosen.arm == BASE:
            return Route(BASE, segment, f"the breaker of {wanted.arm} is open")
        if breakers[chosen.arm].opened is not None:
            with self.store.transaction() as ledger:
                ledger.put_breaker(chosen.arm, ledger.breaker(chosen.arm).probe(now))
            return replace(chosen, reason=f"{chosen.reason} (probe after failures)")
        return chosen

    def _here(self, ledger: Ledger, segment: str) -> Sequence[Standing]:
        """Return where the candidates stand; evidence about another version proves nothing."""
        found = {standing.arm: standing for standing in ledger.standings(segment=segment)}
        here = []
        for arm, version in self.versions.items():
            standing = found.get(arm) or Standing(arm, segment=segment)
            if standing.version not in {version, ""} and standing.pin is None:
                standing = replace(standing, stage=Stage.SHADOW)
            here.append(standing)
        return here

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

    def answered(self, ledger: Ledger, question: Question) -> list[Job]:
        """Queue the pairs of a question that was answered."""
        return queue(ledger, question, self.versions, self.sampling)
