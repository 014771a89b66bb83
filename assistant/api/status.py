"""How far the model that writes is, and whether questions can be answered."""

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import literal, select

from assistant.api.entry.body import JsonRoute
from assistant.api.entry.pulse import Pulse
from assistant.assistant import Assistant
from assistant.sample.world import SampleWorld
from assistant.watching.exporter import exposition
from assistant.wire.service import Alive, ModelStatus, SampleView, ServiceReady
from guardrails import clock

router = APIRouter(route_class=JsonRoute)


@router.get("/v1/status")
async def status(request: Request) -> ModelStatus:
    """Say whether the model that writes is there; questions are answered before it is."""
    coming = _assistant(request).lineup.coming
    return ModelStatus(
        model=coming.model,
        progress=None if coming.progress is None else round(coming.progress, 3),
        message=f"{coming.message} {coming.hint}".strip(),
        sample=sampled(request),
    )


@router.get("/openapi.json", include_in_schema=False)
async def described(request: Request) -> JSONResponse:
    """Return the OpenAPI document."""
    return JSONResponse(request.app.openapi())


@router.get("/healthz")
async def alive() -> Alive:
    """Say that the process answers."""
    return Alive()


@router.get("/health", response_model=ServiceReady, responses={503: {"model": ServiceReady}})
@router.get("/readyz", response_model=ServiceReady, responses={503: {"model": ServiceReady}})
async def ready(request: Request) -> JSONResponse:
    """Say whether questions can be answered, by quoting at least. engine: whether it is up."""
    engine, pulses = _assistant(request).engine, request.app.state.pulses
    felt = await asyncio.gather(*(pulse.felt() for pulse in pulses.values()))
    healthy = engine is None or engine.healthy
    parts = {"ready": all(felt), **dict(zip(pulses, felt, strict=True)), "engine": healthy}
    return JSONResponse(parts, 200 if all(felt) else 503)


def pulses_of(assistant: Assistant) -> Mapping[str, Pulse]:
    """Return what every answer needs."""
    library, records = assistant.knowledge.library, assistant.records.engine

    def kept() -> bool:
        with records.connect() as connection:
            return connection.scalar(select(literal(True))) is True

    return {"knowledge": Pulse(lambda: library.generation() > 0), "records": Pulse(kept)}


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Return the metrics, for Prometheus."""
    registry, accept = _assistant(request).watch.registry, request.headers.get("accept", "")
    text, content_type = await asyncio.to_thread(exposition, registry, accept)
    return Response(text, headers={"Content-Type": content_type})


def sampled(request: Request) -> SampleView | None:
    """Return that the data are a sample, where they are."""
    sample: SampleWorld | None = request.app.state.sample
    return None if sample is None else SampleView(recorded=sample.recorded, now=clock.now())


def _assistant(request: Request) -> Assistant:
    assistant: Assistant = request.app.state.assistant
    return assistant
