"""The HTTP client of an endpoint: it asks in the endpoint's dialect, and learns that.

It is below OpenAI's client, so whoever asks through that is understood: an arm, the judge.
Importing this takes a second; see ``arm.remote_client``.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import httpx2
import openai

from assistant.arms.dialect import Dialect, learned, spoken
from assistant.arms.known import Known

_MOST_OF_AN_ERROR: Final = 64 * 1024
_REFUSED: Final = 400
_CHAT: Final = "/chat/completions"
_OF_THE_BODY: Final = frozenset({"content-length", "content-encoding", "transfer-encoding"})


class DialectClient(httpx2.AsyncClient):
    """Sends what it is given as the endpoint takes it."""

    def __init__(self, known: Known, timeout: httpx2.Timeout) -> None:
        limits = openai.DEFAULT_CONNECTION_LIMITS
        super().__init__(timeout=timeout, limits=limits, follow_redirects=True)
        self._known = known

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request; where it is refused for what it asks with, ask otherwise.

        An error that teaches nothing comes back as it is, but no more of it than is read.
        """
        if not request.url.path.endswith(_CHAT):
            return await self._sent(request, self._known.dialect, None, options)
        body = json.loads(await request.aread())
        async with self._known.asking():
            return await self._asked(request, body, options)

    async def _sent(
        self,
        request: httpx2.Request,
        dialect: Dialect,
        body: Mapping[str, Any] | None,
        options: Mapping[str, Any],
    ) -> httpx2.Response:
        if dialect.header == "api-key":  # a redirect to another host would take it along
            options = {**options, "follow_redirects": False}
        return await super().send(_remade(request, dialect, body), **options)

    async def _asked(
        self, request: httpx2.Request, body: Mapping[str, Any], options: Mapping[str, Any]
    ) -> httpx2.Response:
        known = self._known
        dialect, anew = known.dialect, known.found
        while True:
            said = spoken(dialect, body, known.own)
            response = await self._sent(request, dialect, said, options)
            if response.status_code < _REFUSED:
                if response.is_success:
                    await known.accepted(dialect)
                return response
            response = await _bounded(response)
            lesson = learned(dialect, said, known.own, response.status_code, _error(response))
            if lesson is None:
                return response
            if anew:  # what was known holds no more: all of it is found again
                lesson = replace(
                    known.first, refused=known.first.refused | lesson.refused - dialect.refused
                )
                anew = False
            dialect = lesson


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
