"""How an answer ends that cannot be whole: for want of time, or since something failed."""

import asyncio
import logging

import pytest

from assistant.api.connection import Closing
from assistant.api.errors import told
from assistant.errors import QuestionError, ServerStopping


async def test_what_is_there_in_time_is_returned_and_what_fails_fails():
    closing = Closing()
    assert await closing.first(asyncio.sleep(0, "there")) == "there"

    async def broken() -> None:
        raise QuestionError("no")

    with pytest.raises(QuestionError):
        await closing.first(broken())
    assert not closing.begun


async def test_what_is_not_is_cancelled_and_cleaned_up():
    closing, ended = Closing(), []

    async def long() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    asyncio.get_running_loop().call_later(0.05, closing.begin)
    with pytest.raises(ServerStopping):
        await asyncio.wait_for(closing.first(long()), 5)
    assert ended == [True]
    with pytest.raises(ServerStopping):
        await asyncio.wait_for(closing.first(long()), 5)


async def test_who_leaves_takes_the_work_along():
    ended = []

    async def long() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    task = asyncio.create_task(Closing().first(long()))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]


def test_an_error_of_ours_is_told_and_another_is_in_the_log_alone(caplog):
    assert told(QuestionError("Too long."))["error"]["message"] == "Too long."
    with caplog.at_level(logging.ERROR):
        error = told(LookupError("row 7 of people"))["error"]
    assert (error["type"], error["code"]) == ("server_error", "internal")
    assert "row 7" not in error["message"]
    assert "row 7 of people" in caplog.text
