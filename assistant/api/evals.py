"""The eval nights: what they found, questions to one arm that are not recorded, and a judge."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from assistant.api.connection import Disconnected, while_connected
from assistant.api.entry.auth import caller
from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant
from assistant.background.cases import gaps, made, told, view, views
from assistant.background.judge_loan import JudgeLoan, Lender
from assistant.background.probe import Probe, ProbeResult
from assistant.conversation import Message
from assistant.records.nights import Nights
from assistant.wire.cases import AddedCasesView, AddedCaseView, GapsView, NewCase
from assistant.wire.nights import (
    JudgeRequest,
    MeasurableArms,
    NightDetail,
    NightsView,
    ProbeRequest,
    TrendView,
)

router = APIRouter(prefix="/v1/evals", route_class=JsonRoute)

_Count = Annotated[int, Query(ge=1, le=1000)]
_Offset = Annotated[int, Query(ge=0, le=100_000)]
_GONE: Final = 499


@router.get("/nights")
async def nights(request: Request, count: _Count = 30, offset: _Offset = 0) -> NightsView:
    """List the nights, newest first, and say whether one is overdue."""
    return await asyncio.to_thread(_nights(request).page, count, offset)


@router.get("/nights/{night_id}")
async def night(request: Request, night_id: str) -> NightDetail:
    """Return one night with all that it found."""
    record = await asyncio.to_thread(_nights(request).find, night_id)
    return record.detail()


@router.get("/nights/{night_id}/gaps")
async def night_gaps(request: Request, night_id: str) -> GapsView:
    """Return which kinds of real questions the cases of a night missed."""
    return await asyncio.to_thread(gaps, _assistant(request), night_id)


@router.get("/trend")
async def trend(
    request: Request,
    metric: str | None = None,
    arm: str | None = None,
    count: _Count = 90,
    segment: str | None = None,
    language: str | None = None,
) -> TrendView:
    """Return how the means moved over the nights, oldest first."""
    store = _nights(request)
    return await asyncio.to_thread(store.trend, metric, arm, count, segment, language)


@router.get("/cases")
async def cases(request: Request, count: _Count = 50, offset: _Offset = 0) -> AddedCasesView:
    """List the cases that people added, newest first, with what the last nights made of them."""
    return await asyncio.to_thread(views, _assistant(request), count, offset)


@router.post("/cases", status_code=201)
async def add_case(request: Request, new: NewCase) -> AddedCaseView:
    """Add a case: the next night asks it."""
    assistant, by = _assistant(request), caller(request).name
    case = await asyncio.to_thread(made, assistant, new, by)
    await asyncio.to_thread(assistant.cases.add, case)
    await asyncio.to_thread(assistant.log.note, by, "case added", case.id, told(case))
    return view(case)


@router.delete("/cases/{case_id}")
async def remove_case(request: Request, case_id: str) -> AddedCaseView:
    """Let nights ask a case no more; what they found of it stays."""
    assistant = _assistant(request)
    case = await asyncio.to_thread(assistant.cases.remove, case_id)
    by = caller(request).name
    await asyncio.to_thread(assistant.log.note, by, "case removed", case.id, told(case))
    return view(case)


@router.get("/arms")
async def arms(request: Request) -> MeasurableArms:
    """Return the arms that can be measured, with their revisions."""
    return MeasurableArms(arms=_bench(request).arms)


@router.post("/ask")
async def ask(request: Request, asked: ProbeRequest) -> ProbeResult:
    """Ask one arm as if it answered all questions; nothing is recorded."""
    history: list[Message] = [{"role": m.role, "content": m.content} for m in asked.history]
    return await _bench(request).ask(
        asked.arm,
        asked.question,
        history=history,
        interface=asked.interface,
        passages=asked.passages,
    )


@router.get("/judge")
async def judge(request: Request) -> JudgeLoan:
    """Return the weights that are lent as a judge, or why there are none."""
    return _lender(request).offer


@router.post("/judge/chat/completions")
async def judged(
    request: Request,
    asked: JudgeRequest,
    timeout_s: Annotated[float, Query(gt=0, le=86_400)] = 600.0,
) -> Response:
    """Ask base's weights to judge, behind people. timeout_s: once it has its turn."""
    try:
        async with while_connected(request):
            status, body = await _lender(request).judge(asked.model_dump(), timeout_s)
    except Disconnected:
        return Response(status_code=_GONE)
    return Response(body, status, media_type="application/json")


def _lender(request: Request) -> Lender:
    lender: Lender = request.app.state.lender
    return lender


def _nights(request: Request) -> Nights:
    return _assistant(request).nights


def _assistant(request: Request) -> Assistant:
    assistant: Assistant = request.app.state.assistant
    return assistant


def _bench(request: Request) -> Probe:
    bench: Probe = request.app.state.bench
    return bench
