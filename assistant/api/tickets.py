"""Requests for a person."""

import asyncio

from fastapi import APIRouter, Request

from assistant.api.entry.auth import caller
from assistant.assistant import Assistant
from assistant.privacy import redact
from assistant.records.tickets import Ticket
from assistant.wire.service import NewTicket, TicketOpened

router = APIRouter()


@router.post("/v1/tickets", status_code=201)
async def hand_over(request: Request, asked: NewTicket) -> TicketOpened:
    """Open a ticket for a person to take up."""
    assistant: Assistant = request.app.state.assistant
    owners, owner = assistant.records.conversations, caller(request).id
    if asked.conversation_id is None:
        conversation = await asyncio.to_thread(owners.begin, owner)
    else:
        conversation = asked.conversation_id
        await asyncio.to_thread(owners.go_on, owner, conversation)
    ticket = Ticket(
        conversation_id=conversation,
        language=asked.language,
        message=await asyncio.to_thread(redact, asked.message),
        contact=asked.contact.strip(),
    )
    await asyncio.to_thread(assistant.tickets.open, ticket)
    return TicketOpened(
        ticket_id=ticket.id, status=ticket.status, conversation_id=ticket.conversation_id
    )
