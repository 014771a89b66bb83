"""Feedback on answers, and requests for a person."""

import asyncio

from fastapi import APIRouter, HTTPException, Request

from assistant.assistant import Assistant
from assistant.privacy import redact
from assistant.records.tickets import Ticket
from assistant.wire.service import Feedback, FeedbackStored, NewTicket, TicketOpened

router = APIRouter()


@router.post("/v1/feedback", status_code=201)
async def rate(request: Request, given: Feedback) -> FeedbackStored:
    """Store a rating. It informs people; it never moves a stage."""
    assistant: Assistant = request.app.state.assistant
    comment = await asyncio.to_thread(redact, given.comment.strip())
    if not await asyncio.to_thread(assistant.records.rate, given.turn_id, given.thumb, comment):
        raise HTTPException(404, f"There is no turn {given.turn_id!r}.")
    return FeedbackStored()


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
