"""An entry that somebody of the desk makes of a ticket: proposed, and served by an editor alone."""

import httpx
import pytest

from assistant.access.callers import Callers
from assistant.access.identity import Role
from assistant.access.keys import Keys
from assistant.api.server import create
from assistant.curation.proposals import Proposals
from assistant.errors import DeskConflict
from assistant.records.desk.events import Worker
from assistant.records.desk.tickets import Ticket
from assistant.records.entries import EntryContent
from tests.curation.conftest import Desk, new

ASKED = "How do I pause my subscription?"
REPLY = "Hello Ms Weber,\n\nopen Billing and choose Pause.\n\nBest regards\nTom"
TEXT = "open Billing and choose Pause."
BOB = Worker("key:bob", "Bob")


@pytest.fixture
def proposals(desk: Desk) -> Proposals:
    records = desk.assistant.records
    return Proposals(desk.curation, desk.assistant.desk, records.threads)


async def solved(desk: Desk, question: str = ASKED, owner: str = "person:anna") -> Ticket:
    """Have somebody ask in vain, and a person solve it."""
    turn = await desk.ask(question, owner)
    assert turn.outcome == "abstained"
    ticket = opened(desk, turn.conversation_id)
    desk.assistant.desk.reply(ticket.id, REPLY, BOB)
    return desk.assistant.desk.solve(ticket.id, BOB)


def opened(desk: Desk, conversation: str, message: str = "Please help, a@b.example") -> Ticket:
    asked = Ticket(conversation_id=conversation, language="en", message=message, reason="asked")
    return desk.assistant.desk.open(asked)


async def test_a_draft_begins_with_what_was_asked_in_vain_and_what_a_person_sent(desk, proposals):
    ticket = await solved(desk)
    await desk.ask("Can I pause my subscription?", "person:ben")
    made = proposals.begin(str(ticket.number))
    assert (made.content.name, made.content.text) == (ASKED, TEXT)
    assert made.language == "en"


async def test_a_ticket_without_a_question_to_the_bot_gives_its_message(desk, proposals):
    conversation = desk.assistant.records.conversations.begin("person:anna")
    ticket = opened(desk, conversation, "How do I pause? Write to anna@example.com.")
    desk.assistant.desk.reply(ticket.id, TEXT, BOB)
    desk.assistant.desk.solve(ticket.id, BOB)
    made = proposals.begin(ticket.id)
    assert made.content.name.startswith("How do I pause?")
    assert "anna@" not in made.content.name
    assert made.flags == ("personal data",)


async def test_what_is_proposed_serves_once_an_editor_approves_it_and_closes_the_gap(
    desk, proposals
):
    ticket = await solved(desk)
    draft = proposals.propose(ticket.id, "en", EntryContent(ASKED, TEXT), "bob")
    assert (draft.state, draft.from_ticket) == ("draft", ticket.id)
    assert (await desk.ask(ASKED, "person:ben")).outcome == "abstained"
    assert proposals.made_of(ticket.id) == draft
    with pytest.raises(DeskConflict, match="made of ticket #1 already"):
        proposals.propose(ticket.id, "en", EntryContent("Another", TEXT), "bob")
    edited = desk.curation.save(new(ASKED, f"{TEXT} It rests.", draft.key, based_on=1))
    assert (edited.from_ticket, edited.from_gap) == (ticket.id, draft.from_gap)
    desk.curation.approve(draft.key, "en", 2, "eva")
    assert TEXT in (await desk.ask(ASKED, "person:cara")).answer
    (gap,) = desk.curation.finder.all().gaps
    assert (gap.id, gap.standing) == (draft.from_gap, "closed")
    made = proposals.made_of(ticket.id)
    assert made is not None
    assert made.state == "approved"


async def test_two_tickets_with_one_question_are_two_drafts(desk, proposals):
    first, second = await solved(desk), await solved(desk, owner="person:ben")
    keys = [
        proposals.propose(one.id, "en", EntryContent(ASKED, TEXT), "bob").key
        for one in (first, second)
    ]
    assert keys[1] == f"{keys[0]}-{second.number}"


async def test_an_open_ticket_makes_no_entry(desk, proposals):
    turn = await desk.ask(ASKED)
    ticket = opened(desk, turn.conversation_id)
    with pytest.raises(DeskConflict, match="not over yet"):
        proposals.begin(ticket.id)
    with pytest.raises(DeskConflict, match="not over yet"):
        proposals.propose(ticket.id, "en", EntryContent(ASKED, TEXT), "bob")
    assert desk.curation.versions.newest() == []


async def test_an_agent_proposes_and_cannot_publish(desk):
    ticket = await solved(desk)
    keys = Keys(desk.assistant.records.engine)
    shown = {
        role: {"Authorization": f"Bearer {keys.add(role.value, [role], 'test', None)}"}
        for role in (Role.AGENT, Role.EDITOR, Role.USER)
    }
    app = create(desk.assistant, Callers("owner", keys=keys))
    transport = httpx.ASGITransport(app)
    path = f"/desk/tickets/{ticket.number}/entry"
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost/v1") as api:

        async def post(to: str, role: Role, **body: object) -> httpx.Response:
            return await api.post(to, json=body, headers=shown[role])

        agent = shown[Role.AGENT]
        assert (await api.get(path, headers=agent)).json()["entry"] is None
        made = (await api.get(f"{path}/draft", headers=agent)).json()
        entry = {"language": "en", "name": made["content"]["name"], "text": TEXT}
        for stranger in (Role.USER, Role.EDITOR):
            assert (await post(path, stranger, **entry)).status_code == 403
            assert (await api.get(f"{path}/draft", headers=shown[stranger])).status_code == 403
        assert (await post(path, Role.AGENT, **{**entry, "text": " "})).status_code == 400
        stored = (await post(path, Role.AGENT, **entry)).json()
        assert (stored["state"], stored["by"]) == ("draft", "agent")
        assert (await post(path, Role.AGENT, **entry)).status_code == 409
        named = {"key": stored["key"], "language": "en"}
        for act in ("approve", "undo", "retire"):
            assert (await post(f"/entries/{act}", Role.AGENT, **named)).status_code == 403
        assert not (await api.get(path, headers=agent)).json()["serving"]
        assert (await post("/entries/approve", Role.EDITOR, **named)).status_code == 200
        assert (await api.get(path, headers=agent)).json()["serving"]
    log = [(one.by, one.what) for one in desk.assistant.log.newest(2)]
    assert log == [("agent", "entry written"), ("editor", "entry approved")]
