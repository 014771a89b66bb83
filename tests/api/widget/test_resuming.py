"""An answer that is read across cut connections, as docs/widget.md says it is done."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from uuid import uuid4

import httpx
import pytest

from tests.api.widget.conftest import HOW, Served

SEEDED = random.Random(19)


class Reader:
    """Reads one answer: pieces by their numbers, and the whole once it is there."""

    def __init__(self, served: Served, origin: str) -> None:
        session = {"Routeback-Session": uuid4().hex, "Origin": origin}
        headers = {"Authorization": f"Bearer {served.key}", **session}
        self.client = httpx.Client(base_url=served.url, headers=headers, timeout=60)
        begun = self.client.post("/v1/conversations")
        self.conversation = begun.json()["conversation_id"]
        self.text, self.last, self.numbers, self.ended = "", 0, [], False

    def ask(self, leave_after: int) -> None:
        """Ask, and close the connection after so many events."""
        mine = {"conversation_id": self.conversation, "keep": True, "client_id": "client-id-1"}
        asked = {"stream": True, "messages": [{"role": "user", "content": HOW}], "routeback": mine}
        with self.client.stream("POST", "/v1/chat/completions", json=asked) as reply:
            for count, (number, data) in enumerate(_events(reply)):
                if count >= leave_after:
                    return
                choices = data.get("choices") if data else None
                text = choices[0]["delta"].get("content") if choices else None
                if text:
                    self._said(number, text)
                self.ended = self.ended or data is None

    def follow(self, leave_after: int) -> None:
        """Read on from the last number, and close the connection after so many events."""
        path = f"/v1/conversations/{self.conversation}/events?after={self.last}"
        with self.client.stream("GET", path) as reply:
            for count, (number, data) in enumerate(_events(reply)):
                if count >= leave_after:
                    return
                kind = data["kind"]
                assert number > self.last
                if kind == "piece":
                    self._said(number, data["text"])
                elif kind == "answer":
                    self.text, self.last, self.ended = data["text"], number, True
                    return
                else:
                    self.last = number

    def _said(self, number: int, text: str) -> None:
        assert number > self.last, "nothing is told twice"
        self.text += text
        self.last = number
        self.numbers.append(number)


def _events(reply: httpx.Response):
    number = 0
    for line in reply.iter_lines():
        name, _, value = line.partition(": ")
        if name == "id":
            number = int(value)
        elif name == "data":
            yield number, None if value == "[DONE]" else json.loads(value)


@pytest.fixture
def reading(served, firm) -> Iterator[Callable[[], Reader]]:
    with ExitStack() as stack:

        def begin() -> Reader:
            reader = Reader(served, firm.url)
            stack.callback(reader.client.close)
            return reader

        yield begin


@pytest.fixture
def whole(served, reading) -> str:
    served.endpoint.pause_s = 0.001
    reader = reading()
    reader.ask(leave_after=1_000)
    assert reader.ended
    assert len(reader.numbers) >= 4, "an answer of several pieces"
    return reader.text


@pytest.mark.slow
def test_an_answer_that_is_left_after_any_event_is_read_to_its_end(served, reading, whole):
    for count in range(10):
        served.endpoint.pause_s = 0.002
        reader = reading()
        reader.ask(leave_after=count)
        while not reader.ended:
            reader.follow(leave_after=SEEDED.choice([1, 2, 100]))
        assert reader.text == whole, count
        turn = reader.client.get(f"/v1/conversations/{reader.conversation}").json()["entries"][-1]
        assert (turn["text"], turn["turn"]["outcome"]) == (whole, "answered")
        reader.ask(leave_after=0)  # sent again: nothing is asked twice
        log = reader.client.get(f"/v1/conversations/{reader.conversation}").json()["entries"]
        assert [entry["kind"] for entry in log] == ["question", "answer"]


def test_what_answers_a_question_says_so(served, reading, whole):
    reader = reading()
    reader.ask(leave_after=1_000)
    log = reader.client.get(f"/v1/conversations/{reader.conversation}").json()["entries"]
    assert log[0]["turn_id"] == log[1]["turn_id"] == log[1]["turn"]["turn_id"]


@pytest.mark.slow
def test_an_answer_that_goes_on_alone_keeps_its_place(served, reading, whole):
    served.endpoint.pause_s = 0.2
    reader = reading()
    statuses, begun = [], []
    for number in range(served.settings.limits.questions_each + 1):
        begun.append(reader.client.post("/v1/conversations").json()["conversation_id"])
        mine = {"conversation_id": begun[-1], "keep": True, "client_id": f"client-id-{number}"}
        asked = {"stream": True, "messages": [{"role": "user", "content": HOW}], "routeback": mine}
        with reader.client.stream("POST", "/v1/chat/completions", json=asked) as reply:
            statuses.append(reply.status_code)  # and leave
    assert statuses == [200] * served.settings.limits.questions_each + [429]
    for conversation in begun:
        reader.client.post(f"/v1/conversations/{conversation}/stop")
