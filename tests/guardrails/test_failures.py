"""What is said of an exception to operators: short, and without keys."""

import logging
import time

import pydantic
import pytest

from guardrails.failures import kind, noted, told, without_keys
from guardrails.gate import Gate
from guardrails.scorers.fast import Fast
from guardrails.scorers.scorer import run
from guardrails.types import Sample, Text, Unscored

KEY = "sk-live-0123456789abcdefghij"


class Leak(Exception):
    """Says more than it should."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Incorrect API key provided: {KEY}.", "Incorrect API key provided: [secret]"),
        ("key sk-proj-****************cdef is wrong", "key [secret] is wrong"),
        ("Authorization: Bearer abc.def-123", "Authorization: [secret]"),
        ("sent 'Bearer abc.def-123'", "sent 'Bearer [secret]'"),
        ("GET https://h.example/v1?key=abc&x=1", "GET https://h.example/v1?key=[secret]&x=1"),
        ("https://jane:p@ss/w0rd@h.example:80/v1", "https://[secret]@h.example:80/v1"),
        ("postgresql+psycopg://jane:pw@db/x", "postgresql+psycopg://[secret]@db/x"),
        (
            '{"api_key": "abc", "password":"d e"}',
            '{"api_key": "[secret]", "password":"[secret] e"}',
        ),
        ("x-api-key: 3f2504e0-4f89-11d3-9a0c-0305e82c3301", "x-api-key: [secret]"),
        ("Invalid token 'abc'", "Invalid token '[secret]'"),
        ("of 0123456789abcdef0123456789abcdef", "of [secret]"),
        ("ghp_abcdef123456 and AIzaSyA-123456", "[secret] and [secret]"),
    ],
)
def test_keys_are_taken_out(text: str, expected: str) -> None:
    assert without_keys(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The model `claude-sonnet-4-20250514` does not exist",
        "max_tokens: 512 is too large",
        "maximum context length is 8192 tokens, you requested 9000 tokens",
        "https://platform.openai.com/account/api-keys",
        'connection to server at "10.0.0.5", port 5432 failed',
        "[Errno -2] Name or service not known",
        "desk-lamps, task-forces and risk-assessments",
    ],
)
def test_what_helps_an_operator_stays(text: str) -> None:
    assert without_keys(text) == text


def test_a_told_exception_is_one_short_line() -> None:
    assert told(ValueError("a\n  b")) == "ValueError: a b"
    assert told(ValueError()) == "ValueError"
    assert len(told(ValueError("word " * 10_000))) < 350
    assert "0123" not in told(ValueError(" " * 1980 + KEY))


def test_what_a_model_refuses_is_not_repeated() -> None:
    class Reply(pydantic.BaseModel):
        number: int
        other: int

    with pytest.raises(pydantic.ValidationError) as refused:
        Reply.model_validate({"number": "my secret, input_type=x", "other": "my\nsecret"})
    said = told(refused.value)
    assert "secret" not in said
    assert "2 validation errors" in said
    assert "unable to parse" in said


def test_a_long_text_takes_no_long_time() -> None:
    started = time.monotonic()
    for unit in ("://", "a@", "key ", "key:", "bearer ", "sk-", "a1", "'"):
        told(ValueError(unit * 300_000))
    assert time.monotonic() - started < 60


def test_what_is_noted_is_in_the_log_and_only_its_kind_is_returned(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert noted(Leak(f"so {KEY}"), "far") == "Leak" == kind(Leak())
    assert caplog.record_tuples == [
        ("guardrails.failures", logging.WARNING, "far failed: Leak: so [secret]")
    ]


class Leaking:
    """A scorer, and what the gate asks, that fails."""

    name = "leaking"
    version = "1"

    def claim(self, *_: object) -> None:
        raise Leak(KEY)

    def measure(self, _: Sample) -> None:
        raise Leak(KEY)

    async def score(self, _: Sample) -> Unscored:
        raise Leak(KEY)


SAMPLE = Sample("What is a pod?", "en", (Text("A pod is small.", "en"),), "A pod is small.")


async def test_the_crash_of_a_scorer_says_its_kind_alone() -> None:
    assert await run(Leaking(), SAMPLE, 5.0) == Unscored("leaking failed (Leak)")


async def test_a_check_that_fails_says_its_kind_alone() -> None:
    fast = Fast(live=True)
    fast.groundedness = fast.coverage = fast.refusal = Leaking()
    fast.scorers = (fast.groundedness, fast.readable)
    gate = Gate(fast)
    checked = await gate.sentence("A pod is small.", SAMPLE.passages, "What is a pod?", "en")
    assert (checked.outcome, checked.reason) == ("unchecked", "the check failed (Leak)")
    checked, scores = await gate.answer(SAMPLE)
    assert checked.outcome == "unchecked"
    assert KEY not in repr((checked, scores))
