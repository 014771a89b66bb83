"""Entries that the desk makes of tickets; they serve once an editor approves them."""

import asyncio

from fastapi import APIRouter, Request

from assistant.api.curation.entries import noted, shown_draft, shown_version
from assistant.api.entry.auth import caller
from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant
from assistant.curation.proposals import Proposals
from assistant.records.entries import EntryContent
from assistant.wire.curation import DraftView, ProposedEntry, TicketEntry, VersionView

router = APIRouter(prefix="/v1/desk/tickets/{ticket}/entry", route_class=JsonRoute)


@router.get("")
async def made(request: Request, ticket: str) -> TicketEntry:
    """Return the entry that was made of a ticket, as it is now."""
    proposals = _proposals(request)

    def read() -> TicketEntry:
        version = proposals.made_of(ticket)
        if version is None:
            return TicketEntry()
        served = proposals.curation.versions.serving()
        name = (version.key, version.language)
        serving = any((one.key, one.language) == name for one in served)
        return TicketEntry(entry=shown_version(version), serving=serving)

    return await asyncio.to_thread(read)


@router.get("/draft")
async def begun(request: Request, ticket: str) -> DraftView:
    """Return with what an entry begins: what was asked in vain, and what was replied."""
    return shown_draft(await asyncio.to_thread(_proposals(request).begin, ticket))


@router.post("", status_code=201)
async def propose(request: Request, ticket: str, proposed: ProposedEntry) -> VersionView:
    """Store a draft for the editors; what is served stays as it is until one approves it."""
    content = EntryContent(name=proposed.name, text=proposed.text, aliases=proposed.aliases)
    by = caller(request).name
    stored = await asyncio.to_thread(
        _proposals(request).propose, ticket, proposed.language, content, by
    )
    await noted(request, "entry written", stored)
    return shown_version(stored)


def _proposals(request: Request) -> Proposals:
    assistant: Assistant = request.app.state.assistant
    return Proposals(assistant.curation, assistant.desk, assistant.records.threads)
