"""Search in what was said."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from assistant.api.desk.attending import assistant_of, come
from assistant.api.entry.body import JsonRoute
from assistant.desk.wanted import LONGEST
from assistant.wire.desk import TicketName
from assistant.wire.queue import SearchHits

router = APIRouter(prefix="/v1/desk", route_class=JsonRoute, dependencies=[Depends(come)])


@router.get("/search")
async def search(
    request: Request,
    q: Annotated[str, Query(max_length=LONGEST)],
    person_of: Annotated[TicketName | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> SearchHits:
    """Find tickets by what was said in them: subject, contact, messages, replies and notes.

    person_of: a ticket; everything of its person instead, their questions and the answers, too.
    q: as somebody types it: each word is the beginning of one; what is in quotes, as it is.
    """
    assistant = assistant_of(request)
    of = await asyncio.to_thread(assistant.desk.get, person_of) if person_of else None
    hits = await asyncio.to_thread(assistant.queue.finder.find, q, limit, of)
    return SearchHits(hits=tuple(hits))
