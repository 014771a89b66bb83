"""Writes the nights down as they go, so that a kill loses at most what was under way."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, RowMapping, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from assistant.background.probe import ProbeResult
from assistant.errors import EvalsError
from assistant.records.nights import DONE, NightRecord, Nights, answers, frozen, nights, scores
from assistant.wire.night_result import NightResult
from evals.night.plan import NightPlan
from guardrails import clock
from guardrails.clock import within

Kind = Literal["live", "frozen", "again", "people"]
"""What is scored. live: tonight's search and answer. frozen: tonight's answer to the frozen
passages. again: the frozen answer. people: an answer that people have judged."""

RESUME_WITHIN: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class CaseAnswer:
    """One answer, or why there is none. measured: None if there is none."""

    kind: Kind
    arm: str
    case: str
    version: str
    measured: ProbeResult | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class StoredScore:
    """One score as it is kept. content: hash of what was scored and by what. value: or None."""

    kind: Kind
    arm: str
    case: str
    metric: str
    value: float | None
    reason: str
    scorer: str
    content: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Frozen:
    """An answer of an earlier night, and its scores then: ``value``, ``reason``, ``scorer``."""

    case: str
    version: str
    arm: str
    night: str
    measured: ProbeResult
    scores: Mapping[str, Mapping[str, Any]]


class History(Nights):
    """Reads and writes the nights of one database. Blocking; call it from a thread."""

    def begin(self, plan: NightPlan, kind: str, now: datetime) -> tuple[NightRecord, bool]:
        """Return the night of a plan, and whether it had begun before.

        One that was begun less than a day ago under the same conditions goes on.
        """
        for night in self.all(20):
            fits = night.fingerprint == plan.fingerprint and night.kind == kind
            if night.state == "running" and fits and within(night.at, RESUME_WITHIN, now):
                return night, True
        day = f"{now.astimezone():%Y-%m-%d}"
        for number in range(1, 1000):
            night_id = day if number == 1 else f"{day}-{number}"
            row = {
                "id": night_id,
                "at": now,
                "kind": kind,
                "state": "running",
                "fingerprint": plan.fingerprint,
                "plan": plan.model_dump(mode="json"),
                "result": {},
                "words": "",
            }
            try:
                with self._engine.begin() as connection:
                    connection.execute(insert(nights).values(**row))
            except IntegrityError:
                continue
            return self.find(night_id), False
        raise EvalsError(f"{day} has seen 999 nights already.")

    def end(self, night: str, result: NightResult, exit_code: int, words: str) -> None:
        """Say what a night found."""
        stored = result.model_dump(mode="json")
        values = {"ended": clock.now(), "state": DONE, "result": stored}
        with self._engine.begin() as connection:
            query = update(nights).where(nights.c.id == night)
            connection.execute(query.values(**values, exit_code=exit_code, words=words))

    def fail(self, night: str, words: str) -> None:
        """Say that a night could not measure, and why."""
        values = {"ended": clock.now(), "state": "failed", "exit_code": 2, "words": words}
        with self._engine.begin() as connection:
            connection.execute(update(nights).where(nights.c.id == night).values(**values))

    def add(self, night: str, answer: CaseAnswer, found: Sequence[StoredScore]) -> bool:
        """Keep an answer and its scores, all or nothing; False if it was kept already."""
        measured = asdict(answer.measured) if answer.measured else {}
        row = {
            "night": night,
            "kind": answer.kind,
            "arm": answer.arm,
            "case": answer.case,
            "version": answer.version,
            "measured": measured,
            "error": answer.error,
            "at": clock.now(),
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(answers).values(**row))
                _put(connection, night, found)
        except IntegrityError:
            return False
        return True

    def put(self, night: str, found: Sequence[StoredScore]) -> None:
        """Keep scores, in place of those of the same answers by the same metrics."""
        with self._engine.begin() as connection:
            _put(connection, night, found)

    def answers(self, night: str, kind: Kind | None = None) -> list[CaseAnswer]:
        """Return the answers of a night."""
        query = select(answers).where(answers.c.night == night)
        if kind is not None:
            query = query.where(answers.c.kind == kind)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        names = ("kind", "arm", "case", "version", "error")
        return [
            CaseAnswer(**{name: row[name] for name in names}, measured=_measured(row["measured"]))
            for row in rows
        ]

    def versions(self, cases: Sequence[str]) -> set[tuple[str, str]]:
        """Return which versions of cases any night has asked, with the case's id."""
        query = select(answers.c.case, answers.c.version).where(answers.c.case.in_(cases))
        with self._engine.connect() as connection:
            return {(row.case, row.version) for row in connection.execute(query.distinct())}

    def answered(self, night: str, kind: Kind) -> set[tuple[str, str]]:
        """Return arm and case of the answers of a night."""
        query = select(answers.c.arm, answers.c.case)
        query = query.where(answers.c.night == night, answers.c.kind == kind)
        with self._engine.connect() as connection:
            return {(row.arm, row.case) for row in connection.execute(query)}

    def scores(self, night: str, kind: Kind | None = None) -> list[StoredScore]:
        """Return the scores of a night."""
        query = select(scores).where(scores.c.night == night)
        if kind is not None:
            query = query.where(scores.c.kind == kind)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings()
            return [_kept(row) for row in rows]

    def judged(self, scorers: Collection[str], but: str) -> dict[str, StoredScore]:
        """Return by content what scorers of these versions last said of it, in all nights but one.

        What was copied from another score is left out, and what has no number.
        """
        wrong = nights.c.at > clock.now() + clock.SLACK
        query = (
            select(scores)
            .join(nights, nights.c.id == scores.c.night)
            .where(scores.c.scorer.in_(scorers), scores.c.night != but)
            .where(scores.c.value.is_not(None), scores.c.seconds > 0, scores.c.content != "")
            .order_by(wrong.desc(), nights.c.at, nights.c.id)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings()
            return {row["content"]: _kept(row) for row in rows}

    def frozen(self) -> dict[tuple[str, str, str], Frozen]:
        """Return what is frozen, by case, version and arm."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(frozen)).mappings().all()
        by_key = {}
        for row in rows:
            measured = _measured(row["measured"])
            if measured is not None:
                by_key[row["case"], row["version"], row["arm"]] = Frozen(
                    **{**row, "measured": measured}
                )
        return by_key

    def freeze(self, rows: Sequence[Frozen]) -> None:
        """Keep frozen answers, in place of those of the same case, version and arm."""
        with self._engine.begin() as connection:
            for row in rows:
                _replace(connection, frozen, asdict(row), ("case", "version", "arm"))

    def thaw(self) -> None:
        """Forget all that is frozen."""
        with self._engine.begin() as connection:
            connection.execute(delete(frozen))

    def pace(self) -> dict[str, float]:
        """Return seconds an answer took in the newest night that is done, by arm."""
        with self._engine.connect() as connection:
            last = select(func.max(nights.c.at)).where(nights.c.state == DONE).scalar_subquery()
            query = select(answers.c.arm, answers.c.measured).where(
                answers.c.night == select(nights.c.id).where(nights.c.at == last).scalar_subquery(),
                answers.c.kind == "live",
                answers.c.error == "",
            )
            took: dict[str, list[float]] = {}
            for row in connection.execute(query):
                took.setdefault(row.arm, []).append(float(row.measured["seconds"]))
        return {arm: sum(seconds) / len(seconds) for arm, seconds in took.items()}


def _kept(row: RowMapping) -> StoredScore:
    return StoredScore(**{str(name): value for name, value in row.items() if name != "night"})


def _put(connection: Connection, night: str, found: Sequence[StoredScore]) -> None:
    for score in found:
        row = {"night": night, **asdict(score)}
        _replace(connection, scores, row, ("night", "kind", "arm", "case", "metric"))


def _replace(
    connection: Connection, table: Table, row: Mapping[str, Any], keys: Sequence[str]
) -> None:
    same = [table.c[key] == row[key] for key in keys]
    connection.execute(delete(table).where(*same))
    connection.execute(insert(table).values(**row))


def _measured(values: Mapping[str, Any]) -> ProbeResult | None:
    return ProbeResult(**{**values, "passages": tuple(values["passages"])}) if values else None
