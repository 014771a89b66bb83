"""A TCP proxy that cuts connections: what lies between a browser and a server on a bad day."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_ASKED = b"POST /v1/chat/completions"
_FOLLOWED = b"/events?"


@dataclass
class Cutter:
    """Passes bytes on. after_s: cut all connections so long after a question; None: never.

    every_s: cut them so long after one follows a conversation, too. down: refuse new ones.
    cuts: how often it has cut something. followed: how often a conversation was followed.
    """

    target: int
    port: int = 0
    after_s: float | None = None
    every_s: float | None = None
    down: bool = False
    cuts: int = 0
    followed: int = 0
    loop: asyncio.AbstractEventLoop | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def refuse(self) -> None:
        """Cut all connections, and take no new ones until ``down`` is false again."""
        self.down = True
        assert self.loop is not None
        self.loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        self.cuts += bool(self._open)
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            writer.transport.abort()
            return
        try:
            back, out = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        here = {writer, out}
        self._open |= here
        ways = (self._pass(reader, out), self._pass(back, writer))
        await asyncio.gather(*ways, return_exceptions=True)
        self._open -= here

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                loop = asyncio.get_running_loop()
                if self.after_s is not None and data.startswith(_ASKED):
                    loop.call_later(self.after_s, self._cut)
                if _FOLLOWED in data[:200]:
                    self.followed += 1
                    if self.every_s is not None:
                        loop.call_later(self.every_s, self._cut)
                writer.write(data)
                await writer.drain()
        with contextlib.suppress(OSError, RuntimeError):
            writer.close()


@contextmanager
def cutting(target: int) -> Iterator[Cutter]:
    """Serve a proxy to a port of this machine until the block ends."""
    cutter, ready, over = Cutter(target), threading.Event(), asyncio.Event()

    async def serve() -> None:
        cutter.loop = asyncio.get_running_loop()
        server = await asyncio.start_server(cutter._serve, "127.0.0.1", 0)
        cutter.port = server.sockets[0].getsockname()[1]
        ready.set()
        await over.wait()
        server.close()
        cutter._cut()
        await asyncio.sleep(0.2)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield cutter
    finally:
        assert cutter.loop is not None
        cutter.loop.call_soon_threadsafe(over.set)
        thread.join(10)
