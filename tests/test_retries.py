"""What is tried again: within its budget, with nothing of what was said in the log."""

import logging
import time

import pytest

from assistant.retries import RetryBudget

QUICK = RetryBudget(0.3, first_s=0.02, longest_s=0.05)


class Failing:
    """Fails so many times, and then returns how often it was called."""

    def __init__(self, times: int) -> None:
        self.times, self.calls = times, 0

    def __call__(self) -> int:
        self.calls += 1
        if self.calls <= self.times:
            raise OSError("the cat sat on the cable")
        return self.calls


def test_what_is_over_in_a_moment_is_not_noticed():
    assert QUICK.call(Failing(2), OSError) == 3


def test_what_fails_for_good_is_raised_at_once():
    failing = Failing(9)
    with pytest.raises(OSError, match="cat"):
        QUICK.call(failing, lambda error: "dog" in str(error))
    assert failing.calls == 1


def test_after_its_budget_the_failure_is_raised_as_it_was():
    failing, began = Failing(10_000), time.monotonic()
    with pytest.raises(OSError, match="cat"):
        QUICK.call(failing, OSError)
    assert QUICK.within_s <= time.monotonic() - began < QUICK.within_s + 5
    assert 3 < failing.calls < 20


async def test_an_attempt_is_a_block_and_the_log_says_kinds_alone(caplog):
    caplog.set_level(logging.INFO)
    failing = Failing(2)
    async for attempt in QUICK.attempts(lambda _error: 0.01):
        with attempt:
            assert failing() == 3
    assert "the 2. time: OSError" in caplog.text
    assert "cat" not in caplog.text
    assert {record.name for record in caplog.records} == {"assistant.retries"}
