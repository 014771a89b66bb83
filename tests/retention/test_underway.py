"""Nothing that was erased is written back by what was being worked on."""

import asyncio

import pytest

from assistant.background.custody import Custody
from assistant.errors import ConversationHeld, UnknownPerson
from assistant.records.turns import Turn
from assistant.settings import AnswerSettings
from assistant.underway import Underway
from tests.retention.test_erasure import marked
from tests.support.dialects import Double, serving


async def asked(assistant, question: str, conversation: str) -> Turn:
    events = assistant.answer(question, conversation_id=conversation)
    return [event async for event in events if isinstance(event, Turn)][-1]


async def test_a_question_under_way_is_waited_for_and_a_new_one_has_to_wait():
    underway, begun = Underway(), asyncio.Event()
    order = []

    async def turn() -> None:
        async with underway.turn("one", "t"):
            begun.set()
            await asyncio.sleep(0.2)
            order.append("answered")

    answering = asyncio.create_task(turn())
    await begun.wait()
    async with underway.held({"one", "two"}, 5):
        order.append("erased")
        with pytest.raises(ConversationHeld):
            async with underway.turn("two", "t"):
                pass
        async with underway.turn("three", "t"):
            pass
        with pytest.raises(ConversationHeld):
            async with underway.held({"two"}, 5):
                pass
    await answering
    assert order == ["answered", "erased"]
    async with underway.turn("two", "t"):
        pass


async def test_a_question_that_takes_too_long_is_said_and_nothing_is_held_after_it():
    underway = Underway()
    async with underway.turn("one", "t"):
        with pytest.raises(ConversationHeld, match="nothing was erased"):
            async with underway.held({"one"}, 0.05):
                pass
        async with underway.turn("one", "t"):
            pass


async def test_a_pair_that_is_ended_is_no_failure_and_one_that_is_cancelled_is():
    underway = Underway()
    ran = []

    async def work() -> str:
        ran.append(1)
        await asyncio.sleep(30)
        return "done"

    ended = asyncio.create_task(underway.pair("job", work(), "gone"))
    await asyncio.sleep(0.01)
    await underway.end_pairs(["job", "other"])
    assert await ended == "gone"
    stopped = asyncio.create_task(underway.pair("job", work(), "gone"))
    await asyncio.sleep(0.01)
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    assert len(ran) == 2


async def test_a_conversation_that_goes_on_after_an_erasure_remembers_nothing(place):
    with serving(Double()) as double:
        async with place.opened(double, answers=AnswerSettings(quote="fallback")) as assistant:
            await erased_meanwhile(assistant, place.folder)


async def erased_meanwhile(assistant, folder):
    custody = Custody.of(assistant)
    await asked(assistant, "What is a Quibberish token?", "one")
    with pytest.raises(UnknownPerson):
        await custody.preview(["nobody"])
    with pytest.raises(UnknownPerson):
        await custody.erase(["one", "nobody"], "eve")
    assert (await custody.preview(["one"])).counts["turns"] == 1
    waiting = asyncio.create_task(asked(assistant, "And a Quibberish pod?", "one"))
    async with asyncio.timeout(30):
        while not assistant.underway._turns:  # noqa: ASYNC110  (nobody tells of a beginning)
            await asyncio.sleep(0)
    receipt = await custody.erase(["one"], "eve")
    await waiting
    assert receipt.counts["turns"] == 2, "the question that was under way is erased too"
    assert not await assistant.knows("one")
    assert marked(folder) == []
    assert (await custody.receipts()) == (receipt,)
