"""Changing and searching the knowledge of a running server: what the CLI uses."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from assistant.api import errors
from assistant.api.entry.auth import caller
from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant, Knowledge
from assistant.errors import RoutebackError
from assistant.knowledge.library import Changes, Inventory
from assistant.language import language_of_question
from assistant.wire.knowledge import FoundPassages, NewRoot, PassagesView

_JSONL: Final = "application/jsonl"
_LINES: Final = {
    _JSONL: {
        "schema": {
            "type": "string",
            "description": 'Lines of `{"progress": [what, done, total]}`, the last one '
            '`{"changes": {added, kept, removed}}` or an ErrorReply.',
        }
    }
}

router = APIRouter(prefix="/v1/knowledge", route_class=JsonRoute)


@router.get("")
async def listed(request: Request) -> Inventory:
    """List what was added."""
    library = _knowledge(request).library
    return await asyncio.to_thread(library.inventory)


@router.post("", response_class=Response, responses={200: {"content": _LINES}})
async def add(request: Request, new: NewRoot) -> StreamingResponse:
    """Index documents; streams JSON lines of progress, then of the changes or the error."""
    library = _knowledge(request).library
    log, by = _assistant(request).log, caller(request).name
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def tell(what: str, done: int, total: int) -> None:
        loop.call_soon_threadsafe(lines.put_nowait, {"progress": [what, done, total]})

    async def work() -> None:
        try:
            changes = await asyncio.to_thread(library.add, new.root, new.items, tell, keep=new.keep)
            told = asdict(changes)
            await asyncio.to_thread(log.note, by, "knowledge added", new.root, told)
            await lines.put({"changes": told})
        except RoutebackError as error:
            await lines.put(errors.of(error))
        except Exception:
            await lines.put(errors.body("Indexing failed; see the server's log.", 500, "internal"))
            raise

    task = asyncio.create_task(work())

    async def told() -> AsyncIterator[str]:
        while True:
            line = await lines.get()
            yield json.dumps(line) + "\n"
            if "progress" not in line:
                await task
                return

    return StreamingResponse(told(), media_type=_JSONL)


@router.delete("/roots/{root:path}")
async def remove(request: Request, root: str) -> Changes:
    """Take a root out."""
    changes = await asyncio.to_thread(_knowledge(request).library.remove, root)
    note = _assistant(request).log.note
    await asyncio.to_thread(note, caller(request).name, "knowledge removed", root, asdict(changes))
    return changes


@router.get("/passages")
async def passages(request: Request, source: Annotated[str, Query(min_length=1)]) -> PassagesView:
    """Return the passages of a source in reading order."""
    chunks = await asyncio.to_thread(_knowledge(request).library.passages, source)
    return PassagesView(passages=tuple(chunks))


@router.get("/search")
async def search(
    request: Request,
    q: Annotated[str, Query(min_length=1, max_length=4000)],
    limit: Annotated[int, Query(ge=1, le=100)] = 5,
) -> FoundPassages:
    """Return the passages for a question, as an answer would get them."""
    language = language_of_question(q, fallback="en") or "en"
    hits = await asyncio.to_thread(_knowledge(request).search.find, q, language, limit)
    return FoundPassages(passages=tuple(hits))


def _knowledge(request: Request) -> Knowledge:
    return _assistant(request).knowledge


def _assistant(request: Request) -> Assistant:
    assistant: Assistant = request.app.state.assistant
    return assistant
