"""The HTTP client of an endpoint: it asks in the endpoint's dialect, and learns that.

It is below OpenAI's client, so whoever asks through that is understood: an arm, the judge.
Importing this takes a second; see ``arm.remote_client``.
"""

import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from functools import cache
from ssl import SSLContext
from typing import Any, Final

import httpx2
import openai

from assistant.arms.endpoint.dialect import Dialect, spoken
from assistant.arms.endpoint.events import Events, Unreadable
from assistant.arms.endpoint.facts import EndpointFacts
from assistant.arms.endpoint.lessons import learned
from assistant.watching import traces

_MOST_OF_AN_ERROR: Final = 64 * 1024
_MOST_BEFORE_AN_EVENT: Final = 64 * 1024
_REFUSED: Final = 400
_UNAUTHORIZED: Final = 401
_CHAT: Final = "/chat/completions"
_OF_THE_BODY: Final = frozenset({"content-length", "content-encoding", "transfer-encoding"})
_SAME_AGAIN: Final = frozenset({307, 308})
_MOST_REDIRECTS: Final = 3


@cache
def _authorities() -> SSLContext:
    """Return whom all endpoints' certificates are checked against: reading it takes 15 ms."""
    return httpx2.create_ssl_context()


class DialectClient(httpx2.AsyncClient):
    """Sends what it is given as the endpoint takes it."""

    def __init__(self, known: EndpointFacts, timeout: httpx2.Timeout) -> None:
        limits = openai.DEFAULT_CONNECTION_LIMITS
        super().__init__(
            timeout=timeout, limits=limits, follow_redirects=True, verify=_authorities()
        )
        self._known = known

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request; where it is refused for what it asks with, ask otherwise.

        An error that teaches nothing comes back as it is, but no more of it than is read.
        """
        if traceparent := traces.current().traceparent:
            request.headers["traceparent"] = traceparent
        if not request.url.path.endswith(_CHAT):
            dialect = self._known.dialect
            if dialect.header == "api-key":  # a redirect to another host would take it along
                options = {**options, "follow_redirects": False}
            return await super().send(_remade(request, dialect, None), **options)
        body = json.loads(await request.aread())
        async with self._known.asking():
            return await self._asked(request, body, options)

    async def _sent(self, request: httpx2.Request, options: Mapping[str, Any]) -> httpx2.Response:
        """Send a question. It goes on only where that is the same question at the same host.

        Other redirects make it another request, or one without its key.
        """
        options = {**options, "follow_redirects": False}
        response = await super().send(request, **options)
        for _ in range(_MOST_REDIRECTS):
            following = response.next_request
            if response.status_code not in _SAME_AGAIN or following is None:
                break
            if (following.url.scheme, following.url.netloc) != (
                request.url.scheme,
                request.url.netloc,
            ):
                break
            await response.aclose()
            response = await super().send(following, **options)
        return response

    async def _asked(
        self, request: httpx2.Request, body: Mapping[str, Any], options: Mapping[str, Any]
    ) -> httpx2.Response:
        facts, key = self._known, _key(request)
        dialect, anew, repeated = facts.dialect, facts.found, False
        headers = {dialect.header}
        while True:
            payload = spoken(dialect, body, facts.own)
            response = await self._sent(_remade(request, dialect, payload), options)
            status = response.status_code
            if status < _REFUSED:
                if not response.is_success:
                    return response
                response, event = await _begun(response)
                status, error = _told(event)
                if not status:
                    if isinstance(event, Mapping) and "choices" in event:
                        await facts.accepted(dialect)
                    return response
            else:
                response = await _bounded(response)
                error = _error(response)
            lesson = learned(dialect, payload, facts.own, status, error, key)
            if lesson is None or (status == _UNAUTHORIZED and lesson.header in headers):
                return response
            await response.aclose()
            if anew and not repeated:  # it was taken before: this may pass, and teaches nothing
                repeated = True
                continue
            if anew:  # what was known holds no more: all of it is found again
                lesson = replace(
                    facts.first, refused=facts.first.refused | lesson.refused - dialect.refused
                )
                anew = False
            dialect = lesson
            headers.add(dialect.header)


class _Rest(httpx2.AsyncByteStream):
    """A reply whose beginning was read."""

    def __init__(
        self, begun: list[bytes], rest: AsyncIterator[bytes], response: httpx2.Response
    ) -> None:
        self._begun, self._rest, self._response = begun, rest, response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._begun:
            yield piece
        async for piece in self._rest:
            yield piece

    async def aclose(self) -> None:
        await self._response.aclose()


async def _begun(response: httpx2.Response) -> tuple[httpx2.Response, Any]:
    """Return a reply, of which all is still to be read, and its first event; None: it has none."""
    if response.is_stream_consumed:
        return response, _first(response.content)
    begun: list[bytes] = []
    rest, events, event, size = response.aiter_bytes(), Events(), None, 0
    try:
        async for piece in rest:
            begun.append(piece)
            event = next(events.feed(piece[: _MOST_BEFORE_AN_EVENT - size]), None)
            size += len(piece)
            if event is not None or events.done or size >= _MOST_BEFORE_AN_EVENT:
                break
        else:
            event = next(events.close(), None)
    except Unreadable:
        pass  # whoever reads the reply says so
    except BaseException:
        await response.aclose()
        raise
    headers = [(name, v) for name, v in response.headers.items() if name not in _OF_THE_BODY]
    whole = httpx2.Response(
        response.status_code,
        headers=headers,
        stream=_Rest(begun, rest, response),
        request=response.request,
        extensions=response.extensions,
    )
    return whole, event


def _first(content: bytes) -> Any:
    events = Events()
    try:
        return next(
            (event for part in (events.feed(content), events.close()) for event in part), None
        )
    except Unreadable:
        return None


def _told(event: Any) -> tuple[int, Any]:
    """Return the status and the error that an event is; 0 if it is none."""
    if not isinstance(event, Mapping) or event.get("choices"):
        return 0, None
    error = event.get("error") or (event if event.get("object") == "error" else None)
    if not error:
        return 0, None
    code = error.get("code") or error.get("status") if isinstance(error, Mapping) else None
    return int(str(code)) if re.fullmatch("[45][0-9]{2}", str(code)) else _REFUSED, event


def _key(request: httpx2.Request) -> str:
    return str(request.headers.get("authorization", "")).removeprefix("Bearer ")


def _remade(
    request: httpx2.Request, dialect: Dialect, body: Mapping[str, Any] | None
) -> httpx2.Request:
    """Return a request with another body, None: its own, and the key where it is taken."""
    if body is None and dialect.header == "authorization":
        return request
    headers = httpx2.Headers(request.headers)
    if dialect.header == "api-key" and "authorization" in headers:
        headers["api-key"] = headers.pop("authorization").removeprefix("Bearer ")
    content = request.content if body is None else json.dumps(body).encode()
    if body is not None:
        headers["content-length"] = str(len(content))
    return httpx2.Request(
        request.method, request.url, headers=headers, content=content, extensions=request.extensions
    )


async def _bounded(response: httpx2.Response) -> httpx2.Response:
    """Return an error with as much of its body as is of use."""
    content = b""
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > _MOST_OF_AN_ERROR:
            break
    await response.aclose()
    headers = [(name, v) for name, v in response.headers.items() if name not in _OF_THE_BODY]
    return httpx2.Response(
        response.status_code, headers=headers, content=content, request=response.request
    )


def _error(response: httpx2.Response) -> Any:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return response.text
