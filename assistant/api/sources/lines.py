"""A refresh as JSON lines: its progress, and then what became of it."""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from fastapi import Request
from fastapi.responses import StreamingResponse

from assistant.api import lines
from assistant.api.entry.auth import caller
from assistant.assistant import Assistant
from assistant.errors import ServerStopping, SourceBusy
from assistant.progress import Progress
from assistant.sources.batch import Stopped
from assistant.sources.refresh import Refreshed, Refresher

LINES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            lines.JSONL: {
                "schema": {
                    "type": "string",
                    "description": 'Lines of `{"progress": [what, done, total]}`, the last one '
                    '`{"changes": {added, kept, removed}}`, `{"held": {added, kept, removed}}` '
                    "where a person has to confirm, or an ErrorReply.",
                }
            }
        }
    }
}
_PATIENCE_S: Final = 60.0


def refresher_of(request: Request) -> Refresher:
    """Return what refreshes the sources of this server."""
    refresher: Refresher = request.app.state.refresher
    return refresher


def assistant_of(request: Request) -> Assistant:
    """Return the assistant of this server."""
    assistant: Assistant = request.app.state.assistant
    return assistant


def refreshed(
    request: Request, name: str, progress: Progress, *, confirmed: bool = False, wait: bool = False
) -> Refreshed:
    """Refresh a source for who calls, and note that in the log. Blocking.

    wait: for somebody who refreshes it now, for a minute at most.

    Raises:
        UnknownSource, SourceBusy: it cannot be taken.
        RoutebackError: it cannot be read.
        ServerStopping: the server ends.
    """
    refresher, until = refresher_of(request), time.monotonic() + _PATIENCE_S
    while True:
        try:
            done = refresher.refresh(name, progress, confirmed=confirmed)
            break
        except SourceBusy:
            if not wait or time.monotonic() > until or refresher.stop.wait(1):
                raise
        except Stopped:
            raise ServerStopping from None
    detail = {"outcome": done.outcome, "confirmed": confirmed, **asdict(done.changes)}
    assistant_of(request).log.note(caller(request).name, "source refreshed", name, detail)
    return done


def streamed(request: Request, work: Callable[[Progress], Refreshed]) -> StreamingResponse:
    """Return the lines of a refresh, which the refresher ends when the server stops."""

    def run(progress: Progress) -> dict[str, Any]:
        done = work(progress)
        return {"changes" if done.outcome == "done" else "held": asdict(done.changes)}

    return lines.streamed(request, run)
