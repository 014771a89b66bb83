"""The guardrail of a running server: the transfer map, the decisions, and pins."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from assistant.api.entry.auth import signed
from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant
from assistant.guarding import drafts, map_picture
from assistant.guarding.oversight import Oversight
from assistant.records.desk.drafts import Drafts
from assistant.segments import asking
from assistant.sending.channels import channels
from assistant.wire.guard import (
    AlarmsView,
    AlarmTrial,
    DecisionsView,
    DecisionView,
    GuardStatus,
    MapView,
    NewPermission,
    NewPin,
    ReplayView,
    Unpin,
)
from assistant.wire.labels import (
    BlindPairView,
    DraftLabelsView,
    LabelTaken,
    NewLabel,
    RoundsView,
)

router = APIRouter(prefix="/v1/guard", route_class=JsonRoute)


def _picture(kind: map_picture.Kind) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {map_picture.MEDIA[kind]: {"schema": {"type": "string"}}}}}


@router.get("/status")
async def status(request: Request) -> GuardStatus:
    """Return candidates, queue, budget and alarms."""
    return await asyncio.to_thread(_oversight(request).status)


@router.get("/alarms")
async def alarms(request: Request, count: Annotated[int, Query(ge=1, le=200)] = 20) -> AlarmsView:
    """Return the newest alarms, and what was sent of them and of decisions."""
    return await asyncio.to_thread(_oversight(request).alarms, count)


@router.post("/alarms/test")
async def test_alarms(request: Request) -> AlarmTrial:
    """Send a test message through every channel; return what happened."""
    return await asyncio.to_thread(_oversight(request).test_alarms)


@router.get("/map")
async def transfer_map(request: Request) -> MapView:
    """Return the transfer map."""
    return await asyncio.to_thread(_oversight(request).map)


@router.get("/map.svg", response_class=Response, responses=_picture("svg"))
async def drawn_svg(request: Request) -> Response:
    """Return the transfer map as a picture: SVG."""
    return await _drawn(request, "svg")


@router.get("/map.png", response_class=Response, responses=_picture("png"))
async def drawn_png(request: Request) -> Response:
    """Return the transfer map as a picture: PNG."""
    return await _drawn(request, "png")


@router.get("/decisions")
async def decisions(
    request: Request,
    arm: str | None = None,
    segment: str | None = None,
    count: Annotated[int, Query(ge=1, le=1000)] = 20,
) -> DecisionsView:
    """List decisions, newest first."""
    return await asyncio.to_thread(_oversight(request).decisions, arm, segment, count)


@router.get("/decisions/{decision_id}")
async def show(request: Request, decision_id: str) -> DecisionView:
    """Return one decision."""
    return await asyncio.to_thread(_oversight(request).show, decision_id)


@router.get("/decisions/{decision_id}/replay")
async def replay(request: Request, decision_id: str) -> ReplayView:
    """Decide again from the stored pairs, and say whether it is the same."""
    return await asyncio.to_thread(_oversight(request).replay, decision_id)


@router.get("/labels")
async def labels(request: Request) -> RoundsView:
    """Return the rounds of labels, what people say in them, and how far they agree."""
    return await asyncio.to_thread(_oversight(request).labels)


@router.get("/labels/next")
async def next_label(
    request: Request,
    arm: str = "",
    segment: str = "",
    kind: str = "better",
    by: str = "",
    *,
    new: bool = False,
) -> BlindPairView:
    """Return the pair to label next; nothing in it says whose answer is whose."""
    oversight = _oversight(request)
    return await asyncio.to_thread(
        oversight.next_label, arm, segment, kind, signed(request, by), new=new
    )


@router.post("/labels", status_code=201)
async def label(request: Request, new: NewLabel) -> LabelTaken:
    """Take a label; return how far the round has come."""
    oversight = _oversight(request)
    return await asyncio.to_thread(
        oversight.label, new.round, new.place, new.choice, signed(request, new.by)
    )


@router.get("/drafts")
async def draft_labels(request: Request) -> DraftLabelsView:
    """Return what people did with the drafts of each arm; no stage moves by it."""
    assistant: Assistant = request.app.state.assistant
    store = Drafts(assistant.records.engine)
    return drafts.drafts(await asyncio.to_thread(store.outcomes))


@router.post("/pin", status_code=201)
async def pin(request: Request, new: NewPin) -> DecisionView:
    """Hold a stage; return the decision."""
    oversight = _oversight(request)
    by = signed(request, new.by)
    return await asyncio.to_thread(oversight.pin, new.arm, new.segment, new.stage, by, new.why)


@router.post("/unpin", status_code=201)
async def unpin(request: Request, gone: Unpin) -> DecisionView:
    """Let go of a stage; return the decision."""
    oversight = _oversight(request)
    by = signed(request, gone.by)
    return await asyncio.to_thread(oversight.unpin, gone.arm, gone.segment, by, gone.why)


@router.post("/write", status_code=201)
async def write(request: Request, asked: NewPermission) -> DecisionView:
    """Let an arm write, or not any more; return the decision."""
    oversight = _oversight(request)
    terms = (asked.arm, asked.segment, signed(request, asked.by), asked.why)
    if asked.off:
        return await asyncio.to_thread(oversight.stop_writing, *terms)
    return await asyncio.to_thread(oversight.write, *terms, force=asked.force)


async def _drawn(request: Request, kind: map_picture.Kind) -> Response:
    view = await asyncio.to_thread(_oversight(request).map)
    drawn = await asyncio.to_thread(map_picture.draw, view, kind)
    return Response(
        drawn, media_type=map_picture.MEDIA[kind], headers={"Cache-Control": "no-store"}
    )


def _oversight(request: Request) -> Oversight:
    assistant: Assistant = request.app.state.assistant
    guard = assistant.guard
    segments = assistant.segmenter.segments
    versions = dict(guard.versions)
    return Oversight(
        store=guard.store,
        policy=guard.policy,
        sampling=guard.sampling,
        arms=tuple(versions),
        segments=lambda: asking(segments),
        rungs=dict(guard.rungs),
        writing=assistant.writing,
        versions=versions,
        gate=guard.gate,
        channels=channels(assistant.settings.alarms),
    )
