"""Lets those in whom the table of grants lets in, and says who they are."""

import asyncio

from fastapi import HTTPException, Request

from assistant.access.callers import NOBODY, Callers
from assistant.access.grants import ANYBODY, granted, route_of
from assistant.access.identity import Identity


async def admit(request: Request) -> None:
    """Refuse a request that its caller has no right to; remember who calls.

    Raises:
        HTTPException: 401: nobody is known; 403: somebody is, and may not.
    """
    route = route_of(request.method, request.scope["route"].path_format)
    if route in ANYBODY:
        return
    callers: Callers = request.app.state.callers
    identity = await asyncio.to_thread(callers.identify, request.headers)
    if identity is not None and granted(identity, route):
        request.state.identity = identity
        return
    if identity is None or identity.name == NOBODY:
        raise HTTPException(
            401,
            "This needs a key: Authorization: Bearer KEY.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    raise HTTPException(403, f"{identity.name} has no role that may do this.")


def caller(request: Request) -> Identity:
    """Return who calls; of a route that ``admit`` has let through."""
    identity: Identity = request.state.identity
    return identity


def signed(request: Request, by: str) -> str:
    """Return whose name a change is recorded under: the caller's own.

    by: what the request says; the user of this machine alone may sign as somebody.
    """
    identity = caller(request)
    return by if identity.kind == "local" else identity.name
