"""The numbers over HTTP: of what was asked of a real server, by day in the team's zone."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import httpx
import pytest

from assistant.access.grants import granted
from assistant.access.identity import Identity, Role
from assistant.api.desk import numbers
from assistant.desk.settings import DeskSettings
from assistant.errors import QuestionError
from assistant.records.database import RECORDS, open_database
from guardrails import clock
from tests.records.test_outcomes import told


@pytest.mark.parametrize("role", list(Role))
def test_agents_and_owners_may_see_them(role):
    somebody = Identity("person:x", "X", "person", frozenset({role}))
    assert granted(somebody, ("GET", "/v1/desk/numbers")) is (role in {Role.AGENT, Role.OWNER})


def test_what_was_asked_is_counted(api):
    body = {"messages": [{"role": "user", "content": "What is a token?"}]}
    asked = httpx.post(f"{api.url}/v1/chat/completions", json=body, timeout=60)
    assert asked.status_code == 200
    got = httpx.get(
        f"{api.url}/v1/desk/numbers", params={"by": "arm"}, headers=api.headers, timeout=60
    )
    assert got.status_code == 200, got.text
    told = got.json()
    assert told["demand"]["asked"] >= 2
    assert told["demand"]["pending"] == told["demand"]["demands"] > 0
    assert told["durable"][0]["resolved"]["too_few"] is True
    assert {one["name"] for one in told["others"]} == {"intercom", "chatwoot"}
    assert all(cost["money"] is None for cost in told["costs"])


@pytest.mark.parametrize(
    "query", [{"from": "2026-02-02", "until": "2026-02-02"}, {"from": "2024-01-01"}]
)
def test_days_that_are_none_are_refused(api, query):
    got = httpx.get(f"{api.url}/v1/desk/numbers", params=query, headers=api.headers, timeout=60)
    assert got.status_code == 400
    assert "days" in got.json()["error"]["message"]


def test_a_day_is_the_teams(tmp_path, monkeypatch):
    """Asked on 1 March at 23:30 UTC, which is 2 March in Berlin."""
    engine = open_database(tmp_path / RECORDS)
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: late)
    told(engine, "person:eve", created_at=late)
    for zone, days in (("Europe/Berlin", {2}), ("UTC", {1}), ("America/New_York", {1})):
        assistant = SimpleNamespace(
            settings=SimpleNamespace(desk=DeskSettings(time_zone=zone)),
            records=SimpleNamespace(engine=engine),
        )
        for day in (1, 2):
            span = date(2026, 3, day), date(2026, 3, day + 1)
            view = numbers._numbers(assistant, *span, "none")
            assert view.demand.asked == (day in days)
            assert view.time_zone == zone
    with pytest.raises(QuestionError):
        numbers._numbers(assistant, date(2026, 3, 2), date(2026, 3, 1), "none")
    engine.dispose()


def test_a_day_on_which_the_clocks_change_is_whole():
    zone = numbers.ZoneInfo("Europe/Berlin")
    start, end = (numbers._midnight(date(2026, 3, day), zone) for day in (29, 30))
    assert (end - start).total_seconds() == 23 * 3600
