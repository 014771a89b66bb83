"""The API as the pages use it: ask, rate, and what else there is."""

import json
import os
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from ui.api.refusal import refusal
from ui.api.stream import Event, Request, certificates, ticking
from ui.errors import ApiError

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
        client_id: str,
        tick_s: float = _TICK_S,
    ) -> Generator[Event]:
        """Yield the answer to the last of ``messages`` as it comes.

        client_id: of the question, so that it is taken once. At least every ``tick_s`` seconds
        something is yielded, so that the caller can be interrupted; closing the generator closes
        the connection. The answer goes on, and can be read in the log of the conversation.

        Raises:
            ApiError: there is no answer, or it breaks off.
        """
        ours = {"interface": interface, "conversation_id": conversation_id}
        body = {
            "model": _MODEL,
            "messages": list(messages),
            "stream": True,
            "routeback": {**ours, "keep": True, "client_id": client_id},
        }
        timeout = httpx.Timeout(_SILENCE_S, connect=_CONNECT_S)
        address = f"{self.url}/v1/chat/completions"
        request = Request(address, body, self._headers, timeout, self._through_proxy)
        yield from ticking(request, tick_s)

    def rate(self, turn_id: str, thumb: Thumb, comment: str) -> None:
        """Store what a person thinks of an answer.

        Raises:
            ApiError: it was not stored.
        """
        rating = {"turn_id": turn_id, "thumb": thumb, "comment": comment}
        self.send("POST", "/v1/feedback", rating)

    def send(
        self,
        method: Literal["GET", "POST", "PATCH", "DELETE"],
        path: str,
        body: Mapping[str, object] | None = None,
        params: Mapping[str, str | int] | None = None,
        longest_s: float = _LONGEST_S,
        content: bytes | None = None,
    ) -> Mapping[str, Any]:
        """Return what the API answers. body: sent as JSON. params: the query.

        longest_s: how long a silence is waited for. content: sent as it is, in place of a body.

        Raises:
            ApiError: there is no answer, it is a refusal, or no JSON object.
        """
        response = self._answered(method, path, body, params, longest_s, content)
        try:
            reply = response.json()
        except ValueError as error:
            raise ApiError("strange") from error
        if not response.is_success:
            raise refusal(response.status_code, reply, response.headers)
        if not isinstance(reply, dict):
            raise ApiError("strange")
        return reply

    def download(self, path: str) -> bytes:
        """Return a file.

        Raises:
            ApiError: there is no answer, or it is a refusal.
        """
        response = self._answered("GET", path)
        if response.is_success:
            return response.content
        try:
            raise refusal(response.status_code, response.json(), response.headers)
        except ValueError as error:
            raise ApiError("strange") from error

    def _answered(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        params: Mapping[str, str | int] | None = None,
        longest_s: float = _LONGEST_S,
        content: bytes | None = None,
    ) -> httpx.Response:
        timeout = httpx.Timeout(longest_s, connect=min(longest_s, _CONNECT_S))
        address = f"{self.url}{path}"
        try:
            with httpx.Client(
                timeout=timeout, trust_env=self._through_proxy, verify=certificates()
            ) as client:
                return client.request(
                    method,
                    address,
                    json=body,
                    params=params,
                    content=content,
                    headers=self._headers,
                )
        except httpx.ConnectError as error:
            raise ApiError("unreachable") from error
        except httpx.TimeoutException as error:
            raise ApiError("slow") from error
        except httpx.HTTPError as error:
            raise ApiError("lost") from error

    def fetch(
        self,
        method: Literal["GET", "POST", "PATCH", "DELETE"],
        path: str,
        kind: type[Model],
        body: Mapping[str, object] | None = None,
    ) -> Model:
        """Return what the API answers as one of its types.

        Raises:
            ApiError: as ``send`` does, and if it is something else.
        """
        return self.parsed(self.send(method, path, body), kind)

    @staticmethod
    def parsed(reply: Mapping[str, Any], kind: type[Model]) -> Model:
        """Return what the API answered as one of its types.

        Raises:
            ApiError: it is something else.
        """
        try:
            return kind.model_validate(reply)
        except ValidationError as error:
            raise ApiError("strange") from error

    def read(
        self, path: str, kind: type[Model], params: Mapping[str, str | int] | None = None
    ) -> Model:
        """Return what a ``GET`` is answered as one of the API's types. params: the query.

        Raises:
            ApiError: as ``fetch`` does.
        """
        return self.parsed(self.send("GET", path, params=params), kind)

    def lines(
        self,
        path: str,
        content: bytes | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Generator[Mapping[str, Any]]:
        """Yield the JSON objects that the API answers a POST with, as they come.

        content: sent as it is. params: the query.

        Raises:
            ApiError: as ``send`` does, or one of the objects says that it failed.
        """
        timeout = httpx.Timeout(_SILENCE_S, connect=_CONNECT_S)
        address = f"{self.url}{path}"
        try:
            with (
                httpx.Client(
                    timeout=timeout, trust_env=self._through_proxy, verify=certificates()
                ) as client,
                client.stream(
                    "POST", address, content=content, params=params, headers=self._headers
                ) as response,
            ):
                if not response.is_success:
                    response.read()
                    raise refusal(response.status_code, response.json(), response.headers)
                for line in response.iter_lines():
                    told = json.loads(line)
                    if "error" in told:
                        raise refusal(0, told, {})
                    yield told
        except httpx.ConnectError as error:
            raise ApiError("unreachable") from error
        except httpx.TimeoutException as error:
            raise ApiError("slow") from error
        except httpx.HTTPError as error:
            raise ApiError("lost") from error
        except ValueError as error:
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
