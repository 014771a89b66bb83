"""The stand-in in threads of this process."""

import json
import re
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self

from pydantic import ValidationError
from pydantic_core import to_jsonable_python
from qdrant_client import QdrantClient

from tests.support.qdrant_server.answers import ROUTES, Refused

LARGEST: Final = 32 << 20
"""Bytes of a request that a server takes unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. query: what follows the path. body: as JSON; None: none."""

    method: str
    path: str
    query: str = ""
    body: Any = None
    size: int = 0


Instead = Callable[[Asked], bytes | None]
"""Is told of each request before it is answered: may wait, raise ``Refused``, or return a body."""
Changed = Callable[[Asked, bytes], bytes]
"""Is given each answer before it is sent: may wait, raise ``Refused``, or return another one."""


class QdrantServer:
    """Serves in threads of this process while it is entered. asked: what was asked, in order."""

    def __init__(self, port: int = 0, folder: Path | None = None, key: str | None = None) -> None:
        self.asked: list[Asked] = []
        self.instead: Instead = lambda _: None
        self.changed: Changed = lambda _, body: body
        self.key = key
        self._local = QdrantClient(
            **({"path": str(folder)} if folder else {"location": ":memory:"}),
            force_disable_check_same_thread=True,
        )
        self._lock = threading.Lock()
        handler = type("Bound", (_Handler,), {"owner": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        with self._lock:
            self._local.close()

    def answer(self, asked: Asked) -> bytes:
        """Return the body of the answer."""
        self.asked.append(asked)
        instead = self.instead(asked)
        if instead is not None:
            return instead
        for method, pattern, answered in ROUTES:
            found = re.fullmatch(pattern, asked.path)
            if method == asked.method and found:
                with self._lock, warnings.catch_warnings(action="ignore"):
                    result = answered(self._local, asked.body, *found.groups())
                break
        else:
            raise Refused(404, f"no {asked.method} {asked.path}")
        said = {"result": to_jsonable_python(result), "status": "ok", "time": 0.0}
        return self.changed(asked, json.dumps(result if asked.path == "/" else said).encode())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: QdrantServer

    def do(self) -> None:
        """Answer one request."""
        length = int(self.headers.get("content-length") or 0)
        data = self.rfile.read(length)
        try:
            status, body = 200, self._answered(data)
        except Refused as refused:
            status, body = refused.status, _error(str(refused))
        except ValidationError as error:
            status, body = 400, _error(f"Format error in JSON body: {error}")
        except (ValueError, KeyError) as error:
            gone = re.search("not found|does not exist", str(error))
            status, body = 404 if gone else 400, _error(f"Wrong input: {error}")
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with suppress(OSError):  # whoever asked has gone
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do  # noqa: N815

    def _answered(self, data: bytes) -> bytes:
        key = self.owner.key
        if key is not None and self.headers.get("api-key") != key:
            raise Refused(401, "Must provide an API key or an Authorization bearer token")
        if len(data) > LARGEST:
            raise Refused(413, "Payload too large")
        path, _, query = self.path.partition("?")
        body = json.loads(data) if data else None
        return self.owner.answer(Asked(self.command, path, query, body, len(data)))

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _error(said: str) -> bytes:
    return json.dumps({"status": {"error": said}, "time": 0.0}).encode()
