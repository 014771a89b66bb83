"""Who is told: agents of what concerns them, channels of new tickets, who has left of answers."""

import email
from email import policy

import pytest
from sqlalchemy import select

from assistant.desk.canned import VARIABLES, checked, filled
from assistant.records.desk.events import Worker
from assistant.records.queue.mailing import mailbox, thread_of
from assistant.records.queue.tables import news
from assistant.retention.selection import Selection
from assistant.retention.texts import erase
from assistant.sending.mail import composed
from guardrails.store.outbox import Outbox
from guardrails.store.sql_tables import deliveries, outbox
from guardrails.store.store import Store
from tests.queue.conftest import ADA, BOB

EVE = Worker("key:eve", "Eve")


@pytest.fixture
def team(house):
    """A house in which Ada and Bob have been seen."""
    house.queue.attendance.come(ADA)
    house.queue.attendance.come(BOB)
    return house


def told(house, agent):
    return [(item.kind, item.ticket) for item in house.queue.news(agent.id).newest(50).news]


def mails(house):
    with house.engine.connect() as connection:
        query = select(outbox).where(outbox.c.topic == "ticket.answered")
        return list(connection.execute(query).mappings())


def test_agents_are_told_of_new_assigned_and_mentioned_tickets_and_of_words_to_theirs(team):
    first = team.ticket("one")
    assert told(team, ADA) == told(team, BOB) == [("new", first.number)]
    team.desk.assign(first.id, BOB, ADA)
    assert told(team, BOB)[0] == ("assigned", first.number)
    assert ("assigned", first.number) not in told(team, ADA)
    note = {"mentions": [ADA.id, BOB.id, EVE.id, "nobody"]}
    team.desk.note(first.id, "look", BOB, detail=note)
    assert told(team, ADA)[0] == ("mentioned", first.number)
    assert told(team, BOB)[0] == ("assigned", first.number), "nobody mentions themselves"
    for _ in range(3):
        team.threads.take(first.conversation_id, "t", "more")
    assert told(team, BOB) == [("written", 1), ("assigned", 1), ("new", 1)]
    team.desk.solve(first.id, BOB)
    team.threads.take(first.conversation_id, "t", "not yet")
    assert ("reopened", 1) in told(team, BOB)
    assert team.rows(news, agent=EVE.id) == team.rows(news, agent="nobody") == []


def test_who_opens_a_ticket_by_hand_is_not_told_of_it(team):
    from assistant.records.desk.tickets import Ticket

    team.desk.open(Ticket(team.begin(f"desk:{ADA.id}"), "en", "a call"), ADA)
    assert told(team, ADA) == []
    assert told(team, BOB) == [("new", 1)]


def test_what_is_rolled_back_is_told_to_nobody(team):
    ticket = team.ticket()

    def fails(_connection, _entry):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        team.desk.note(ticket.id, "x", BOB, detail={"mentions": [ADA.id]}, also=fails)
    assert told(team, ADA) == [("new", 1)]


def test_news_are_counted_and_seen(api):
    for name in (api.ada, api.bob):
        name.get("/v1/desk/news")
    for text in ("one", "two", "three"):
        api.asked(text)
    listed = api.ada.get("/v1/desk/news?limit=2").json()
    assert [item["ticket"] for item in listed["news"]] == [3, 2]
    assert listed["unseen"] == 3
    left = api.ada.post("/v1/desk/news/seen", json={"ticket": "2"}).json()
    assert [item["ticket"] for item in left["news"]] == [3, 1]
    until = {"until": left["news"][1]["number"]}
    assert api.ada.post("/v1/desk/news/seen", json=until).json()["unseen"] == 1
    assert api.ada.post("/v1/desk/news/seen", json={}).json() == {"news": [], "unseen": 0}
    assert api.bob.get("/v1/desk/news?unseen=true").json()["unseen"] == 3
    assert len(api.ada.get("/v1/desk/news").json()["news"]) == 3


def test_who_has_been_at_the_desk_or_signed_in_as_an_agent_can_be_mentioned(api):
    from datetime import timedelta

    from assistant.access.identity import Identity, Role
    from assistant.access.sessions import Sessions

    sessions = Sessions(api.house.engine, timedelta(hours=1), timedelta(hours=9))
    eve = Identity("person:eve", "Eve", "person", frozenset({Role.AGENT}))
    sessions.begin(eve, "token")
    sessions.begin(Identity("person:u", "User", "person"), "other token")
    api.ada.get("/v1/desk/news")
    agents = {one["name"]: one["agent"] for one in api.ada.get("/v1/desk/agents").json()["agents"]}
    assert set(agents) == {"Eve", "ada"}
    api.asked()
    note = {"text": "look", "mentions": [agents["Eve"]]}
    assert api.ada.post("/v1/desk/tickets/1/note", json=note).status_code == 201
    assert told(api.house, Worker("person:eve", "Eve"))[0] == ("mentioned", 1)
    note = {"text": "look", "mentions": ["person:u"]}
    assert api.ada.post("/v1/desk/tickets/1/note", json=note).status_code == 409
    assert api.ada.post("/v1/desk/tickets/1/assign", json={"agent": "x"}).status_code == 409


def test_channels_are_told_of_new_tickets_without_a_word_of_them(house):
    ticket = house.ticket("secret words", contact="ada@example.com", priority="urgent")
    with house.engine.connect() as connection:
        (row,) = connection.execute(select(outbox)).mappings()
    assert (row["topic"], row["recipients"]) == ("ticket.opened", ["slack"])
    assert row["body"]["subject"] == f"New ticket #{ticket.number} (urgent)"
    assert "secret" not in str(row["body"])
    assert "example.com" not in str(row["body"])


def test_who_has_left_gets_one_mail_until_they_are_back(house, later):
    ticket = house.ticket(contact="jane@example.com", language="de")
    house.queue.presence.seen(ticket.conversation_id)
    house.desk.reply(ticket.id, "secret answer", ADA)
    assert mails(house) == [], "she is there"
    later(61)
    house.desk.reply(ticket.id, "secret answer", ADA)
    house.desk.reply(ticket.id, "another", ADA)
    (mail,) = mails(house)
    assert mail["recipients"] == ["email:jane@example.com"]
    assert mail["body"]["subject"] == "Ihre Anfrage #1 wurde beantwortet"
    assert f"https://help.example.com/chat?c={ticket.conversation_id}" in mail["body"]["text"]
    assert "secret" not in str(mail["body"])
    house.queue.presence.seen(ticket.conversation_id)  # she reads it, and leaves again
    later(61)
    house.desk.reply(ticket.id, "once more", ADA)
    assert len(mails(house)) == 2
    house.threads.take(ticket.conversation_id, "t", "I wrote from elsewhere")
    house.desk.reply(ticket.id, "and again", ADA)
    assert len(mails(house)) == 3


def test_notes_and_moves_are_no_reason_for_a_mail(house):
    ticket = house.ticket(contact="jane@example.com")
    house.desk.note(ticket.id, "internal", ADA)
    house.desk.solve(ticket.id, ADA)
    assert mails(house) == []


def test_reading_a_conversation_over_http_is_being_there(api, later):
    asked = api.asked(contact="jane@example.com")
    api.ada.post("/v1/desk/tickets/1/claim", json={})
    later(120)
    api.ada.get("/v1/desk/tickets/1")
    api.user.get(f"/v1/conversations/{asked['conversation_id']}")
    api.ada.post("/v1/desk/tickets/1/reply", json={"text": "hello"})
    assert mails(api.house) == []
    later(120)
    api.ada.post("/v1/desk/tickets/1/reply", json={"text": "hello"})
    assert len(mails(api.house)) == 1


CONTACTS = {
    "jane@example.com": "jane@example.com",
    " Jane <jane@example.com> ": "jane@example.com",
    "mailto:jane@example.com": "jane@example.com",
    "write to jane@example.com.": "jane@example.com",
    "jane@example.com\r\nBcc: all@example.com": "",
    "jane@example.com, all@example.com": "",
    "jane@example.com\nSubject:x": "jane@example.com",
    "jane@exa mple": "jane@exa",
    "@": "",
    "+49 30 1234": "",
    "": "",
    "ja\u0131ne@example.com": "",
    "jane@example.com\0": "",
    '"a b"@example.com': "",
    f"{'x' * 300}@example.com": "",
}


@pytest.mark.parametrize("contact", CONTACTS)
def test_an_address_is_one_plain_address_or_none(contact, house):
    assert mailbox(contact) == CONTACTS[contact]
    ticket = house.ticket(contact=contact)
    house.desk.reply(ticket.id, "hello", ADA)
    sent = [address for mail in mails(house) for address in mail["recipients"]]
    assert sent == ([f"email:{CONTACTS[contact]}"] if CONTACTS[contact] else [])


def test_no_header_can_be_put_into_the_mail(house):
    ticket = house.ticket(
        contact="jane@example.com\r\nX-Evil: 1", subject="a\r\nBcc: evil@e.example"
    )
    house.desk.reply(ticket.id, "x", ADA)
    with house.engine.begin() as connection:
        from assistant.records.desk.tables import tickets

        connection.execute(tickets.update().values(contact="jane@example.com", notified=False))
    house.desk.reply(ticket.id, "y", ADA)
    with Store(house.engine).reading() as ledger:
        message = ledger.outbox.message(mails(house)[-1]["id"])
    letter = composed(message, "help@example.com", ("jane@example.com",))
    read = email.message_from_bytes(letter.as_bytes(), policy=policy.default)
    assert set(read.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }
    assert read["To"] == "jane@example.com"
    assert read["Subject"] == "Your request #1 has been answered"


def test_messages_and_news_about_a_ticket_are_erased_with_it(team):
    gone = team.ticket(contact="quibberish@example.com")
    kept = team.ticket(contact="jane@example.com")
    for ticket in (gone, kept):
        team.desk.reply(ticket.id, "x", ADA)
    with Store(team.engine).transaction() as ledger:
        from guardrails.store.outbox import Recipient

        for message in ledger.outbox.untaken(50):
            to = [Recipient("email", "quibberish@example.com")]
            ledger.outbox.take_up(message.id, to, message.created)
    with team.engine.begin() as connection:
        erase(connection, Selection.of(connection, [gone.conversation_id]))
    assert {row["thread"] for row in team.rows(outbox)} == {thread_of(kept.id)}
    assert len(team.rows(deliveries)) == len(team.rows(outbox)) == 2
    assert {row["ticket_id"] for row in team.rows(news)} == {kept.id}


def test_who_was_written_to_is_no_business_of_the_guardrail(house):
    ticket = house.ticket(contact="jane@example.com")
    house.desk.reply(ticket.id, "x", ADA)
    with house.engine.connect() as connection:
        assert len(Outbox(connection).recent(9)) == 2
        assert Outbox(connection).recent(9, "ticket.") == []


def test_gaps_are_filled_once_with_text_alone():
    text = "Hello {{name|there}}, {{ ticket }} ({{subject}}) {{contact}}"
    values = {"name": "{{agent}}", "ticket": "#1", "subject": "a\r\nb", "agent": "Ada"}
    assert filled(text, values) == "Hello {{agent}}, #1 (a b) "
    assert filled("Hello {{name|there}}.", {}) == "Hello there."


@pytest.mark.parametrize(
    "text", ["{{nme}}", "{{}}", "{{name", "name}}", "{{name.__class__}}", "{{name|{{agent}}}}"]
)
def test_a_gap_that_cannot_be_filled_is_a_clear_error(text, api):
    with pytest.raises(ValueError, match=r"no variable; there are \{\{agent\}\}|stands alone"):
        checked(text)
    reply = api.ada.post("/v1/desk/replies", json={"title": "a", "text": text})
    assert reply.status_code == 400
    assert "text:" in reply.json()["error"]["message"]


def test_kept_replies_are_the_teams_and_by_language(api):
    text = " ".join(f"{{{{{name}}}}}" for name in VARIABLES)
    kept = api.ada.post("/v1/desk/replies", json={"title": "all", "text": text}).json()
    german = {"title": "Hallo", "text": "Guten Tag {{name|}}", "language": "de"}
    assert api.bob.post("/v1/desk/replies", json=german).json()["by"] == "bob"
    titles = [one["title"] for one in api.ada.get("/v1/desk/replies?language=en").json()["replies"]]
    assert titles == ["all"]
    assert len(api.ada.get("/v1/desk/replies?language=de").json()["replies"]) == 2
    asked = api.asked(contact="{{agent}}<b>")
    api.ada.patch("/v1/desk/tickets/1", json={"subject": "Bill"})
    got = api.ada.get(f"/v1/desk/tickets/1/replies/{kept['id']}").json()["text"]
    link = f"https://help.example.com/chat?c={asked['conversation_id']}"
    assert got == f"ada {{{{agent}}}}<b> {link}  Bill #1"
    place = f"/v1/desk/replies/{kept['id']}"
    assert api.bob.put(place, json={"title": "new", "text": "x"}).json()["by"] == "bob"
    assert api.bob.delete(place).status_code == 200
    assert api.bob.delete(place).status_code == 404
    assert api.ada.get(f"/v1/desk/tickets/1/replies/{kept['id']}").status_code == 404
