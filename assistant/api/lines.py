"""Something that takes long as JSON lines: its progress, and then what became of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

from fastapi import Request
from fastapi.responses import StreamingResponse

from assistant.api import errors
from assistant.api.connection import Closing
from assistant.errors import ServerStopping
from assistant.progress import Progress

JSONL: Final = "application/jsonl"
_under_way: Final[set[asyncio.Task[None]]] = set()
"""What goes on though nobody may listen any more."""


def streamed(
    request: Request, work: Callable[[Progress], Mapping[str, Any]], *, given_up: bool = False
) -> StreamingResponse:
    """Return the lines of some work, which goes on to its end even if nobody reads them.

    work: returns the last line. given_up: when the server is about to stop, by an error out of its
    progress; else whoever does it is told in another way.
    """
    loop, closing = asyncio.get_running_loop(), _closing(request)
    lines: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

    def tell(what: str, done: int, total: int) -> None:
        if given_up and closing.begun:
            raise ServerStopping
        loop.call_soon_threadsafe(lines.put_nowait, {"progress": [what, done, total]})

    async def run() -> None:
        try:
            await lines.put(await asyncio.to_thread(work, tell))
        except Exception as error:
            await lines.put(errors.told(error))

    task = asyncio.create_task(run())
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)

    async def told() -> AsyncIterator[str]:
        line: Mapping[str, Any] = {"progress": []}
        while "progress" in line:
            try:
                line = await closing.first(lines.get())
            except ServerStopping as error:
                line = errors.of(error)
            yield json.dumps(line) + "\n"

    return StreamingResponse(told(), media_type=JSONL)


def _closing(request: Request) -> Closing:
    closing: Closing = request.app.state.closing
    return closing
