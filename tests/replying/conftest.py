"""The real graph, index and database; only the model is scripted. The desk over HTTP."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from uuid import uuid4

import httpx2
import pytest

from assistant.access.callers import Callers
from assistant.api.server import create
from assistant.assistant import Assistant
from assistant.records.desk.drafts import Drafts
from assistant.records.desk.tickets import Ticket
from assistant.records.turns import Turn
from assistant.turn.permissions import Writing


@dataclass(frozen=True)
class Team:
    """Somebody of the team at their desk, and who asks."""

    assistant: Assistant
    client: httpx2.AsyncClient

    async def ask(self, text: str, conversation: str | None = None) -> Turn:
        """Ask the assistant."""
        events = self.assistant.answer(text, conversation_id=conversation or str(uuid4()))
        async with aclosing(events) as answer:
            return [event async for event in answer if isinstance(event, Turn)][-1]

    def open(self, message: str, conversation: str | None = None, **more: str) -> Ticket:
        """Ask for a person."""
        name = self.assistant.records.begin("local", conversation or str(uuid4()))
        values = {"language": "en", **more}
        return self.assistant.desk.open(Ticket(conversation_id=name, message=message, **values))

    async def get(self, path: str, **params: str) -> dict:
        reply = await self.client.get(f"/v1/{path}", params=params)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def post(self, ticket: Ticket, what: str, code: int, **body: object) -> dict:
        reply = await self.client.post(f"/v1/desk/tickets/{ticket.number}/{what}", json=body)
        assert reply.status_code == code, reply.text
        return reply.json()

    async def draft(self, ticket: Ticket, hint: str = "") -> dict:
        return await self.post(ticket, "draft", 200, hint=hint)

    async def log(self, ticket: Ticket) -> list[dict]:
        return (await self.get(f"desk/tickets/{ticket.number}"))["entries"]

    @property
    def drafts(self) -> Drafts:
        return Drafts(self.assistant.records.engine)


@pytest.fixture
def team_of() -> Callable[[Assistant], AsyncIterator[Team]]:
    def made(assistant: Assistant) -> Team:
        app = create(assistant, Callers("owner", open=True))
        over = httpx2.ASGITransport(app)
        headers = {"Authorization": "Bearer owner"}
        client = httpx2.AsyncClient(transport=over, base_url="http://localhost", headers=headers)
        return Team(assistant, client)

    return made


@pytest.fixture
def quoting(assistant: Assistant, team_of) -> Team:
    """Where an entry answers it is quoted."""
    return team_of(replace(assistant, writing=Writing("first")))


@pytest.fixture
def writing(assistant: Assistant, team_of) -> Team:
    """Nothing is quoted: the arm that the router allows writes."""
    return team_of(replace(assistant, writing=Writing("never")))
