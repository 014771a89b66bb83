"""What people think of answers."""

import asyncio

from fastapi import APIRouter, HTTPException, Request

from assistant.api.entry.auth import caller
from assistant.assistant import Assistant
from assistant.privacy import redact
from assistant.wire.service import Feedback, FeedbackStored

router = APIRouter()


@router.post("/v1/feedback", status_code=201)
async def rate(request: Request, given: Feedback) -> FeedbackStored:
    """Store a rating. It informs people; it never moves a stage."""
    assistant: Assistant = request.app.state.assistant
    comment = await asyncio.to_thread(redact, given.comment.strip())
    rating = (given.turn_id, given.thumb, comment, caller(request).id)
    if not await asyncio.to_thread(assistant.records.rate, *rating):
        raise HTTPException(404, f"There is no turn {given.turn_id!r}.")
    return FeedbackStored()
