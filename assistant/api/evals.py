"""The eval nights: what they found, questions to one arm that are not recorded, and a judge."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from assistant.api.auth import keeper
from assistant.api.connection import Disconnected, while_connected
from assistant.assistant import Assistant
from assistant.background.judge_loan import Lender
from assistant.background.probe import Probe
from assistant.messages import Message
from assistant.records.nights import Nights

router = APIRouter(prefix="/v1/evals", dependencies=[Depends(keeper)])

_Count = Annotated[int, Query(ge=1, le=1000)]
_GONE: Final = 499


class PriorMessage(BaseModel):
    """One message of what was said before."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["user", "assistant"]
    content: str


class ProbeRequest(BaseModel):
    """A question to one arm. passages: what is found instead of searching."""

    model_config = ConfigDict(extra="forbid")

    arm: Annotated[str, Field(min_length=1, max_length=100)]
    question: str
    history: Annotated[list[PriorMessage], Field(max_length=100)] = []
    interface: Literal["en", "de"] = "en"
    passages: Annotated[list[dict[str, Any]], Field(max_length=20)] | None = None


class Prompt(BaseModel):
    """One message to the judge."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["system", "user"]
    content: Annotated[str, Field(max_length=100_000)]


class JudgeRequest(BaseModel):
    """What a judge is asked; sampling fields go on to the engine. max_tokens: of the reply."""

    model_config = ConfigDict(extra="allow")

    model: Annotated[str, Field(min_length=1, max_length=100)]
    messages: Annotated[list[Prompt], Field(min_length=1, max_length=4)]
    response_format: dict[str, Any]
    max_tokens: Annotated[int, Field(ge=1, le=4096)]
    n: Literal[1] = 1
    stream: Literal[False] = False


@router.get("/nights")
async def nights(request: Request, count: _Count = 30) -> dict[str, Any]:
    """List the nights, newest first, and say whether one is overdue."""
    kept = _nights(request)
    found = await asyncio.to_thread(kept.all, count)
    missed = await asyncio.to_thread(kept.missed)
    return {"nights": [night.plain() for night in found], "missed": missed}


@router.get("/nights/{night_id}")
async def night(request: Request, night_id: str) -> dict[str, Any]:
    """Return one night with all that it found."""
    found = await asyncio.to_thread(_nights(request).find, night_id)
    return {**found.plain(), "plan": dict(found.plan), "result": dict(found.result)}


@router.get("/trend")
async def trend(
    request: Request, metric: str | None = None, arm: str | None = None, count: _Count = 90
) -> dict[str, Any]:
    """Return how the means moved over the nights, oldest first."""
    return dict(await asyncio.to_thread(_nights(request).trend, metric, arm, count))


@router.get("/arms")
async def arms(request: Request) -> dict[str, Any]:
    """Return the arms that can be measured, with their revisions."""
    return {"arms": _bench(request).arms}


@router.post("/ask")
async def ask(request: Request, asked: ProbeRequest) -> dict[str, Any]:
    """Ask one arm as if it answered all questions; nothing is recorded."""
    history: list[Message] = [{"role": m.role, "content": m.content} for m in asked.history]
    measured = await _bench(request).ask(
        asked.arm,
        asked.question,
        history=history,
        interface=asked.interface,
        passages=asked.passages,
    )
    return asdict(measured)


@router.get("/judge")
async def judge(request: Request) -> dict[str, Any]:
    """Return the weights that are lent as a judge, or why there are none."""
    return asdict(_lender(request).offer)


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
    assistant: Assistant = request.app.state.assistant
    return assistant.nights


def _bench(request: Request) -> Probe:
    bench: Probe = request.app.state.bench
    return bench
