"""Requests for a person."""

import asyncio

from fastapi import APIRouter, Request

from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant
from assistant.privacy import redact
from assistant.records.tickets import Ticket
from assistant.wire.service import NewTicket, TicketOpened

router = APIRouter(route_class=JsonRoute)


@router.post("/v1/tickets", status_code=201)
async def hand_over(request: Request, asked: NewTicket) -> TicketOpened:
    """Open a ticket for a person to take up."""
    assistant: Assistant = request.app.state.assistant
    ticket = Ticket(
        conversation_id=asked.conversation_id,
        language=asked.language,
        message=await asyncio.to_thread(redact, asked.message),
        contact=asked.contact.strip(),
    )
    await asyncio.to_thread(assistant.tickets.open, ticket)
    return TicketOpened(ticket_id=ticket.id, status=ticket.status)
