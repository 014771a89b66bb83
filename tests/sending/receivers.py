"""Receivers on loopback that do as they are told: an HTTP server, and a mail server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import TypeVar

HANG = -1
DROP = -2


@dataclass
class Post:
    """One request. headers: by their lower-case names."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Http:
    """Answers with what ``script`` says, in order, then with 200."""

    script: list[int] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "/in") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            cased = dict(line.split(": ", 1) for line in head[1:] if line)
            headers = {name.lower(): value for name, value in cased.items()}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.posts.append(Post(head[0].split(" ")[1], headers, body))
            status = self.script.pop(0) if self.script else 200
            if status == HANG:
                await reader.read()
            elif status != DROP:
                more = "".join(f"{name}: {value}\r\n" for name, value in self.more.items())
                said = f"HTTP/1.1 {status} X\r\n{more}Content-Length: 6\r\n\r\nsecret"
                writer.write(said.encode())
                await writer.drain()
        writer.close()


@dataclass
class Letter:
    """One e-mail as the server got it."""

    sender: str
    to: list[str]
    data: bytes


@dataclass
class Smtp:
    """A mail server. refuse: what it answers instead, by command or address. tls: for STARTTLS."""

    refuse: dict[str, str] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("AUTH PLAIN",)
    silent: bool = False
    tls: SSLContext | None = None
    letters: list[Letter] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if self.silent:
                await reader.read()
            writer.write(b"220 here\r\n")
            letter = Letter("", [], b"")
            while line := (await reader.readline()).decode().strip():
                self.lines.append(line)
                said = self._said(line, letter)
                writer.write("".join(f"{one}\r\n" for one in said).encode())
                await writer.drain()
                if said[0].startswith("354"):
                    data = (await reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n")
                    letter.data = data.replace(b"\r\n..", b"\r\n.").replace(b"\r\n", b"\n")
                    self.letters.append(letter)
                    letter = Letter("", [], b"")
                    writer.write(b"250 taken\r\n")
                if said[0].startswith("221"):
                    break
                if line == "STARTTLS" and self.tls:
                    await writer.start_tls(self.tls)
        writer.close()

    def _said(self, line: str, letter: Letter) -> list[str]:
        verb, _, rest = line.partition(" ")
        address = rest.partition("<")[2].partition(">")[0]
        if refusal := self.refuse.get(address) or self.refuse.get(verb.upper()):
            return [refusal]
        if verb == "mail":
            letter.sender = address
        if verb == "rcpt":
            letter.to.append(address)
        known = [*(f"250-{name}" for name in self.extensions), "250 HELP"]
        said = {"ehlo": ["250-here", *known], "AUTH": ["235 fine"], "data": ["354 go on"]}
        said["STARTTLS"] = ["220 go on"]
        return {**said, "QUIT": ["221 bye"], "quit": ["221 bye"]}.get(verb, ["250 fine"])


Receiver = TypeVar("Receiver", Http, Smtp)


@asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[Receiver]:
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
