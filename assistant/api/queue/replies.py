"""Texts for replies that the team keeps."""

import asyncio

from fastapi import APIRouter, Depends, Request

from assistant.api.desk.attending import assistant_of, come, worker
from assistant.api.entry.body import JsonRoute
from assistant.language import Language
from assistant.wire.queue import (
    CannedReplies,
    CannedReply,
    FilledReply,
    NewCannedReply,
    Removed,
)

router = APIRouter(prefix="/v1/desk", route_class=JsonRoute, dependencies=[Depends(come)])


@router.get("/replies")
async def kept(request: Request, language: Language | None = None) -> CannedReplies:
    """List the texts. language: those of it, and those of any."""
    canned = assistant_of(request).queue.canned
    return CannedReplies(replies=tuple(await asyncio.to_thread(canned.all, language)))


@router.post("/replies", status_code=201)
async def keep(request: Request, new: NewCannedReply) -> CannedReply:
    """Keep a text for all of the team."""
    canned = assistant_of(request).queue.canned
    return await asyncio.to_thread(canned.add, new, worker(request))


@router.put("/replies/{reply}")
async def change(request: Request, reply: str, new: NewCannedReply) -> CannedReply:
    """Put another in place of a text."""
    canned = assistant_of(request).queue.canned
    return await asyncio.to_thread(canned.change, reply, new, worker(request))


@router.delete("/replies/{reply}")
async def remove(request: Request, reply: str) -> Removed:
    """Keep a text no more."""
    await asyncio.to_thread(assistant_of(request).queue.canned.remove, reply)
    return Removed(id=reply)


@router.get("/tickets/{ticket}/replies/{reply}")
async def fill(request: Request, ticket: str, reply: str) -> FilledReply:
    """Return a text with its gaps filled for a ticket; nothing is sent."""
    assistant, by = assistant_of(request), worker(request)
    found = await asyncio.to_thread(assistant.desk.get, ticket)
    text = await asyncio.to_thread(assistant.queue.canned.filled, reply, found, by)
    return FilledReply(text=text)
