"""What a browser could be made to do: only what is meant for this server passes.

Nothing else may show or run what it returns.

A page of another origin can send requests to an address that its name was made to point to (DNS
rebinding), and, without asking first, simple ones to any address. A browser says where both come
from; other clients say nothing, and pass. Pages that carry the widget are named in the settings,
and may call what that needs; nothing is ever sent with cookies.
"""

import ipaddress
import socket
from collections.abc import Collection, Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.access.embedding import Embedding
from assistant.access.grants import LOADED, Route, matched
from assistant.api import errors

_ELSEWHERE: Final = 403
_LOCAL: Final = frozenset({"localhost"})
_FOREIGN: Final = frozenset({"cross-site", "same-site"})
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_FOR_WIDGETS: Final = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID, Routeback-Session",
    "Access-Control-Max-Age": "600",
}
_TOLD: Final = "AI-Disclosure, Retry-After"
"""Headers of an answer that a page of another site may read, beside the ordinary ones."""


def own_names(allowed: Iterable[str]) -> frozenset[str]:
    """Return the names that this server goes by, beside all addresses. allowed: those of settings.

    A literal address can be nobody else's name, so it needs no mention.
    """
    return frozenset({*_LOCAL, socket.gethostname().lower(), *(name.lower() for name in allowed)})


def is_own(host: str, names: Collection[str]) -> bool:
    """Return whether a host, with or without a port, is a name of this server or an address."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name in names
    return True


class Border:
    """Refuses what was meant for another server or comes from another's page; marks answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with what is wrong."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        given, state = Headers(scope=scope), scope["app"].state
        route = _route(scope, given)
        embedding: Embedding = state.embedding
        place = given.get("origin", "") if embedding.allows(given.get("origin"), route) else ""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if embedding.origins:
                    headers.add_vary_header("Origin")
                if place:
                    headers["Access-Control-Allow-Origin"] = place
                    headers["Access-Control-Expose-Headers"] = _TOLD
            await send(message)

        app, fault = self._app, _fault(given, state.names)
        if fault and fault[0] == _ELSEWHERE and (place or route in LOADED):
            scope.setdefault("state", {})["embedded"] = bool(place)
            if scope["method"] == "OPTIONS":
                app = Response(status_code=204, headers=_FOR_WIDGETS)
        elif fault:
            status, text = fault
            app = JSONResponse(errors.body(text, status, "wrong_place"), status)
        await app(scope, receive, marked)


def _route(scope: Scope, headers: Headers) -> Route | None:
    """Return which route is called, or asked about by a browser before a page may call it."""
    method = scope["method"]
    if method == "OPTIONS":
        method = headers.get("access-control-request-method", "")
    return matched("GET" if method == "HEAD" else method, scope["path"])


def _fault(headers: Headers, names: Collection[str]) -> tuple[int, str] | None:
    host = headers.get("host", "")
    if not is_own(host, names):
        return 421, f"This server is not {host!r}; name it in server.allowed_hosts if it is."
    origin = headers.get("origin")
    foreign = origin is not None and _place(origin) != host.lower()
    if foreign or headers.get("sec-fetch-site", "").lower() in _FOREIGN:
        return _ELSEWHERE, "Pages of other sites may not call this."
    return None


def _place(origin: str) -> str | None:
    """Return the host and port of an origin; None if it has none that can be read."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
