"""The dispatcher on a real database and real receivers, with a clock of the test's."""

import asyncio
import json
import logging
import random
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from assistant.records.database import open_database
from assistant.sending.channel import Channel, NotSent
from assistant.sending.dispatcher import (
    CLAIM,
    LIMIT,
    LONGEST_S,
    STALE,
    Dispatcher,
    pause_s,
    recipients,
)
from assistant.sending.mail import TIMEOUT_S as MAIL_S
from assistant.sending.post import TIMEOUT_S as POST_S
from assistant.sending.slack import Slack
from assistant.sending.webhook import Webhook
from guardrails.store.outbox import OutboxMessage, Recipient
from guardrails.store.store import Store
from tests.sending.receivers import HANG, Http, listening
from tests.sending.test_channels import KEY, SECRET, verified

START = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path):
    engine = open_database(tmp_path / "routeback.sqlite")
    yield engine
    engine.dispose()


@pytest.fixture
def store(database: Engine) -> Store:
    return Store(database)


@pytest.fixture
async def http():
    async with listening(Http()) as receiver:
        yield receiver


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Told:
    """A channel that does what it is told to, and remembers what it sent."""

    name: str = "told"
    script: list[Exception | None] = field(default_factory=list)
    got: list[tuple[str, str]] = field(default_factory=list)
    before: Callable[[], Awaitable[None]] | None = None

    async def send(self, message: OutboxMessage, to: Recipient, now: datetime) -> str:
        if self.before:
            await self.before()
        self.got.append((message.id, to.address))
        failure = self.script.pop(0) if self.script else None
        if failure:
            raise failure
        return ""


@pytest.fixture
def clock() -> Clock:
    return Clock()


def dispatcher(store: Store, clock: Clock, *channels: Channel) -> Dispatcher:
    return Dispatcher(store, channels, clock, random.Random(0).random, every_s=0.01)


def raised(store: Store, arm: str = "tuned", at: datetime = START) -> None:
    with store.transaction() as ledger:
        ledger.raise_alarm("blind", arm, at, f"{arm} cannot be seen")


def sent(store: Store):
    with store.reading() as ledger:
        return ledger.outbox.recent(50)


def deliveries(store: Store):
    return [d for one in reversed(sent(store)) for d in one.deliveries]


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not happened():  # noqa: ASYNC110  (a database has no event)
            await asyncio.sleep(0.01)


async def running(work: Dispatcher, happened: Callable[[], bool]) -> None:
    task = asyncio.create_task(work.run())
    await until(happened)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_alarm_arrives_in_every_channel_signed(store, clock, http):
    raised(store)
    work = dispatcher(store, clock, Webhook(http.url(), KEY), Slack(http.url("/slack")))
    await running(work, lambda: all(d.state == "delivered" for d in deliveries(store) or [Dummy]))
    hook, slack = sorted(http.posts, key=lambda post: post.path)
    assert verified(SECRET, hook.headers, hook.body)
    assert hook.headers["webhook-id"] == sent(store)[0].message.id
    assert json.loads(hook.body)["data"]["kind"] == "blind"
    assert json.loads(slack.body)["text"].endswith("tuned cannot be seen")
    assert [(d.tries, d.error, d.next_try) for d in deliveries(store)] == [(1, "", None)] * 2


class Dummy:
    state = "none"


async def test_a_failure_is_tried_again_with_the_same_id_until_it_arrives(store, clock, http):
    http.script = [500, 429, 200]
    http.more = {"Retry-After": "900"}
    raised(store)
    work = dispatcher(store, clock, Webhook(http.url(), KEY))
    assert work.take_up()
    assert await work.deliver(work.channels[0])
    (after,) = deliveries(store)
    assert (after.state, after.tries, after.error) == ("waiting", 1, "HTTP 500")
    assert after.next_try == START + timedelta(seconds=900)
    assert not await work.deliver(work.channels[0]), "not before its time"
    clock.now = after.next_try
    assert await work.deliver(work.channels[0])
    clock.now = deliveries(store)[0].next_try
    assert await work.deliver(work.channels[0])
    (after,) = deliveries(store)
    assert (after.state, after.tries, after.error) == ("delivered", 3, "")
    assert len({post.headers["webhook-id"] for post in http.posts}) == 1
    assert len({post.headers["webhook-timestamp"] for post in http.posts}) == 3
    assert all(verified(SECRET, post.headers, post.body) for post in http.posts)
    clock.now += timedelta(days=9)
    assert not await work.deliver(work.channels[0])


async def test_what_is_refused_for_good_is_given_up_at_once(store, clock, http, caplog):
    http.script = [404]
    raised(store)
    work = dispatcher(store, clock, Slack(http.url("/T0PSECRET")))
    work.take_up()
    await work.deliver(work.channels[0])
    (after,) = deliveries(store)
    assert (after.state, after.tries, after.error) == ("given_up", 1, "HTTP 404")
    assert "slack: message msg_" in caplog.text
    assert "T0PSECRET" not in caplog.text


async def test_after_a_day_it_is_given_up(store, clock):
    channel = Told(script=[NotSent("HTTP 500")] * 100)
    raised(store)
    work = dispatcher(store, clock, channel)
    work.take_up()
    while (held := deliveries(store)[0]).next_try:
        clock.now = held.next_try
        assert await work.deliver(channel)
    assert held.state == "given_up"
    assert timedelta(hours=20) < held.given_up - START <= LIMIT
    assert 12 < held.tries < 40
    with store.reading() as ledger:
        assert ledger.outbox.counts(START)["given_up"] == 1


async def test_a_server_that_was_off_for_a_day_tries_once_more(store, clock):
    channel = Told(script=[NotSent("HTTP 500"), NotSent("HTTP 500")])
    raised(store)
    work = dispatcher(store, clock, channel)
    work.take_up()
    await work.deliver(channel)
    clock.now += 2 * LIMIT
    assert not work.take_up()
    assert await work.deliver(channel)
    assert [d.state for d in deliveries(store)] == ["given_up"]


async def test_a_crash_between_sending_and_marking_sends_the_same_again(store, clock):
    class Crash(BaseException):
        pass

    async def crash() -> None:
        raise Crash

    channel = Told()
    raised(store)
    work = dispatcher(store, clock, channel)
    work.take_up()
    held = work._claimed("told")
    await channel.send(held[1], held[0].recipient, clock())  # and then the process is gone
    clock.now += CLAIM - timedelta(seconds=1)
    assert not await work.deliver(channel), "others wait for the end of the claim"
    clock.now += timedelta(seconds=1)
    assert await work.deliver(channel)
    assert len(channel.got) == 2
    assert len(set(channel.got)) == 1
    assert [(d.state, d.tries) for d in deliveries(store)] == [("delivered", 2)]
    raised(store, "other", clock())
    work.take_up()
    channel.before = crash
    with pytest.raises(Crash):
        await work.deliver(channel)
    channel.before = None
    clock.now += CLAIM
    assert await work.deliver(channel)
    assert [d.state for d in deliveries(store)] == ["delivered", "delivered"]


async def test_two_dispatchers_send_each_message_once(tmp_path, store, clock):
    for n in range(20):
        raised(store, f"arm{n}")
    other = open_database(tmp_path / "routeback.sqlite")
    channels = [Told(), Told()]
    works = [
        dispatcher(Store(engine), clock, channel)
        for engine, channel in zip((store._engine, other), channels, strict=True)
    ]
    tasks = [asyncio.create_task(work.run()) for work in works]
    await until(
        lambda: (
            (found := deliveries(store)) != []
            and len(found) == 20
            and all(d.state == "delivered" for d in found)
        )
    )
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    other.dispose()
    got = [one for channel in channels for one in channel.got]
    assert len(got) == len(set(got)) == 20
    assert all(d.tries == 1 for d in deliveries(store))


async def test_a_channel_that_hangs_does_not_hold_up_another(store, clock, http):
    http.script = [HANG]
    raised(store)
    told = Told()
    work = dispatcher(store, clock, Slack(http.url(), timeout_s=10), told)

    def states() -> dict[str, str]:
        return {d.recipient.channel: d.state for d in deliveries(store)}

    await running(work, lambda: states().get("told") == "delivered" and http.posts != [])
    assert states()["slack"] == "waiting"


async def test_what_was_rolled_back_is_not_sent(store, clock):
    with pytest.raises(RuntimeError), store.transaction() as ledger:
        ledger.raise_alarm("blind", "tuned", START, "m")
        raise RuntimeError
    assert not dispatcher(store, clock, Told()).take_up()


async def test_raised_and_over_arrive_in_this_order(store, clock):
    channel = Told(script=[NotSent("HTTP 500")])
    raised(store)
    with store.transaction() as ledger:
        ledger.clear_alarm("blind", "tuned", START)
    raised(store, "other")
    work = dispatcher(store, clock, channel)
    work.take_up()
    first, over, other = (one.message for one in reversed(sent(store)))
    while any(d.state == "waiting" for d in deliveries(store)):
        if not await work.deliver(channel):
            clock.now += timedelta(seconds=1)
    assert [i for i, _ in channel.got] == [first.id, other.id, first.id, over.id]


def test_without_a_channel_nothing_is_kept_for_later(store, clock):
    raised(store)
    assert dispatcher(store, clock).take_up()
    assert not dispatcher(store, clock, Told()).take_up()
    assert [one.deliveries for one in sent(store)] == [()]


def test_what_nobody_took_up_for_a_week_is_not_sent(store, clock):
    raised(store)
    clock.now = START + STALE + timedelta(seconds=1)
    dispatcher(store, clock, Told()).take_up()
    assert [(d.state, d.error) for d in deliveries(store)] == [("given_up", "too old")]


def test_what_belongs_to_a_channel_that_is_gone_is_given_up_after_a_day(store, clock):
    raised(store)
    dispatcher(store, clock, Told("webhook")).take_up()
    clock.now += LIMIT
    later = dispatcher(store, clock, Told("slack"))
    assert not later.take_up()
    clock.now += timedelta(seconds=1)
    assert later.take_up()
    assert [(d.state, d.error) for d in deliveries(store)] == [("given_up", "not configured")]
    assert not later.take_up()


async def test_a_message_can_be_for_named_people(store, clock):
    named = ("email:ada@example.com", "email:bob@example.com", "slack", "email:ada@example.com")
    message = OutboxMessage("ticket.opened", {"subject": "s"}, START, "ticket:1", named)
    assert recipients(message, ["email"]) == [
        Recipient("email", "ada@example.com"),
        Recipient("email", "bob@example.com"),
        Recipient("slack"),
    ]
    with store.transaction() as ledger:
        ledger.outbox.put(message)
    channel = Told("email")
    work = dispatcher(store, clock, channel)
    work.take_up()
    while await work.deliver(channel):
        pass
    assert channel.got == [(message.id, "ada@example.com"), (message.id, "bob@example.com")]
    assert {d.recipient.name: (d.state, d.error) for d in deliveries(store)} == {
        "email:ada@example.com": ("delivered", ""),
        "email:bob@example.com": ("delivered", ""),
        "slack": ("given_up", "not configured"),
    }


async def test_a_channel_that_crashes_says_its_kind_and_nothing_else(store, clock, tmp_path):
    channel = Told(script=[RuntimeError("token T0PSECRET at https://hooks.example.com/T0PSECRET")])
    raised(store)
    work = dispatcher(store, clock, channel)
    work.take_up()
    await work.deliver(channel)
    assert deliveries(store)[0].error == "RuntimeError"
    with sqlite3.connect(tmp_path / "routeback.sqlite") as connection:
        assert "T0PSECRET" not in "".join(connection.iterdump())
    connection.close()


async def test_secrets_of_the_settings_are_in_no_row(store, clock, http, tmp_path):
    http.script = [500, 404]
    raised(store)
    work = dispatcher(store, clock, Webhook(http.url("/T0PSECRET"), KEY), Slack(http.url("/T0P")))
    work.take_up()
    for channel in work.channels:
        await work.deliver(channel)
    with sqlite3.connect(tmp_path / "routeback.sqlite") as connection:
        dump = "".join(connection.iterdump())
    connection.close()
    for secret in ("T0P", SECRET[6:], "127.0.0.1"):
        assert secret not in dump


async def test_a_database_that_fails_is_tried_again(store, clock, caplog, monkeypatch):
    monkeypatch.setattr("assistant.sending.dispatcher._AFTER_FAILURE_S", 0.01)
    with store._engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE guard_outbox RENAME TO away")
    channel = Told()
    task = asyncio.create_task(dispatcher(store, clock, channel).run())
    caplog.set_level(logging.ERROR)
    await until(lambda: "could not be sent" in caplog.text)
    with store._engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO guard_outbox")
    raised(store)
    await until(lambda: channel.got != [])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_pauses_grow_to_a_limit_and_differ():
    longest = [pause_s(tries, 0.0) for tries in range(1, 12)]
    assert longest[:4] == [5, 15, 45, 135]
    assert longest == sorted(longest)
    assert longest[-1] == pause_s(10**6, 0.0) == LONGEST_S
    assert pause_s(1, 0.999) > 2.5
    assert pause_s(1, 0.5) < 5
    assert pause_s(1, 0.5, wait_s=60) == 60
    assert pause_s(9, 0.0, wait_s=60) == LONGEST_S


def test_a_claim_lasts_longer_than_any_sending():
    assert CLAIM.total_seconds() > 2 * max(POST_S, 4 * MAIL_S)
