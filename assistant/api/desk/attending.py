"""Who of the team calls, for the routes of the desk."""

import asyncio

from fastapi import Request

from assistant.api.entry.auth import caller
from assistant.assistant import Assistant
from assistant.records.desk.events import Worker


async def come(request: Request) -> None:
    """Note who is at the desk, so that they can be assigned and mentioned."""
    assistant: Assistant = request.app.state.assistant
    await asyncio.to_thread(assistant.queue.attendance.come, worker(request))


def worker(request: Request) -> Worker:
    """Return who calls."""
    identity = caller(request)
    return Worker(identity.id, identity.name)


def assistant_of(request: Request) -> Assistant:
    """Return the assistant that is served."""
    assistant: Assistant = request.app.state.assistant
    return assistant
