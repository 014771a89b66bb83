"""The bare pass-through: FastAPI and httpx between a client and the endpoint, and nothing else.

``python -m benchmarks.load.passthrough PORT URL``. What it costs is what any server of this kind
costs; what Routeback costs beyond it is Routeback's own.
"""

import sys
from collections.abc import AsyncIterator

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse


def application(url: str) -> FastAPI:
    """Return the pass-through to an endpoint."""
    app = FastAPI()
    client = httpx.AsyncClient(
        timeout=120, trust_env=False, limits=httpx.Limits(max_connections=None)
    )

    @app.get("/readyz")
    async def ready() -> None:
        return None

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> StreamingResponse:
        body = await request.json()
        return StreamingResponse(_passed(body), media_type="text/event-stream")

    async def _passed(body: object) -> AsyncIterator[bytes]:
        async with client.stream("POST", f"{url}/chat/completions", json=body) as reply:
            async for piece in reply.aiter_raw():
                yield piece

    return app


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[2]), port=int(sys.argv[1]), log_level="critical", lifespan="off"
    )
