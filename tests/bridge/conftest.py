"""A store with the bridge on it, a fake Zammad on loopback, and a clock that the test moves."""

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select

from assistant.bridge.bridge import Bridge, told_by
from assistant.records.conversations import Conversations
from assistant.records.desk.bell import Bell
from assistant.records.desk.desk import Desk
from assistant.records.desk.events import Worker, no_targets
from assistant.records.desk.log import LogEntry
from assistant.records.desk.threads import Threads
from assistant.records.desk.tickets import Ticket
from assistant.records.queue.news import noted
from assistant.sending.bridge_settings import (
    BridgeSettings,
    BridgeWebhookSettings,
    ZammadSettings,
)
from assistant.sending.dispatcher import Dispatcher
from guardrails import clock
from guardrails.store.store import Store
from tests.support.listening import listening
from tests.support.zammad import TOKEN, FakeZammad

ADA = Worker("key:ada", "Ada")
SECRET = "whsec_" + "c2VjcmV0" * 5


@dataclass
class Time:
    """A clock that goes on when it is told to."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def go(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def time(monkeypatch) -> Time:
    made = Time(clock.CLOCK.now())
    monkeypatch.setattr(clock, "now", made.now)
    return made


@pytest.fixture
def engine(database: Engine) -> Engine:
    return database


@pytest.fixture(scope="session")
def _served() -> Iterator[tuple[str, Callable[[FakeZammad], None]]]:
    """One server for all: a new fake behind it for each test."""
    behind: list[FakeZammad] = []

    async def app(scope, receive, send):
        await behind[-1](scope, receive, send)

    with listening(app) as url:
        yield url, behind.append


@pytest.fixture
def zammad(_served) -> FakeZammad:
    fake = FakeZammad()
    _served[1](fake)
    return fake


@pytest.fixture
def address(_served) -> str:
    """Where the fake is."""
    return _served[0]


@pytest.fixture
def settings(address) -> BridgeSettings:
    return BridgeSettings(
        incoming=True,
        notes=True,
        zammad=ZammadSettings(
            url=address, token=SecretStr(TOKEN), customer="nobody@example.com", settle_s=60
        ),
    )


@dataclass
class Bridged:
    """A desk and its bridge, as a server has them."""

    engine: Engine
    time: Time
    fake: FakeZammad
    desk: Desk
    threads: Threads
    bridge: Bridge
    dispatcher: Dispatcher
    kills: int = 0
    die: Callable[[], object] = lambda: None

    @classmethod
    def of(
        cls, engine: Engine, time: Time, fake: FakeZammad, settings: BridgeSettings
    ) -> "Bridged":
        notices, bell = told_by(settings, noted), Bell()
        desk = Desk(engine, bell, no_targets, notices(""))
        threads = Threads(engine, bell, no_targets, notices(""))
        bridge = Bridge.of(settings, desk, threads, notices)
        named, draw = bridge.channels, random.Random(1).random
        dispatcher = Dispatcher(Store(engine), (), time.now, draw, named=named)
        return cls(engine, time, fake, desk, threads, bridge, dispatcher)

    def ask(self, message: str = "Help", owner: str = "key:user", **more) -> Ticket:
        conversation = more.pop("conversation_id", None)
        conversation = conversation or Conversations(self.engine).begin(owner)
        return self.desk.open(Ticket(conversation, "en", message, **more))

    def write(self, ticket: Ticket, text: str) -> None:
        self.threads.take(ticket.conversation_id, f"t{random.random()}", text)

    def log(self, ticket: Ticket) -> list[LogEntry]:
        return self.threads.entries(ticket.conversation_id, notes=True)

    def said(self, ticket: Ticket, *kinds: str) -> list[str]:
        return [entry.text for entry in self.log(ticket) if entry.kind in kinds]

    def there(self, ticket: Ticket) -> int:
        """Return the ticket of the fake."""
        from assistant.records.bridge.links import Links

        with self.engine.connect() as connection:
            number = Links(connection).get(ticket.id).there
        assert number is not None
        return number

    def heard(self) -> None:
        """Let the webhooks of the fake arrive."""
        assert self.bridge.zammad is not None
        while self.fake.bells:
            self.bridge.zammad.ring(self.fake.bells.pop(0))

    def send(self) -> bool:
        """Send what is due now; return whether there was anything."""
        return asyncio.run(self._send())

    async def _send(self) -> bool:
        loop, did = asyncio.get_running_loop(), self.dispatcher.take_up()
        for channel in self.dispatcher.named:
            while True:
                task = loop.create_task(self.dispatcher.deliver(channel))
                self.die = partial(loop.call_soon_threadsafe, task.cancel)
                try:
                    if not await task:
                        break
                except asyncio.CancelledError:
                    self.kills += 1
                    self.go(100)  # what it had claimed is free again
                did = True
                self.dispatcher.take_up()
        return did

    def go(self, seconds: float) -> None:
        self.time.go(seconds)
        self.fake.settle(seconds)

    def settle(self, most: int = 300) -> None:
        """Let time go by until nothing is left to be done."""
        for _ in range(most):
            self.heard()
            self.bridge.incoming.due()
            if not self.send() and not self.fake.bells and not self._waits():
                return
            self.go(30)
        raise AssertionError("it does not come to rest")

    def _waits(self) -> bool:
        from guardrails.store.sql_tables import deliveries

        query = select(deliveries.c.number).where(deliveries.c.next_try.is_not(None))
        with self.engine.connect() as connection:
            return connection.scalar(query.limit(1)) is not None


@pytest.fixture
def bridged(engine, time, zammad, settings) -> Bridged:
    return Bridged.of(engine, time, zammad, settings)


@pytest.fixture
def webhook_settings() -> Callable[..., BridgeSettings]:
    def made(url: str, **more) -> BridgeSettings:
        webhook = BridgeWebhookSettings(url=SecretStr(url), secret=SecretStr(SECRET), name="desk")
        return BridgeSettings(webhook=webhook, incoming=True, **more)

    return made
