"""Lists of tickets: filtered, as kept views, and as a table."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from assistant.api.desk import views
from assistant.api.desk.attending import assistant_of, come, worker
from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant
from assistant.desk import cells
from assistant.records.desk.events import Worker
from assistant.records.desk.tickets import Ticket
from assistant.wire.desk import TicketsView
from assistant.wire.queue import (
    Looking,
    NewSavedView,
    OrderName,
    Removed,
    SavedView,
    SavedViews,
    TicketFilter,
    TicketQuery,
    TicketTable,
)

router = APIRouter(prefix="/v1/desk", route_class=JsonRoute, dependencies=[Depends(come)])

_CSV: Final = "text/csv; charset=utf-8"
_TABLE: Final = {"text/csv": {"schema": {"type": "string", "description": "RFC 4180, UTF-8."}}}
_COLUMNS: Final = (
    *("number", "status", "priority", "reason", "cause", "subject", "language", "segment"),
    *("channel", "assignee_name", "created_at", "updated_at", "user_waits_since"),
    *("first_reply_due", "first_reply_at", "solve_due", "solved_at", "closed_at"),
    *("reopened", "rating", "rating_comment", "contact", "message"),
)


@router.get("/tickets")
async def listed(request: Request, wanted: Annotated[TicketQuery, Query()]) -> TicketsView:
    """List tickets: those for which all of the filter holds, in an order, a part at a time."""
    assistant, by = assistant_of(request), worker(request)
    return await asyncio.to_thread(_listed, assistant, by, wanted)


@router.get("/tickets.csv", response_class=Response, responses={200: {"content": _TABLE}})
async def table(request: Request, wanted: Annotated[TicketTable, Query()]) -> StreamingResponse:
    """Return tickets as a table for spreadsheets, in which nothing is a formula."""
    assistant, by = assistant_of(request), worker(request)
    filters, order = await asyncio.to_thread(_filters, assistant, by, wanted)
    listing = assistant.queue.listing(by.id)
    count = await asyncio.to_thread(listing.total, filters)
    what = {"tickets": count}
    await asyncio.to_thread(assistant.log.note, by.name, "exported", "tickets", what)
    lines = _lines(listing.each(filters, order), bom=wanted.bom)
    told = {"Content-Disposition": 'attachment; filename="tickets.csv"'}
    return StreamingResponse(lines, media_type=_CSV, headers=told)


@router.get("/views")
async def kept(request: Request) -> SavedViews:
    """List the views that one sees, each with how many tickets it has now."""
    mine = assistant_of(request).queue.views(worker(request))
    return SavedViews(views=tuple(await asyncio.to_thread(mine.all)))


@router.post("/views", status_code=201)
async def keep(request: Request, new: NewSavedView) -> SavedView:
    """Keep a view."""
    mine = assistant_of(request).queue.views(worker(request))
    return await asyncio.to_thread(mine.add, new)


@router.put("/views/{view}")
async def change(request: Request, view: str, new: NewSavedView) -> SavedView:
    """Put another in place of a view of one's own."""
    mine = assistant_of(request).queue.views(worker(request))
    return await asyncio.to_thread(mine.change, view, new)


@router.delete("/views/{view}")
async def remove(request: Request, view: str) -> Removed:
    """Keep a view of one's own no more."""
    mine = assistant_of(request).queue.views(worker(request))
    await asyncio.to_thread(mine.remove, view)
    return Removed(id=view)


@router.post("/tickets/{ticket}/looking")
async def look(request: Request, ticket: str) -> Looking:
    """Say that one looks at a ticket; said again before half a minute is over, it goes on."""
    assistant, by = assistant_of(request), worker(request)
    found = await asyncio.to_thread(assistant.desk.get, ticket)
    others, until = await asyncio.to_thread(assistant.queue.lookers.look, found, by)
    return Looking(others=tuple(others.values()), until=until)


def _listed(assistant: Assistant, by: Worker, wanted: TicketQuery) -> TicketsView:
    filters, order = _filters(assistant, by, wanted)
    page = assistant.queue.listing(by.id).page(filters, order, wanted.limit, wanted.offset)
    told = (views.ticket_view(assistant, ticket, by.id, page) for ticket in page.tickets)
    return TicketsView(tickets=tuple(told), total=page.total)


def _filters(
    assistant: Assistant, by: Worker, wanted: TicketQuery | TicketTable
) -> tuple[list[TicketFilter], OrderName]:
    """Return all filters that are to hold, and the order: newest first, unless a view has one."""
    if wanted.view is None:
        return [wanted], wanted.order or "newest"
    view = assistant.queue.views(by).get(wanted.view)
    return [view.filter, wanted], wanted.order or view.order


def _lines(found: Iterable[Ticket], *, bom: bool) -> Iterator[str]:
    yield (cells.BOM if bom else "") + cells.line(_COLUMNS)
    for ticket in found:
        yield cells.line(_cell(getattr(ticket, name)) for name in _COLUMNS)


def _cell(value: object) -> object:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
