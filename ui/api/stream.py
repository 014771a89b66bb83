"""An answer as the API streams it: pieces with their numbers, and the turn at its end."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import httpx
from httpx_sse import EventSource, ServerSentEvent, SSEError
from pydantic import ValidationError

from ui.api.refusal import refusal
from ui.api.turn import AnsweredTurn
from ui.errors import ApiError

_DONE: Final = "[DONE]"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing new has come; ``seconds`` since the question was sent."""

    seconds: float


class AnswerPiece(str):
    """A piece of an answer. number: of it in the log of the conversation, 0 if it has none."""

    __slots__ = ("number",)
    number: int

    @classmethod
    def of(cls, text: str, number: int) -> "AnswerPiece":
        """Return a piece."""
        piece = cls(text)
        piece.number = number
        return piece


Said = AnswerPiece | AnsweredTurn
Event = Waiting | Said
"""What an answer consists of: pieces of text, pauses, and at the end the turn."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent for an answer. timeout: of the connection, and of a silence."""

    address: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    timeout: httpx.Timeout
    through_proxy: bool


@cache
def certificates() -> ssl.SSLContext:
    """Return the trusted certificates, read once: that takes longer than most requests."""
    return httpx.create_ssl_context()


def ticking(request: Request, tick_s: float) -> Generator[Event]:
    """Yield what comes, and at least every ``tick_s`` seconds something.

    Closing the generator closes the connection.

    Raises:
        ApiError: there is no answer, or it breaks off.
    """
    began = time.monotonic()
    with asyncio.Runner() as runner:
        events = _stream(request)
        coming: asyncio.Task[Said | None] | None = None
        while True:
            coming = runner.run(_wait(events, coming, tick_s))
            if not coming.done():
                yield Waiting(time.monotonic() - began)
                continue
            event = coming.result()
            if event is None:
                return
            coming = None
            yield event


async def _stream(request: Request) -> AsyncGenerator[Said]:
    begun = False
    try:
        async with (
            httpx.AsyncClient(
                timeout=request.timeout, trust_env=request.through_proxy, verify=certificates()
            ) as client,
            client.stream(
                "POST", request.address, json=request.body, headers=dict(request.headers)
            ) as response,
        ):
            begun = True
            if not response.is_success:
                raise refusal(response.status_code, _read(await response.aread()), response.headers)
            async for event in EventSource(response).aiter_sse():
                for part in _parts(event):
                    yield part
                    if isinstance(part, AnsweredTurn):
                        return
    except SSEError as error:  # one of httpx's own
        raise ApiError("strange") from error
    except httpx.ConnectError as error:
        raise ApiError("unreachable") from error
    except httpx.TimeoutException as error:
        raise ApiError("slow" if begun else "unreachable") from error
    except httpx.HTTPError as error:
        raise ApiError("lost") from error
    raise ApiError("lost")


def _parts(event: ServerSentEvent) -> list[Said]:
    """Return what an event says; the last one of a stream says nothing."""
    try:
        return [] if event.data == _DONE else _said(json.loads(event.data), event.id)
    except (ValidationError, ValueError, LookupError, TypeError) as error:
        raise ApiError("strange") from error


def _said(chunk: Mapping[str, Any], number: str) -> list[Said]:
    if "error" in chunk:
        raise refusal(0, chunk, {})
    texts = [choice["delta"].get("content") for choice in chunk["choices"]]
    at = int(number) if number.isdecimal() else 0
    parts: list[Said] = [AnswerPiece.of(text, at) for text in texts if text]
    if about := chunk.get("routeback"):
        parts.append(AnsweredTurn.model_validate(about))
    return parts


def _read(body: bytes) -> object:
    try:
        found: object = json.loads(body)
    except ValueError as error:
        raise ApiError("strange") from error
    return found


async def _wait(
    events: AsyncGenerator[Said],
    coming: "asyncio.Task[Said | None] | None",
    s: float,
) -> "asyncio.Task[Said | None]":
    """Wait up to ``s`` seconds for the next event, without giving it up afterwards."""
    task = coming or asyncio.create_task(_next(events))
    await asyncio.wait({task}, timeout=s)
    return task


async def _next(events: AsyncGenerator[Said]) -> Said | None:
    return await anext(events, None)
