"""Who had signed in is forgotten with what they said; and what was never written is no trouble."""

from datetime import timedelta
from pathlib import Path

from assistant.access.identity import Identity
from assistant.access.sessions import Sessions
from assistant.records.conversations import Conversations
from assistant.records.database import RECORDS, open_database
from assistant.records.desk.desk import Desk
from assistant.records.desk.tickets import Ticket
from assistant.retention.holdings import Holdings
from assistant.settings import LimitSettings, Settings
from tests.retention.test_erasure import marked

NAME = "Quibberish"


def test_a_name_goes_with_what_was_said(tmp_path: Path):
    settings = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache")
    database = open_database(settings.data_dir / RECORDS)
    (settings.data_dir / "conversations.sqlite").touch()  # nobody has asked anything yet
    hours = timedelta(hours=LimitSettings().session_hours)
    sessions = Sessions(database, hours, hours)
    person = Identity(f"person:{NAME}", NAME, "person")
    secret = sessions.begin(person, "token")
    conversation = Conversations(database).begin(person.id)
    Desk(database).open(Ticket(conversation, "en", "Help", contact=NAME))
    holdings = Holdings.of(settings, database, database)
    mine = holdings.conversations([NAME])
    holdings.begin(mine)
    holdings.finish(mine, "eve")
    assert sessions.find(secret) is None
    database.dispose()
    assert marked(settings.data_dir) == []
