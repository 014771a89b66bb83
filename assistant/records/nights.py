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
    Engine,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    select,
)

from assistant.errors import UnknownName
from assistant.records.database import metadata
from assistant.wire.nights import NightDetail, NightView, TrendNight, TrendPoint, TrendView
from guardrails.clock import SLACK, now, over
from guardrails.store.sql_tables import Moment

DONE: Final = "done"
LATE: Final = timedelta(hours=26)
"""A night that is daily and older than this was missed."""


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

    def all(self, count: int = 30) -> list[NightRecord]:
        """Return the newest nights, newest first; last those that a wrong clock dated ahead."""
        wrong = nights.c.at > now() + SLACK
        query = select(nights).order_by(wrong, nights.c.at.desc(), nights.c.id.desc()).limit(count)
        with self._engine.connect() as connection:
            return [NightRecord(**row) for row in connection.execute(query).mappings()]

    def find(self, night_id: str = "") -> NightRecord:
        """Return the night of that id, or of the only id that begins so; "": the last one done.

        Raises:
            UnknownName: there is no such night.
        """
        history = self.all(1000)
        if not night_id:
            records = [night for night in history if night.state == DONE][:1]
        else:
            exact = [night for night in history if night.id == night_id]
            records = exact or [night for night in history if night.id.startswith(night_id)]
        if len(records) == 1:
            return records[0]
        message = f"There is no night {night_id!r}" if night_id else "No night is done"
        if len(records) > 1:
            message = f"{len(records)} nights begin with {night_id!r}"
        names = ", ".join(night.id for night in history[:5])
        raise UnknownName(
            f"{message}.",
            hint=f"There is {names}." if names else "Run one: routeback evals nightly",
        )

    def trend(
        self, metric: str | None = None, arm: str | None = None, count: int = 90
    ) -> TrendView:
        """Return how the means moved over the nights that are done, oldest first."""
        done = [night for night in self.all(count) if night.state == DONE][::-1]
        points = [
            TrendPoint(night=night.id, at=night.at, **cell)
            for night in done
            for cell in night.result.get("cells", ())
            if (metric is None or cell["metric"] == metric) and (arm is None or cell["arm"] == arm)
        ]
        outcomes = [
            TrendNight(
                night=night.id,
                at=night.at,
                exit_code=night.exit_code,
                words=night.words,
                causes=tuple(night.result.get("causes", ())),
            )
            for night in done
        ]
        return TrendView(nights=tuple(outcomes), points=tuple(points))

    def missed(self, at: datetime | None = None) -> str:
        """Return that a night is overdue, as a sentence; empty if it is not or none ever ran."""
        moment = at or now()
        ran: Sequence[NightRecord] = [n for n in self.all(1000) if n.kind == "nightly"]
        if not ran or not over(ran[0].at, LATE, moment):
            return ""
        since = ran[0].at.astimezone()
        return (
            f"No eval night has run since {since:%Y-%m-%d %H:%M}. "
            "Run one now: routeback evals nightly"
        )
