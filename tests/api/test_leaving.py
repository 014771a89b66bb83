"""Who leaves stops what was made for them: the arm at once, and the turn says what was shown."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from assistant.desk.states import Holder
from assistant.records.database import RECORDS, open_database
from assistant.records.questions import asked
from assistant.records.turns import Records, Turn
from assistant.running import Running
from guardrails import clock
from tests.support.documents import fill
from tests.support.endpoint import Endpoint
from tests.support.places import Place

SENTENCES = "A token is the smallest piece of text that a language model reads. " * 4
WITHIN_S = 5.0
"""A second is promised; the machine of a test may be busy with others."""


@pytest.fixture(scope="module")
def _server(
    tmp_path_factory: pytest.TempPathFactory,
    cache_dir: Path,
    documents: Path,
    _endpoint_server: Endpoint,
) -> Iterator[tuple[Running, Records]]:
    place = Place(tmp_path_factory.mktemp("leaving"), cache_dir)
    fill(place.folder, documents)
    with place.running(_endpoint_server, guard={"deadline_s": 60.0}) as running:
        ask = {"messages": [{"role": "user", "content": "What is a token?"}]}
        httpx.post(f"{running.url}/v1/chat/completions", json=ask, timeout=60)
        database = open_database(place.folder / RECORDS)
        yield running, Records(database)
        database.dispose()


@pytest.fixture
def server(_server: tuple[Running, Records], endpoint: Endpoint) -> Running:
    assert endpoint.url
    return _server[0]


@pytest.fixture
def records(_server: tuple[Running, Records]) -> Records:
    return _server[1]


def until(reached: Callable[[], object]) -> object:
    deadline = time.monotonic() + WITHIN_S
    while not (value := reached()):
        assert time.monotonic() < deadline, "it goes on"
        time.sleep(0.02)
    return value


def left(records: Records, conversation: str) -> list[Turn]:
    """Return the turns of a conversation that were left; others may be recorded meanwhile."""
    turns = [turn for turn in asked(records.engine, 1, 1_000) if turn.outcome == "left"]
    return [turn for turn in turns if turn.conversation_id == conversation]


def conversation(server: Running) -> str:
    """Return the name of a new one."""
    begun = httpx.post(f"{server.url}/v1/conversations", json={}, timeout=60)
    return str(begun.json()["conversation_id"])


def body(name: str | None = None, *, stream: bool) -> dict[str, object]:
    asking = {"messages": [{"role": "user", "content": "What is a token?"}], "stream": stream}
    return {**asking, "routeback": {"conversation_id": name}} if name else asking


@pytest.mark.parametrize("attempt", range(5))
@pytest.mark.parametrize("stream", [True, False])
def test_before_the_first_word_comes(server, endpoint, records, stream, attempt):
    endpoint.pause_s, name = 30, conversation(server)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.url}/v1/chat/completions", json=body(name, stream=stream), timeout=1)
    until(lambda: endpoint.left)
    [turn] = until(lambda: left(records, name))
    assert (turn.answer, turn.segment, turn.arm) == ("", "glossary", "base"), attempt
    assert turn.sources[0]["title"] == "Token"


@pytest.mark.parametrize("attempt", range(10))
def test_while_the_arm_writes(server, endpoint, records, attempt):
    endpoint.script = lambda _: SENTENCES
    endpoint.pause_s = 0.02 + 0.005 * attempt
    shown, name = "", conversation(server)
    url, asking = f"{server.url}/v1/chat/completions", body(name, stream=True)
    with httpx.stream("POST", url, json=asking) as reply:
        for line in reply.iter_lines():
            if line.startswith("data: "):
                chunk = json.loads(line.removeprefix("data: "))
                shown += chunk["choices"][0]["delta"].get("content", "")
            if len(shown) > 20:
                break
    until(lambda: endpoint.left)
    [turn] = until(lambda: left(records, name))
    assert turn.answer.startswith(shown)
    assert len(turn.answer) < len(SENTENCES)


def test_what_goes_on_in_another_conversation_is_stopped_there(server, endpoint, records):
    name = conversation(server)
    asking = {**body(stream=True), "routeback": {"conversation_id": name, "keep": True}}
    url = f"{server.url}/v1/chat/completions"
    assert httpx.post(url, json=asking, timeout=60).is_success
    tomorrow = clock.now() + timedelta(days=1)
    assert records.threads.over(Holder.BOT, "timed_out", tomorrow, name) == 1
    endpoint.pause_s = 30
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(url, json=asking, timeout=1)
    shown = httpx.get(f"{server.url}/v1/conversations/{name}", timeout=60).json()
    assert shown["conversation_id"] != name
    stopping = f"{server.url}/v1/conversations/{shown['conversation_id']}/stop"
    assert httpx.post(stopping, json={}, timeout=60).is_success
    until(lambda: endpoint.left)
    assert until(lambda: left(records, shown["conversation_id"]))


@pytest.mark.slow
def test_a_place_is_free_again_and_others_are_answered(server, endpoint):
    endpoint.pause_s = 30
    for _ in range(36):  # more than there are places
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{server.url}/v1/chat/completions", json=body(stream=True), timeout=0.3)
    endpoint.reset()
    reply = httpx.post(f"{server.url}/v1/chat/completions", json=body(stream=False), timeout=20)
    assert reply.json()["routeback"]["outcome"] == "answered"
