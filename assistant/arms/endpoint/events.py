"""Cuts the bytes of a reply into events: of a stream, or one JSON body. Nothing here waits.

What is read costs time in proportion to its length, in however many pieces it comes.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

MOST_BYTES: Final = 32 * 1024**2
MOST_EVENT: Final = 1024**2
_BLANK: Final = b"\xef\xbb\xbf \r\n\t"


class Unreadable(Exception):
    """A reply is none: not JSON, without end, or an error. what: in words of ours."""

    def __init__(self, what: str, said: str = "", event: Any = None) -> None:
        super().__init__(f"{what}: {said}" if said else what)
        self.what = what
        self.event = event


class Events:
    """Cuts the bytes of a reply into its events, as parsed JSON."""

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._data: list[bytes] = []
        self._whole: list[bytes] | None = None
        self._size = 0
        self._read = 0
        self._returned = False
        self.done = False

    def feed(self, piece: bytes) -> Iterator[Any]:
        """Take some bytes; yield the events that they complete.

        Raises:
            Unreadable: it is not JSON, or longer than any reply.
        """
        self._read += len(piece)
        if self._read > MOST_BYTES:
            raise Unreadable("it sends without end")
        if self._whole is None:
            piece = self._begun(piece)
        if self._whole is not None:
            self._whole.append(piece)
            self._grow(piece)
        elif b"\n" not in piece and b"\r" not in piece:
            self._line.append(piece)
            self._grow(piece)
        else:
            yield from self._lines(piece)

    def close(self) -> Iterator[Any]:
        """Yield what is left when the reply is over."""
        if self._whole is not None:
            yield parsed(b"".join(self._whole))
            return
        yield from self._take(b"".join(self._line))
        yield from self._take(b"")

    def _begun(self, piece: bytes) -> bytes:
        """Return a piece without what belongs to the line before; see whether a body begins."""
        if self._returned and piece:
            piece, self._returned = piece.removeprefix(b"\n"), False
        if self._data or any(self._line):
            return piece
        piece = piece.lstrip(_BLANK)
        if piece.startswith(b"{"):
            self._whole = []
        return piece

    def _lines(self, piece: bytes) -> Iterator[Any]:
        self._returned = piece.endswith(b"\r")
        text = b"".join((*self._line, piece)).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = text.split(b"\n")
        self._line, self._size = [rest], sum(map(len, self._data)) + len(rest)
        for line in lines:
            if line or self._data:
                yield from self._take(line)

    def _grow(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > MOST_EVENT:
            raise Unreadable("an event has no end")

    def _take(self, line: bytes) -> Iterator[Any]:
        if self.done:
            return
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
                self._grow(value)
            return
        data, self._data, self._size = b"\n".join(self._data), [], sum(map(len, self._line))
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
