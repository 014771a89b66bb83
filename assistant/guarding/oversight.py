"""What people see of the guardrail, and what they may do to it: plain values for CLI and API."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from assistant.errors import GuardError, UnknownName
from assistant.guarding import decisions, labels, views
from assistant.records.changes import ChangeLog, What
from assistant.sending.channel import Channel
from assistant.turn.permissions import Writing
from assistant.wire.guard import (
    AlarmsView,
    AlarmTrial,
    AlarmView,
    CandidateView,
    DecisionsView,
    DecisionView,
    GuardStatus,
    MapView,
    MeasureView,
    OutboxView,
    PairTokensView,
    QueueView,
    ReplayView,
    SightView,
    WriterView,
)
from assistant.wire.labels import BlindPairView, LabelTaken, RoundsView
from guardrails import clock as waiting
from guardrails.attack.certificate import refusal, rules_of, scorers_of
from guardrails.calibration.contradiction import contradicted
from guardrails.calibration.labelling import Labelling, NotLabelled
from guardrails.clock import SLACK
from guardrails.decisions import Decision, share_of
from guardrails.map import false_route_backs, transfer_map
from guardrails.monitor import Monitor
from guardrails.pairs import DAY, Sampling
from guardrails.rules.permission import versions_of
from guardrails.rules.policy import Policy
from guardrails.rules.segment import lineage
from guardrails.rules.strengths import Rungs, ordered, rung_of
from guardrails.store.store import Ledger, Store
from guardrails.types import BASE, QUOTE, Pin, Stage
from guardrails.writers import Refused

_LONGEST: Final = 1000
_LATELY: Final = timedelta(days=7)
_OF_PEOPLE: Final = "ticket."
"""What topics of tickets begin with: who was written to is no business of the guardrail's."""
"""How long a message that was given up is said in the status."""
LONGEST_NAME: Final = 100

Clock = Callable[[], datetime]


def _now() -> datetime:
    return waiting.now()


@dataclass(frozen=True, slots=True)
class Oversight:
    """The guardrail of one database, for people. Blocking; call it from a thread.

    arms: the candidates that are configured, and the quotation. segments: returns those that
    questions can be in, with their language; only asked where a name has to be known. rungs: of
    candidates with several strengths. writing: the policy of quoting. versions: of the candidates;
    empty where they are not known, as without a server. gate: version of the check before a reader,
    the same. channels: by which alarms are sent.

    Every method raises ``UnknownName`` for a name that does not exist, and says which do.
    """

    store: Store
    policy: Policy
    sampling: Sampling
    arms: Sequence[str]
    segments: Callable[[], Iterable[str]]
    clock: Clock = _now
    rungs: Rungs = field(default_factory=dict)
    writing: Writing = field(default_factory=Writing)
    versions: Mapping[str, str] = field(default_factory=dict)
    gate: str = ""
    channels: Sequence[Channel] = ()

    def status(self) -> GuardStatus:
        """Return how candidates, queue, budget and alarms are at the moment."""
        now = self.clock()
        with self.store.reading() as ledger:
            return GuardStatus(
                candidates=tuple(self._candidate(ledger, arm, now) for arm in self._arms(ledger)),
                queue=QueueView.model_validate(ledger.job_counts()),
                pair_tokens=PairTokensView(
                    last_24_hours=ledger.tokens_since(now - DAY, now + SLACK),
                    ceiling=self.sampling.tokens_per_day,
                ),
                alarms=tuple(map(AlarmView.model_validate, ledger.alarms(raised_only=True))),
                messages=OutboxView.model_validate(ledger.outbox.counts(now - _LATELY)),
                budget=views.budget_view(self.policy, self.sampling),
                measure=self._measure(ledger),
                false_route_backs_per_month=false_route_backs(ledger, self.policy, now, self.rungs),
                writing=self._writers(ledger),
            )

    def alarms(self, count: int = 20) -> AlarmsView:
        """Return the newest alarms, those that are over included, and what was sent of them.

        count: of alarms, and of messages.
        """
        with self.store.reading() as ledger:
            alarms = ledger.alarms(raised_only=False)
            raised = [a for a in alarms if a.cleared is None]
            over = [a for a in alarms if a.cleared is not None]
            shown = [*raised, *over[: max(0, count - len(raised))]]
            return AlarmsView(
                channels=tuple(channel.name for channel in self.channels),
                alarms=tuple(map(AlarmView.model_validate, shown)),
                messages=tuple(map(views.message_view, ledger.outbox.recent(count, _OF_PEOPLE))),
            )

    def test_alarms(self) -> AlarmTrial:
        """Send a test message through every channel now; return what happened.

        Raises:
            GuardError: there is no channel.
        """
        from assistant.sending.channels import tried

        return AlarmTrial.model_validate(asyncio.run(tried(self.channels, self.clock())))

    def map(self) -> MapView:
        """Return the transfer map, and who writes or might; see ``guardrails.map``, ``writers``."""
        with self.store.reading() as ledger:
            chart = transfer_map(
                *(ledger, self.policy, self.clock(), self.arms, self.rungs), self.sampling
            )
            return views.map_view(chart, labels.people(ledger), self._writers(ledger))

    def decisions(
        self, arm: str | None = None, segment: str | None = None, count: int = 20
    ) -> DecisionsView:
        """Return decisions, newest first."""
        with self.store.reading() as ledger:
            if arm is not None:
                _known(arm, [*self._arms(ledger), BASE])
            if segment is not None:
                self._known_segment(ledger, segment)
            records = ledger.decisions(arm, segment, count)
        return DecisionsView(decisions=tuple(map(decisions.view, records)))

    def show(self, decision_id: str) -> DecisionView:
        """Return one decision. decision_id: or its first characters."""
        with self.store.reading() as ledger:
            return decisions.shown(ledger, decision_id)

    def replay(self, decision_id: str) -> ReplayView:
        """Decide again from the stored pairs; see ``assistant.guarding.decisions``."""
        with self.store.reading() as ledger:
            return decisions.replayed(ledger, decision_id)

    def pin(self, arm: str, segment: str, stage: str, by: str, why: str) -> DecisionView:
        """Hold a candidate's stage in a segment; return the decision.

        Raises:
            GuardError: it is not said who or why.
        """
        _said(by, why)
        if stage not in set(Stage):
            raise _unknown("stage", stage, Stage)
        if arm == QUOTE:
            raise GuardError(
                "The quotation is compared only: it has no traffic that could be held.",
                hint="Where it is shown is said by answers.quote, and by whom you let write: "
                "'routeback arms write'.",
            )
        with self.store.reading() as ledger:
            _known(arm, self._candidates(ledger))
            self._known_segment(ledger, segment)
        pin = Pin(by.strip(), why.strip())
        decision = self._monitor.pin(arm, segment, Stage(stage), pin, self.clock())
        self._note(by, "stage pinned", arm, segment, decision, stage=stage)
        return decisions.view(decision)

    def unpin(self, arm: str, segment: str, by: str, why: str) -> DecisionView:
        """Let go of a pinned stage: it begins in shadow again; return the decision.

        Raises:
            GuardError: it is not pinned, or it is not said who or why.
        """
        _said(by, why)
        with self.store.reading() as ledger:
            _known(arm, self._candidates(ledger))
            self._known_segment(ledger, segment)
            pinned = [f"{s.arm} in {s.segment}" for s in ledger.standings() if s.pin]
        decision = self._monitor.unpin(arm, segment, by.strip(), why.strip(), self.clock())
        if decision is None:
            there = f"Pinned are: {', '.join(pinned)}." if pinned else "Nothing is pinned."
            raise GuardError(f"{arm} is not pinned in {segment}.", hint=there)
        self._note(by, "stage unpinned", arm, segment, decision)
        return decisions.view(decision)

    def write(
        self, arm: str, segment: str, by: str, why: str = "", *, force: bool = False
    ) -> DecisionView:
        """Let an arm write in a segment where an entry could be quoted; return the decision.

        force: also without evidence; then it must be said why.

        Raises:
            GuardError: the pairs do not bear it out, or nothing would be changed by it.
        """
        _said(by, why or "-")
        if force and not why.strip():
            raise GuardError("Say why it is to write without evidence.", hint="--force --why …")
        with self.store.reading() as ledger:
            _known(arm, [BASE, *(name for name in self.arms if name != QUOTE)])
            self._known_segment(ledger, segment)
        policy = self.writing.policy(segment)
        if policy != "first":
            rule = "no arm writes" if policy == "only" else "arms write"
            raise GuardError(
                f"In {segment}, {rule} whatever is confirmed (answers.quote is {policy!r}).",
                hint="Set answers.quote, or answers.segments for this one, to 'first'.",
            )
        decided = self._monitor.writers.allow(
            *(arm, segment, by.strip(), why.strip(), self.clock()),
            forced=force,
            version=versions_of(self.versions).get(arm, ""),
        )
        if isinstance(decided, Refused):
            hint = "" if decided.final else "To let it write all the same: --force --why REASON."
            raise GuardError(f"{arm} is not let write in {segment}: {decided.why}.", hint=hint)
        self._note(by, "writing allowed", arm, segment, decided, forced=force)
        return decisions.view(decided)

    def stop_writing(self, arm: str, segment: str, by: str, why: str = "") -> DecisionView:
        """Quote again where an arm was let write; return the decision.

        Raises:
            GuardError: it does not write there.
        """
        _said(by, why or "-")
        decision = self._monitor.writers.forbid(arm, segment, by.strip(), why.strip(), self.clock())
        if decision is None:
            with self.store.reading() as ledger:
                writers = [f"{p.arm} in {p.segment}" for p in ledger.permissions() if p.writes]
            there = f"Let write are: {', '.join(writers)}." if writers else "No arm is let write."
            raise GuardError(f"{arm} is not let write in {segment}.", hint=there)
        self._note(by, "writing ended", arm, segment, decision)
        return decisions.view(decision)

    def _note(
        self, by: str, what: What, arm: str, segment: str, decision: Decision, **more: str | bool
    ) -> None:
        log = ChangeLog(self.store.engine)
        log.note(by.strip(), what, f"{arm} in {segment}", {"decision": decision.id, **more})

    def labels(self) -> RoundsView:
        """Return the rounds of labels, what people say in them, and how far they agree."""
        with self.store.reading() as ledger:
            return labels.rounds(ledger, self.policy)

    def next_label(
        self,
        arm: str = "",
        segment: str = "",
        kind: str = "better",
        by: str = "",
        *,
        new: bool = False,
    ) -> BlindPairView:
        """Return the pair to label next, blind; see ``guardrails.calibration.labelling``.

        arm, segment: empty for where labels are most use.

        Raises:
            GuardError: there is nothing to label.
        """
        with self.store.reading() as ledger:
            where = labels.suggested(ledger, kind)
            if arm:
                _known(arm, self._arms(ledger))
            if segment:
                self._known_segment(ledger, segment)
        if not (arm and segment):
            if where is None:
                raise GuardError("No pair of a candidate has been scored yet.")
            arm, segment = where
        try:
            offer = self._labelling.offer(arm, segment, kind, self.clock(), by.strip(), new=new)
        except NotLabelled as error:
            raise GuardError(str(error)) from error
        return labels.offered(arm, offer)

    def label(self, round_id: int, place: int, choice: str, by: str) -> LabelTaken:
        """Take what a person says of a pair; the same person may say it anew.

        Raises:
            GuardError: there is no such draw or choice, or it is not said who.
        """
        if not by.strip() or len(by) > LONGEST_NAME:
            raise GuardError(f"Say who (by), in at most {LONGEST_NAME} characters.")
        try:
            progress = self._labelling.take(round_id, place, choice, by.strip(), self.clock())
        except NotLabelled as error:
            raise GuardError(str(error)) from error
        return labels.taken(progress, place)

    @property
    def _labelling(self) -> Labelling:
        return Labelling(self.store, self.policy)

    @property
    def _monitor(self) -> Monitor:
        return Monitor(self.store, self.policy, self.rungs, self.gate, self.sampling)

    def _writers(self, ledger: Ledger) -> tuple[WriterView, ...]:
        """Return who writes in place of the quotation, and who might."""
        writers = self._monitor.writers.all(ledger, versions_of(self.versions) or None)
        return tuple(
            views.writer_view(writer, self.writing.policy(writer.permission.segment))
            for writer in writers
        )

    def _candidate(self, ledger: Ledger, arm: str, now: datetime) -> CandidateView:
        breaker, window = ledger.breaker(arm), self.policy.blind_window
        last = ledger.last_scored(arm, self.policy.metrics, window)
        share = share_of([not scored for _, scored in last])
        blind = len(last) >= window and share > self.policy.blind_share
        return views.candidate_view(
            *(arm, rung_of(arm, self.rungs), breaker),
            SightView(share=share, pairs=len(last), window=window, blind=blind),
            ledger.standings(arm),
            configured=arm in self.arms,
            probing=breaker.allows(self.policy, now),
        )

    def _measure(self, ledger: Ledger) -> MeasureView | None:
        """Return what the measure was shown to notice, by language; None if it was not attacked."""
        certificate = ledger.certificate()
        if certificate is None:
            return None
        scorers = next(map(scorers_of, self.versions.values()), certificate.scorers)
        now = {name: scorers[name] for name in self.policy.metrics if name in scorers}
        subject = (certificate, now or certificate.scorers, self.gate)
        families, rules = self.policy.families, rules_of(self.policy)
        return views.measure_view(
            certificate,
            {
                language: refusal(*subject, language, families, rules)
                or contradicted(ledger, self.policy, "", f"/{language}")
                for language in sorted(certificate.languages)
            },
        )

    def _arms(self, ledger: Ledger) -> list[str]:
        return ordered([*self.arms, *(s.arm for s in ledger.standings())], self.rungs)

    def _candidates(self, ledger: Ledger) -> list[str]:
        return [arm for arm in self._arms(ledger) if arm != QUOTE]

    def _known_segment(self, ledger: Ledger, segment: str) -> None:
        segments = {standing.segment for standing in ledger.standings()}
        if segment in segments:
            return
        names = segments | set(self.segments())
        if segment in names:
            return
        below = sorted(name for name in names if segment in lineage(name)[1:])
        if below:
            raise UnknownName(
                f"{segment} is above other segments and has no stage of its own.",
                hint=f"Name one of {', '.join(below)}.",
            )
        raise _unknown("segment", segment, names)


def _known(arm: str, known: Sequence[str]) -> None:
    if arm not in known:
        raise _unknown("candidate", arm, known)


def _unknown(kind: str, name: str, known: Iterable[str]) -> UnknownName:
    names = ", ".join(sorted(known))
    there = f"There is {names}." if names else f"No {kind} is configured."
    return UnknownName(f"There is no {kind} {name!r}.", hint=there)


def _said(by: str, why: str) -> None:
    for name, value in (("who (by)", by), ("why", why)):
        if not value.strip() or len(value) > _LONGEST:
            raise GuardError(f"Say {name}, in at most {_LONGEST:,} characters.")
