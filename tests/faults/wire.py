"""A model's endpoint below HTTP, that is broken and mended while a server uses it."""

import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from tests.support.server import free_port

SAYS: Final = "A token is the smallest piece of text that a language model reads."
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
_PAGE: Final = b"<!doctype html><title>Sign in</title><p>The gateway wants you to sign in.</p>"
_DRIP_S: Final = 0.5


def whole(kind: bytes, body: bytes, status: bytes = b"200 OK") -> bytes:
    head = b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    return head % (status, kind, len(body)) + body


def event(**more: Any) -> bytes:
    chunk = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
    return f"data: {json.dumps({**chunk, **more})}\n\n".encode()


def piece(text: str, finish: str | None = None) -> bytes:
    return event(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": finish}])


BEGUN: Final = _HEAD + piece("A token is ") + piece("the smallest ")
RIGHT: Final = _HEAD + piece(SAYS) + piece("", "stop") + b"data: [DONE]\n\n"
GARBAGE: Final[dict[str, bytes]] = {
    "nothing": b"",
    "200 and nothing": whole(b"text/event-stream", b""),
    "a page": whole(b"text/html", _PAGE),
    "no JSON": BEGUN + b"data: {not json\n\n",
    "no UTF-8": BEGUN + b"data: \xff\xfe\xff\n\n" + piece("", "stop"),
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "cut off": BEGUN + b'data: {"id": "x", "obj',
    "NaN": _HEAD
    + piece(SAYS)
    + piece("", "stop")
    + event(choices=[], usage={"prompt_tokens": float("nan"), "completion_tokens": float("inf")})
    + b"data: [DONE]\n\n",
    "other types": _HEAD + event(choices={"index": "one"}) + event(choices=[None, 7]),
    "500": whole(b"application/json", b'{"error": null}', b"500 Oops"),
    "503": whole(b"text/plain", b"overloaded", b"503 Service Unavailable"),
}
"""What is no answer, each another way."""


class Wire:
    """An endpoint. does: how it behaves from the next connection on; see ``_BEHAVIOURS``.

    asked: bodies of the questions that came.
    """

    def __init__(self) -> None:
        self.does = "right"
        self.asked: list[str] = []
        self.over = threading.Event()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._server: socketserver.ThreadingTCPServer | None = None

    def start(self) -> None:
        """Listen; the port is the same each time."""
        wire = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    wire._answer(self.rfile, self.connection)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.over.clear()
        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def kill(self) -> None:
        """Be gone: nobody listens, and whoever was connected is cut off."""
        self.over.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        self._server = None

    def _answer(self, rfile: Any, connection: socket.socket) -> None:
        line, length = rfile.readline().decode(), 0
        while (header := rfile.readline().strip()) != b"":
            name, _, value = header.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        self.asked.append(rfile.read(length).decode())
        if line.startswith("GET"):
            models = {"object": "list", "data": [{"id": "scripted", "object": "model"}]}
            connection.sendall(whole(b"application/json", json.dumps(models).encode()))
        elif self.does in GARBAGE:
            connection.sendall(GARBAGE[self.does])
        else:
            _BEHAVIOURS[self.does](self, connection)


def _silent(wire: Wire, connection: socket.socket) -> None:
    """Take the question, and say nothing until whoever asked has gone."""
    connection.settimeout(0.1)
    while not wire.over.is_set():
        with suppress(TimeoutError):
            if not connection.recv(1):
                return


def _stalls(wire: Wire, connection: socket.socket) -> None:
    connection.sendall(BEGUN)
    _silent(wire, connection)


def _drips(wire: Wire, connection: socket.socket) -> None:
    connection.sendall(_HEAD)
    for letter in SAYS:
        connection.sendall(piece(letter))
        if wire.over.wait(_DRIP_S):
            return


_BEHAVIOURS: Final[dict[str, Callable[[Wire, socket.socket], None]]] = {
    "right": lambda _, connection: connection.sendall(RIGHT),
    "silent": _silent,
    "stalls": _stalls,
    "drips": _drips,
}
HUNG: Final = ("silent", "stalls", "drips")


@contextmanager
def wired() -> Iterator[Wire]:
    wire = Wire()
    wire.start()
    try:
        yield wire
    finally:
        wire.kill()
