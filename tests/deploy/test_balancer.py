"""deploy/compose/Caddyfile before two replicas and a page: the program itself, on loopback."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from tests.deploy.compose import COMPOSE, FOLDER
from tests.support.server import free_port

CADDY = COMPOSE.with_name("caddy")
REPLICAS = ("127.0.0.2", "127.0.0.3")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.2 is of Linux")


@dataclass
class Replica:
    """A stand-in for an API process: says who it is, and streams when it is told to."""

    host: str
    port: int
    go_on: threading.Event = field(default_factory=threading.Event)
    asked: int = 0

    def app(self) -> Starlette:
        async def tell(request: Request) -> JSONResponse:
            self.asked += 1
            headers = {name: request.headers.get(name) for name in ("host", "x-forwarded-for")}
            return JSONResponse({"by": self.host, "path": request.url.path, **headers})

        async def stream(_request: Request) -> StreamingResponse:
            async def events() -> AsyncIterator[str]:
                yield "data: first\n\n"
                await asyncio.to_thread(self.go_on.wait)
                yield "data: last\n\n"

            return StreamingResponse(events(), media_type="text/event-stream")

        return Starlette(
            routes=[
                Route("/v1/chat/completions", stream, methods=["POST"]),
                Route("/{path:path}", tell, methods=["GET", "POST"]),
            ]
        )


@contextmanager
def running(replica: Replica) -> Iterator[uvicorn.Server]:
    config = uvicorn.Config(
        replica.app(),
        host=replica.host,
        port=replica.port,
        lifespan="off",
        log_level="warning",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    try:
        yield server
    finally:
        replica.go_on.set()
        server.should_exit = True
        thread.join(10)


@contextmanager
def names() -> Iterator[int]:
    """Answer each question for an address with those of both replicas, as Docker's resolver."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))

        def answer() -> None:
            while True:
                try:
                    query, caller = wire.recvfrom(512)
                except OSError:
                    return
                end = query.index(b"\0", 12) + 5
                wanted = query[end - 4 : end - 2] == b"\0\1"  # A; others get an empty answer
                addresses = [socket.inet_aton(host) for host in REPLICAS] if wanted else []
                counts = b"\0\1" + len(addresses).to_bytes(2, "big") + b"\0\0\0\0"
                records = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + a for a in addresses)
                wire.sendto(query[:2] + b"\x81\x80" + counts + query[12:end] + records, caller)

        threading.Thread(target=answer, daemon=True).start()
        yield int(wire.getsockname()[1])


@pytest.fixture(scope="module")
def balanced(tmp_path_factory):
    """The address of a balancer, its replicas and how each is ended, and its page."""
    home = tmp_path_factory.mktemp("caddy")
    port, api, page = free_port(), free_port(), free_port()
    with ExitStack() as stack:
        replicas = [Replica(host, api) for host in REPLICAS]
        servers = {r.host: stack.enter_context(running(r)) for r in replicas}
        stack.enter_context(running(Replica("127.0.0.1", page)))
        resolver = stack.enter_context(names())
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "SITE": f"http://127.0.0.1:{port}",
            "API_PORT": str(api),
            "RESOLVER": f"127.0.0.1:{resolver}",
            "PAGE": f"127.0.0.1:{page}",
        }
        command = [str(CADDY), "run", "--adapter", "caddyfile", "--config"]
        child = subprocess.Popen(
            [*command, str(FOLDER / "Caddyfile")], env=env, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        stack.callback(child.communicate)
        stack.callback(child.terminate)
        address = f"http://127.0.0.1:{port}"
        for _ in range(200):
            assert child.poll() is None, child.stderr and child.stderr.read()
            try:
                httpx.get(f"{address}/healthz")
            except httpx.TransportError:
                threading.Event().wait(0.05)
            else:
                break
        yield address, replicas, servers


def test_the_file_is_one_that_caddy_reads_and_writes_the_same():
    for command in (["validate"], ["fmt", "--diff"]):
        config = str(FOLDER / "Caddyfile")
        ways = [config] if command[0] == "fmt" else ["--adapter", "caddyfile", "--config", config]
        told = subprocess.run(
            [str(CADDY), *command, *ways], capture_output=True, text=True, check=False
        )
        assert told.returncode == 0, told.stdout + told.stderr


def test_a_stream_is_passed_on_as_it_comes(balanced):
    address, replicas, _ = balanced
    with httpx.stream("POST", f"{address}/v1/chat/completions", json={}) as reply:
        lines = reply.iter_lines()
        assert next(lines) == "data: first"
        for replica in replicas:
            replica.go_on.set()
        assert [line for line in lines if line] == ["data: last"]


def test_an_answer_that_comes_before_the_question_is_read_arrives_whole(balanced):
    """A stand-in reads no body, as who refuses a caller; without buffers one in 100 was cut."""
    with httpx.Client() as client:
        for _ in range(400):
            assert client.post(f"{balanced[0]}/v1/feedback", json={"why": "x" * 200}).is_success


def test_both_replicas_answer_and_hear_who_asks(balanced):
    address, _, _ = balanced
    told = [
        httpx.get(f"{address}/v1/status", headers={"X-Forwarded-For": "6.6.6.6"}).json()
        for _ in range(12)
    ]
    assert {reply["by"] for reply in told} == set(REPLICAS)
    assert {reply["x-forwarded-for"] for reply in told} == {"127.0.0.1"}  # not what a client says
    assert {f"http://{reply['host']}" for reply in told} == {address}


@pytest.mark.parametrize(
    ("path", "api"),
    [
        ("/v1/models", True),
        ("/v1/desk/tickets/1", True),
        ("/widget.js", True),
        ("/openapi.json", True),
        ("/healthz", True),
        ("/readyz", True),
        ("/", False),
        ("/quality", False),
        ("/_stcore/health", False),
        ("/metrics", False),
        ("/v1x", False),
    ],
)
def test_the_api_gets_what_is_its_own_and_the_page_the_rest(balanced, path, api):
    told = httpx.get(f"{balanced[0]}{path}").json()
    assert (told["by"] in REPLICAS) == api
    assert told["path"] == path


def test_a_replica_that_is_gone_costs_nobody_an_answer(balanced):
    address, replicas, servers = balanced
    gone, left = REPLICAS
    servers[gone].should_exit = True
    while servers[gone].servers and servers[gone].servers[0].is_serving():
        threading.Event().wait(0.05)
    before = sum(replica.asked for replica in replicas)
    told = [httpx.post(f"{address}/v1/feedback", json={}).json()["by"] for _ in range(10)]
    assert set(told) <= {left, gone}
    assert told[-1] == left
    assert sum(replica.asked for replica in replicas) - before == 10  # nothing was asked twice
