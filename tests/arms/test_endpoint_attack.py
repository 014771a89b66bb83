"""What an outside attack on endpoints found: each is a double that did harm once."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import Request
from fastapi.responses import JSONResponse, Response

from assistant.arms.arm import RemoteArm, remote_client
from assistant.arms.endpoint.dialect import Dialect, first
from assistant.arms.endpoint.events import Events
from assistant.arms.endpoint.facts import EndpointFacts
from assistant.arms.endpoint.lessons import learned
from assistant.conversation import Message
from assistant.errors import ArmBusy, ArmError, ArmTimeout
from tests.support.dialects import KEY, Double, Json, Refusal, line, roles, serving

ASK: Sequence[Message] = (
    {"role": "system", "content": "Rules."},
    {"role": "user", "content": "Why is temperature 0 not supported?"},
)
BODY: Json = {
    "messages": ASK,
    "max_tokens": 9,
    "temperature": 0,
    "stream": True,
    "stream_options": {"include_usage": True},
}


@asynccontextmanager
async def armed(double: Double, known: EndpointFacts | None = None) -> AsyncIterator[RemoteArm]:
    known = known or EndpointFacts(Dialect())
    with serving(double):
        async with remote_client(double.url, KEY, 5, known) as client:
            yield RemoteArm("far", "m", "r", client, known=known)


async def said(arm: RemoteArm) -> str:
    return "".join([piece.text async for piece in arm.stream(ASK, max_tokens=50)])


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (
            {"error": {"issues": [{"keys": ["stream_options"], "message": "Unrecognized key(s)"}]}},
            {"stream_options"},
        ),
        ({"errors": {"max_tokens": ["The field is not supported"]}}, {"max_tokens"}),
        ({"errors": {"json": {"temperature": ["Unknown field."]}}}, {"temperature"}),
        ({"errors": [{"field": "temperature", "message": "is not supported"}]}, {"temperature"}),
        (
            {"message": json.dumps({"external_model_error": {"error": {"param": "max_tokens",
             "message": "'max_tokens' is not supported"}}})},
            {"max_tokens"},
        ),
        ({"message": '{"x": "temperature is not supported"}'}, {"temperature"}),
        (
            {"error": {"message": "No endpoints found that support the provided parameters: "
             "temperature"}},
            {"temperature"},
        ),
        ({"error": {"message": "user and assistant roles should be alternating"}},
         {"system", "developer"}),
        ({"error": {"message": "This model only support stream mode"}}, None),
        ({"error": {"param": "max_tokens", "message": "`inputs` tokens + `max_new_tokens` must be "
          "<= 1500. Given: 1400"}}, None),
        ({"error": "Upstream unavailable: stream could not be opened, unexpected EOF"}, None),
        ({"error": "text resembling a system prompt is not allowed"}, None),
        ({"error": "The system is temporarily unable to process your message. Only x."}, None),
        ({"error": "Blocked: 'why is temperature 0 not supported?'"}, None),
        ("<html>temperature is not supported, streaming only</html>", None),
        ({"error": f"The temperature {'of the room ' * 20} is not supported"}, None),
    ],
)  # fmt: skip
def test_what_a_refusal_teaches(body: Any, refused: set[str] | None):
    lesson = learned(Dialect(), BODY, frozenset(), 400, body)
    assert (lesson and lesson.refused) == refused


def test_a_500_teaches_only_what_a_template_raised():
    body = {"error": {"message": "Jinja Exception: System role not supported"}}
    lesson = learned(Dialect(), BODY, frozenset(), 500, body)
    assert lesson is not None
    assert lesson.refused == {"system", "developer"}
    assert learned(Dialect(), BODY, frozenset(), 500, "template: temperature unsupported") is None
    assert learned(Dialect(), BODY, frozenset(), 502, body) is None


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer scheme is not supported, use api-key",
        "Missing credentials: api-key: required",
    ],
)
def test_a_401_that_asks_for_the_other_header_is_heard(text: str):
    lesson = learned(Dialect(), BODY, frozenset(), 401, text, KEY)
    assert lesson is not None
    assert lesson.header == "api-key"
    assert learned(Dialect(), BODY, frozenset(), 401, f"{text}: {KEY[:9]}", KEY) is None


async def test_an_azure_host_that_wants_bearer_is_understood():
    known = EndpointFacts(first("far.inference.ml.azure.com"))

    class Entra(Double):
        def check(self, body: Json, request: Request) -> None:
            if request.headers.get("authorization") != f"Bearer {KEY}":
                raise Refusal(401, {"error": {"code": "401", "message": "Unauthorized."}})

    async with armed(Entra(), known) as arm:
        assert await said(arm) == "Scripted."
        assert known.dialect.header == "authorization"


async def test_a_wrong_key_is_tried_in_two_headers_at_most():
    class Closed(Double):
        def check(self, body: Json, request: Request) -> None:
            raise Refusal(401, {"error": {"message": "Unauthorized."}})

    for beginning in (Dialect(), first("x.openai.azure.com")):
        double = Closed()
        async with armed(double, EndpointFacts(beginning)) as arm:
            with pytest.raises(ArmError, match="refused the key"):
                await said(arm)
        assert double.refused == 2


class LateRefusal(Double):
    """A gateway that has sent its 200 before it is refused."""

    async def events(self, body: Json) -> AsyncIterator[str]:
        if "temperature" in body:
            error = {"message": "'temperature' is not supported", "param": "temperature"}
            yield line({"error": {**error, "code": "400"}})
            return
        async for event in super().events(body):
            yield event


async def test_a_refusal_within_a_200_teaches():
    double = LateRefusal()
    async with armed(double) as arm:
        assert await said(arm) == await said(arm) == "Scripted."
        assert arm.known.dialect.refused == {"temperature"}
    assert len(double.taken) == 3


async def test_an_endpoint_that_took_the_request_before_is_asked_the_same_again():
    @dataclass
    class Flaky(Double):
        seen: list[int] = field(default_factory=list)

        def check(self, body: Json, request: Request) -> None:
            self.seen.append(1)
            if len(self.seen) == 2:
                raise Refusal(400, {"error": "Streaming is not available"})

    async with armed(Flaky()) as arm:
        for _ in range(3):
            assert await said(arm) == "Scripted."
        assert not arm.known.dialect.refused


@pytest.mark.slow
async def test_a_first_request_that_is_lost_holds_nobody_long():
    @dataclass
    class Losing(Double):
        seen: int = 0

        def reply(self, body: Json) -> Response:
            self.seen += 1
            return Lost() if self.seen == 1 else super().reply(body)

    class Lost(Response):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await asyncio.sleep(60)

    async with armed(Losing()) as arm:
        lost = asyncio.create_task(said(arm))
        await asyncio.sleep(0.2)
        assert await said(arm) == "Scripted."
        assert not lost.done()  # it did not wait for the lost one
        with pytest.raises(ArmTimeout):
            await lost


async def test_a_small_reply_does_not_block_the_server():
    @dataclass
    class Bomb(Double):
        payload: bytes = b""

        def reply(self, body: Json) -> Response:
            headers = {"content-encoding": "gzip"}
            return Response(self.payload, media_type="text/event-stream", headers=headers)

    for wire in (b"\n" * (30 * 1024**2), b": \n" * (5 * 1024**2)):
        async with armed(Bomb(payload=gzip.compress(wire))) as arm:
            asking, longest = asyncio.create_task(said(arm)), 0.0
            while not asking.done():
                began = time.monotonic()
                await asyncio.sleep(0.01)
                longest = max(longest, time.monotonic() - began)
            assert isinstance(asking.exception(), ArmError)
            assert longest < 6  # it was nine seconds in one go; other work may run beside


def test_an_event_in_small_pieces_costs_no_more_than_its_length():
    events, began = Events(), time.process_time()
    assert not list(events.feed(b'data: {"x": "'))
    for _ in range(3500):
        assert not list(events.feed(b"a" * 256))
    assert len(list(events.feed(b'"}\r\r'))) == 1
    assert time.process_time() - began < 1


@dataclass
class Failing(Double):
    """Says what it is told to."""

    status: int = 400
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def reply(self, body: Json) -> Response:
        if self.status == 200:
            return Response(self.body, 200, {**self.headers})
        return JSONResponse(self.body, self.status, self.headers)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (400, [{"error": {"message": "API key not valid. Pass a valid one."}}], "refused the key"),
        (403, {"error": {"code": "model_not_found", "message": "x"}}, "knows no such model"),
        (400, {"error": {"message": "Invalid model: m"}}, "knows no such model"),
        (405, {}, "is no chat endpoint"),
        (408, {}, "took too long"),
        (413, {}, "of this length"),
        (400, {"error": {"message": "prompt is too long: 9 tokens > 8"}}, "of this length"),
        (403, {"error": {"message": "Your country is not supported"}}, "country or region"),
        (429, {"error": {"type": "exceeded_current_quota_error"}}, "has no quota left"),
        (429, {"error": {"message": "Please check your plan and billing"}}, "has no quota left"),
        (200, 'data: {"error": {"code": 401, "message": "no"}}\n\n', "refused the key"),
        (200, 'data: {"error": {"code": 429, "message": "no"}}\n\n', "over its rate limit"),
        (200, "<html>Log in</html>", "sent nothing that is a reply"),
        (200, "", "sent nothing that is a reply"),
    ],
)
async def test_a_refusal_says_what_it_is(status: int, body: Any, told: str):
    async with armed(Failing(status=status, body=body)) as arm:
        with pytest.raises(ArmError, match=told):
            await said(arm)
        assert not arm.known.found


async def test_who_is_overloaded_and_says_how_long_is_busy():
    headers = {"retry-after-ms": "1500"}
    async with armed(Failing(status=503, body={}, headers=headers)) as arm:
        with pytest.raises(ArmBusy, match="is overloaded") as caught:
            await said(arm)
    assert caught.value.retry_after_s == 1.5
    assert "about 1 s" in str(ArmBusy("", arm="a", retry_after_s=0).hint)


async def test_a_redirect_elsewhere_is_said_and_not_followed():
    headers = {"location": "https://user:pass@elsewhere.example/v2?key=1"}
    for status in (301, 302, 307, 308):
        async with armed(Failing(status=status, body={}, headers=headers)) as arm:
            with pytest.raises(ArmError, match=r"redirects to elsewhere\.example \(") as caught:
                await said(arm)
        assert caught.value.hint == "Set the base_url of far to that."


async def test_a_template_that_raises_a_500_is_understood():
    class Jinja(Double):
        def check(self, body: Json, request: Request) -> None:
            if "system" in roles(body):
                error = {"code": 500, "message": "Jinja Exception: System role not supported"}
                raise Refusal(500, {"error": error})

    async with armed(Jinja()) as arm:
        assert await said(arm) == "Scripted."
