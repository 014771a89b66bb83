"""Cuts the bytes of a reply into events: of a stream, or one JSON body. Nothing here waits."""

import json
from collections.abc import Iterator
from typing import Any, Final

MOST_BYTES: Final = 64 * 1024**2
MOST_EVENT: Final = 4 * 1024**2


class Unreadable(Exception):
    """A reply is none: not JSON, without end, or an error. what: in words of ours."""

    def __init__(self, what: str, said: str = "") -> None:
        super().__init__(f"{what}: {said}" if said else what)
        self.what = what


class Events:
    """Cuts the bytes of a reply into its events, as parsed JSON."""

    def __init__(self) -> None:
        self._line = b""
        self._data: list[bytes] = []
        self._whole: bytes | None = None
        self._read = 0
        self.done = False

    def feed(self, piece: bytes) -> Iterator[Any]:
        """Take some bytes; yield the events that they complete.

        Raises:
            Unreadable: it is not JSON, or longer than any reply.
        """
        self._read += len(piece)
        if self._read > MOST_BYTES:
            raise Unreadable("it sends without end")
        if self._whole is None and not self._data:
            start = (self._line + piece).lstrip(b"\xef\xbb\xbf \r\n\t")
            if start.startswith(b"{"):
                self._whole, self._line, piece = b"", b"", start
        if self._whole is not None:
            self._whole += piece
            if len(self._whole) > MOST_EVENT:
                raise Unreadable("it sends without end")
            return
        *lines, self._line = (self._line + piece).replace(b"\r\n", b"\n").split(b"\n")
        if len(self._line) > MOST_EVENT:
            raise Unreadable("an event has no end")
        for line in lines:
            yield from self._take(line.rstrip(b"\r"))

    def close(self) -> Iterator[Any]:
        """Yield what is left when the reply is over."""
        if self._whole is not None:
            yield parsed(self._whole)
            return
        yield from self._take(self._line)
        yield from self._take(b"")

    def _take(self, line: bytes) -> Iterator[Any]:
        if self.done:
            return
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
            return
        data, self._data = b"\n".join(self._data), []
        if data.startswith(b"[DONE]"):
            self.done = True
        elif data.strip():
            yield parsed(data)


def parsed(data: bytes) -> Any:
    """Return the JSON that some bytes are.

    Raises:
        Unreadable: they are none.
    """
    try:
        return json.loads(data.decode())
    except (ValueError, RecursionError):
        raise Unreadable("it sent what is not JSON") from None
