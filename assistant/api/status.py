"""How far the model that writes is, and whether questions can be answered."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant
from assistant.wire.service import Alive, ModelStatus, ServiceReady

router = APIRouter(route_class=JsonRoute)


@router.get("/v1/status")
async def status(request: Request) -> ModelStatus:
    """Say whether the model that writes is there; questions are answered before it is."""
    coming = _assistant(request).lineup.coming
    return ModelStatus(
        model=coming.model,
        progress=None if coming.progress is None else round(coming.progress, 3),
        message=f"{coming.message} {coming.hint}".strip(),
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
    assistant = _assistant(request)
    there = assistant.knowledge.library.generation() > 0
    engine = assistant.engine is None or assistant.engine.healthy
    parts = {"ready": there, "knowledge": there, "engine": engine}
    return JSONResponse(parts, 200 if there else 503)


def _assistant(request: Request) -> Assistant:
    assistant: Assistant = request.app.state.assistant
    return assistant
