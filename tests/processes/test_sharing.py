"""What processes on one database know of each other, on a real PostgreSQL."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select, update

from assistant.access.rates import Rates
from assistant.access.shared_places import SharedPlaces, chosen
from assistant.background.duty import on_duty
from assistant.errors import ConversationHeld, TooMany
from assistant.records.database import open_url
from assistant.records.processes.counting import SharedCounter
from assistant.records.processes.leases import LONGEST_S, Leases
from assistant.records.processes.tables import answering, leases, places
from assistant.records.processes.underway import SharedUnderway

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def engines(new_url) -> Iterator[tuple[Engine, Engine]]:
    """Two processes' connections to one database."""
    url = new_url()
    one, two = open_url(url), open_url(url)
    yield one, two
    one.dispose()
    two.dispose()


def both(engines: tuple[Engine, Engine]) -> tuple[Leases, Leases]:
    pair = Leases(engines[0]), Leases(engines[1])
    for each in pair:
        each.beat()
    return pair


def dies(one: Leases) -> None:
    """Let it be as if a process had been dead for longer than a lease lasts."""
    with one.engine.begin() as connection:
        mine = update(leases).where(leases.c.process == one.me)
        connection.execute(mine.values(until=leases.c.until - LONGEST_S - 1))


def test_a_lease_is_one_processs_until_it_is_given_back_or_that_dies(engines):
    one, two = both(engines)
    assert one.take("duty")
    assert one.take("duty")
    assert not two.take("duty")
    one.end()
    assert two.take("duty")
    assert not one.take("duty")
    dies(two)
    assert one.alive() == frozenset()
    assert one.take("duty")


def test_of_many_that_want_a_lease_at_once_one_gets_it(engines):
    one, two = both(engines)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(16) as pool:
        for number in range(20):
            names = [f"d{number}"] * 16
            takers = [(one, two)[n % 2] for n in range(16)]
            got = list(pool.map(lambda who, name: (who.me, who.take(name)), takers, names))
            assert len({who for who, has in got if has}) == 1


async def test_a_duty_is_done_by_one_and_taken_up_when_that_ends(engines):
    one, two = both(engines)
    doing: set[str] = set()
    most = 0

    def work(name: str):
        async def run() -> None:
            nonlocal most
            doing.add(name)
            most = max(most, len(doing))
            try:
                await asyncio.Event().wait()
            finally:
                doing.discard(name)

        return run

    first = asyncio.create_task(on_duty(one, "clock", work("one")))
    async with asyncio.timeout(20):
        while doing != {"one"}:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    second = asyncio.create_task(on_duty(two, "clock", work("two")))
    await asyncio.sleep(1)
    assert doing == {"one"}
    first.cancel()
    await asyncio.wait({first})
    await asyncio.to_thread(one.end)
    async with asyncio.timeout(20):
        while doing != {"two"}:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    second.cancel()
    await asyncio.wait({second})
    assert most == 1


async def test_who_erases_waits_for_turns_of_other_processes(engines):
    one, two = (SharedUnderway(each) for each in both(engines))
    order = []

    async def turn() -> None:
        async with one.turn("c", "t1"):
            begun.set()
            await asyncio.sleep(1)
            order.append("answered")

    begun = asyncio.Event()
    answers = asyncio.create_task(turn())
    await begun.wait()
    assert await two.answering() == {"t1"}
    async with two.held(["c"], 20):
        order.append("erased")
        with pytest.raises(ConversationHeld):
            async with one.turn("c", "t2"):
                pass
        async with one.turn("other", "t3"):
            pass
        with pytest.raises(ConversationHeld):
            async with one.held(["c"], 5):
                pass
    await answers
    assert order == ["answered", "erased"]
    async with one.turn("c", "t4"):
        pass
    assert await two.answering() == frozenset()


async def test_a_dead_process_holds_up_nobody(engines):
    first, second = both(engines)
    one, two = SharedUnderway(first), SharedUnderway(second)
    await asyncio.to_thread(one._begin, "c", "t1")
    await asyncio.to_thread(one._hold, ["d"])
    with pytest.raises(ConversationHeld):
        async with two.held(["c"], 0.5):
            pass
    dies(first)
    async with two.held(["c"], 0.5):
        pass
    async with two.turn("d", "t2"):
        pass
    assert await two.answering() == frozenset()
    assert first.me in second.bury()
    with second.engine.connect() as connection:
        assert connection.scalars(select(answering.c.turn_id)).all() == []


async def test_an_answer_is_stopped_from_another_process(engines):
    one, two = (SharedUnderway(each) for each in both(engines))
    watching = asyncio.create_task(one.watch())
    ended = []

    async def turn() -> None:
        async with one.turn("c", "t1"):
            begun.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                ended.append("stopped")
                raise

    begun = asyncio.Event()
    answers = asyncio.create_task(turn())
    await begun.wait()
    await two.stop("c", 20)
    assert ended == ["stopped"]
    await asyncio.wait({answers})
    watching.cancel()
    await asyncio.wait({watching})


def test_requests_are_counted_over_processes(engines):
    one, two = (Rates(5, 100, SharedCounter(engine)) for engine in engines)
    taken = 0
    with pytest.raises(TooMany, match="More than 5 requests of yours") as refused:
        for _ in range(10):
            for rates in (one, two):
                rates.note("address", "who")
                taken += 1
    assert taken == 5
    assert 1 <= refused.value.retry_after_s <= 60
    one.note("address", "another")
    SharedCounter(engines[0]).sweep()
    with pytest.raises(TooMany):
        two.note("address", "who")


async def test_places_are_shared_and_those_of_the_dead_are_free(engines):
    first, second = both(engines)
    one, two = (SharedPlaces(each, "ask", 2, 2, 1.0) for each in (first, second))
    async with one.enter("a"), two.enter("b"):
        began = time.monotonic()
        with pytest.raises(TooMany, match="2 questions are being answered"):
            async with two.enter("c"):
                pass
        assert time.monotonic() - began >= 1.0

        async def waits() -> str:
            async with one.enter("d"):
                return "in"

        waiting = asyncio.create_task(waits())
        await asyncio.sleep(0.3)
    assert await waiting == "in"
    async with one.enter("a"), one.enter("a"):
        with pytest.raises(TooMany, match="2 of your questions"):
            async with two.enter("a"):
                pass
        dies(first)
        async with two.enter("a"):
            pass
    with second.engine.connect() as connection:
        assert connection.scalars(select(places.c.who)).all() == []


def test_who_holds_the_fewest_comes_first():
    rows = [(1, "a", True), (2, "a", False), (3, "b", False), (4, "c", False)]
    assert chosen(rows, 1) == set()
    assert chosen(rows, 2) == {3}
    assert chosen(rows, 3) == {3, 4}
    assert chosen(rows, 9) == {2, 3, 4}


@pytest.mark.parametrize("by_s", [-86_400.0, 86_400.0])
def test_nobody_is_taken_for_dead_because_the_database_was_away_or_its_clock_was_set(
    engines, by_s: float
):
    """All leases have lapsed at once: whose own has waits until the others are heard again."""
    one, two = both(engines)
    assert one.may_judge()
    with one.engine.begin() as connection:
        connection.execute(update(leases).values(until=leases.c.until + by_s))
    assert one.alive() == frozenset()
    assert not one.may_judge()
    one.beat()
    assert not one.may_judge()
    two.beat()
    assert one.alive() == {one.me, two.me}
    assert one.take("duty")
    assert not two.take("duty")
