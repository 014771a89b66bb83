"""What an agent is told of tickets."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from assistant.api.desk.attending import assistant_of, come, worker
from assistant.api.entry.body import JsonRoute
from assistant.wire.queue import NewsList, NewsSeen

router = APIRouter(prefix="/v1/desk/news", route_class=JsonRoute, dependencies=[Depends(come)])


@router.get("")
async def newest(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    *,
    unseen: bool = False,
) -> NewsList:
    """Return what one is told, the newest first, and how much of it one has not seen."""
    mine = assistant_of(request).queue.news(worker(request).id)
    return await asyncio.to_thread(lambda: mine.newest(limit, unseen=unseen))


@router.post("/seen")
async def see(request: Request, which: NewsSeen) -> NewsList:
    """Note what one has seen; return what is left."""
    mine = assistant_of(request).queue.news(worker(request).id)
    await asyncio.to_thread(mine.see, which.until, which.ticket)
    return await asyncio.to_thread(lambda: mine.newest(50, unseen=True))
