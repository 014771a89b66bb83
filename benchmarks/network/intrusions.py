"""Attempts against a server, each counted: how many were made, and how many got through."""

import json
import random
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import httpx
import numpy as np

from assistant.access.grants import ANYBODY, GRANTS, KNOWN
from assistant.access.identity import Role
from benchmarks.network.server import Target

CHAT: Final = "/v1/chat/completions"
QUESTION: Final = "What is negative transfer?"
_OK: Final = 200
_JSON: Final = {"Content-Type": "application/json"}
_HOSTS: Final = (
    *("evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example"),
    *("127.0.0.1@evil.example", "localhost,evil.example", "", "[::1", "x" * 300),
)
_ORIGINS: Final = (
    *("https://evil.example", "null", "http://localhost:3000", "http://127.0.0.1.evil.example"),
    *("file://", "http://localhost@evil.example"),
)


@dataclass(frozen=True)
class Outcome:
    """Of one kind of attack. through: how many attempts did what they should not; told: figures."""

    attack: str
    attempts: int
    through: int
    told: str = ""


Attack = Callable[[Target], Outcome]


def hosts(target: Target) -> Outcome:
    """Ask by a name that was made to point to the server (DNS rebinding), and from other pages."""
    paths = [path for _, path in (*ANYBODY, *KNOWN, *GRANTS) if "{" not in path]
    replies = [
        client.request("GET", path, headers=headers).status_code
        for client in (target.client("person-00"), target.client())
        for headers in (
            *({"Host": host} for host in _HOSTS),
            *({"Origin": origin} for origin in _ORIGINS),
            {"Sec-Fetch-Site": "cross-site"},
        )
        for path in paths[:6]
    ]
    refused = {400, 403, 421}
    return Outcome(
        "foreign Host, Origin or site", len(replies), sum(code not in refused for code in replies)
    )


def roles(target: Target) -> Outcome:
    """Call each route as nobody, with a made-up key, and as each of three roles."""
    tried = through = 0
    holders = {"person-01": Role.USER, "agent": Role.AGENT, "editor": Role.EDITOR, None: None}
    with target.client() as nobody:
        for (method, path), granted in GRANTS.items():
            for name, role in holders.items():
                known = {"Authorization": f"Bearer {target.keys[name]}"} if name else {}
                if role in granted:
                    continue
                for headers in (known, {**known, "X-Api-Key": target.owner}):
                    filled = re.sub(r"{.*?}", "x", path)
                    for spelling in (filled, filled + "/", f"/{filled}", filled.upper()):
                        code = nobody.request(
                            method, f"{target.url}{spelling}", headers=headers, json={}
                        ).status_code
                        tried += 1
                        through += code < 400 or code >= 500
                        if code == 429:
                            through -= code < 400
    return Outcome("a route without the role for it", tried, through)


def owners(target: Target) -> Outcome:
    """Go on with, rate and open a ticket for another's conversation, by its very ids."""
    tried = through = 0
    with target.client("person-02") as alice:
        ours = alice.post(CHAT, json=_body()).json()["routeback"]
    conversation, turn = ours["conversation_id"], ours["turn_id"]
    for name in ("person-03", "agent", "editor"):
        session = {"Routeback-Session": secrets.token_urlsafe(32)}
        for headers in ({}, session):
            with target.client(name, **headers) as bob:
                for path, body in (
                    (CHAT, {**_body(), "routeback": {"conversation_id": conversation}}),
                    ("/v1/feedback", {"turn_id": turn, "thumb": "down"}),
                    ("/v1/tickets", {"conversation_id": conversation, "message": "x"}),
                ):
                    code = bob.post(path, json=body).status_code
                    tried += 1
                    through += code != 404 and not (name != "person-03" and code == 403)
    return Outcome("another's conversation, turn or ticket", tried, through)


def large_bodies(target: Target) -> Outcome:
    """Send 200 MB, with and without saying so, as nobody and as a user."""
    tried = through = 0

    def pieces() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 1_000_000

    for name in ("person-04", None):
        for path in (CHAT, "/v1/knowledge", "/v1/feedback"):
            for content in (b"x" * 200_000_000, pieces()):
                tried += 1
                with target.client(name) as client:
                    try:
                        code = client.post(path, content=content).status_code
                    except httpx.HTTPError:
                        continue  # it hung up, as it may
                    through += code not in {401, 403, 413}
    return Outcome("a body of 200 MB", tried, through)


def half_open(target: Target) -> Outcome:
    """Hold 300 connections open with half a head; they must be closed, and others answered."""
    sockets = []
    for _ in range(300):
        connection = socket.create_connection(target.address, timeout=20)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        sockets.append(connection)
    with _health(target) as waits:
        time.sleep(2)
    deadline = time.monotonic() + 15
    kept = 0
    for connection in sockets:
        connection.settimeout(max(0.1, deadline - time.monotonic()))
        try:
            kept += connection.recv(1) != b""
        except TimeoutError:
            kept += 1
        except OSError:
            pass
        connection.close()
    return Outcome("300 connections with half a head", len(sockets), kept, _p99(waits))


def worst_bodies(target: Target) -> Outcome:
    """Send bodies of 1 MB in the worst shapes while /healthz is asked: p99 at most 100 ms."""
    shapes = list(_worst())
    names = [f"person-{number:02}" for number in range(5, 20)]

    def send(index: int) -> int:
        with target.client(names[index % len(names)]) as client:
            return client.post(
                CHAT,
                content=shapes[index % len(shapes)],
                headers={"Content-Type": "application/json"},
            ).status_code

    with _health(target) as waits, ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(send, range(10 * len(shapes))))
    late = float(np.percentile(waits, 99)) > 0.1
    through = sum(code >= 500 for code in codes) + late
    return Outcome("bodies of 1 MB in the worst shapes", len(codes), through, _p99(waits))


def crumbs(target: Target) -> Outcome:
    """Send bodies in chunks of 1 and of 100 bytes, as nobody, from eight connections at a time."""
    made = 0
    stop = threading.Event()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"

    def send(size: int) -> None:
        nonlocal made
        blob = head.encode() + (b"%x\r\n%s\r\n" % (size, b"x" * size)) * (240_000 // (size + 6))
        while not stop.is_set():
            made += 1
            try:
                with socket.create_connection(target.address, timeout=5) as connection:
                    connection.sendall(blob)
                    connection.recv(100)
            except OSError:
                continue

    senders = [threading.Thread(target=send, args=(size,), daemon=True) for size in (1, 100) * 4]
    with _health(target) as waits:
        for sender in senders:
            sender.start()
        time.sleep(10)
        stop.set()
        for sender in senders:
            sender.join(10)
    late = float(np.percentile(waits, 99)) > 0.1
    return Outcome("bodies in crumbs", made, int(late), _p99(waits))


def flood(target: Target) -> Outcome:
    """Send more requests a minute than one may, and open many sessions to get round that."""
    with target.client("person-05") as one:
        codes = [one.get("/v1/models").status_code for _ in range(180)]
    with target.client("person-06") as many:
        for _ in range(180):
            session = {"Routeback-Session": secrets.token_urlsafe(32)}
            codes.append(many.get("/v1/models", headers=session).status_code)
    through = max(0, sum(code == _OK for code in codes) - 2 * 120)
    return Outcome("more than 120 requests a minute", len(codes), through)


def words(target: Target) -> Outcome:
    """Ask questions of 4,000 characters in shapes that made steps slow, two lengths each."""
    tried = through = 0
    worst = 0.0
    with target.client("person-07") as client:
        for shape in _questions():
            took = []
            for length in (2000, 4000):
                times = []
                for again in "ab":  # another question each time, and the better time of both
                    began = time.monotonic()
                    client.post(CHAT, json=_body(again + shape(length - 1)))
                    times.append(time.monotonic() - began)
                took.append(min(times))
            tried += 1
            worst = max(worst, took[1])
            through += took[1] > 3 * took[0] + 1  # twice as long may take twice the time
    return Outcome("questions in shapes that took long", tried, through, f"longest {worst:.1f} s")


def garbage(target: Target) -> Outcome:
    """Send surrogates, NUL, deep nesting, wrong types and no JSON: never an error of the server."""
    bodies = [
        b'{"messages":[{"role":"user","content":"\\ud800"}]}',
        b'{"messages":[{"role":"user","content":"a\\u0000b"}]}',
        b'{"messages":[{"role":"user","content":"x"}],"stream":null,"stream_options":null}',
        b"[" * 10_000,
        b'{"messages":' + b"[" * 10_000,
        b'{"messages":1e999}',
        b'{"max_tokens":NaN,"messages":[{"role":"user","content":"hi"}]}',
        b"\xff\xfe",
        b"",
        b"null",
        b'"x"',
        b'{"messages":[{"role":"user","content":[{"type":"text","text":"\\udfff"}]}]}',
        b'{"routeback":{"conversation_id":"\\ud800"},"messages":[{"role":"user","content":"hi"}]}',
    ]
    paths = (CHAT, "/v1/feedback", "/v1/tickets", "/v1/sessions")
    with target.client("person-08", **_JSON) as client:
        codes = [client.post(path, content=body).status_code for path in paths for body in bodies]
        codes += [
            client.get(f"/v1/guard/decisions/{name}").status_code
            for name in ("%00", "%ed%a0%80", "..%2f..%2fetc", "x" * 4000)
        ]
    return Outcome("garbage", len(codes), sum(code >= 500 for code in codes))


def leaving(target: Target) -> Outcome:
    """Leave while the model writes: it must be stopped within a second, 20 of 20."""
    through, longest = 0, 0.0
    target.model.pause_s = 0.1
    for number in range(20):
        before = len(target.model.left)
        with target.client(f"person-{9 + number % 10:02}") as client:
            body = {**_body(), "stream": True}
            with client.stream("POST", CHAT, json=body) as reply:
                if number % 2:
                    for line in reply.iter_lines():
                        if '"content":"' in line and len(line) > 200:
                            break
                else:
                    time.sleep(0.7)
            gone = time.monotonic()
        deadline = gone + 10
        while len(target.model.left) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        took = time.monotonic() - gone
        longest = max(longest, took)
        through += took > 1.0
    target.model.pause_s = 0.0
    return Outcome("a reader who leaves", 20, through, f"stopped after at most {longest:.2f} s")


def _body(question: str = QUESTION) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": question}]}


def _worst() -> Iterator[bytes]:
    size = 999_000
    user = b'{"messages":[{"role":"user","content":"%s"}]}'
    yield user % (b"x" * (size - 60))
    yield user % (b"\\u00e9" * (size // 6 - 20))
    yield b"[" * size
    yield b'{"a":' * (size // 5)
    yield b'{"messages":[' + b"{}," * (size // 3 - 10) + b"{}]}"
    yield (
        b'{"messages":[{"role":"user","content":"x"}],'
        + b",".join(b'"k%d":0' % number for number in range(size // 12))
        + b"}"
    )
    yield b'{"messages":[' + b'{"role":"user","content":"x"},' * 33_000 + b"{}]}"
    yield b'{"messages":[{"role":"user","content":' + b"9" * (size - 60) + b"}]}"
    yield user % (b"1 - " * (size // 4 - 20))
    yield json.dumps({"messages": [{"role": "user", "content": "a@b.c " * 160_000}]}).encode()


def _questions() -> Iterator[Callable[[int], str]]:
    draw = random.Random(1)  # noqa: S311
    dense = " - ".join(draw.choices("123456789", k=4000))
    yield lambda n: dense[:n]
    yield lambda n: ("What is a token? " * n)[:n]
    yield lambda n: ("a@b.c," * n)[:n]
    yield lambda n: ("(" * n)[:n]
    yield lambda n: ("and or not " * n)[:n]
    yield lambda n: ("> quoted\n" * n)[:n]
    yield lambda n: ("DE00 1234 5678 " * n)[:n]
    yield lambda n: ("Wie? Was? Wo? " * n)[:n]
    yield lambda n: "".join(draw.choices("abcdefghij ", k=n))


@contextmanager
def _health(target: Target) -> Iterator[list[float]]:
    """Ask /healthz every 10 ms while the block runs; collect how long each took, in seconds."""
    waits: list[float] = []
    stop = threading.Event()

    def look() -> None:
        with target.client() as client:
            while not stop.is_set():
                began = time.monotonic()
                client.get("/healthz")
                waits.append(time.monotonic() - began)
                time.sleep(0.01)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield waits
    finally:
        stop.set()
        watcher.join(60)


def _p99(waits: list[float]) -> str:
    return f"/healthz p99 {1000 * float(np.percentile(waits, 99)):.0f} ms of {len(waits)}"
