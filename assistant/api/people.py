"""Feedback on answers, and requests for a person."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from assistant.assistant import Assistant
from assistant.privacy import redact
from assistant.records.tickets import Ticket

router = APIRouter()

_LONGEST = 4000


class Feedback(BaseModel):
    """A thumb for one answer, with a comment if the person has one."""

    model_config = ConfigDict(extra="forbid")

    turn_id: Annotated[str, Field(max_length=64)]
    thumb: Literal["up", "down"]
    comment: Annotated[str, Field(max_length=_LONGEST)] = ""


class NewTicket(BaseModel):
    """A request for a person."""

    model_config = ConfigDict(extra="forbid")

    conversation_id: Annotated[str, Field(min_length=1, max_length=64)]
    message: Annotated[str, Field(min_length=1, max_length=_LONGEST)]
    contact: Annotated[str, Field(max_length=200)] = ""
    language: Literal["en", "de"] = "en"


@router.post("/v1/feedback", status_code=201)
async def rate(request: Request, given: Feedback) -> dict[str, str]:
    """Store a rating. It informs people; it never moves a stage."""
    assistant: Assistant = request.app.state.assistant
    comment = await asyncio.to_thread(redact, given.comment.strip())
    if not await asyncio.to_thread(assistant.records.rate, given.turn_id, given.thumb, comment):
        raise HTTPException(404, f"There is no turn {given.turn_id!r}.")
    return {"status": "stored"}


@router.post("/v1/tickets", status_code=201)
async def hand_over(request: Request, asked: NewTicket) -> dict[str, str]:
    """Open a ticket for a person to take up."""
    assistant: Assistant = request.app.state.assistant
    ticket = Ticket(
        conversation_id=asked.conversation_id,
        language=asked.language,
        message=await asyncio.to_thread(redact, asked.message),
        contact=asked.contact.strip(),
    )
    await asyncio.to_thread(assistant.tickets.open, ticket)
    return {"ticket_id": ticket.id, "status": ticket.status}
