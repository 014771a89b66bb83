"""Drafts are texts of a conversation: they go with it, and the numbers about arms stay."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from assistant.desk.likeness import AS_IS
from assistant.errors import DeskConflict
from assistant.records.conversations import LOCAL
from assistant.records.database import open_database
from assistant.records.desk.desk import Desk
from assistant.records.desk.drafts import Drafts, ReplyDraft, digest_of, draft_labels
from assistant.records.desk.events import Worker
from assistant.records.desk.tickets import Ticket
from assistant.records.turns import Records
from assistant.retention.holdings import Holdings
from assistant.settings import RetentionSettings, Settings
from guardrails import clock

MARK = "Quibberish"
TEXT = f"The {MARK} is refunded within 14 days."
ADA = Worker("ada", "Ada")


@pytest.fixture
def place(tmp_path):
    database = open_database(tmp_path / "routeback.sqlite")
    settings = Settings(data_dir=tmp_path, cache_dir=tmp_path / "cache")
    yield database, Holdings.of(settings, database, database)
    database.dispose()


def drafted(database, conversation: str) -> ReplyDraft:
    Records(database).begin(LOCAL, conversation)
    asked = Ticket(conversation_id=conversation, language="en", message="help")
    ticket = Desk(database).open(asked)
    made = ReplyDraft(
        conversation_id=conversation,
        ticket_id=ticket.id,
        arm="tuned",
        arm_revision="1",
        segment="support.billing/en",
        language="en",
        prompt_hash="p",
        index_generation="1",
        text=TEXT,
        digest=digest_of(TEXT),
        score=0.9,
        sources=[{"number": 1, "title": MARK, "url": None}],
    )
    return Drafts(database).keep(made)


def send(database, draft: ReplyDraft) -> None:
    use = Drafts(database).use(draft.ticket_id, draft.id, draft.text)
    Desk(database).reply(draft.ticket_id, draft.text, ADA, detail=use.detail, also=use.label)


def begun(holdings: Holdings, conversation: str):
    holdings.begin([conversation])
    return holdings.finish([conversation], "test")


def bytes_of(folder) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*.sqlite*"))


def test_an_export_has_the_drafts_and_an_erasure_leaves_their_numbers(place, tmp_path):
    database, holdings = place
    sent, left = drafted(database, "mine"), drafted(database, "mine")
    other = drafted(database, "theirs")
    send(database, sent)
    assert holdings.preview(["mine"]).counts["drafts"] == 2
    _, kept = holdings.export(["mine"], "test")
    assert {row["text"] for row in kept["drafts"]} == {TEXT}
    assert begun(holdings, "mine").counts["drafts"] == 2
    drafts = Drafts(database)
    gone = drafts.find(sent.id)
    assert (gone.text, gone.digest, gone.sources, gone.message_id) == ("", "", [], None)
    assert gone.conversation_id == gone.ticket_id == "erased"
    assert (gone.arm, gone.kind, gone.score) == ("tuned", "as_is", 0.9)
    assert gone.similarity is not None
    assert gone.similarity >= AS_IS
    outcomes = {draft.id: outcome for draft, outcome in drafts.outcomes()}
    assert outcomes == {sent.id: "as_is", left.id: "discarded", other.id: "open"}
    assert drafts.find(other.id).text == TEXT
    begun(holdings, "theirs")
    database.dispose()
    assert MARK.encode() not in bytes_of(tmp_path)


def test_what_is_too_old_is_blanked_with_tickets(place):
    database, holdings = place
    old, young = drafted(database, "old"), drafted(database, "young")
    before = clock.now() - timedelta(days=31)
    with database.begin() as connection:
        aged = update(draft_labels).where(draft_labels.c.id == old.id)
        connection.execute(aged.values(at=before))
    receipt = holdings.expire(RetentionSettings(tickets=30), clock.now())
    assert receipt is not None
    assert receipt.counts == {"drafts": 1}
    assert (Drafts(database).find(old.id).text, Drafts(database).find(young.id).text) == ("", TEXT)


def test_a_draft_that_was_erased_meanwhile_sends_nothing(place):
    database, _ = place
    draft = drafted(database, "mine")
    use = Drafts(database).use(draft.ticket_id, draft.id, draft.text)
    with database.begin() as connection:
        connection.execute(update(draft_labels).values(text=""))
    desk = Desk(database)
    with pytest.raises(DeskConflict, match="cannot be used any more"):
        desk.reply(draft.ticket_id, draft.text, ADA, detail=use.detail, also=use.label)
    entries = Records(database).threads.entries("mine")
    assert not [entry for entry in entries if entry.kind == "team"]
    assert desk.get(draft.ticket_id).assignee is None, "not even the ticket was taken"


def test_a_draft_of_a_ticket_that_is_over_is_not_stored(place):
    database, _ = place
    draft = drafted(database, "mine")
    Desk(database).solve(draft.ticket_id, ADA)
    with pytest.raises(DeskConflict, match="there is no draft"):
        Drafts(database).keep(replace(draft, id="another"))
    assert Drafts(database).find("another") is None
