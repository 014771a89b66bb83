"""A weights hub on loopback that can be told to misbehave."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class Hub:
    """Serves ``content`` at every path.

    drops: how many replies break off half-way. knows_range: whether Range is heeded.
    status: what every request gets instead of the file. half_way: called in each reply.
    ranges: the Range header of each request, in order. listing: what the API says of a revision;
    None: it has no API. tokens: the Authorization header of each request.
    """

    def __init__(self, content: bytes = b"") -> None:
        self.content = content
        self.drops = 0
        self.knows_range = True
        self.status = 200
        self.half_way: Callable[[], None] = lambda: None
        self.paths: list[str] = []
        self.ranges: list[str | None] = []
        self.listing: dict[str, object] | None = None
        self.tokens: list[str | None] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:  # noqa: C901  (a class of its own)
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self._head(hub.status, len(hub.content))

            def do_GET(self) -> None:
                hub.tokens.append(self.headers["Authorization"])
                if self.path.startswith("/api/"):
                    self._list()
                else:
                    self._file()

            def _list(self) -> None:
                status = hub.status if hub.status != 200 or hub.listing is not None else 404
                body = json.dumps(hub.listing).encode() if status == 200 else b""
                self._head(status, len(body))
                self.wfile.write(body)

            def _file(self) -> None:
                asked = self.headers["Range"]
                hub.paths.append(self.path)
                hub.ranges.append(asked)
                start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
                if hub.status != 200:
                    self._head(hub.status, 0)
                elif hub.knows_range and start >= len(hub.content):
                    self._head(416, 0)
                elif hub.knows_range and start:
                    self._send(206, hub.content[start:])
                else:
                    self._send(200, hub.content)

            def _head(self, status: int, length: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(length))
                self.end_headers()

            def _send(self, status: int, body: bytes) -> None:
                self._head(status, len(body))
                self.wfile.write(body[: len(body) // 2])
                hub.half_way()
                if hub.drops:
                    hub.drops -= 1
                    self.close_connection = True
                    return
                self.wfile.write(body[len(body) // 2 :])

            def log_message(self, *args: object) -> None:
                pass

        return Handler
