"""Who comes in, and with how much: asked before a byte of what they send is kept.

The table of grants says who may call what; limits say how much one caller and one address may
send, how long that may take, and how many questions are answered at a time.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from typing import Final

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.access import embedding
from assistant.access.callers import NOBODY, Callers
from assistant.access.grants import (
    ANYBODY,
    FILES,
    FOLLOWED,
    QUESTIONS,
    UPLOADS,
    Route,
    granted,
    matched,
)
from assistant.access.identity import Identity
from assistant.access.places import Places
from assistant.access.rates import Rates
from assistant.access.shared_places import SharedPlaces
from assistant.api import errors
from assistant.api.connection import Disconnected, while_connected
from assistant.errors import RoutebackError, TooMany
from assistant.records.processes.counting import SharedCounter
from assistant.records.processes.leases import Leases
from assistant.settings import LimitSettings

_SIGN_INS: Final = 2
"""Sign-ins that wait for the provider at a time: if it hangs, others find threads all the same."""
_ANY: Final = sys.maxsize
_KNOCKING: Final = 256
"""Requests that wait to be looked at; more than these come only where nothing goes on inside."""
_LATER_S: Final = 5.0
_BEARER: Final = {"WWW-Authenticate": "Bearer"}


class Limits:
    """What the limits are, and how much of them is used now.

    file_bytes: of a conversation's. leases: of this process, where others share the limits.
    """

    def __init__(
        self, settings: LimitSettings, file_bytes: int = 0, leases: Leases | None = None
    ) -> None:
        self.settings = settings
        self.file_bytes = file_bytes
        each, address = settings.requests_per_minute, settings.address_requests_per_minute
        self.rates = Rates(each, address, SharedCounter(leases.engine) if leases else None)

        def places(kind: str, most: int, each: int) -> Places | SharedPlaces:
            if leases is None:
                return Places(most, each, settings.waiting_s)
            return SharedPlaces(leases, kind, most, each, settings.waiting_s)

        self.places = places("ask", settings.questions, settings.questions_each)
        self.following = places("follow", _ANY, settings.followed)
        self.by_address = {
            "ask": places("ask address", _ANY, settings.address_questions),
            "follow": places("follow address", _ANY, settings.address_followed),
        }
        self.sign_ins = Places(_SIGN_INS, _SIGN_INS, settings.waiting_s)
        self._knocking = 0

    @contextmanager
    def looked_at(self) -> Iterator[None]:
        """Look who calls within the block.

        Raises:
            TooMany: too many wait for that; the threads or the database do not keep up.
        """
        if self._knocking >= _KNOCKING:
            raise TooMany("More requests come than can be taken.", retry_after_s=_LATER_S)
        self._knocking += 1
        try:
            yield
        finally:
            self._knocking -= 1

    def body(self, route: Route | None) -> tuple[int, float]:
        """Return how many bytes the body of a request may have, and within how many seconds."""
        most = self.settings
        if route in UPLOADS:
            return most.upload_bytes, most.upload_s
        if route in FILES:
            return max(self.file_bytes, most.body_bytes), most.upload_s
        return most.body_bytes, most.body_s

    def needed(
        self, identity: Identity, route: Route | None, address: str
    ) -> Iterator[AbstractAsyncContextManager[None]]:
        """Yield the places that a request needs.

        Where a key is public, sessions are made up as one likes; so addresses are counted, too.
        """
        work = "ask" if route in QUESTIONS else "follow" if route in FOLLOWED else ""
        if not work:
            return
        if identity.public:
            yield self.by_address[work].enter(address)
        places = self.places if work == "ask" else self.following
        yield places.enter(identity.counted_as, counted=identity.limited)


class _TurnedAway(Exception):
    """The request ends here. response: what is said of it; None: nobody is there to be told."""

    def __init__(self, response: ASGIApp | None) -> None:
        super().__init__()
        self.response = response


class Door:
    """Lets requests in that may come in; says to the others why not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with who calls in its state and all of its body at hand."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        scope = {**scope, "method": method}  # the server leaves the body of a HEAD out
        route = matched(method, scope["path"])
        try:
            if route in ANYBODY:
                _check_empty(Headers(scope=scope))
                await self._app(scope, receive, send)
                return
            limits: Limits = scope["app"].state.limits
            identity = await _identified(scope, limits)
            if route is not None and not granted(identity, route):
                raise _not_granted(identity)
            _check_place(scope, identity, route)
            scope.setdefault("state", {})["identity"] = identity
            body = await _body(scope, receive, *limits.body(route))
            async with AsyncExitStack() as stack:
                if needed := list(limits.needed(identity, route, _address(scope))):
                    async with while_connected(Request(scope, receive)):
                        for place in needed:
                            await stack.enter_async_context(place)
                scope["state"]["places"] = stack
                await self._app(scope, _replayed(body, receive), send)
        except RoutebackError as error:
            await errors.response(error)(scope, receive, send)
        except Disconnected:
            return
        except _TurnedAway as refused:
            if refused.response is not None:
                await refused.response(scope, receive, send)


def _check_empty(headers: Headers) -> None:
    """Check that nothing is sent where nobody is asked who they are.

    Raises:
        _TurnedAway: something is.
    """
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        raise _TurnedAway(_reply(413, "Nothing may be sent with this.", Connection="close"))


async def _identified(scope: Scope, limits: Limits) -> Identity:
    """Return who calls; count the request.

    Raises:
        _TurnedAway: nobody is known.
        TooMany: more requests than one may send.
    """
    callers: Callers = scope["app"].state.callers

    def known() -> Identity | None:
        identity = callers.identify(Headers(scope=scope))
        if identity is None:
            limits.rates.note(_address(scope))
        elif identity.limited:
            limits.rates.note(_address(scope), identity.counted_as)
        return identity

    with limits.looked_at():
        identity = await asyncio.to_thread(known)
    if identity is None:
        raise _TurnedAway(_reply(401, "This needs a key: Authorization: Bearer KEY.", **_BEARER))
    return identity


def _check_place(scope: Scope, identity: Identity, route: Route | None) -> None:
    """Check that somebody may call from the page that they call from.

    Raises:
        _TurnedAway: they may not.
    """
    embedded = bool(scope.get("state", {}).get("embedded"))
    if told := embedding.fault(identity, route, Headers(scope=scope), embedded=embedded):
        raise _TurnedAway(_reply(403, told))


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])


def _not_granted(identity: Identity) -> _TurnedAway:
    if identity.name == NOBODY:
        return _TurnedAway(_reply(401, "This needs a key: Authorization: Bearer KEY.", **_BEARER))
    return _TurnedAway(_reply(403, f"{identity.name} has no role that may do this."))


async def _body(scope: Scope, receive: Receive, most: int, within_s: float) -> bytes:
    """Return all that a request sends.

    Raises:
        _TurnedAway: it is longer than ``most`` bytes, or takes longer than ``within_s``.
    """
    told = Headers(scope=scope).get("content-length", "")
    too_long = _TurnedAway(
        _reply(413, f"A request may have {most:,} bytes at most.", Connection="close")
    )
    if told.isascii() and told.isdigit() and int(told[:20]) > most:
        raise too_long
    pieces, size = [], 0
    try:
        async with asyncio.timeout(within_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _TurnedAway(None)
                pieces.append(message.get("body", b""))
                size += len(pieces[-1])
                if size > most:
                    raise too_long
                if not message.get("more_body", False):
                    return b"".join(pieces)
    except TimeoutError:
        text = f"The request was not there within {within_s:g} s."
        raise _TurnedAway(_reply(408, text, Connection="close")) from None
    except ClientDisconnect:
        raise _TurnedAway(None) from None


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return what yields a body that has been read, and then what else comes."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _reply(status: int, message: str, **headers: str) -> JSONResponse:
    return JSONResponse(errors.body(message, status, "http_error"), status, headers=headers)
