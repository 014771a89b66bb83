"""What is kept, as metrics: read from the databases when somebody looks.

So all replicas tell the same. What a process did itself is in ``assistant.watching.metrics``.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import ColumnElement, Connection, Engine, and_, func, select

from assistant.desk.states import OPEN, Holder
from assistant.errors import DatabaseError
from assistant.records.desk.tables import tickets
from assistant.records.nights import nights
from guardrails import clock
from guardrails.decisions import Decision
from guardrails.guard import Guard
from guardrails.store import sql_tables as t
from guardrails.store.outbox import Outbox
from guardrails.store.store import Ledger
from guardrails.types import Stage

CACHE_S: Final = 5.0
"""How old what is told may be; several readers at a time cost one look."""
LOST: Final = timedelta(days=1)
"""How long a message that was given up is told of."""
NIGHTLY: Final = "nightly"


class StageChanges:
    """Counts the changes of stage; each decision is read once, as they come in order."""

    def __init__(self) -> None:
        self._last = 0
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def read(self, connection: Connection) -> Metric:
        """Read what is new, and return all that there were."""
        query = select(t.decisions.c.number, t.decisions.c.record)
        query = query.where(t.decisions.c.number > self._last).order_by(t.decisions.c.number)
        for number, record in connection.execute(query):
            self._last = number
            decision = Decision.read(bytes(record))
            if decision.staged and decision.before != decision.after:
                self._counts[decision.arm, decision.before.value, decision.after.value] += 1
        words = "Changes of stage, from what to what."
        changes = CounterMetricFamily(
            "routeback_stage_changes", words, labels=("arm", "from", "to")
        )
        for labels, count in sorted(self._counts.items()):
            changes.add_metric(labels, count)
        return changes


@dataclass(slots=True, eq=False)
class KeptGauges(Collector):
    """Reads what is kept, at most once in ``cache_s``. Blocking; used from any thread.

    guard: whose store and candidates. nights: the database that they are in.
    """

    guard: Guard
    nights: Engine
    cache_s: float = CACHE_S
    _changes: StageChanges = field(default_factory=StageChanges)
    _told: Sequence[Metric] = ()
    _until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def describe(self) -> Iterable[Metric]:
        """Return nothing: what there is, is read when somebody looks."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Return the metrics; where a database cannot be read, only that it cannot."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._told = self._read()
                self._until = time.monotonic() + self.cache_s
            return self._told

    def _read(self) -> list[Metric]:
        readable = _gauge("database_readable", "Whether what is kept can be read: 1, or 0.")
        try:
            told = list(self._kept())
        except DatabaseError:  # the log says which
            return [_with(readable, 0)]
        return [_with(readable, 1), *told]

    def _kept(self) -> Iterator[Metric]:
        now = clock.now()
        with self.guard.store.reading() as ledger:
            yield self._changes.read(ledger.connection)
            yield from _jobs(ledger, now)
            yield from _cells(ledger)
            yield from self._candidates(ledger)
            yield from _tickets(ledger.connection, now)
            yield from _outbox(ledger.connection, now)
        with self.nights.connect() as connection:
            yield from _nights(connection, now)

    def _candidates(self, ledger: Ledger) -> Iterator[Metric]:
        """Return what is known of each candidate; its share is told once it has pairs."""
        words = "Share of the newest pairs without a score, in [0, 1]."
        share = _gauge("pairs_unscored_share", words, "arm")
        breaker = _gauge("breaker_open", "Whether calls of a candidate fail: 1, or 0.", "arm")
        policy = self.guard.policy
        for arm in sorted(dict(self.guard.versions)):
            if last := ledger.last_scored(arm, policy.metrics, policy.blind_window):
                missing = sum(not scored for _, scored in last) / len(last)
                share.add_metric([arm], missing)
            breaker.add_metric([arm], ledger.breaker(arm).opened is not None)
        yield share
        yield breaker
        raised = Counter(alarm.kind.partition("/")[0] for alarm in ledger.alarms(raised_only=True))
        alarms = _gauge("alarms_raised", "Alarms of the guardrail that are not over.", "kind")
        for kind, count in sorted(raised.items()):
            alarms.add_metric([kind], count)
        yield alarms


def _jobs(ledger: Ledger, now: datetime) -> Iterator[Metric]:
    oldest = select(func.min(t.jobs.c.at)).where(t.jobs.c.state == "waiting")
    waiting = ledger.job_counts().get("waiting", 0)
    yield _with(_gauge("pairs_waiting", "Pairs that are still to be made."), waiting)
    age = _age(ledger.connection.scalar(oldest), now)
    yield _with(_gauge("pairs_waiting_oldest_seconds", "How long the oldest has waited."), age)


def _cells(ledger: Ledger) -> Iterator[Metric]:
    pairs = _gauge("evidence_pairs", "Pairs that the evidence of a cell has.", "arm", "segment")
    of, counted = t.evidence.c, t.counted.c
    there = and_(counted.arm == of.arm, counted.segment == of.segment, counted.number >= of.first)
    query = select(of.arm, of.segment, func.count(counted.number))
    query = query.select_from(t.evidence.outerjoin(t.counted, there)).group_by(of.arm, of.segment)
    for arm, segment, count in sorted(map(tuple, ledger.connection.execute(query))):
        pairs.add_metric([arm, segment], count)
    yield pairs
    words = "1 for the stage that a candidate has in a segment, 0 for the others."
    stages = _gauge("cell_stage", words, "arm", "segment", "stage")
    for standing in ledger.standings():
        for stage in Stage:
            labels = [standing.arm, standing.segment, stage.value]
            stages.add_metric(labels, standing.stage is stage)
    yield stages


def _tickets(connection: Connection, now: datetime) -> Iterator[Metric]:
    of = tickets.c
    grouped = select(of.status, func.count()).group_by(of.status)
    counts: dict[str, int] = {row[0]: row[1] for row in connection.execute(grouped)}
    statuses = _gauge("tickets", "Tickets, by who holds their conversation.", "status")
    for holder in Holder:
        if holder is not Holder.BOT:
            statuses.add_metric([holder.value], counts.get(holder.value, 0))
    yield statuses
    open_ = of.status.in_(sorted(OPEN))
    late: dict[str, ColumnElement[bool]] = {
        "first_reply": and_(open_, of.first_reply_at.is_(None), of.first_reply_due < now),
        "solution": and_(open_, of.solve_due < now),
    }
    overdue = _gauge("tickets_overdue", "Open tickets that are past a target.", "target")
    for target, is_late in late.items():
        query = select(func.count()).select_from(tickets).where(is_late)
        overdue.add_metric([target], connection.scalar(query) or 0)
    yield overdue
    oldest = select(func.min(of.created_at)).where(of.status == Holder.WAITING.value)
    words = "How long the oldest has waited that nobody has taken."
    age = _age(connection.scalar(oldest), now)
    yield _with(_gauge("tickets_waiting_oldest_seconds", words), age)
    opened = CounterMetricFamily("routeback_tickets_opened", "Tickets that were ever opened.")
    opened.add_metric([], connection.scalar(select(func.max(of.number))) or 0)
    yield opened


def _outbox(connection: Connection, now: datetime) -> Iterator[Metric]:
    counts = Outbox(connection).counts(now - LOST)
    words = "Messages that are still to arrive."
    yield _with(_gauge("outbox_waiting", words), counts["waiting"])
    due = select(func.min(t.deliveries.c.created)).where(t.deliveries.c.next_try.is_not(None))
    untaken = select(func.min(t.outbox.c.created)).where(t.outbox.c.taken_up.is_(None))
    since = [at for at in (connection.scalar(due), connection.scalar(untaken)) if at]
    age = _age(min(since, default=None), now)
    yield _with(_gauge("outbox_waiting_oldest_seconds", "How long the oldest has waited."), age)
    words = "Messages of the last day that did not arrive and are tried no more."
    yield _with(_gauge("outbox_given_up", words), counts["given_up"])


def _nights(connection: Connection, now: datetime) -> Iterator[Metric]:
    """Return how the last daily night went; no value where none has ended."""
    of = nights.c
    query = select(of.ended, of.exit_code).where(of.kind == NIGHTLY, of.ended.is_not(None))
    last = connection.execute(query.order_by(of.at.desc()).limit(1)).first()
    age = _gauge("night_age_seconds", "Since the last daily night of evals ended.")
    words = "Exit code of that night: 0, 1 for a regression, 2 where it could not measure."
    code = _gauge("night_exit_code", words)
    if last is not None:
        age.add_metric([], _age(last.ended, now))
        code.add_metric([], 2 if last.exit_code is None else last.exit_code)
    yield age
    yield code


def _age(at: datetime | None, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds()) if at else 0.0


def _gauge(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"routeback_{name}", words, labels=labels)


def _with(metric: GaugeMetricFamily, value: float) -> GaugeMetricFamily:
    metric.add_metric([], value)
    return metric
