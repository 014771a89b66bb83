"""Zammad's REST API, as its documentation says: what this bridge asks of it."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import httpx

from assistant.bridge.articles import ArticleThere
from assistant.sending.channel import NotSent
from assistant.sending.post import TIMEOUT_S
from guardrails.failures import kind

_AGAIN: Final = frozenset({408, 429})
_GONE: Final = 404
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LONGEST_WAIT_S: Final = 3600.0

log = logging.getLogger(__name__)


class InDoubt(Exception):
    """Nobody knows whether a request took effect. wait_s: how long Zammad asks to be left alone."""

    def __init__(self, why: str, wait_s: float = 0.0) -> None:
        super().__init__(why)
        self.why = why
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class ThereTicket:
    """A ticket as Zammad tells it. owner: id of who works on it; None: nobody."""

    id: int
    state: str
    customer: int
    owner: int | None
    updated_by: int


@dataclass(frozen=True, slots=True)
class Rest:
    """One connection to Zammad's API."""

    client: httpx.AsyncClient

    async def me(self) -> int:
        """Return the id of the user as whom this asks."""
        return _id(await self._told("GET", "users/me"))

    async def person(self, user_id: int) -> str:
        """Return the name of a user; empty where it may not be known."""
        try:
            told = await self._told("GET", f"users/{user_id}")
        except NotSent as failure:
            if not failure.final:
                raise
            return ""
        names = (str(told.get(part) or "") for part in ("firstname", "lastname"))
        return " ".join(filter(None, names))

    async def ticket(self, there: int) -> ThereTicket | None:
        """Return a ticket; None: it was deleted."""
        try:
            told = await self._told("GET", f"tickets/{there}", params={"expand": "true"})
        except _Gone:
            return None
        owner = int(told.get("owner_id") or 0)
        try:
            return ThereTicket(
                id=int(told["id"]),
                state=str(told["state"]),
                customer=int(told["customer_id"]),
                owner=owner if owner > 1 else None,  # 1: the user "-", which is nobody
                updated_by=int(told["updated_by_id"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise NotSent("not understood") from error

    async def articles(self, there: int) -> list[ArticleThere]:
        """Return the articles of a ticket, in their order."""
        told = await self._told("GET", f"ticket_articles/by_ticket/{there}")
        try:
            return sorted(map(ArticleThere.of, told), key=lambda one: one.id)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NotSent("not understood") from error

    async def found(self, title: str) -> list[int]:
        """Return the tickets whose title has a text; by a condition, which asks no index."""
        condition = {"ticket.title": {"operator": "contains", "value": title}}
        told = await self._told(
            "POST", "tickets/search", params={"expand": "true"}, json={"condition": condition}
        )
        if isinstance(told, Mapping):
            return [int(one) for one in told.get("tickets", ())]
        return [_id(one) for one in told]

    async def make(self, path: str, values: Mapping[str, Any]) -> int:
        """Make a ticket or an article; return its id.

        Raises:
            InDoubt: nobody knows whether it was made.
            NotSent: it was not made.
        """
        try:
            told = await self._told("POST", path, json=values)
        except NotSent as failure:
            if isinstance(failure, _Refused):
                raise
            raise InDoubt(failure.why, failure.wait_s) from failure
        try:
            return _id(told)
        except NotSent as failure:
            raise InDoubt(failure.why) from failure

    async def set_state(self, there: int, state: str) -> None:
        """Let a ticket have a state; to do it again changes nothing."""
        await self._told("PUT", f"tickets/{there}", json={"state": state})

    async def _told(self, method: str, path: str, **options: Any) -> Any:
        """Return what Zammad says.

        Raises:
            NotSent: it did not; a ``_Refused`` where the request has had no effect for certain.
        """
        try:
            reply = await self.client.request(method, path, **options)
        except _NEVER_SENT as error:
            raise _Refused(kind(error)) from error
        except httpx.TimeoutException as error:
            raise NotSent("Timeout") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotSent(kind(error)) from error
        status, said = reply.status_code, reply.headers.get("retry-after", "")
        wait_s = min(float(said), _LONGEST_WAIT_S) if said.isascii() and said.isdigit() else 0.0
        if httpx.codes.is_success(status):
            try:
                return reply.json()
            except ValueError as error:
                raise NotSent("not understood") from error
        if status == _GONE:
            raise _Gone(f"HTTP {status}", final=True)
        if httpx.codes.is_client_error(status) or httpx.codes.is_redirect(status):
            raise _Refused(f"HTTP {status}", final=status not in _AGAIN, wait_s=wait_s)
        raise NotSent(f"HTTP {status}", wait_s=wait_s)


class _Refused(NotSent):
    """The request has had no effect."""


class _Gone(_Refused):
    """There is none."""


def _id(told: Any) -> int:
    try:
        return int(told["id"])
    except (KeyError, TypeError, ValueError) as error:
        raise NotSent("not understood") from error


@cache
def _trusted() -> ssl.SSLContext:
    """Return whom to trust; reading it takes a moment."""
    return httpx.create_ssl_context()


@asynccontextmanager
async def connected(url: str, token: str, timeout_s: float = TIMEOUT_S) -> AsyncIterator[Rest]:
    """Connect to the API until the block ends. url: of Zammad's page."""
    trusted = await asyncio.to_thread(_trusted)
    headers = {"Authorization": f"Token token={token}", "User-Agent": "Routeback"}
    base = f"{url.rstrip('/')}/api/v1/"
    options: dict[str, Any] = {"base_url": base, "headers": headers, "verify": trusted}
    async with httpx.AsyncClient(**options, timeout=timeout_s) as client:
        yield Rest(client)
