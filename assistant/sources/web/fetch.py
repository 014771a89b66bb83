"""Fetches one address: redirects within what is allowed, in bounded time and memory."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from types import TracebackType
from typing import Final, Self

import httpcore
import httpx
from ada_url import URL

from assistant.knowledge.readers.html.links import joined
from assistant.sources.web.reach import CheckedBackend, Deadline, Reach, Unreachable
from guardrails.failures import noted

ROBOT: Final = "Routeback"
"""As robots.txt may name it."""
REDIRECTS: Final = 5
_CONNECT_S: Final = 10.0
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_GZIP: Final = 31
"""What tells zlib to expect the head of a gzip file."""

Allowed = Callable[[str], bool]
"""Whether an address may be fetched."""


class NotFetched(Exception):
    """An address could not be fetched; ``why`` ends a sentence about it. status: if it had one."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came. url: at which it was in the end. headers: names in small letters."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """The media type, without what else is said of it."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Fetcher:
    """Fetches addresses one after the other; close it. Not safe in several threads."""

    def __init__(self, reach: Reach) -> None:
        self._deadline = Deadline()
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            network_backend=CheckedBackend(reach, self._deadline),
            max_connections=4,
            keepalive_expiry=30.0,
        )
        agent = f"{ROBOT}/{version('routeback')} (reads help pages for an assistant)"
        self._headers = {"User-Agent": agent, "Accept-Encoding": "gzip", "Accept": "*/*"}

    def get(
        self,
        url: str,
        allowed: Allowed,
        *,
        most_bytes: int,
        within_s: float,
        headers: Mapping[str, str] | None = None,
    ) -> Fetched:
        """Fetch an address. most_bytes: of the body, unpacked. within_s: all redirects together.

        Raises:
            NotFetched: nothing came that can be used; the status is 2xx or 304 otherwise.
        """
        with self._deadline.within(within_s):
            for _ in range(REDIRECTS + 1):
                if not allowed(url):
                    raise NotFetched(f"it leads to {URL(url).host}, which is not allowed")
                reply = self._once(url, {**self._headers, **(headers or {})}, most_bytes)
                if reply.status not in _MOVED:
                    return _good(reply)
                link = joined(reply.headers.get("location", ""), url)
                if not link:
                    raise NotFetched("it leads to what is no web address", reply.status)
                url = link
        raise NotFetched(f"it leads on more than {REDIRECTS} times")

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _once(self, url: str, headers: Mapping[str, str], most: int) -> Fetched:
        parts = URL(url)
        every: list[tuple[str | bytes, str | bytes]] = [("Host", parts.host), *headers.items()]
        waits = {"connect": _CONNECT_S, "read": None, "write": None, "pool": _CONNECT_S}
        try:
            with self._pool.stream(
                "GET", _target(parts), headers=every, extensions={"timeout": waits}
            ) as reply:
                names = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in reply.headers}
                wanted = httpx.codes.is_success(reply.status)
                body = _body(reply, names, most) if wanted else b""
                return Fetched(url, reply.status, names, body)
        except Unreachable as error:
            raise NotFetched(f"{parts.hostname} {error}") from error
        except httpcore.TimeoutException as error:
            raise NotFetched("it took too long") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError) as error:
            raise NotFetched(f"the connection failed ({noted(error, 'a web site')})") from error


def unpacked(data: bytes, most: int) -> bytes:
    """Return what a gzip file holds.

    Raises:
        NotFetched: it is more than ``most`` bytes, or damaged.
    """
    unpacking = zlib.decompressobj(_GZIP)
    try:
        body = unpacking.decompress(data, most + 1)
    except zlib.error:
        raise NotFetched("it cannot be unpacked") from None
    if len(body) > most:
        raise _large(most)
    if not unpacking.eof:
        raise NotFetched("it cannot be unpacked")
    return body


def _body(reply: httpcore.Response, headers: Mapping[str, str], most: int) -> bytes:
    """Return the body of a reply, unpacked."""
    packed = headers.get("content-encoding", "identity").strip().lower()
    if packed not in {"gzip", "x-gzip", "identity", ""}:
        raise NotFetched("it is packed in a way that was not asked for")
    told = headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told[:20]) > most:
        raise _large(most)
    pieces, size = [], 0
    for piece in reply.iter_stream():
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise _large(most)
    body = b"".join(pieces)
    return unpacked(body, most) if "gzip" in packed and body else body


def _good(reply: Fetched) -> Fetched:
    if httpx.codes.is_success(reply.status) or reply.status == httpx.codes.NOT_MODIFIED:
        return reply
    raise NotFetched(f"the server says HTTP {reply.status}", reply.status)


def _target(parts: URL) -> httpcore.URL:
    port = int(parts.port) if parts.port else None
    host, scheme = parts.hostname.encode(), parts.protocol.rstrip(":").encode()
    target = f"{parts.pathname}{parts.search}".encode()
    return httpcore.URL(scheme=scheme, host=host, port=port, target=target)


def _large(most: int) -> NotFetched:
    return NotFetched(f"it has more than {most:,} bytes")
