"""What the eval nights left behind: their tables, and what people look at.

The nights themselves are run by ``evals``, which this package does not know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Engine,
    Float,
    ForeignKey,
    Integer,
    RowMapping,
    Select,
    String,
    Table,
    Text,
    func,
    select,
)

from assistant.errors import UnknownName
from assistant.records.database import metadata
from assistant.wire.cases import CaseRun
from assistant.wire.nights import (
    NightDetail,
    NightsView,
    NightView,
    TrendKind,
    TrendNight,
    TrendPoint,
    TrendView,
)
from guardrails.clock import SLACK, now, over
from guardrails.guard import BASE
from guardrails.store.sql_tables import Moment

DONE: Final = "done"
HEADLINE: Final = "headline"
LATE: Final = timedelta(hours=26)
"""A night that is daily and older than this was missed."""
_SOME: Final = 50
_GOODNESS: Final = ("facts", "fast")
"""Metrics of ``evals.cases.marks`` that say how good an answer is, the surest first."""


nights = Table(
    "eval_nights",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("ended", Moment),
    Column("kind", String(8), nullable=False),
    Column("state", String(8), nullable=False, index=True),
    Column("fingerprint", String(64), nullable=False, index=True),
    Column("plan", JSON, nullable=False),
    Column("result", JSON, nullable=False),
    Column("exit_code", Integer),
    Column("words", Text, nullable=False),
)
answers = Table(
    "eval_answers",
    metadata,
    Column("night", ForeignKey("eval_nights.id"), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("arm", String(64), primary_key=True),
    Column("case", String(128), primary_key=True),
    Column("version", String(16), nullable=False),
    Column("measured", JSON, nullable=False),
    Column("error", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
scores = Table(
    "eval_scores",
    metadata,
    Column("night", ForeignKey("eval_nights.id"), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("arm", String(64), primary_key=True),
    Column("case", String(128), primary_key=True),
    Column("metric", String(64), primary_key=True),
    Column("value", Float),
    Column("reason", Text, nullable=False),
    Column("scorer", Text, nullable=False),
    Column("content", String(64), nullable=False),
    Column("seconds", Float, nullable=False),
)
frozen = Table(
    "eval_frozen",
    metadata,
    Column("case", String(128), primary_key=True),
    Column("version", String(16), primary_key=True),
    Column("arm", String(64), primary_key=True),
    Column("night", String(40), nullable=False),
    Column("measured", JSON, nullable=False),
    Column("scores", JSON, nullable=False),
)


@dataclass(frozen=True, slots=True)
class NightRecord:
    """One night. state: running, done or failed. exit_code: 0, 1, 2; None while it runs.

    plan: what it set out to do. result: what it found, as the report has it; empty until done.
    words: the outcome in a sentence.
    """

    id: str
    at: datetime
    ended: datetime | None
    kind: str
    state: str
    fingerprint: str
    plan: Mapping[str, Any]
    result: Mapping[str, Any]
    exit_code: int | None
    words: str

    def view(self) -> NightView:
        """Return what a list of nights shows."""
        return NightView(
            id=self.id,
            at=self.at,
            ended=self.ended,
            kind=self.kind,
            state=self.state,
            exit_code=self.exit_code,
            words=self.words,
            causes=tuple(self.result.get("causes", ())),
            cases=len(self.plan.get("cases", ())),
            arms=tuple(self.plan.get("arms", ())),
        )

    def detail(self) -> NightDetail:
        """Return the night with all that it set out to do and found."""
        values = {**dict(self.view()), "plan": self.plan, "result": self.result or None}
        return NightDetail.model_validate(values)


class Nights:
    """Reads the nights of a database. Blocking; call it from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def engine(self) -> Engine:
        """The database."""
        return self._engine

    def all(self, count: int = 30, *, bare: bool = False) -> list[NightRecord]:
        """Return the newest nights, newest first; last those that a wrong clock dated ahead.

        bare: without what they set out to do and found, which is most of a night.
        """
        columns = [c for c in nights.c if not bare or c.name not in {"plan", "result"}]
        query = select(*columns).where(nights.c.id.in_(_ids(count))).order_by(*_newest())
        rest: Mapping[str, Any] = {"plan": {}, "result": {}} if bare else {}
        with self._engine.connect() as connection:
            return [NightRecord(**row, **rest) for row in connection.execute(query).mappings()]

    def page(self, count: int = 30, offset: int = 0) -> NightsView:
        """Return some nights as a list shows them, in the order of ``all``, and how many there are.

        Nothing else of them is read, so that a long list of long nights stays quick.
        """
        plain = [c for c in nights.c if c.name not in {"plan", "result", "fingerprint"}]
        told = (
            nights.c.result["causes"].label("causes"),
            nights.c.plan["cases"].label("cases"),
            nights.c.plan["arms"].label("arms"),
        )
        shown = nights.c.id.in_(_ids(count, offset))
        query = select(*plain, *told).where(shown).order_by(*_newest())
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
            total = connection.scalar(select(func.count()).select_from(nights)) or 0
        views = [
            NightView.model_validate(
                {
                    **row,
                    "causes": tuple(row["causes"] or ()),
                    "cases": len(row["cases"] or ()),
                    "arms": tuple(row["arms"] or ()),
                }
            )
            for row in rows
        ]
        return NightsView(nights=tuple(views), missed=self.missed(), total=total)

    def find(self, night_id: str = "") -> NightRecord:
        """Return the night of that id, or of the only id that begins so; "": the last one done.

        Raises:
            UnknownName: there is no such night.
        """
        whole = select(nights).order_by(*_newest())
        if not night_id:
            queries = [whole.where(nights.c.state == DONE).limit(1)]
        else:
            begins = nights.c.id.startswith(night_id, autoescape=True)
            queries = [whole.where(nights.c.id == night_id), whole.where(begins).limit(_SOME)]
        records: list[NightRecord] = []
        with self._engine.connect() as connection:
            for query in queries:
                records = records or [
                    NightRecord(**r) for r in connection.execute(query).mappings()
                ]
        if len(records) == 1:
            return records[0]
        message = f"There is no night {night_id!r}" if night_id else "No night is done"
        if len(records) > 1:
            message = f"{len(records)} nights begin with {night_id!r}"
            message = message if len(records) < _SOME else f"Many nights begin with {night_id!r}"
        with self._engine.connect() as connection:
            newest = select(nights.c.id).order_by(*_newest()).limit(5)
            names = ", ".join(connection.scalars(newest))
        raise UnknownName(
            f"{message}.",
            hint=f"There is {names}." if names else "Run one: routeback evals nightly",
        )

    def trend(
        self,
        metric: str | None = None,
        arm: str | None = None,
        count: int = 90,
        segment: str | None = None,
        language: str | None = None,
    ) -> TrendView:
        """Return how the means moved over the nights that are done, oldest first.

        count: of the newest nights. None: of all; ``*`` is a segment and language of its own, and
        ``headline`` the metric that stands for the others in the newest night.
        """
        columns = (
            *(nights.c[name] for name in ("id", "at", "state", "exit_code", "words")),
            nights.c.result["causes"].label("causes"),
            nights.c.result["cells"].label("cells"),
            nights.c.result["headline"].label("headline"),
        )
        query = select(*columns).where(nights.c.id.in_(_ids(count))).order_by(*_newest())
        wanted = {"metric": metric, "arm": arm, "segment": segment, "language": language}
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        done = [row for row in rows if row["state"] == DONE][::-1]
        newest: Sequence[Mapping[str, Any]] = (done[-1]["cells"] or ()) if done else ()
        headline = str(done[-1]["headline"] or "") if done else ""
        if metric == HEADLINE:
            wanted["metric"] = headline or None
        points = [
            TrendPoint(night=row["id"], at=row["at"], **cell)
            for row in done
            for cell in row["cells"] or ()
            if all(value in {None, cell[name]} for name, value in wanted.items())
        ]
        outcomes = [
            TrendNight(
                night=row["id"],
                at=row["at"],
                exit_code=row["exit_code"],
                words=row["words"],
                causes=tuple(row["causes"] or ()),
            )
            for row in done
        ]
        kinds = dict.fromkeys((cell["segment"], cell["language"]) for cell in newest)
        return TrendView(
            nights=tuple(outcomes),
            points=tuple(points),
            headline=headline,
            metrics=tuple(dict.fromkeys(cell["metric"] for cell in newest)),
            kinds=tuple(TrendKind(segment=name, language=code) for name, code in kinds),
        )

    def runs(self, cases: Sequence[str], count: int = 2) -> dict[str, tuple[CaseRun, ...]]:
        """Return what the newest nights made of cases, by case: newest first, base first in each.

        count: of nights that asked a case.
        """
        asked = select(answers).where(answers.c.case.in_(cases), answers.c.kind == "live")
        marked = select(scores).where(scores.c.case.in_(cases), scores.c.kind == "live")
        when = select(nights.c.id, nights.c.at).where(nights.c.state == DONE)
        with self._engine.connect() as connection:
            dates = {row.id: row.at for row in connection.execute(when.order_by(*_newest()))}
            rows = connection.execute(asked).mappings().all()
            marks: dict[tuple[str, str, str], dict[str, float | None]] = {}
            for row in connection.execute(marked).mappings():
                key = (row["night"], row["arm"], row["case"])
                marks.setdefault(key, {})[row["metric"]] = row["value"]
        found: dict[str, tuple[CaseRun, ...]] = {}
        for case in dict.fromkeys(cases):
            mine = [row for row in rows if row["case"] == case and row["night"] in dates]
            last = [night for night in dates if any(row["night"] == night for row in mine)][:count]
            mine = [row for row in mine if row["night"] in last]
            mine.sort(key=lambda r: (last.index(r["night"]), r["arm"] != BASE, r["arm"]))
            found[case] = tuple(
                _run(row, dates[row["night"]], marks.get((row["night"], row["arm"], case), {}))
                for row in mine
            )
        return found

    def missed(self, at: datetime | None = None) -> str:
        """Return that a night is overdue, as a sentence; empty if it is not or none ever ran."""
        moment = at or now()
        query = select(nights.c.at).where(nights.c.kind == "nightly").order_by(*_newest()).limit(1)
        with self._engine.connect() as connection:
            last = connection.scalar(query)
        if last is None or not over(last, LATE, moment):
            return ""
        since = last.astimezone()
        return (
            f"No eval night has run since {since:%Y-%m-%d %H:%M}. "
            "Run one now: routeback evals nightly"
        )


def _ids(count: int, offset: int = 0) -> Select[tuple[str]]:
    """Return what selects the ids of some nights: sorted before anything large is read."""
    return select(nights.c.id).order_by(*_newest()).limit(count).offset(offset)


def _newest() -> tuple[ColumnElement[Any], ...]:
    """Return the order: newest first, and last what a wrong clock dated ahead."""
    return (nights.c.at > now() + SLACK, nights.c.at.desc(), nights.c.id.desc())


def _run(row: RowMapping, at: datetime, marks: Mapping[str, float | None]) -> CaseRun:
    behaved = marks.get("behaviour")
    metric = next((name for name in _GOODNESS if marks.get(name) is not None), "")
    return CaseRun(
        night=row["night"],
        at=at,
        arm=row["arm"],
        outcome=str(row["measured"].get("outcome", "")),
        right=None if behaved is None else behaved >= 1,
        metric=metric,
        value=marks.get(metric),
    )
