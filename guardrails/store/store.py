"""Where the guardrail keeps what it knows. The port; the adapter is ``sql_store``."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from guardrails.attack.certificate import Certificate
from guardrails.decisions import Decision
from guardrails.rules.breaker import Breaker
from guardrails.rules.evidence import Evidence
from guardrails.rules.permission import Permission
from guardrails.statistics.prediction import PeopleEstimate
from guardrails.store.outbox import Outbox
from guardrails.store.rounds import Drawn, Label, Round
from guardrails.types import Pair, Standing

JobState = Literal["waiting", "done", "failed", "void"]


@dataclass(frozen=True, slots=True)
class PairJob:
    """A question that is to be answered by the arm that did not answer it.

    id: of turn and candidate, so that there is one each. tokens: what it is likely to cost.
    payload: all that answering needs, as plain values. error: why it failed or is void.
    """

    id: str
    turn_id: str
    arm: str
    segment: str
    at: datetime
    tokens: int
    payload: Mapping[str, Any]
    state: JobState = "waiting"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that people should look at. cleared: when it was over; None while it is not."""

    id: int
    kind: str
    arm: str
    at: datetime
    message: str
    cleared: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptEvidence:
    """Evidence of one (candidate, segment). first: number of the first pair that counts."""

    evidence: Evidence
    first: int


def following(held: KeptEvidence | None) -> int:
    """Return the attempt that evidence begun anew is; one that took no pair was none."""
    return held.evidence.attempt + held.evidence.begun if held else 1


class Rounds(Protocol):
    """Rounds of labels within one transaction."""

    def add(self, begun: Round) -> int:
        """Store a round; return its id."""
        ...

    def round(self, round_id: int) -> Round | None:
        """Return a round."""
        ...

    def rounds(self, arm: str | None = None, segment: str | None = None) -> list[Round]:
        """Return rounds, oldest first."""
        ...

    def found(self, round_id: int, people: PeopleEstimate) -> None:
        """Store what people say so far."""
        ...

    def draws(self, round_id: int) -> list[Drawn]:
        """Return what was drawn, in order."""
        ...

    def add_draw(self, round_id: int, drawn: Drawn) -> None:
        """Store the next draw."""
        ...

    def labels(self, round_id: int) -> list[Label]:
        """Return what was said, by the order in which people first said it."""
        ...

    def put_label(self, round_id: int, label: Label) -> None:
        """Store a label in place of what the same person said of the same draw before."""
        ...

    def scored(self, arm: str, segment: str, version: str) -> list[tuple[Pair, dict[str, Any]]]:
        """Return the pairs of one version by number, with what was asked and answered."""
        ...

    def kept(self, number: int) -> tuple[str, Mapping[str, Any]]:
        """Return the id of a pair, and what was asked and answered in it."""
        ...


class Ledger(Protocol):
    """What can be read and written within one transaction."""

    @property
    def outbox(self) -> Outbox:
        """The messages that are stored in this transaction, or with earlier ones."""
        ...

    @property
    def rounds(self) -> Rounds:
        """What people were asked and said."""
        ...

    def standing(self, arm: str, segment: str) -> Standing | None:
        """Return where a candidate stands in a segment."""
        ...

    def standings(self, arm: str | None = None, segment: str | None = None) -> list[Standing]:
        """Return standings, ordered by arm and segment."""
        ...

    def put_standing(self, standing: Standing) -> None:
        """Store a standing in place of the one before it."""
        ...

    def permission(self, arm: str, segment: str) -> Permission | None:
        """Return whether an arm may write in a segment where an entry could be quoted."""
        ...

    def permissions(self, arm: str | None = None) -> list[Permission]:
        """Return permissions, ordered by arm and segment; also those that are not given."""
        ...

    def put_permission(self, permission: Permission) -> None:
        """Store a permission in place of the one before it."""
        ...

    def evidence(self, arm: str, segment: str) -> KeptEvidence | None:
        """Return the evidence of a candidate in a segment.

        arm: or what ``guardrails.rules.permission.against`` makes of it.
        """
        ...

    def put_evidence(self, arm: str, segment: str, held: KeptEvidence) -> None:
        """Store evidence in place of what was there."""
        ...

    def add_pair(self, pair: Pair, answers: Mapping[str, Any], segments: Sequence[str]) -> int:
        """Store a pair and the segments whose evidence it counts in; return its number.

        answers: what people may want to read, as plain values.
        """
        ...

    def signatures(
        self, arm: str, segment: str, first: int, count: int
    ) -> list[tuple[bytes, datetime, float | None]]:
        """Return signature, time and gap of the newest pairs in a segment, from ``first`` on."""
        ...

    def has_pair(self, pair_id: str) -> bool:
        """Return whether the pair of that job is stored."""
        ...

    def told(
        self, pair_ids: Sequence[str], arm: str
    ) -> tuple[str, Mapping[str, Any] | None] | None:
        """Return what an arm answered in the first of these pairs that is stored, and its cost."""
        ...

    def pairs(self, arm: str, segment: str | None, first: int, last: int) -> list[Pair]:
        """Return the pairs that counted in a segment, or all, by number, ends included."""
        ...

    def last_scored(self, arm: str, metrics: Sequence[str], count: int) -> list[tuple[int, bool]]:
        """Return number, and whether all metrics have a score, of the newest pairs in order.

        Of a candidate in all segments; a score is needed on both sides.
        """
        ...

    def pair_counts(self, since: datetime, until: datetime) -> dict[tuple[str, str], int]:
        """Return how many pairs each (arm, segment) has had in that time, scored or not."""
        ...

    def answers(self, arm: str, segment: str, count: int) -> list[dict[str, Any]]:
        """Return what was asked and answered in the newest pairs, newest first."""
        ...

    def last_number(self) -> int:
        """Return the number of the newest pair; 0 without one."""
        ...

    def add_decision(self, decision: Decision) -> None:
        """Store a decision, and tell of it if the guard takes something back.

        One that is there already is left alone.
        """
        ...

    def decision(self, decision_id: str) -> Decision | None:
        """Return the decision of that id, or of the only id that begins so."""
        ...

    def records(self, begin: str, count: int) -> list[tuple[str, bytes]]:
        """Return ids and stored bytes of the decisions whose id begins so, newest first."""
        ...

    def decisions(self, arm: str | None, segment: str | None, count: int) -> list[Decision]:
        """Return decisions, newest first."""
        ...

    def certificate(self) -> Certificate | None:
        """Return what the measure was last shown to notice; None if nothing was tried."""
        ...

    def put_certificate(self, certificate: Certificate) -> None:
        """Store a certificate; from now on it is the one that counts. Earlier ones stay."""
        ...

    def breaker(self, arm: str) -> Breaker:
        """Return the breaker of a candidate; a closed one if none was stored."""
        ...

    def put_breaker(self, arm: str, breaker: Breaker) -> None:
        """Store a breaker."""
        ...

    def raise_alarm(self, kind: str, arm: str, at: datetime, message: str) -> None:
        """Raise an alarm and tell of it, unless the same one is raised already."""
        ...

    def clear_alarm(self, kind: str, arm: str, at: datetime) -> None:
        """Say that an alarm is over, and tell of it, if it was raised."""
        ...

    def alarms(self, *, raised_only: bool) -> list[Alarm]:
        """Return alarms, newest first."""
        ...

    def add_jobs(self, jobs: Iterable[PairJob]) -> None:
        """Queue jobs; those that are there already are left alone."""
        ...

    def job(self, job_id: str) -> PairJob | None:
        """Return a job."""
        ...

    def waiting(self, count: int) -> list[PairJob]:
        """Return jobs that wait, oldest first."""
        ...

    def finish(self, job_id: str, state: JobState, error: str = "") -> None:
        """Say how a job ended."""
        ...

    def spent(self, job_id: str, tokens: int) -> None:
        """Say what a job has cost, in place of what it was likely to."""
        ...

    def job_counts(self) -> dict[str, int]:
        """Return how many jobs are in each state."""
        ...

    def tokens_since(self, at: datetime, until: datetime) -> int:
        """Return what the jobs queued since then cost, or are likely to; not those of later."""
        ...


class Store(Protocol):
    """Opens transactions: all of one is stored, or nothing."""

    def transaction(self) -> AbstractContextManager[Ledger]:
        """Write; transactions of all workers come one after the other."""
        ...

    def reading(self) -> AbstractContextManager[Ledger]:
        """Read a consistent state."""
        ...
