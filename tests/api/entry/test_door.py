"""How much comes in: bodies, heads, requests a minute, and questions at a time."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from assistant.access.callers import Callers
from assistant.access.places import Places
from assistant.access.rates import Rates
from assistant.api.entry.door import Limits
from assistant.api.server import application
from assistant.errors import TooMany
from assistant.running import Running
from assistant.settings import LimitSettings
from tests.support.endpoint import Endpoint
from tests.support.places import Place
from tests.support.server import in_thread

CHAT = "/v1/chat/completions"
USER = {"Authorization": "Bearer user"}
OWNER = {"Authorization": "Bearer owner"}


def client_of(**limits: float) -> TestClient:
    app = application()
    app.state.callers = Callers("owner", ("user",))
    app.state.limits = Limits(LimitSettings(**limits))
    return TestClient(app, "http://localhost", raise_server_exceptions=False)


def test_a_long_body_is_refused_with_its_limit_and_in_openais_shape():
    reply = client_of(body_bytes=1000).post(CHAT, content=b"x" * 1001, headers=USER)
    assert reply.status_code == 413
    assert reply.json()["error"]["type"] == "invalid_request_error"
    assert "1,000 bytes" in reply.json()["error"]["message"]


def test_a_body_that_does_not_say_how_long_it_is_is_not_read_on():
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b"x" * 100

    assert client_of(body_bytes=1000).post(CHAT, content=endless(), headers=USER).status_code == 413


@pytest.mark.parametrize("length", ["9" * 30, "1001"])
def test_a_length_that_is_too_long_is_enough(length):
    headers = {**USER, "Content-Length": length}
    assert client_of(body_bytes=1000).post(CHAT, headers=headers).status_code == 413


def test_only_who_may_add_knowledge_may_send_much():
    client = client_of(body_bytes=1000, upload_bytes=5000)
    much = json.dumps({"root": "r", "items": [], "x": "x" * 3000})
    headers = {"Content-Type": "application/json"}
    assert client.post("/v1/knowledge", content=much, headers=headers | USER).status_code == 403
    let_in = client.post("/v1/knowledge", content=much, headers=headers | OWNER).status_code
    assert let_in == 500  # there is nothing behind this app
    assert client.post("/v1/knowledge", content=much * 2, headers=OWNER).status_code == 413


def test_more_requests_a_minute_than_may_be_sent_are_429_and_say_when():
    client = client_of(requests_per_minute=5)
    replies = [client.get("/v1/models", headers=USER) for _ in range(7)]
    assert [reply.status_code for reply in replies] == [200] * 5 + [429] * 2
    assert replies[-1].json()["error"]["type"] == "rate_limit_error"
    assert 1 <= int(replies[-1].headers["retry-after"]) <= 60
    assert client.get("/v1/models", headers=OWNER).status_code == 200
    assert client.get("/healthz").status_code == 200


def test_guessing_keys_is_counted_by_address():
    client = client_of(address_requests_per_minute=5)
    codes = [
        client.get("/v1/models", headers={"Authorization": f"Bearer {guess}"}).status_code
        for guess in range(7)
    ]
    assert codes == [401] * 5 + [429] * 2
    assert client.get("/v1/models", headers=USER).status_code == 200  # nobody else is shut out


def test_nothing_may_be_sent_where_nobody_is_asked_who_they_are():
    reply = client_of().request("GET", "/healthz", content=b"x" * 10)
    assert (reply.status_code, reply.headers["connection"]) == (413, "close")


def test_inventing_sessions_gives_no_more():
    client = client_of(requests_per_minute=5)
    codes = [
        client.get(
            "/v1/models", headers={**USER, "Routeback-Session": f"{number:0>32}"}
        ).status_code
        for number in range(7)
    ]
    assert codes == [200] * 5 + [429] * 2


@pytest.mark.parametrize(
    "session", ["", "short", "x" * 200, "with space and more and more", "ü" * 30]
)
def test_a_session_that_can_be_guessed_is_refused(session):
    headers = {**USER, "Routeback-Session": session.encode()}
    reply = client_of().get("/v1/models", headers=headers)
    assert reply.status_code == 400
    assert "token_urlsafe" in reply.json()["error"]["message"]


def test_a_minute_is_counted_from_the_first_request():
    rates = Rates(2, 100)
    for _ in range(2):
        rates.note("a", "one")
    with pytest.raises(TooMany) as caught:
        rates.note("a", "one")
    assert 50 <= caught.value.retry_after_s <= 60
    rates.note("a", "another")


async def test_places_are_shared_fairly_however_much_one_asks():
    places, served = Places(most=4, each=40, waiting_s=30), dict.fromkeys("abcde", 0)
    stop = time.monotonic() + 1.0

    async def client(who: str) -> None:
        while time.monotonic() < stop:
            async with places.enter(who):
                await asyncio.sleep(0.005)
                served[who] += 1

    clients = [client("a") for _ in range(30)] + [client(who) for who in "bcde" for _ in range(3)]
    await asyncio.gather(*clients)
    share = sum(served.values()) / len(served)
    assert max(served.values()) < 1.5 * share, served
    assert min(served.values()) > 0.5 * share, served
    assert places.held == 0


async def test_one_who_has_all_that_they_may_have_is_told_at_once():
    places = Places(most=10, each=2, waiting_s=30)
    async with places.enter("a"), places.enter("a"):
        with pytest.raises(TooMany, match="2 of your questions"):
            async with places.enter("a"):
                pass
        async with places.enter("b"), places.enter("a", counted=False):
            assert places.held == 4
    assert places.held == 0


async def test_waiting_ends_and_says_when_to_come_again():
    places = Places(most=1, each=5, waiting_s=0.05)
    async with places.enter("a"):
        with pytest.raises(TooMany, match="no place got free") as caught:
            async with places.enter("b"):
                pass
    assert caught.value.retry_after_s >= 1
    async with places.enter("b"):
        assert places.held == 1


async def test_a_waiter_who_leaves_takes_no_place():
    places = Places(most=1, each=5, waiting_s=30)

    async def ask(who: str) -> None:
        async with places.enter(who):
            await asyncio.sleep(0.05)

    first = asyncio.create_task(ask("a"))
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(ask("b")) for _ in range(3)]
    await asyncio.sleep(0.01)
    for task in waiting[:2]:
        task.cancel()
    await first
    await waiting[2]
    assert places.held == 0


@pytest.mark.slow
def test_who_leaves_while_they_wait_for_a_place_wait_no_more(place, endpoint):
    endpoint.pause_s = 30
    limits = LimitSettings(questions=1, questions_each=1, waiting_s=60)
    settings = place.settings(endpoint, limits=limits)
    keys = settings.server.model_copy(update={"api_keys": SecretStr("user")})
    settings = settings.model_copy(update={"server": keys})
    body = {"messages": [{"role": "user", "content": "What is a token?"}]}
    with in_thread(settings) as running, ThreadPoolExecutor(1) as pool:
        url = f"{running.url}{CHAT}"
        pool.submit(httpx.post, url, json=body, headers=running.headers, timeout=4)  # stays
        time.sleep(0.5)
        for _ in range(2):  # the second would be 429, were the first one still there
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(url, json=body, headers=USER, timeout=0.7)
            time.sleep(0.8)


@pytest.mark.parametrize("believed", [True, False])
def test_where_somebody_comes_from_is_believed_of_a_proxy_alone(place, endpoint, believed):
    limits = LimitSettings(address_requests_per_minute=3)
    proxies = ("127.0.0.1",) if believed else ("192.0.2.1",)
    settings = place.settings(endpoint, limits=limits)
    told = {"api_keys": SecretStr("user"), "proxies": proxies}
    settings = settings.model_copy(update={"server": settings.server.model_copy(update=told)})
    with in_thread(settings) as running:
        codes = [
            httpx.get(
                f"{running.url}/v1/models", headers={**USER, "X-Forwarded-For": f"192.0.2.{number}"}
            ).status_code
            for number in range(5)
        ]
    assert codes == [200] * 5 if believed else [200] * 3 + [429] * 2


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (["hi"] * 5, "5 messages"),
        (["x" * 101, "hi"], "101 characters in one message"),
        (["x" * 90] * 3, "270 characters"),
    ],
)
def test_a_conversation_that_is_sent_has_limits(place, endpoint, said, what):
    limits = LimitSettings(messages=4, message_characters=100, history_characters=200)
    with place.running(endpoint, limits=limits) as running:
        messages = [{"role": "user", "content": text} for text in said]
        reply = httpx.post(f"{running.url}{CHAT}", json={"messages": messages}, timeout=60)
    assert reply.status_code == 400
    assert f"has {what}; at most" in reply.json()["error"]["message"]


@pytest.fixture
def server(place: Place, endpoint: Endpoint) -> Iterator[Running]:
    limits = LimitSettings(header_s=0.5, body_s=0.5, idle_s=1)
    with place.running(endpoint, limits=limits) as running:
        yield running


def closed_within(server: Running, sent: bytes, within_s: float, *, drip: bytes = b"") -> bytes:
    """Return what comes back until the server closes the connection."""
    url = httpx.URL(server.url)
    got = b""
    with socket.create_connection((url.host, url.port), timeout=0.2) as connection:
        connection.sendall(sent)
        deadline = time.monotonic() + within_s
        while True:
            assert time.monotonic() < deadline, f"it is still open, after {got!r}"
            try:
                piece = connection.recv(65536)
            except TimeoutError:
                connection.sendall(drip)
                continue
            except ConnectionError:
                return got
            if not piece:
                return got
            got += piece


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"])
@pytest.mark.parametrize("drip", [b"", b"X"])
def test_a_head_that_does_not_come_closes_the_connection(server, sent, drip):
    assert closed_within(server, sent, 10, drip=drip) == b""


def test_a_head_that_does_not_come_after_another_closes_it_too(server):
    first = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET"
    assert closed_within(server, first, 10, drip=b"X").startswith(b"HTTP/1.1 200")


def test_a_body_that_does_not_come_is_408(server):
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n"
    assert closed_within(server, head, 10, drip=b"x").startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("begun", [True, False])
@pytest.mark.parametrize("piece", [4000, 240_000])
def test_a_body_in_crumbs_is_not_taken(server, begun, piece):
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
    head += b"Transfer-Encoding: chunked\r\n\r\n"
    crumbs = b"1\r\nx\r\n" * (piece // 6)
    sent = head if begun else head + crumbs
    assert closed_within(server, sent, 10, drip=crumbs) == b""


def test_a_body_in_ordinary_pieces_is_taken(server):
    body = json.dumps({"messages": [{"role": "user", "content": "hello " * 100}]}).encode()
    pieces = (body[start : start + 100] for start in range(0, len(body), 100))
    headers = {"Content-Type": "application/json"}
    reply = httpx.post(f"{server.url}{CHAT}", content=pieces, headers=headers, timeout=60)
    assert reply.status_code == 200


def test_a_long_answer_is_not_cut_by_these(server, endpoint):
    endpoint.pause_s = 0.2
    body = {"messages": [{"role": "user", "content": "What is a token?"}], "stream": True}
    reply = httpx.post(f"{server.url}{CHAT}", json=body, timeout=60)
    assert reply.text.rstrip().endswith("[DONE]")
    assert reply.elapsed.total_seconds() > 1


def test_of_too_many_that_wait_to_be_looked_at_the_next_is_told_at_once():
    """A database that hangs holds up whoever is looked at; the others are not heaped up behind."""
    limits = Limits(LimitSettings())
    with ExitStack() as inside:
        with pytest.raises(TooMany) as refused:
            for _ in range(1000):
                inside.enter_context(limits.looked_at())
        assert refused.value.retry_after_s > 0
    with limits.looked_at():
        pass
