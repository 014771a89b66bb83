"""The API as the pages use it: ask, rate, ask for a person."""

import asyncio
import json
import math
import os
import ssl
import time
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

import httpx
import openai
from pydantic import BaseModel, ValidationError

from ui.api.turn import AnsweredTurn
from ui.errors import ApiError

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

Language = Literal["en", "de"]
Model = TypeVar("Model", bound=BaseModel)
Thumb = Literal["up", "down"]

_MODEL: Final = "routeback"
_CONNECT_S: Final = 5.0
_LONGEST_S: Final = 30.0
_SILENCE_S: Final = 300.0
"""Longest pause within an answer: the server's own queue and timeout are shorter."""
_TICK_S: Final = 0.25
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing new has come; ``seconds`` since the question was sent."""

    seconds: float


Said = str | AnsweredTurn
Event = Waiting | Said
"""What an answer consists of: pieces of text, pauses, and at the end the turn."""


@dataclass(frozen=True, slots=True)
class OpenedTicket:
    """A ticket's number, and what the server calls the conversation that it belongs to."""

    number: str
    conversation_id: str


@dataclass(frozen=True, slots=True)
class Client:
    """Talks to one API. url: without ``/v1``.

    session: the visitor's secret, by which the API tells visitors of one page apart. address: from
    which they come, None if that is not known.
    """

    url: str
    key: str = field(default="", repr=False)
    session: str = field(default="", repr=False)
    address: str | None = None

    @classmethod
    def from_environment(cls, session: str = "", address: str | None = None) -> "Client":
        """Return the client for ROUTEBACK_API_URL and ROUTEBACK_API_KEY."""
        url = os.environ.get("ROUTEBACK_API_URL") or "http://127.0.0.1:8080"
        return cls(url.rstrip("/"), os.environ.get("ROUTEBACK_API_KEY", ""), session, address)

    def answer(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        conversation_id: str,
        interface: Language,
        tick_s: float = _TICK_S,
    ) -> Generator[Event]:
        """Yield the answer to the last of ``messages`` as it comes.

        conversation_id: as the API has called it; empty begins one.
        At least every ``tick_s`` seconds something is yielded, so that the caller can be
        interrupted; closing the generator closes the connection, and the server stops writing.

        Raises:
            ApiError: there is no answer, or it breaks off.
        """
        extension: dict[str, str] = {"interface": interface}
        if conversation_id:
            extension["conversation_id"] = conversation_id
        began = time.monotonic()
        with asyncio.Runner() as runner:
            events = self._stream(messages, extension)
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

    def rate(self, turn_id: str, thumb: Thumb, comment: str) -> None:
        """Store what a person thinks of an answer.

        Raises:
            ApiError: it was not stored.
        """
        rating = {"turn_id": turn_id, "thumb": thumb, "comment": comment}
        self.send("POST", "/v1/feedback", rating)

    def open_ticket(
        self, conversation_id: str, message: str, contact: str, language: Language
    ) -> OpenedTicket:
        """Ask for a person. conversation_id: empty if nothing has been said yet.

        Raises:
            ApiError: no ticket was opened.
        """
        ticket = {
            "message": message,
            "contact": contact,
            "language": language,
            **({"conversation_id": conversation_id} if conversation_id else {}),
        }
        reply = self.send("POST", "/v1/tickets", ticket)
        try:
            return OpenedTicket(str(reply["ticket_id"]), str(reply["conversation_id"]))
        except KeyError as error:
            raise ApiError("strange") from error

    def send(
        self,
        method: Literal["GET", "POST", "DELETE"],
        path: str,
        body: Mapping[str, object] | None = None,
        params: Mapping[str, str | int] | None = None,
        longest_s: float = _LONGEST_S,
    ) -> Mapping[str, Any]:
        """Return what the API answers. body: sent as JSON. params: the query.

        longest_s: how long a silence is waited for.

        Raises:
            ApiError: there is no answer, it is a refusal, or no JSON object.
        """
        timeout = httpx.Timeout(longest_s, connect=min(longest_s, _CONNECT_S))
        address = f"{self.url}{path}"
        try:
            with httpx.Client(
                timeout=timeout, trust_env=self._through_proxy, verify=_certificates()
            ) as client:
                response = client.request(
                    method, address, json=body, params=params, headers=self._headers
                )
        except httpx.ConnectError as error:
            raise ApiError("unreachable") from error
        except httpx.TimeoutException as error:
            raise ApiError("slow") from error
        except httpx.HTTPError as error:
            raise ApiError("lost") from error
        try:
            reply = response.json()
        except ValueError as error:
            raise ApiError("strange") from error
        if not response.is_success:
            raise _refusal(response.status_code, reply, response.headers)
        if not isinstance(reply, dict):
            raise ApiError("strange")
        return reply

    def fetch(
        self,
        method: Literal["GET", "POST", "DELETE"],
        path: str,
        kind: type[Model],
        body: Mapping[str, object] | None = None,
    ) -> Model:
        """Return what the API answers as one of its types.

        Raises:
            ApiError: as ``send`` does, and if it is something else.
        """
        try:
            return kind.model_validate(self.send(method, path, body))
        except ValidationError as error:
            raise ApiError("strange") from error

    @property
    def _headers(self) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        if self.session:
            headers["Routeback-Session"] = self.session
        if self.address:
            headers["X-Forwarded-For"] = self.address
        return headers

    @property
    def _through_proxy(self) -> bool:
        return urlsplit(self.url).hostname not in _LOOPBACK

    async def _stream(
        self, messages: Sequence[Mapping[str, str]], extension: Mapping[str, str]
    ) -> AsyncGenerator[Said]:
        turns: Any = list(messages)
        typed: list[ChatCompletionMessageParam] = turns
        begun = False
        try:
            async with openai.AsyncOpenAI(
                base_url=f"{self.url}/v1",
                api_key=self.key or "none",
                default_headers=self._headers,
                max_retries=0,  # the person decides whether to ask again
                timeout=openai.Timeout(_SILENCE_S, connect=_CONNECT_S),
                http_client=openai.DefaultAsyncHttpxClient(trust_env=self._through_proxy),
            ) as client:
                stream = await client.chat.completions.create(
                    model=_MODEL,
                    messages=typed,
                    stream=True,
                    extra_body={"routeback": dict(extension)},
                )
                async with stream:
                    async for chunk in stream:
                        begun = True
                        for part in _said(chunk):
                            yield part
                            if isinstance(part, AnsweredTurn):
                                return
        except openai.APITimeoutError as error:
            raise ApiError("slow" if begun else "unreachable") from error
        except openai.APIConnectionError as error:
            raise ApiError("lost" if begun else "unreachable") from error
        except openai.APIStatusError as error:
            raise _refusal(error.status_code, error.body, error.response.headers) from error
        except openai.APIError as error:
            raise _refusal(0, error.body, {}) from error
        except (ValidationError, json.JSONDecodeError) as error:
            raise ApiError("strange") from error
        raise ApiError("lost" if begun else "strange")


@cache
def _certificates() -> ssl.SSLContext:
    """Return the trusted certificates, read once: that takes longer than most requests."""
    return httpx.create_ssl_context()


def _said(chunk: "ChatCompletionChunk") -> list[Said]:
    parts: list[Said] = [c.delta.content for c in chunk.choices if c.delta.content]
    about = (chunk.model_extra or {}).get("routeback")
    if about:
        parts.append(AnsweredTurn.model_validate(about))
    return parts


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


def _refusal(status: int, body: object, headers: Mapping[str, str]) -> ApiError:
    """Return the error for OpenAI's error object, whole or already unpacked."""
    fault = body.get("error", body) if isinstance(body, dict) else {}
    fault = fault if isinstance(fault, dict) else {"message": fault}
    kind, message = fault.get("type"), fault.get("message")
    detail = message if isinstance(message, str) else ""
    if fault.get("code") == "UnknownConversation":
        return ApiError("ended", detail=detail)
    if status == httpx.codes.TOO_MANY_REQUESTS or kind == "rate_limit_error":
        return ApiError("busy", detail=detail, wait_s=_seconds(headers.get("retry-after")))
    refused = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}
    if status in refused or kind == "authentication_error":
        return ApiError("key", detail=detail)
    return ApiError("refused", detail=detail or (f"HTTP {status}" if status else ""))


def _seconds(header: str | None) -> int | None:
    try:
        return max(1, math.ceil(float(header or "")))
    except (ValueError, OverflowError):
        return None
