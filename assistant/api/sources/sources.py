"""The sources: listed, named, changed, refreshed, confirmed, removed."""

import asyncio
from collections import Counter
from dataclasses import asdict
from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from assistant.api.entry.auth import caller
from assistant.api.entry.body import JsonRoute
from assistant.api.sources.lines import LINES, assistant_of, refreshed, refresher_of, streamed
from assistant.knowledge.library import Changes
from assistant.records.sources import KnowledgeSource, SourceOptions
from assistant.sources.refresh import Refresher
from assistant.wire.sources import (
    ChangedSource,
    KnowledgeSourcesView,
    KnowledgeSourceView,
    NewSource,
    SourceNoteView,
    SourceOptionsBody,
    SourceOptionsView,
)

router = APIRouter(prefix="/v1/knowledge/sources", route_class=JsonRoute)


@router.get("")
async def listed(request: Request) -> KnowledgeSourcesView:
    """List the sources, and how the last refresh of each went."""
    return KnowledgeSourcesView(sources=await asyncio.to_thread(_views, refresher_of(request)))


@router.post("", status_code=201)
async def add(request: Request, new: NewSource) -> KnowledgeSourceView:
    """Name a source; it is read soon, or at once with ``…/refresh``."""
    refresher, who = refresher_of(request), caller(request)
    source = await asyncio.to_thread(
        partial(
            refresher.register.add,
            new.name,
            new.kind,
            new.address,
            options_of(new.options),
            new.schedule,
            here=who.kind == "local",
        )
    )
    detail = {"kind": source.kind, "address": source.address, "schedule": source.schedule}
    note = assistant_of(request).log.note
    await asyncio.to_thread(note, who.name, "source added", source.name, detail)
    return _view(refresher, source, 0)


@router.get("/{name}")
async def one(request: Request, name: str) -> KnowledgeSourceView:
    """Return one source."""
    return await asyncio.to_thread(_one, refresher_of(request), name)


@router.patch("/{name}")
async def change(request: Request, name: str, new: ChangedSource) -> KnowledgeSourceView:
    """Change how or when a source is read; after another way of reading it is read again."""
    refresher = refresher_of(request)
    options = None if new.options is None else options_of(new.options)
    source = await asyncio.to_thread(refresher.register.change, name, options, new.schedule)
    detail = {"schedule": source.schedule, "options": new.options is not None}
    note = assistant_of(request).log.note
    await asyncio.to_thread(note, caller(request).name, "source changed", source.name, detail)
    return await asyncio.to_thread(_one, refresher, source.name)


@router.delete("/{name}")
async def remove(request: Request, name: str) -> Changes:
    """Take a source out, with its passages and the files that were sent for it."""
    changes = await asyncio.to_thread(refresher_of(request).register.remove, name)
    note = assistant_of(request).log.note
    who = caller(request).name
    await asyncio.to_thread(note, who, "source removed", name, asdict(changes))
    return changes


@router.post("/{name}/refresh", response_class=Response, responses=LINES)
async def refresh(request: Request, name: str) -> StreamingResponse:
    """Read a source again; streams JSON lines of progress, then of what became of it."""
    await asyncio.to_thread(refresher_of(request).store.get, name)
    return streamed(request, partial(refreshed, request, name))


@router.post("/{name}/confirm", response_class=Response, responses=LINES)
async def confirm(request: Request, name: str) -> StreamingResponse:
    """Refresh a source whose last refresh was held, and let it remove as much as that said."""
    await asyncio.to_thread(refresher_of(request).store.get, name)
    return streamed(request, partial(refreshed, request, name, confirmed=True))


def options_of(body: SourceOptionsBody) -> SourceOptions:
    """Return options as they are stored."""
    return SourceOptions(**{**body.model_dump(), "hosts": tuple(body.hosts)})


def _views(refresher: Refresher) -> tuple[KnowledgeSourceView, ...]:
    sources = refresher.store.all()
    counts = Counter(chunk.root for chunk in refresher.library.stock()) if sources else Counter()
    return tuple(_view(refresher, source, counts[source.name]) for source in sources)


def _one(refresher: Refresher, name: str) -> KnowledgeSourceView:
    source = refresher.store.get(name)
    return _view(refresher, source, sum(refresher.library.passages_of(name).values()))


def _view(refresher: Refresher, source: KnowledgeSource, passages: int) -> KnowledgeSourceView:
    fields = {
        name: getattr(source, name)
        for name in KnowledgeSourceView.model_fields.keys() & set(source.__slots__)
    }
    told = {
        "options": SourceOptionsView.model_validate(source.options),
        "notes": tuple(SourceNoteView.model_validate(note) for note in source.notes),
        "running": source.running(refresher.now()),
        "passages": passages,
    }
    return KnowledgeSourceView(**{**fields, **told})
