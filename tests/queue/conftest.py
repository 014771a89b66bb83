"""A store of its own for each test, with the real notices, and the API on it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select, update

from assistant.access.callers import Callers
from assistant.access.identity import Role
from assistant.access.keys import Keys
from assistant.api.server import create
from assistant.assistant import Assistant
from assistant.records.conversations import Conversations
from assistant.records.desk.bell import Bell
from assistant.records.desk.desk import Desk
from assistant.records.desk.events import Worker
from assistant.records.desk.tables import tickets
from assistant.records.desk.threads import Threads
from assistant.records.desk.tickets import Ticket
from assistant.records.queue.mailing import MailToWhoLeft, NewTickets, chained
from assistant.records.queue.news import noted
from assistant.records.queue.queue import Queue
from assistant.records.turns import Records
from assistant.settings import LimitSettings
from guardrails import clock

ADA, BOB = Worker("key:ada", "Ada"), Worker("key:bob", "Bob")
LINK = "https://help.example.com/chat?c={conversation}"


@dataclass(frozen=True)
class House:
    """A store, and what works on it."""

    engine: Engine
    desk: Desk
    threads: Threads
    queue: Queue

    def begin(self, owner: str = "key:user") -> str:
        return Conversations(self.engine).begin(owner)

    def ticket(self, message: str = "Help", **values) -> Ticket:
        """Open a ticket as who asks does; what only time and work change is put in behind it."""
        owner = values.pop("owner", "key:user")
        conversation = values.pop("conversation_id", None) or self.begin(owner)
        asked = ("subject", "contact", "language", "reason", "priority", "segment", "channel")
        given = {name: values.pop(name) for name in asked if name in values}
        given = {"language": "en", **given}
        opened = self.desk.open(Ticket(conversation, message=message, **given))
        if values:
            with self.engine.begin() as connection:
                mine = update(tickets).where(tickets.c.id == opened.id)
                connection.execute(mine.values(**values))
        return self.desk.get(opened.id)

    def rows(self, table, **equal) -> list:
        same = [table.c[name] == value for name, value in equal.items()]
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(select(table).where(*same)).mappings()]


@pytest.fixture
def house(database: Engine) -> House:
    engine = database
    notices = chained(noted, NewTickets(("slack",)), MailToWhoLeft(LINK))
    bell = Bell()

    def targets(at, _priority):
        return at + timedelta(hours=4), at + timedelta(hours=24)

    return House(
        engine,
        Desk(engine, bell, targets, notices),
        Threads(engine, bell, targets, notices),
        Queue.of(engine, LINK),
    )


@dataclass(frozen=True)
class Api:
    """The API, as each caller has it."""

    house: House
    made: Callable[[str], TestClient]

    @property
    def ada(self) -> TestClient:
        return self.made("ada")

    @property
    def bob(self) -> TestClient:
        return self.made("bob")

    @property
    def user(self) -> TestClient:
        return self.made("user")

    @property
    def other(self) -> TestClient:
        return self.made("other")

    def asked(self, message: str = "Help", **more) -> dict:
        reply = self.user.post("/v1/tickets", json={"message": message, **more})
        assert reply.status_code == 201, reply.text
        return reply.json()


@pytest.fixture
def api(house: House, assistant: Assistant) -> Api:
    limits = LimitSettings(requests_per_minute=100_000, address_requests_per_minute=100_000)
    here = replace(
        assistant,
        settings=assistant.settings.model_copy(update={"limits": limits}),
        records=Records(house.engine, house.threads),
        desk=house.desk,
        queue=house.queue,
    )
    keys = Keys(house.engine)
    roles = {"ada": Role.AGENT, "bob": Role.AGENT, "user": Role.USER, "other": Role.USER}
    secrets = {name: keys.add(name, [role], "test", None) for name, role in roles.items()}
    app = create(here, Callers("owner", keys=keys))

    def made(name: str) -> TestClient:
        headers = {"Authorization": f"Bearer {secrets[name]}"}
        return TestClient(app, "http://localhost", headers=headers)

    return Api(house, made)


@pytest.fixture
def later(monkeypatch) -> Callable[[float], None]:
    """Let so many seconds go by."""
    real, gone = clock.CLOCK.now, [0.0]

    def now():
        return real() + timedelta(seconds=gone[0])

    monkeypatch.setattr(clock, "now", now)

    def go(seconds: float) -> None:
        gone[0] += seconds

    return go
