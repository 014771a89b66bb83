"""A remote arm against an OpenAI-compatible endpoint on loopback that misbehaves on demand."""

import asyncio
import json
import socket
import threading
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from openai import AsyncOpenAI

from assistant.arms.arm import PREFERRED_MODELS, Piece, RemoteArm, Usage, only_model, remote_client
from assistant.conversation import Message
from assistant.errors import ArmBusy, ArmError, ArmTimeout
from tests.support.listening import listening

ASK: Final[list[Message]] = [{"role": "user", "content": "What is a token?"}]
WORDS: Final = ("A ", "small ", "piece.")
KEY: Final = "sk-live-0123456789abcdefghij"
SAID: Final = f"the cat sat on the cable of {KEY}"


class Hangup(Exception):
    """Raised inside a reply so that uvicorn drops the connection."""


@dataclass
class Remote:
    """What the endpoint does, and what it was asked. cut: after so many words."""

    behaviour: str = "right"
    cut: int = 2
    models: tuple[str, ...] = ("only",)
    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)


def frame(**more: Any) -> str:
    chunk = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m", **more}
    return f"data: {json.dumps(chunk)}\n\n"


def word(text: str, finish: str | None = None) -> str:
    return frame(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": finish}])


async def reply(remote: Remote) -> AsyncIterator[str]:
    if remote.behaviour == "endless":
        try:
            while True:
                yield word("on ")
                await asyncio.sleep(0.01)
        finally:
            remote.left.set()
    for text in WORDS[: remote.cut]:
        yield word(text)
    match remote.behaviour:
        case "hangs up":
            raise Hangup
        case "falls silent":
            await asyncio.sleep(5)
        case "says an error":
            yield f"data: {json.dumps({'error': {'message': SAID}})}\n\n"
        case "babbles":
            yield "data: {not json\n\n"
        case "ends early":
            yield "data: [DONE]\n\n"
        case _:
            yield word(WORDS[-1])
            yield word("", "stop")
            counted = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
            yield frame(choices=[], usage=counted)
            yield "data: [DONE]\n\n"


def web(remote: Remote) -> FastAPI:
    app = FastAPI()

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        found = [{"id": m, "object": "model", "created": 0, "owned_by": "x"} for m in remote.models]
        return {"object": "list", "data": found}

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> Response:
        remote.bodies.append(await request.json())
        remote.keys.append(request.headers["authorization"])
        status, _, wait = remote.behaviour.partition(" ")
        code = "insufficient_quota" if wait == "quota" else None
        if status == "slow":
            await asyncio.sleep(5)
        if status.isdigit():
            error = {"error": {"message": SAID, "type": "x", "code": code}}
            return JSONResponse(error, int(status), {"Retry-After": wait} if wait else {})
        return StreamingResponse(reply(remote), media_type="text/event-stream")

    return app


@pytest.fixture
def remote() -> Iterator[Remote]:
    state = Remote()
    with listening(web(state)) as address:
        state.url = f"{address}/v1"
        yield state


async def ask(remote: Remote, timeout_s: float = 10.0) -> list[Piece]:
    async with remote_client(remote.url, "a-key", timeout_s) as client:
        arm = RemoteArm("far", "m1", "r1", client, {"seed": 5})
        return [piece async for piece in arm.stream(ASK, max_tokens=40)]


async def test_answer_comes_in_pieces_with_usage(remote: Remote) -> None:
    pieces = await ask(remote)
    assert [piece.text for piece in pieces] == [*WORDS, ""]
    assert pieces[-1].usage == Usage(11, 3)
    assert remote.keys == ["Bearer a-key"]
    (body,) = remote.bodies
    assert body["model"] == "m1"
    assert body["messages"] == ASK
    assert body["max_tokens"] == 40
    assert body["temperature"] == 0
    assert body["stream"] is True
    assert body["seed"] == 5


@pytest.mark.parametrize(
    ("header", "wait"), [(" 17", 17.0), ("", 5.0), (" soon", 5.0), (" nan", 5.0), (" -3", 5.0)]
)
async def test_rate_limit_is_busy(remote: Remote, header: str, wait: float) -> None:
    remote.behaviour = f"429{header}"
    with pytest.raises(ArmBusy, match="far is over its rate limit") as error:
        await ask(remote)
    assert error.value.arm == "far"
    assert error.value.retry_after_s == wait


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ("400", "far refused the request (HTTP 400)."),
        ("401", "far refused the key (HTTP 401)."),
        ("403", "far refused the key (HTTP 403)."),
        ("404", "far knows no such model (HTTP 404)."),
        ("429 quota", "far has no quota left (HTTP 429)."),
        ("500", "far refused the request (HTTP 500)."),
        ("503", "far refused the request (HTTP 503)."),
        ("says an error", "far stopped answering (it said an error)."),
    ],
)
async def test_a_failure_is_told_in_our_words_and_logged_without_the_key(
    remote: Remote, behaviour: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    remote.behaviour = behaviour
    with pytest.raises(ArmError) as caught:
        await ask(remote)
    assert type(caught.value) is ArmError
    assert caught.value.message == said
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert "the cat sat on the cable of [secret]" in caplog.text
    assert KEY not in caplog.text
    assert len(remote.bodies) == 1, "retrying is the caller's decision"


@pytest.mark.parametrize("behaviour", ["slow", "falls silent"])
async def test_silence_is_a_timeout(remote: Remote, behaviour: str) -> None:
    remote.behaviour = behaviour
    with pytest.raises(ArmTimeout, match="far took too long"):
        await ask(remote, timeout_s=0.4)


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ("hangs up", "far stopped answering"),
        ("says an error", "far stopped answering"),
        ("babbles", "far stopped answering"),
        ("ends early", "far (?:stopped in the middle|sent nothing that is a reply)"),
    ],
)
@pytest.mark.parametrize("cut", [0, 2])
async def test_broken_stream_is_an_error(
    remote: Remote, behaviour: str, said: str, cut: int
) -> None:
    remote.behaviour, remote.cut = behaviour, cut
    got = ""
    async with remote_client(remote.url, "k", 10) as client:
        pieces = RemoteArm("far", "m1", "r1", client).stream(ASK, max_tokens=40)
        with pytest.raises(ArmError, match=said) as error:
            async for piece in pieces:
                got += piece.text
    assert type(error.value) is ArmError
    assert got == "".join(WORDS[:cut])


async def test_wire_that_is_cut_or_garbled_is_an_error() -> None:
    """Below HTTP: replies that no web framework would send."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    wires = [
        b"",
        b"HTTP/1.1 200",
        b"SSH-2.0-OpenSSH\r\n",
        head + b"Content-Length: 1000\r\n\r\n" + word("A").encode(),
        head + b"Transfer-Encoding: chunked\r\n\r\nzzz\r\n",
        head + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
        head + b"Content-Length: 8\r\n\r\ndata: \xff\n",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 1000\r\n\r\n{",
        b"HTTP/1.1 302 Found\r\nLocation: http://[bad\r\nContent-Length: 0\r\n\r\n",
    ]
    for wire in wires:

        async def answer(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wire: bytes = wire
        ) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(wire)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            with pytest.raises(ArmError) as error:
                await ask(Remote(url=f"http://127.0.0.1:{port}/v1"), timeout_s=2)
        assert error.value.arm == "far"


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(ArmError, match="far stopped answering"):
            await ask(Remote(url=url))


async def test_leaving_in_the_middle_hangs_up(remote: Remote) -> None:
    remote.behaviour = "endless"
    async with remote_client(remote.url, "k", 10) as client:
        pieces = RemoteArm("far", "m1", "r1", client).stream(ASK, max_tokens=40)
        async with aclosing(pieces):
            async for _ in pieces:
                break
        assert await asyncio.to_thread(remote.left.wait, 5)


@pytest.fixture
async def client(remote: Remote) -> AsyncIterator[AsyncOpenAI]:
    async with remote_client(remote.url, "k", 10) as opened:
        yield opened


async def test_only_model_of_one(client: AsyncOpenAI) -> None:
    assert await only_model(client) == "only"


async def test_only_model_of_several_is_asked_for(remote: Remote, client: AsyncOpenAI) -> None:
    remote.models = ("zebra", "ant")
    with pytest.raises(ArmError, match="serves 2 models, and none was chosen") as error:
        await only_model(client)
    assert error.value.hint == "Set OPENAI_MODEL to one of: ant, zebra."


async def test_only_model_prefers(remote: Remote, client: AsyncOpenAI) -> None:
    remote.models = ("ant", *reversed(PREFERRED_MODELS))
    assert await only_model(client) == PREFERRED_MODELS[0]


async def test_only_model_of_none(remote: Remote, client: AsyncOpenAI) -> None:
    remote.models = ()
    with pytest.raises(ArmError, match="serves no models") as error:
        await only_model(client)
    assert "OPENAI_MODEL" in error.value.hint


@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/html", b"<p>Welcome"), ("application/json", b"<p>"), ("application/json", b"[]")],
)
async def test_only_model_of_something_else_that_serves_http(kind: str, body: bytes) -> None:
    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(welcome, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    async with server, remote_client(url, "k", 5) as client:
        with pytest.raises(ArmError, match="does not say which models it serves"):
            await only_model(client)


async def test_an_address_with_a_password_is_told_without() -> None:
    async with remote_client("http://jane:pass@127.0.0.1:1/v1", "k", 5) as client:
        with pytest.raises(ArmError, match=r"http://\[secret\]@127.0.0.1:1/v1/ does not say"):
            await only_model(client)


async def test_only_model_of_an_endpoint_that_is_down() -> None:
    async with remote_client("http://127.0.0.1:1/v1", "k", 5) as client:
        with pytest.raises(ArmError, match="does not say which models it serves") as error:
            await only_model(client)
    assert "OPENAI_BASE_URL" in error.value.hint
