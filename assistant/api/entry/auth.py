"""Who calls, for the routes; ``door`` has let them in."""

from fastapi import HTTPException, Request

from assistant.access.grants import ANYBODY, granted
from assistant.access.identity import Identity


async def admit(request: Request) -> None:
    """Refuse what the table of grants does not have, however the request came here.

    The door has asked the table by the request's path; this asks it by the route that was found.

    Raises:
        HTTPException: 403: nothing is granted.
    """
    route = (request.method, request.scope["route"].path)
    if route in ANYBODY:
        return
    identity = getattr(request.state, "identity", None)
    if identity is None or not granted(identity, route):
        raise HTTPException(403, "Nobody may do this.")


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
