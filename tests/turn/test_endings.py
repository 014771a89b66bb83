"""How answers of endpoints end, as a reader and a client of the API meet it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import ClassVar

import openai
import pytest
from fastapi import Request
from fastapi.responses import JSONResponse, Response

from assistant.arms.arm import Arm, Piece
from assistant.errors import ArmBusy, ArmError
from assistant.settings import ArmSettings
from assistant.turn.permissions import Writing
from assistant.turn.sayings import SAYINGS
from guardrails.types import Pin, Stage
from tests.support.dialects import (
    KEY,
    THOUGHT,
    Double,
    Json,
    Refusal,
    VllmUnparsed,
    line,
    pieces,
    serving,
)
from tests.support.places import Place, asked

QUESTION = "What is a token?"
FIRST = "A token is the smallest piece of text that a language model reads."
CARRIED = f"{FIRST} [1]"
QUOTED = f"{FIRST} A long word is often several tokens. [1]"
CUT = {language: say["cut"] for language, say in SAYINGS.items()}
OFFER = SAYINGS["en"]["offer"]


def unquoting(assistant):
    """The same where nothing may be quoted."""
    return replace(assistant, writing=Writing("never"))


async def test_a_cut_answer_ends_with_a_whole_sentence_and_says_so(place: Place):
    double = Double(says=lambda _: f"{FIRST} A long word is often sev")
    with serving(double):
        async with place.opened(double) as assistant:
            for finish in ("length", "model_length", "MAX_TOKENS", "nobody knows"):
                for stream in (False, True):
                    double.finish = finish
                    reply = await asked(assistant, QUESTION, stream=stream)
                    assert (reply.text, reply.finish) == (f"{CARRIED}\n\n{CUT['en']}", "length")
            turn = assistant.records.find(reply.ours["turn_id"])
    assert (reply.ours["outcome"], reply.ours["mode"]) == ("answered", "write")
    assert (turn.answer, turn.selection["finish"]) == (reply.text, "length")
    assert [sentence["text"] for sentence in turn.sentences] == [CARRIED]


async def test_a_cut_answer_is_cut_in_the_readers_language(place: Place):
    said = "Ein Pod ist die kleinste Einheit, die Kubernetes ausführt. Er enth"
    double = Double(says=lambda _: said, finish="length")
    with serving(double):
        async with place.opened(double) as assistant:
            reply = await asked(assistant, "Was ist ein Pod?")
    assert reply.text.endswith(f"\n\n{CUT['de']}")
    assert "enth" not in reply.text


async def test_without_a_whole_sentence_the_entry_is_quoted(place: Place):
    double = Double(finish="length")
    with serving(double):
        async with place.opened(double) as assistant:
            for said in ("A token is the smallest pie", "A token has 3.", "NO_ANS"):
                double.says = lambda _, said=said: said
                reply = await asked(assistant, QUESTION)
                assert (reply.text, reply.finish) == (QUOTED, "stop")
                assert reply.ours["fell_back"] == "base: it was cut at the limit of tokens"


async def test_an_answer_that_the_endpoint_gave_up_is_none(place: Place):
    with serving(Double()) as double:
        async with place.opened(double) as assistant:
            for finish in ("abort", "error", "insufficient_system_resource"):
                double.finish = finish
                reply = await asked(assistant, QUESTION)
                assert (reply.text, reply.finish) == (QUOTED, "stop")
                assert "stopped in the middle" in reply.ours["fell_back"]


class Refusing(Double):
    """platform.openai.com/docs/guides/structured-outputs: ``refusal`` in place of content."""

    def deltas(self, text: str) -> Iterator[Json]:
        yield from ({"refusal": piece} for piece in ("I will ", "not say ", text))


class Marked(Double):
    """Azure's asynchronous filter: a verdict on what was sent already, and then the end."""

    def choice(self, delta: Json | None, finish: str | None) -> Json:
        verdict = {"violence": {"filtered": bool(finish), "severity": "high"}}
        return {**super().choice(delta, finish), "content_filter_results": verdict}


class Policed(Double):
    """learn.microsoft.com/azure/ai-services/openai/concepts/content-filter: of a prompt."""

    def check(self, body: Json, request: Request) -> None:
        error = {
            "message": "The response was filtered due to the prompt triggering the policy.",
            "code": "content_filter",
            "status": 400,
            "innererror": {"code": "ResponsibleAIPolicyViolation"},
        }
        raise Refusal(400, {"error": error})


class Breaking(Double):
    """openrouter.ai/docs/api/reference/errors: in the middle, an error beside a last choice."""

    said = "The input was flagged by moderation"

    async def events(self, body: Json) -> AsyncIterator[str]:
        choice = self.choice({"content": FIRST[:20]}, None)
        yield line({**self.frame(body), "choices": [choice]})
        last = self.choice({"content": ""}, "error")
        yield line(
            {**self.frame(body), "choices": [last], "error": {"code": 403, "message": self.said}}
        )


@pytest.mark.parametrize(
    "made", [lambda: Double(finish="content_filter"), Refusing, Marked, Policed, Breaking]
)
async def test_what_bases_provider_withholds_is_quoted_or_said_to_be(place: Place, made):
    told = f"The model’s provider withheld the answer to “{QUESTION}”. {OFFER}"
    with serving(made()) as double:
        async with place.opened(double) as assistant:
            reply = await asked(assistant, QUESTION)
            assert (reply.text, reply.finish) == (QUOTED, "stop")
            assert reply.ours["fell_back"] == "base: The provider of base withheld the answer."
            for stream in (False, True):
                reply = await asked(unquoting(assistant), QUESTION, stream=stream)
                assert (reply.text, reply.finish) == (told, "content_filter")
                assert reply.ours["outcome"] == "abstained"
                assert reply.ours["author"]["kind"] == "product"


async def test_what_was_shown_before_the_filter_stays_and_is_said_to_break_off(place: Place):
    double = Double(says=lambda _: f"{FIRST} A long word is")
    with serving(double):
        async with place.opened(double) as assistant:
            await asked(assistant, QUESTION)
            double.finish = "content_filter"
            reply = await asked(assistant, QUESTION, stream=True)
    assert reply.text.startswith(f"{CARRIED}\n\nThe model’s provider withheld")
    assert (reply.finish, reply.ours["outcome"]) == ("content_filter", "abstained")
    assert (reply.ours["author"]["kind"], reply.ours["author"]["name"]) == ("model", "base")


async def test_a_filtered_candidate_gives_way_to_base(place: Place):
    with serving(Double()) as base, serving(Double(finish="content_filter")) as tuned:
        arm = ArmSettings(name="tuned", base_url=tuned.url, model="answers", api_key=KEY)
        async with place.opened(base, arms=(arm,)) as assistant:
            pin = Pin("test", "to see it answer")
            now = datetime.now(UTC)
            assistant.guard.monitor.pin("tuned", "glossary/en", Stage.SERVING, pin, now)
            reply = await asked(assistant, QUESTION)
            assert (reply.text, reply.finish) == (CARRIED, "stop")
            assert reply.ours["fell_back"] == "The provider of tuned withheld the answer."
            tuned.finish, tuned.says = "length", lambda _: f"{FIRST} A long"
            reply = await asked(assistant, QUESTION)
    assert (reply.ours["route"]["arm"], reply.finish) == ("tuned", "length")
    assert reply.text == f"{CARRIED}\n\n{CUT['en']}"


@dataclass
class Endless(Double):
    """Never ends. delta: what it says again and again."""

    delta: Json | None = None

    def deltas(self, text: str) -> Iterator[Json]:
        while True:
            yield self.delta  # type: ignore[misc]  (null is the point)


@pytest.mark.slow
@pytest.mark.parametrize(
    "delta",
    [
        *(None, {"content": ""}, {"reasoning_content": "so it goes on, "}),
        *({"content": "<think> and on "}, {"content": [{"type": "thinking", "thinking": "on"}]}),
    ],
)
async def test_a_stream_without_a_word_of_the_answer_ends(place: Place, delta):
    with serving(Endless(delta=delta)) as double:
        async with place.opened(double) as assistant:
            began = time.monotonic()
            reply = await asked(assistant, QUESTION)
    assert time.monotonic() - began < 60
    assert reply.text == QUOTED
    assert "went on without a word" in reply.ours["fell_back"]


async def test_an_answer_without_end_is_cut(place: Place):
    class Rambling(Double):
        rambles = True

        def deltas(self, text: str) -> Iterator[Json]:
            yield {"content": f"{FIRST} "}
            while self.rambles:
                yield {"content": "and on "}

    with serving(Rambling()) as double:
        async with place.opened(double) as assistant:
            reply = await asked(assistant, QUESTION)  # for all we know it is reasoning
            assert (reply.text, reply.finish) == (QUOTED, "stop")
            double.rambles = False
            for _ in range(2):
                await asked(assistant, QUESTION)
            double.rambles = True
            reply = await asked(assistant, QUESTION)
    assert (reply.text, reply.finish) == (f"{CARRIED}\n\n{CUT['en']}", "length")


class Silent(Double):
    """Begins to speak and says no more."""

    async def events(self, body: Json) -> AsyncIterator[str]:
        while True:
            yield ": still here\n\n"
            await asyncio.sleep(0.05)


async def test_base_has_a_deadline_as_a_candidate_has(place: Place):
    with serving(Silent()) as double:
        async with place.opened(double, guard={"deadline_s": 0.5}) as assistant:
            reply = await asked(assistant, QUESTION)
            assert (reply.text, reply.ours["fell_back"]) == (QUOTED, "base: it took too long")
            with pytest.raises(openai.APIStatusError, match="longer than 0.5 s") as caught:
                await asked(unquoting(assistant), QUESTION)
    assert caught.value.status_code == 504


async def test_base_that_is_late_in_the_middle_keeps_what_was_shown(place: Place):
    double = Double(says=lambda _: f"{FIRST} A long word is often several tokens.")
    with serving(double):
        async with place.opened(double, guard={"deadline_s": 1.5}) as assistant:
            await asked(assistant, QUESTION)
            double.pause_s = 0.07
            reply = await asked(assistant, QUESTION, stream=True)
    assert reply.text.startswith(CARRIED)
    assert "took too long" in reply.text
    assert (reply.finish, reply.ours["outcome"]) == ("length", "abstained")


@dataclass(frozen=True)
class Queued:
    """Base behind a queue of ours, in which a question waits a while."""

    arm: Arm
    queues: ClassVar[bool] = True

    @property
    def name(self) -> str:
        return self.arm.name

    @property
    def revision(self) -> str:
        return self.arm.revision

    async def stream(self, messages, **options):
        await asyncio.sleep(1)
        yield Piece("", begins=True)
        async for piece in self.arm.stream(messages, **options):
            yield piece


async def test_waiting_in_our_own_queue_is_not_the_models_time(place: Place):
    with serving(Double()) as double:
        async with place.opened(double, guard={"deadline_s": 0.8}) as assistant:
            queued = replace(assistant, arms={"base": Queued(assistant.arms["base"])})
            assert (await asked(queued, QUESTION)).text == CARRIED
            double.pause_s = 0.3
            reply = await asked(queued, QUESTION)
    assert (reply.text, reply.ours["fell_back"]) == (QUOTED, "base: it took too long")


@dataclass
class Busy(Double):
    """Always over its limit. wait: what it says of that."""

    wait: str = ""

    def reply(self, body: Json) -> Response:
        error = {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}
        return JSONResponse({"error": error}, 429, {"Retry-After": self.wait})


WAITS = [
    ("17", "17", "in about 17 s"),
    ("600", "600", "in about 600 s"),
    ("1e9", "600", "later"),
    ("86400", "600", "later"),
    ("Sat, 28 Nov 2095 12:00:00 GMT", "600", "later"),
    ("Sat, 28 Nov 2015 11:00:00 GMT", "5", "in about 5 s"),
    *((wrong, "5", "in about 5 s") for wrong in ("28 November", "inf", "nan", "-1", "soon", "")),
]


async def test_retry_after_stays_within_reason(place: Place):
    with serving(Busy()) as double:
        async with place.opened(double) as assistant:
            for wait, passed_on, said in WAITS:
                double.wait = wait
                with pytest.raises(openai.RateLimitError, match=f"Try again {said}") as caught:
                    await asked(unquoting(assistant), QUESTION)
                assert caught.value.response.headers["retry-after"] == passed_on


async def test_retry_after_may_be_a_date(place: Place):
    with serving(Busy()) as double:
        double.wait = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
        async with place.opened(double) as assistant:
            with pytest.raises(openai.RateLimitError) as caught:
                await asked(unquoting(assistant), QUESTION)
    # Both dates are whole seconds, and a server renews its own once a second, or later.
    assert 60 < int(caught.value.response.headers["retry-after"]) <= 92


def test_a_wait_is_bounded_wherever_it_comes_from():
    assert ArmBusy("", arm="a", retry_after_s=1e9).retry_after_s == 600


@dataclass
class OnlyThinking(Double):
    """api-docs.deepseek.com/guides/reasoning_model: the limit holds for reasoning, too."""

    finish: str = "length"

    def deltas(self, text: str) -> Iterator[Json]:
        yield from ({"reasoning_content": f"{THOUGHT} "} for _ in range(20))


async def test_reasoning_that_uses_up_the_limit_is_said_to(place: Place):
    with serving(OnlyThinking()) as double:
        async with place.opened(double) as assistant:
            reply = await asked(assistant, QUESTION)
            assert (reply.text, reply.finish) == (QUOTED, "stop")
            assert "used up the limit of 320 tokens by reasoning" in reply.ours["fell_back"]
            with pytest.raises(openai.APIStatusError, match="Raise answer_tokens") as caught:
                await asked(unquoting(assistant), QUESTION)
    assert caught.value.status_code == 502


async def test_reasoning_alone_is_no_answer(place: Place):
    with serving(OnlyThinking(finish="stop")) as double:
        async with place.opened(double) as assistant:
            reply = await asked(assistant, QUESTION)
    assert (reply.text, reply.finish) == (QUOTED, "stop")
    assert reply.ours["fell_back"] == "base: it found no answer in the passages"


async def test_reasoning_that_nothing_opens_is_not_shown_even_at_first(place: Place):
    with serving(VllmUnparsed()) as double:
        async with place.opened(double) as assistant:
            for _ in range(2):
                reply = await asked(assistant, QUESTION, stream=True)
                assert (reply.text, reply.finish) == (CARRIED, "stop")


async def test_reasoning_that_nothing_opens_and_that_is_cut_is_not_shown_either(place: Place):
    class Limited(VllmUnparsed):
        """It takes its limit seriously: four characters a token."""

        async def events(self, body: Json) -> AsyncIterator[str]:
            whole = f"{THOUGHT} " * 60 + f"</think>{self.says(body['messages'])}"
            most = body["max_tokens"] * 4
            said = self.choice({"content": whole[:most]}, None)
            yield line({**self.frame(body), "choices": [said]})
            finish = "length" if len(whole) > most else "stop"
            yield line({**self.frame(body), "choices": [self.choice({}, finish)]})

    with serving(Limited()) as double:
        async with place.opened(double) as assistant:
            for _ in range(2):
                reply = await asked(assistant, QUESTION, stream=True)
                assert (reply.text, reply.finish) == (QUOTED, "stop")
                assert "used up the limit of 320 tokens by reasoning" in reply.ours["fell_back"]
        assert len(double.taken) == 3  # one of them to find out


async def test_an_endpoint_may_think_more_than_once_and_say_other_things_beside(place: Place):
    class Twice(Double):
        def deltas(self, text: str) -> Iterator[Json]:
            whole = f"{THOUGHT} </think> {THOUGHT} </think> {text}"
            yield from ({"content": piece} for piece in pieces(whole))

        async def events(self, body: Json) -> AsyncIterator[str]:
            other = {**self.choice({"content": THOUGHT}, "stop"), "index": 1}
            yield line({**self.frame(body), "choices": [other]})
            async for event in super().events(body):
                yield event

    with serving(Twice()) as double:
        async with place.opened(double) as assistant:
            for _ in range(2):
                assert (await asked(assistant, QUESTION, stream=True)).text == CARRIED


async def test_an_arm_that_begins_to_reason_aloud_is_stopped_and_then_understood(place: Place):
    class Turning(VllmUnparsed):
        plain = True

        def deltas(self, text: str) -> Iterator[Json]:
            return Double.deltas(self, text) if self.plain else super().deltas(text)

    with serving(Turning()) as double:
        async with place.opened(double) as assistant:
            assert (await asked(assistant, QUESTION)).text == CARRIED
            double.plain = False
            reply = await asked(assistant, QUESTION, stream=True)
            assert reply.text == QUOTED
            assert "had its reasoning in the place of the answer" in reply.ours["fell_back"]
            assert (await asked(assistant, QUESTION)).text == CARRIED
            double.plain = True  # and without any mark it has only reasoned, as far as we know
            assert (await asked(assistant, QUESTION)).text == QUOTED
            assert (await asked(assistant, QUESTION)).text == CARRIED


async def test_what_extra_body_sets_is_the_persons_and_named_where_it_is_refused(place: Place):
    class Strict(Double):
        def check(self, body: Json, request: Request) -> None:
            for name in ("top_k", "temperature"):
                if name in body:
                    said = f"Unrecognized request argument supplied: {name}"
                    error = {"message": said, "type": "invalid_request_error", "param": None}
                    raise Refusal(400, {"error": {**error, "code": None}})

    with serving(Strict()) as double:
        for extra in ({"top_k": 1}, {"temperature": 0.2}):
            arm = ArmSettings(name="base", base_url=double.url, model="m", extra_body=extra)
            async with place.opened(double, arms=(arm,)) as assistant:
                with pytest.raises(openai.APIStatusError) as caught:
                    await asked(unquoting(assistant), QUESTION)
            (name,) = extra
            assert f"base refused `{name}`, which extra_body sets (HTTP 400)" in str(caught.value)
            assert "Take it out of extra_body of base" in str(caught.value)
        arm = ArmSettings(name="base", base_url=double.url, model="m")
        async with place.opened(double, arms=(arm,)) as assistant:
            assert (await asked(assistant, QUESTION)).text == CARRIED


async def test_a_refusal_that_teaches_nothing_is_asked_once(place: Place):
    class Full(Double):
        def check(self, body: Json, request: Request) -> None:
            said = (
                "'max_tokens' or 'max_completion_tokens' is too large: 320. This model's maximum "
                "context length is 1024 tokens and your request has 900 input tokens."
            )
            error = {"object": "error", "message": said, "type": "BadRequestError"}
            raise Refusal(400, {**error, "param": "max_tokens", "code": 400})

    with serving(Full()) as double:
        async with place.opened(double) as assistant:
            with pytest.raises(openai.APIStatusError, match="of this length") as caught:
                await asked(unquoting(assistant), QUESTION)
    assert "Lower knowledge.passage_characters or answer_tokens" in str(caught.value)
    assert double.refused == 1


async def test_what_a_provider_says_is_never_shown(place: Place):
    with serving(Breaking()) as double:
        double.said = f"Upstream failed for {KEY}"
        async with place.opened(double) as assistant:
            with pytest.raises(openai.APIError) as caught:
                await asked(unquoting(assistant), QUESTION)
            assert KEY not in str(caught.value)
            reply = await asked(assistant, QUESTION)
            assert KEY not in str(reply)
            assert "it said an error" in reply.ours["fell_back"]
            with pytest.raises(ArmError):
                _ = [
                    p
                    async for p in assistant.arms["base"].stream(
                        [{"role": "user", "content": "?"}], max_tokens=8
                    )
                ]
