"""Changing and searching the knowledge of a running server: what the CLI uses."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from assistant.api.entry.auth import caller
from assistant.api.entry.body import JsonRoute
from assistant.api.lines import JSONL, streamed
from assistant.assistant import Assistant, Knowledge
from assistant.errors import LoadError, SourceError
from assistant.knowledge.library import Changes, Inventory
from assistant.knowledge.replacements import WRITTEN
from assistant.language import language_of_question
from assistant.progress import Progress
from assistant.records.sources import Sources
from assistant.wire.knowledge import FoundPassages, NewRoot, PassagesView

_LINES: Final = {
    JSONL: {
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
    _by_hand(new.root)
    library = _knowledge(request).library
    await asyncio.to_thread(_check_free, request, new.root)
    log, by = _assistant(request).log, caller(request).name

    def work(progress: Progress) -> Mapping[str, Any]:
        told = asdict(library.add(new.root, new.items, progress, keep=new.keep))
        log.note(by, "knowledge added", new.root, told)
        return {"changes": told}

    return streamed(request, work, given_up=True)


@router.delete("/roots/{root:path}")
async def remove(request: Request, root: str) -> Changes:
    """Take a root out."""
    _by_hand(root)
    await asyncio.to_thread(_check_free, request, root)
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


def _check_free(request: Request, root: str) -> None:
    """Check that a root is none of a source, which the next refresh would make as it was.

    Raises:
        SourceError: it is.
    """
    if Sources(_assistant(request).records.engine).find(root) is not None:
        raise SourceError(
            f"{root} is a source: it holds what is read there.",
            hint="Change or remove the source.",
        )


def _by_hand(root: str) -> None:
    """Refuse to change the root of the entries that are written here: its table says what it holds.

    Raises:
        LoadError: it is that root.
    """
    if root == WRITTEN:
        raise LoadError(
            f"{root} holds the entries that are written here.",
            source=root,
            hint="Change them one by one: on the page Knowledge, or by /v1/entries.",
        )


def _knowledge(request: Request) -> Knowledge:
    return _assistant(request).knowledge


def _assistant(request: Request) -> Assistant:
    assistant: Assistant = request.app.state.assistant
    return assistant
