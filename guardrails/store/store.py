"""Where the guardrail keeps what it knows, on SQLAlchemy: SQLite here, PostgreSQL in production."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    and_,
    func,
    insert,
    select,
    text,
    update,
)

from guardrails.attack.certificate import Certificate
from guardrails.decisions import Decision, of_plain, plain
from guardrails.rules.breaker import Breaker
from guardrails.rules.evidence import Evidence
from guardrails.rules.permission import Permission
from guardrails.store import notices
from guardrails.store import sql_tables as t
from guardrails.store.entries import Alarm, JobState, KeptEvidence, PairJob
from guardrails.store.outbox import Outbox
from guardrails.store.packing import pack, unpack
from guardrails.store.sql_rounds import Rounds
from guardrails.store.sql_rows import of_pair, to_moment, to_pair
from guardrails.types import Pair, Standing

_LOCK: Final = 7_203_544


class Store:
    """Transactions on one database; those that write come one after the other."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def engine(self) -> Engine:
        """The database."""
        return self._engine

    @contextmanager
    def transaction(self) -> Iterator["Ledger"]:
        """Write; transactions of all workers come one after the other."""
        with self._engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                # Python's driver would begin at the first write, after what it was decided from.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": _LOCK})
            try:
                yield Ledger(connection, alone=True)
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def reading(self) -> Iterator["Ledger"]:
        """Read a consistent state."""
        with self._engine.connect() as connection:
            yield Ledger(connection, alone=False)


class Ledger:
    """The ledger on one connection. Whoever opened it commits."""

    def __init__(self, connection: Connection, *, alone: bool) -> None:
        """Use a connection. alone: nobody else can write meanwhile."""
        self._connection = connection
        self._held: dict[tuple[str, str], KeptEvidence] | None = {} if alone else None
        self._over: dict[tuple[str, str], str] = {}

    @property
    def connection(self) -> Connection:
        """The connection, for what must be stored in the same transaction."""
        return self._connection

    @property
    def outbox(self) -> Outbox:
        """The messages that are stored in this transaction, or with earlier ones."""
        return Outbox(self._connection)

    @property
    def rounds(self) -> Rounds:
        """What people were asked and said."""
        return Rounds(self._connection)

    def standing(self, arm: str, segment: str) -> Standing | None:
        """Return where a candidate stands in a segment."""
        standings = self.standings(arm, segment)
        return standings[0] if standings else None

    def standings(self, arm: str | None = None, segment: str | None = None) -> list[Standing]:
        """Return standings, ordered by arm and segment."""
        query = select(t.standings.c.standing).order_by(t.standings.c.arm, t.standings.c.segment)
        if arm is not None:
            query = query.where(t.standings.c.arm == arm)
        if segment is not None:
            query = query.where(t.standings.c.segment == segment)
        return [of_plain(values) for values in self._connection.scalars(query)]

    def put_standing(self, standing: Standing) -> None:
        """Store a standing in place of the one before it."""
        key = {"arm": standing.arm, "segment": standing.segment}
        self._put(t.standings, key, {"standing": plain(standing)})

    def permission(self, arm: str, segment: str) -> Permission | None:
        """Return whether an arm may write in a segment where an entry could be quoted."""
        collection = t.permissions.c
        query = select(collection.permission).where(
            collection.arm == arm, collection.segment == segment
        )
        record = self._connection.scalar(query)
        return Permission.of(record) if record else None

    def permissions(self, arm: str | None = None) -> list[Permission]:
        """Return permissions, ordered by arm and segment; also those that are not given."""
        collection = t.permissions.c
        query = select(collection.permission).order_by(collection.arm, collection.segment)
        if arm is not None:
            query = query.where(collection.arm == arm)
        return [Permission.of(values) for values in self._connection.scalars(query)]

    def put_permission(self, permission: Permission) -> None:
        """Store a permission in place of the one before it."""
        key = {"arm": permission.arm, "segment": permission.segment}
        self._put(t.permissions, key, {"permission": permission.plain()})

    def evidence(self, arm: str, segment: str) -> KeptEvidence | None:
        """Return the evidence of a candidate in a segment.

        arm: or what ``guardrails.rules.permission.against`` makes of it.
        """
        if self._held and (written := self._held.get((arm, segment))):
            return written
        query = select(t.evidence).where(t.evidence.c.arm == arm, t.evidence.c.segment == segment)
        row = self._connection.execute(query).first()
        return KeptEvidence(Evidence.restore(unpack(row.state)), row.first) if row else None

    def put_evidence(self, arm: str, segment: str, held: KeptEvidence) -> None:
        """Store evidence in place of what was there."""
        key = {"arm": arm, "segment": segment}
        self._put(t.evidence, key, {"first": held.first, "state": pack(held.evidence.state())})
        if self._held is not None:
            self._held[arm, segment] = held

    def add_pair(self, pair: Pair, answers: Mapping[str, Any], segments: Sequence[str]) -> int:
        """Store a pair and the segments whose evidence it counts in; return its number.

        answers: what people may want to read, as plain values.
        """
        row = {**of_pair(pair), "answers": dict(answers)}
        returned = insert(t.pairs).values(row).returning(t.pairs.c.number)
        number: int = self._connection.execute(returned).scalar_one()
        counted = [{"arm": pair.arm, "segment": s, "number": number} for s in segments]
        if counted:
            self._connection.execute(insert(t.counted), counted)
        return number

    def signatures(
        self, arm: str, segment: str, first: int, count: int
    ) -> list[tuple[bytes, datetime, float | None]]:
        """Return signature, time and gap of the newest pairs in a segment, from ``first`` on."""
        of = t.pairs.c
        query = (
            select(of.signature, of.at, of.gap_s)
            .where(of.arm == arm, of.segment == segment, of.number >= first)
            .where(of.signature.is_not(None))
            .order_by(of.number.desc())
            .limit(count)
        )
        return [(bytes(row[0]), row[1], row[2]) for row in self._connection.execute(query)]

    def has_pair(self, pair_id: str) -> bool:
        """Return whether the pair of that job is stored."""
        query = select(t.pairs.c.number).where(t.pairs.c.id == pair_id)
        return self._connection.scalar(query) is not None

    def told(
        self, pair_ids: Sequence[str], arm: str
    ) -> tuple[str, Mapping[str, Any] | None] | None:
        """Return what an arm answered in the first of these pairs that is stored, and its cost."""
        query = select(t.pairs.c.answers).where(t.pairs.c.id.in_(pair_ids))
        for record in self._connection.scalars(query.order_by(t.pairs.c.number)):
            if (text := record.get("answers", {}).get(arm)) is not None:
                return str(text), record.get("costs", {}).get(arm)
        return None

    def pairs(self, arm: str, segment: str | None, first: int, last: int) -> list[Pair]:
        """Return the pairs that counted in a segment, or all, by number, ends included."""
        query = (
            select(t.pairs)
            .where(t.pairs.c.arm == arm, t.pairs.c.number.between(first, last))
            .order_by(t.pairs.c.number)
        )
        if segment is not None:
            counts = (t.counted.c.number == t.pairs.c.number) & (t.counted.c.segment == segment)
            query = query.join(t.counted, counts)
        return [to_pair(row) for row in self._connection.execute(query).mappings()]

    def last_scored(self, arm: str, metrics: Sequence[str], count: int) -> list[tuple[int, bool]]:
        """Return number, and whether all metrics have a score, of the newest pairs in order.

        Of a candidate in all segments; a score is needed on both sides.
        """
        sides = (t.pairs.c.base, t.pairs.c.candidate)
        values = [side[name]["value"].as_float() for side in sides for name in metrics]
        scored = and_(*(value.is_not(None) for value in values))
        query = select(t.pairs.c.number, scored).where(t.pairs.c.arm == arm)
        query = query.order_by(t.pairs.c.number.desc()).limit(count)
        return [(row[0], bool(row[1])) for row in self._connection.execute(query)][::-1]

    def pair_counts(self, since: datetime, until: datetime) -> dict[tuple[str, str], int]:
        """Return how many pairs each (arm, segment) has had in that time, scored or not."""
        of = (t.pairs.c.arm, t.pairs.c.segment)
        query = select(*of, func.count()).where(t.pairs.c.at.between(since, until)).group_by(*of)
        return {(row[0], row[1]): row[2] for row in self._connection.execute(query)}

    def answers(self, arm: str, segment: str, count: int) -> list[dict[str, Any]]:
        """Return what was asked and answered in the newest pairs, newest first."""
        query = select(t.pairs).where(t.pairs.c.arm == arm, t.pairs.c.segment == segment)
        query = query.order_by(t.pairs.c.number.desc()).limit(count)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def last_number(self) -> int:
        """Return the number of the newest pair; 0 without one."""
        return self._connection.scalar(select(func.max(t.pairs.c.number))) or 0

    def add_decision(self, decision: Decision) -> None:
        """Store a decision, and tell of it if the guard takes something back.

        One that is there already is left alone.
        """
        if self.decision(decision.id) is not None:
            return
        row = {
            "id": decision.id,
            "arm": decision.arm,
            "segment": decision.segment,
            "at": decision.at,
            "record": decision.record(),
        }
        self._connection.execute(insert(t.decisions).values(row))
        if notice := notices.decided(decision):
            self.outbox.put(notice)

    def decision(self, decision_id: str) -> Decision | None:
        """Return the decision of that id, or of the only id that begins so."""
        query = select(t.decisions.c.record).where(
            t.decisions.c.id.startswith(decision_id, autoescape=True)
        )
        records = self._connection.scalars(query.limit(2)).all()
        return Decision.read(records[0]) if len(records) == 1 else None

    def records(self, begin: str, count: int) -> list[tuple[str, bytes]]:
        """Return ids and stored bytes of the decisions whose id begins so, newest first."""
        query = select(t.decisions.c.id, t.decisions.c.record).limit(count)
        query = query.where(t.decisions.c.id.startswith(begin, autoescape=True))
        rows = self._connection.execute(query.order_by(t.decisions.c.number.desc()))
        return [(row[0], bytes(row[1])) for row in rows]

    def decisions(self, arm: str | None, segment: str | None, count: int) -> list[Decision]:
        """Return decisions, newest first."""
        query = select(t.decisions.c.record).order_by(t.decisions.c.number.desc()).limit(count)
        if arm is not None:
            query = query.where(t.decisions.c.arm == arm)
        if segment is not None:
            query = query.where(t.decisions.c.segment == segment)
        return [Decision.read(record) for record in self._connection.scalars(query)]

    def certificate(self) -> Certificate | None:
        """Return what the measure was last shown to notice; None if nothing was tried."""
        collection = t.certificates.c
        query = select(collection.certificate).order_by(collection.number.desc()).limit(1)
        record = self._connection.scalar(query)
        return Certificate.of(record) if record else None

    def put_certificate(self, certificate: Certificate) -> None:
        """Store a certificate; from now on it is the one that counts. Earlier ones stay."""
        row = {"id": certificate.id, "at": certificate.at, "certificate": certificate.plain()}
        self._connection.execute(insert(t.certificates).values(row))

    def breaker(self, arm: str) -> Breaker:
        """Return the breaker of a candidate; a closed one if none was stored."""
        state = self._connection.scalar(select(t.breakers.c.state).where(t.breakers.c.arm == arm))
        if state is None:
            return Breaker()
        moments = {k: to_moment(state[k]) for k in ("opened", "probing")}
        return Breaker(tuple(state["failures"]), openings=state["openings"], **moments)

    def put_breaker(self, arm: str, breaker: Breaker) -> None:
        """Store a breaker."""
        state = asdict(breaker)
        state |= {k: v.isoformat() for k in ("opened", "probing") if (v := state[k])}
        self._put(t.breakers, {"arm": arm}, {"state": state})

    def raise_alarm(self, kind: str, arm: str, at: datetime, message: str) -> None:
        """Raise an alarm and tell of it, unless the same one is raised already."""
        if any((a.kind, a.arm) == (kind, arm) for a in self.alarms(raised_only=True)):
            return
        row = {"kind": kind, "arm": arm, "at": at, "message": message}
        self._connection.execute(insert(t.alarms).values(row))
        if notice := self._over.pop((kind, arm), ""):
            self.outbox.withdraw(notice)  # it goes on, with other words
        self.outbox.put(notices.raised(kind, arm, at, message))

    def clear_alarm(self, kind: str, arm: str, at: datetime) -> None:
        """Say that an alarm is over, and tell of it, if it was raised."""
        raised = (t.alarms.c.kind == kind, t.alarms.c.arm == arm, t.alarms.c.cleared.is_(None))
        query = select(t.alarms).where(*raised).order_by(t.alarms.c.id.desc()).limit(1)
        row = self._connection.execute(query).first()
        if row is None:
            return
        self._connection.execute(update(t.alarms).where(*raised).values(cleared=at))
        notice = notices.cleared(kind, arm, at, row.message, row.at)
        self.outbox.put(notice)
        self._over[kind, arm] = notice.id

    def alarms(self, *, raised_only: bool) -> list[Alarm]:
        """Return alarms, newest first."""
        query = select(t.alarms).order_by(t.alarms.c.id.desc()).limit(200)
        if raised_only:
            query = query.where(t.alarms.c.cleared.is_(None))
        return [Alarm(**row) for row in self._connection.execute(query).mappings()]

    def add_jobs(self, jobs: Iterable[PairJob]) -> None:
        """Queue jobs; those that are there already are left alone."""
        for job in jobs:
            if self.job(job.id) is None:
                self._connection.execute(insert(t.jobs).values(asdict(job)))

    def job(self, job_id: str) -> PairJob | None:
        """Return a job."""
        row = self._connection.execute(select(t.jobs).where(t.jobs.c.id == job_id)).mappings()
        mapping = row.first()
        return PairJob(**mapping) if mapping else None

    def waiting(self, count: int) -> list[PairJob]:
        """Return jobs that wait, oldest first."""
        query = select(t.jobs).where(t.jobs.c.state == "waiting").order_by(t.jobs.c.at, t.jobs.c.id)
        return [PairJob(**row) for row in self._connection.execute(query.limit(count)).mappings()]

    def finish(self, job_id: str, state: JobState, error: str = "") -> None:
        """Say how a job ended; one that has ended already stays as it is."""
        change = update(t.jobs).where(t.jobs.c.id == job_id, t.jobs.c.state == "waiting")
        self._connection.execute(change.values(state=state, error=error))

    def spent(self, job_id: str, tokens: int) -> None:
        """Say what a job has cost, in place of what it was likely to."""
        change = update(t.jobs).where(t.jobs.c.id == job_id)
        self._connection.execute(change.values(tokens=tokens))

    def job_counts(self) -> dict[str, int]:
        """Return how many jobs are in each state."""
        query = select(t.jobs.c.state, func.count()).group_by(t.jobs.c.state)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def tokens_since(self, at: datetime, until: datetime) -> int:
        """Return what the jobs queued since then cost, or are likely to; not those of later."""
        query = select(func.coalesce(func.sum(t.jobs.c.tokens), 0))
        query = query.where(t.jobs.c.at.between(at, until))
        return int(self._connection.scalar(query) or 0)

    def _put(self, table: Table, key: Mapping[str, str], values: Mapping[str, Any]) -> None:
        where = [table.c[name] == value for name, value in key.items()]
        if not self._connection.execute(update(table).where(*where).values(values)).rowcount:
            self._connection.execute(insert(table).values({**key, **values}))
