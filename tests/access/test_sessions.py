"""Sessions end: when nobody uses them, when they are old, when somebody signs out."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from assistant.access.identity import EVERY, Identity, Role
from assistant.access.sessions import LINK_LASTS, PREFIX, Sessions
from assistant.errors import NotSignedIn
from guardrails import clock

ADA = Identity("person:7", "Ada", "person", frozenset({Role.USER, Role.AGENT}), frozenset({"desk"}))
IDLE, LONGEST = timedelta(minutes=60), timedelta(hours=12)


@pytest.fixture
def sessions(database: Engine) -> Sessions:
    return Sessions(database, IDLE, LONGEST)


@pytest.fixture
def time_goes(monkeypatch):
    def go(by: timedelta) -> datetime:
        now = clock.now() + by
        monkeypatch.setattr(clock, "now", lambda: now)
        return now

    return go


def test_a_session_says_whose_it_is_and_is_kept_as_a_hash(sessions, tmp_path):
    text = sessions.begin(ADA, "token")
    assert sessions.find(text) == ADA
    assert [session.person for session in sessions.all()] == [ADA]
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert text.removeprefix(PREFIX).encode() not in stored


@pytest.mark.parametrize("text", ["", PREFIX, f"{PREFIX}x", "rba_x", "\ud800", f"{PREFIX}\ud800"])
def test_what_is_no_session_is_none(sessions, text):
    sessions.begin(ADA, "token")
    assert sessions.find(text) is None
    assert sessions.end(text) == 0


def test_one_that_nobody_uses_ends(sessions, time_goes):
    text = sessions.begin(ADA, "token")
    time_goes(timedelta(minutes=59))
    assert sessions.find(text) == ADA
    time_goes(timedelta(minutes=59))
    assert sessions.find(text) == ADA
    time_goes(timedelta(minutes=61))
    assert sessions.find(text) is None
    assert sessions.all() == []


def test_one_that_is_old_ends_however_much_it_is_used(sessions, time_goes):
    text = sessions.begin(ADA, "token")
    for _ in range(12):
        assert sessions.find(text) == ADA
        time_goes(timedelta(minutes=59))
        again = sessions.begin(ADA, "token")  # a reload of the page
    time_goes(timedelta(minutes=13))
    assert sessions.find(text) is None
    assert sessions.find(again) is None


@pytest.mark.parametrize("how", ["idle", "signed out", "thrown out"])
def test_by_the_token_of_one_that_has_ended_none_begins(sessions, time_goes, how):
    text = sessions.begin(ADA, "token")
    other_tab = sessions.begin(ADA, "token")
    if how == "idle":
        time_goes(timedelta(minutes=61))
    elif how == "signed out":
        assert sessions.end(text) == 2
    else:
        assert sessions.end_all("person:7") == 2
    assert sessions.find(text) is None
    assert sessions.find(other_tab) is None
    with pytest.raises(NotSignedIn, match="has ended"):
        sessions.begin(ADA, "token")
    assert sessions.find(sessions.begin(ADA, "a new token")) == ADA


def test_a_link_makes_one_administrator_once(sessions):
    sessions.offer_admin()
    link = sessions.offer_admin()
    assert sessions.find(link) is None
    text, admin = sessions.redeem(link)
    assert admin.roles == EVERY
    assert sessions.find(text) == admin
    for used in (link, "rba_x", "", text):
        with pytest.raises(NotSignedIn, match="has been used"):
            sessions.redeem(used)


def test_a_link_ends_and_the_next_one_replaces_it(sessions, time_goes):
    first = sessions.offer_admin()
    second = sessions.offer_admin()
    with pytest.raises(NotSignedIn):
        sessions.redeem(first)
    time_goes(LINK_LASTS)
    with pytest.raises(NotSignedIn):
        sessions.redeem(second)
