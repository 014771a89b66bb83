"""Connections that must get on with it: the head of a request is there in time, or it is closed."""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

_AT_ONCE: Final = 32_768
"""Bytes that are read before other connections get their turn."""
_FEW: Final = 4096
"""Bytes of a request that may be in whatever pieces."""
_CRUMB: Final = 16
"""Bytes of a chunk below which it is a crumb, half of what stands around it included."""


class _Punctual(H11Protocol):
    header_s: float

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._late: asyncio.TimerHandle | None = None
        self._size = self._ends = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        if hasattr(transport, "max_size"):  # of asyncio's own transports
            transport.max_size = _AT_ONCE
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Take what comes, but no body in crumbs: reading each takes as long as reading a page."""
        self._size += len(data)
        self._ends += data.count(b"\r\n")
        if self._size > _FEW and self._ends * _CRUMB > self._size and self._in_chunks(data):
            self.transport.abort()
            return
        super().data_received(data)

    def _in_chunks(self, data: bytes) -> bool:
        begun = not getattr(self.cycle, "response_complete", True)
        told = b" ".join(value for _, value in self.headers) if begun else b""
        head = told or data.partition(b"\r\n\r\n")[0]
        return b"chunked" in head.lower()

    def on_response_complete(self) -> None:
        """Begin to wait for the next head."""
        self._size = self._ends = 0
        super().on_response_complete()
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._cancel()
        super().connection_lost(exc)

    def _expect(self) -> None:
        self._cancel()
        if not self.transport.is_closing():
            self._late = self.loop.call_later(self.header_s, self._close_if_late, self.cycle)

    def _cancel(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _close_if_late(self, last: object) -> None:
        """Close a connection on which no request has begun since ``last`` was answered."""
        if self.cycle is last and getattr(last, "response_complete", True):
            self.transport.close()


def punctual(header_s: float) -> type[asyncio.Protocol]:
    """Return HTTP of uvicorn, which alone waits for the head of a request as long as it takes.

    header_s: seconds from the connection, or from the end of the last response, until the head of
    a request has come; a connection that keeps still is closed earlier, by its own limit.
    """
    return type("Punctual", (_Punctual,), {"header_s": header_s})
