"""The numbers: what became of what people asked."""

import asyncio
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request

from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant
from assistant.errors import QuestionError
from assistant.outcomes import service, summary
from assistant.outcomes.demand import Demands, demands
from assistant.outcomes.others import DEFINITIONS, talks
from assistant.outcomes.pilot import Progress
from assistant.outcomes.share import Quantile, Share
from assistant.records.outcomes import OutcomeRows, Outcomes
from assistant.wire.numbers import (
    AnswerCostView,
    DemandView,
    DurableView,
    NumberGroup,
    NumbersView,
    OtherDefinitionView,
    PeopleShareView,
    PilotView,
    QuantileView,
    ServiceView,
    WaitedView,
)
from guardrails import clock

router = APIRouter(prefix="/v1/desk", route_class=JsonRoute)

_DAYS: Final = 28
_MOST_DAYS: Final = 400
_SESSION: Final = "session:"
_counting: Final = threading.Lock()


@router.get("/numbers")
async def numbers(
    request: Request,
    first: Annotated[date | None, Query(alias="from")] = None,
    until: Annotated[date | None, Query()] = None,
    by: Annotated[NumberGroup, Query()] = "none",
) -> NumbersView:
    """Return what became of what was asked from one day on and before another, in the team's zone.

    Left out: the last 28 days, today among them.
    """
    assistant: Assistant = request.app.state.assistant
    return await asyncio.to_thread(_numbers, assistant, first, until, by)


def _numbers(
    assistant: Assistant, first: date | None, last: date | None, by: NumberGroup
) -> NumbersView:
    now = clock.now()
    office = assistant.settings.desk.office(now)
    zone = ZoneInfo(office.zone)
    end = last or now.astimezone(zone).date() + timedelta(days=1)
    begin = first or end - timedelta(days=_DAYS)
    if not timedelta() < end - begin <= timedelta(days=_MOST_DAYS):
        raise QuestionError(
            f"The days from {begin} to before {end} are none or too many.",
            hint=f"Ask for 1 to {_MOST_DAYS} days; until is the day after the last.",
        )
    since, until = (_midnight(day, zone) for day in (begin, end))
    with _undisturbed():
        rows = Outcomes(assistant.records.engine).read(since, until)
        return view(rows, assistant, since, until, now, by)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Count for one caller at a time, without the collector of cycles.

    It would walk over all rows again and again, which make no cycles: a third of the time.
    """
    with _counting:
        collects = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if collects:
                gc.enable()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def view(
    rows: OutcomeRows,
    assistant: Assistant,
    since: datetime,
    until: datetime,
    now: datetime,
    by: NumberGroup,
) -> NumbersView:
    """Return the numbers of some rows."""
    settings = assistant.settings.desk
    office = settings.office(now)
    found = demands(rows.askings, rows.handovers, since, until)
    claims = summary.others(talks(rows.askings, rows.handovers, since, until), now)
    prices = {arm: (price.prompt, price.completion) for arm, price in settings.prices.items()}
    return NumbersView(
        since=since,
        until=until,
        now=now,
        time_zone=office.zone,
        by=by,
        demand=_demand(found, now),
        durable=tuple(_durable(row) for row in summary.durable(found, now, by)),
        others=tuple(
            OtherDefinitionView(
                name=name,
                page=DEFINITIONS[name],
                resolved=_share(claim.resolved),
                pending=claim.pending,
            )
            for name, claim in claims.items()
        ),
        service=_service(service.service(rows.tickets, office, now), service.drafts(rows.replies)),
        costs=tuple(AnswerCostView.model_validate(c) for c in service.costs(rows.spent, prices)),
        pilot=tuple(
            _pilot(one) for one in summary.pilot(settings.targets, found, rows.tickets, office, now)
        ),
    )


def _demand(found: Demands, now: datetime) -> DemandView:
    excluded = dict(found.excluded)
    owners = [demand.owner for demand in found.all]
    by_browser = sum(owner.startswith(_SESSION) for owner in owners)
    return DemandView(
        asked=found.asked,
        eligible=found.asked - sum(excluded.values()),
        excluded=excluded,
        demands=len(found.all),
        people=len(set(owners)),
        pending=sum(demand.pending(now) for demand in found.all),
        sessions=by_browser / len(owners) if owners else None,
        straight=found.straight,
    )


def _durable(row: summary.Durable) -> DurableView:
    return DurableView(
        group=row.group,
        resolved=_share(row.resolved),
        by_person=row.by_person,
        pending=row.pending,
        causes=dict(row.causes),
    )


def _service(told: service.DeskService, drafted: service.DraftsUsed) -> ServiceView:
    return ServiceView(
        tickets=told.tickets,
        first_reply=_waited(told.first_reply),
        solution=_waited(told.solution),
        reopened=_share(told.reopened),
        ratings=dict(told.ratings),
        rated=_share(told.rated),
        pleased=_share(told.pleased),
        drafted=_share(drafted.used),
        unchanged=_share(drafted.same),
    )


def _waited(told: service.Waited) -> WaitedView:
    return WaitedView(
        median=_quantile(told.median), most=_quantile(told.most), waiting=told.waiting
    )


def _share(told: Share) -> PeopleShareView:
    return PeopleShareView.model_validate(told)


def _quantile(told: Quantile) -> QuantileView:
    return QuantileView.model_validate(told)


def _pilot(told: Progress) -> PilotView:
    target = told.target
    return PilotView(
        metric=target.metric,
        segment=target.segment,
        at_least=target.at_least,
        at_most=target.at_most,
        standing=told.standing,
        cases=told.cases,
        value=told.value,
        low=told.low,
        high=told.high,
        needed=told.needed,
    )
