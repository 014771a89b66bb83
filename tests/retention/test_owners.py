"""What is kept of a person is found by who owns a conversation, for as long as it goes on."""

from datetime import UTC, datetime, timedelta

import pytest

from assistant.background.custody import Custody
from assistant.errors import UnknownPerson
from assistant.records.conversations import Conversations
from assistant.records.database import open_database
from assistant.records.turns import Records, Turn
from assistant.retention.holdings import Holdings
from assistant.settings import Settings
from guardrails import clock


@pytest.fixture
def custody(tmp_path):
    engine = open_database(tmp_path / "routeback.sqlite")
    settings = Settings(data_dir=tmp_path, cache_dir=tmp_path / "cache")
    yield Custody(Holdings.of(settings, engine, engine), settings.retention)
    engine.dispose()


def said(custody: Custody, owner: str, conversation: str, at: datetime) -> Turn:
    records = Records(custody.holdings.records)
    records.begin(owner, conversation)
    turn = Turn(
        conversation_id=conversation,
        question="What is a pod?",
        standalone="What is a pod?",
        language="en",
        segment="glossary",
        outcome="abstained",
        answer="Nobody knows.",
        prompt_hash="p",
        index_generation="1",
        created_at=at.astimezone(UTC),
    )
    records.add(turn)
    return turn


async def test_all_conversations_of_a_person_are_erased_and_nobody_elses(custody):
    now = clock.now()
    for conversation in ("one", "two"):
        said(custody, "person:ada", conversation, now)
    other = said(custody, "person:bob", "three", now)
    records = Records(custody.holdings.records)
    records.begin("person:ada", "begun, and nothing said")
    assert (await custody.preview(["ada"])).counts["turns"] == 2
    receipt = await custody.erase(["person:ada"], "eve")
    assert (receipt.counts["conversations"], receipt.counts["turns"]) == (3, 2)
    assert Conversations(records.engine).of("person:ada") == []
    assert records.conversation("three")[0].question == other.question
    with pytest.raises(UnknownPerson):
        await custody.preview(["ada"])


async def test_a_conversation_that_goes_on_stays_its_owners_and_loses_what_is_too_old(custody):
    now = clock.now() + timedelta(days=100)
    old = said(custody, "person:ada", "one", now - timedelta(days=95))
    young = said(custody, "person:ada", "one", now - timedelta(days=1))
    said(custody, "person:bob", "over", now - timedelta(days=95))
    receipt = await custody.expire(now)
    assert receipt is not None
    assert receipt.counts["turns"] == 2
    records = Records(custody.holdings.records)
    assert records.find(old.id).question == ""
    assert records.find(young.id).question == young.question
    assert records.conversations.owns("person:ada", "one")
    assert records.conversations.of("person:bob") == []
