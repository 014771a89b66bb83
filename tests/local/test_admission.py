import asyncio
import random
from contextlib import suppress

import pytest

from assistant.errors import ArmBusy
from assistant.local.admission import Admission, Priority


async def settle() -> None:
    """Let every task that can run, run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def hold(
    admission: Admission,
    let_go: asyncio.Event,
    log: list[str],
    name: str,
    priority: Priority = Priority.PERSON,
) -> None:
    async with admission.enter(priority):
        log.append(name)
        await let_go.wait()


async def test_people_before_background_then_first_come() -> None:
    admission = Admission("base", slots=1, limit=9)
    let_go = asyncio.Event()
    log: list[str] = []
    tasks = []
    for name in ("first", "b1", "p1", "b2", "p2"):
        rank = Priority.BACKGROUND if name.startswith("b") else Priority.PERSON
        tasks.append(asyncio.create_task(hold(admission, let_go, log, name, rank)))
        await settle()
    assert log == ["first"]
    assert admission.waiting == 4
    let_go.set()
    await asyncio.gather(*tasks)
    assert log == ["first", "p1", "p2", "b1", "b2"]
    assert admission.waiting == 0


async def test_as_many_at_a_time_as_there_are_slots() -> None:
    admission = Admission("base", slots=3, limit=50)
    inside = most = 0

    async def work() -> None:
        nonlocal inside, most
        async with admission.enter():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(40)))
    assert most == 3


async def test_full_queue_is_refused_with_an_honest_wait() -> None:
    admission = Admission("support", slots=2, limit=3)
    let_go = asyncio.Event()
    tasks = [asyncio.create_task(hold(admission, let_go, [], "x")) for _ in range(5)]
    await settle()
    with pytest.raises(ArmBusy, match="3 questions are waiting already") as error:
        async with admission.enter():
            pytest.fail("it was let in")
    assert error.value.arm == "support"
    assert error.value.retry_after_s == admission.retry_after_s()
    assert 1 <= error.value.retry_after_s <= 60
    let_go.set()
    await asyncio.gather(*tasks)
    async with admission.enter():
        pass


async def test_expected_wait_follows_queue_and_speed() -> None:
    admission = Admission("base", slots=1, limit=9)
    at_first = admission.retry_after_s()
    for _ in range(40):
        async with admission.enter():
            pass
    assert admission.retry_after_s() < at_first
    assert admission.retry_after_s() >= 1
    let_go = asyncio.Event()
    slow = Admission("base", slots=1, limit=9)
    tasks = [asyncio.create_task(hold(slow, let_go, [], "x")) for _ in range(4)]
    await settle()
    assert slow.retry_after_s() == pytest.approx(4 * at_first)
    let_go.set()
    await asyncio.gather(*tasks)


async def test_nobody_may_wait() -> None:
    admission = Admission("base", slots=1, limit=0)
    async with admission.enter():
        with pytest.raises(ArmBusy):
            await admission.enter().__aenter__()
    async with admission.enter():
        pass


async def test_cancelled_waiter_frees_its_place() -> None:
    admission = Admission("base", slots=1, limit=1)
    let_go = asyncio.Event()
    log: list[str] = []
    holder = asyncio.create_task(hold(admission, let_go, log, "holder"))
    await settle()
    waiter = asyncio.create_task(hold(admission, let_go, log, "cancelled"))
    await settle()
    waiter.cancel()
    await settle()
    assert admission.waiting == 0
    other = asyncio.create_task(hold(admission, let_go, log, "other"))
    await settle()
    let_go.set()
    await asyncio.gather(holder, other)
    assert log == ["holder", "other"]


async def test_slot_handed_to_one_who_leaves_at_that_moment() -> None:
    admission = Admission("base", slots=1, limit=5)
    let_go = asyncio.Event()
    log: list[str] = []
    waiters = []
    async with admission.enter():
        for name in ("leaves", "stays"):
            waiters.append(asyncio.create_task(hold(admission, let_go, log, name)))
        await settle()
    waiters[0].cancel()  # it has the slot, and has not run since
    await settle()
    assert log == ["stays"]
    let_go.set()
    await waiters[1]


async def test_error_inside_frees_the_slot() -> None:
    admission = Admission("base", slots=1, limit=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with admission.enter():
                raise ZeroDivisionError


@pytest.mark.parametrize("seed", range(5))
async def test_no_slot_is_lost_in_a_storm_of_cancellations(seed: int) -> None:
    rng = random.Random(seed)
    slots = rng.randint(1, 4)
    admission = Admission("base", slots=slots, limit=12)
    inside = most = 0

    async def work() -> None:
        nonlocal inside, most
        try:
            async with admission.enter(rng.choice(list(Priority))):
                inside += 1
                most = max(most, inside)
                try:
                    for _ in range(rng.randint(0, 4)):
                        await asyncio.sleep(0)
                finally:
                    inside -= 1
        except ArmBusy:
            pass

    tasks: list[asyncio.Task[None]] = []
    for _ in range(1500):
        tasks.append(asyncio.create_task(work()))
        for task in rng.sample(tasks[-20:], min(len(tasks), rng.randint(0, 2))):
            task.cancel()
        if rng.random() < 0.6:
            await asyncio.sleep(0)
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
    assert sum(task.cancelled() for task in tasks) > 100
    assert most == slots
    assert admission.waiting == 0
    let_go = asyncio.Event()
    log: list[str] = []
    last = [asyncio.create_task(hold(admission, let_go, log, "x")) for _ in range(slots)]
    await settle()
    assert len(log) == slots, "every slot is free again"
    let_go.set()
    await asyncio.gather(*last)
