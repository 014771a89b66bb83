"""Who leaves stops what was made for them: the arm at once, and the turn says what was shown."""

import json
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from assistant.records.database import RECORDS, open_database
from assistant.records.questions import asked
from assistant.records.turns import Records, Turn
from assistant.running import Running
from tests.support.endpoint import Endpoint
from tests.support.places import Place

SENTENCES = "A token is the smallest piece of text that a language model reads. " * 4
WITHIN_S = 5.0
"""A second is promised; the machine of a test may be busy with others."""


@pytest.fixture
def server(place: Place, endpoint: Endpoint) -> Iterator[Running]:
    with place.running(endpoint, guard={"deadline_s": 60.0}) as running:
        ask = {"messages": [{"role": "user", "content": "What is a token?"}]}
        httpx.post(f"{running.url}/v1/chat/completions", json=ask, timeout=60)
        yield running


@pytest.fixture
def records(server: Running, place: Place) -> Iterator[Records]:
    assert server.url
    database = open_database(place.folder / RECORDS)
    yield Records(database)
    database.dispose()


def until(reached: Callable[[], object]) -> object:
    deadline = time.monotonic() + WITHIN_S
    while not (value := reached()):
        assert time.monotonic() < deadline, "it goes on"
        time.sleep(0.02)
    return value


def newest(records: Records) -> Turn:
    return asked(records.engine, 1, 1)[0]


def body(*, stream: bool) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": "What is a token?"}], "stream": stream}


@pytest.mark.parametrize("attempt", range(5))
@pytest.mark.parametrize("stream", [True, False])
def test_before_the_first_word_comes(server, endpoint, records, stream, attempt):
    endpoint.pause_s = 30
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.url}/v1/chat/completions", json=body(stream=stream), timeout=1)
    until(lambda: endpoint.left == 1)
    turn = until(lambda: newest(records).outcome == "left" and newest(records))
    assert (turn.answer, turn.segment, turn.arm) == ("", "glossary", "base"), attempt
    assert turn.sources[0]["title"] == "Token"


@pytest.mark.parametrize("attempt", range(10))
def test_while_the_arm_writes(server, endpoint, records, attempt):
    endpoint.script = lambda _: SENTENCES
    endpoint.pause_s = 0.02 + 0.005 * attempt
    shown = ""
    asking = httpx.stream("POST", f"{server.url}/v1/chat/completions", json=body(stream=True))
    with asking as reply:
        for line in reply.iter_lines():
            data = line.removeprefix("data: ")
            shown += json.loads(data)["choices"][0]["delta"].get("content", "") if data else ""
            if len(shown) > 20:
                break
    until(lambda: endpoint.left == 1)
    turn = until(lambda: newest(records).outcome == "left" and newest(records))
    assert turn.answer.startswith(shown)
    assert len(turn.answer) < len(SENTENCES)


def test_a_place_is_free_again_and_others_are_answered(server, endpoint):
    endpoint.pause_s = 30
    for _ in range(40):  # more than there are places
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{server.url}/v1/chat/completions", json=body(stream=True), timeout=0.3)
    endpoint.reset()
    reply = httpx.post(f"{server.url}/v1/chat/completions", json=body(stream=False), timeout=20)
    assert reply.json()["routeback"]["outcome"] == "answered"
