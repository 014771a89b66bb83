"""Who may call: anybody on loopback, holders of a key elsewhere; the owner may change things."""

import secrets
from dataclasses import dataclass, field

from fastapi import HTTPException, Request


@dataclass(frozen=True, slots=True)
class Keys:
    """The accepted keys. owner: made at each start, known to this machine's user alone."""

    owner: str = field(repr=False)
    users: tuple[str, ...] = field(default=(), repr=False)

    def caller(self, request: Request) -> None:
        """Let through whoever has a key, or anybody if none is configured.

        Raises:
            HTTPException: 401.
        """
        if self.users and not self._holds(request, (*self.users, self.owner)):
            raise HTTPException(401, "This API needs a key: Authorization: Bearer KEY.")

    def keeper(self, request: Request) -> None:
        """Let through the owner and holders of a configured key.

        Raises:
            HTTPException: 401.
        """
        if not self._holds(request, (*self.users, self.owner)):
            raise HTTPException(401, "This needs a key: Authorization: Bearer KEY.")

    def only_owner(self, request: Request) -> None:
        """Let through the user who runs the server, and nobody else.

        Raises:
            HTTPException: 401.
        """
        if not self._holds(request, (self.owner,)):
            raise HTTPException(401, "This needs the owner's key, which server.json has.")

    @staticmethod
    def _holds(request: Request, keys: tuple[str, ...]) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        matches = [secrets.compare_digest(token.encode(), key.encode()) for key in keys]
        return scheme.lower() == "bearer" and any(matches)


def keeper(request: Request) -> None:
    """Let only the owner and key holders in."""
    request.app.state.keys.keeper(request)


def owner(request: Request) -> None:
    """Let only the owner in."""
    request.app.state.keys.only_owner(request)
