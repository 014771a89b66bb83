"""A clock that jumps by days and years, and back, under a real server."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy import select

from assistant.records.database import open_records
from assistant.records.desk.tables import messages, tickets
from assistant.records.turns import turns
from guardrails.store.outbox import LONGEST_WAIT, Recipient
from guardrails.store.store import Store
from tests.faults.house import served, until
from tests.faults.killed import SECRET
from tests.faults.wire import wired
from tests.support.databases import in_a_file
from tests.support.documents import fill

JUMPS = ("+8d", "-3y", "+5y", "+0")
CACHED_S = 1
"""How long the library goes by what it has read."""
MINUTE = timedelta(minutes=1)


def preloaded(file: Path) -> dict[str, str]:
    """Return what makes a process go by a clock that a file sets; nobody sets the steady one."""
    library = files("libfaketime") / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": str(CACHED_S),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",  # else nothing that was compiled is taken to be up to date
    }


@pytest.fixture
def jump(tmp_path: Path) -> Callable[[str], None]:
    def to(offset: str) -> None:
        draft = tmp_path / "time.draft"
        draft.write_text(offset)
        draft.replace(tmp_path / "time")
        time.sleep(2 * CACHED_S)

    to("+0")
    return to


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(300)
@in_a_file
def test_no_jump_ends_loses_or_misdates_anything(tmp_path, cache_dir, documents, jump):
    fill(tmp_path / "data", documents)
    with wired() as base, wired() as hook:
        hook.does = "500"
        more = {
            **preloaded(tmp_path / "time"),
            "OPENAI_BASE_URL": base.url,
            "ROUTEBACK_ALARMS__WEBHOOK__URL": hook.url,
            "ROUTEBACK_ALARMS__WEBHOOK__SECRET": SECRET,
            "ROUTEBACK_DESK__NOTIFY": '["webhook"]',
        }
        with served(tmp_path / "data", cache_dir, tmp_path / "log", **more) as house:
            began = datetime.now(UTC)
            name = house.call("POST", "/v1/conversations").json()["conversation_id"]
            for number, offset in enumerate(JUMPS):
                jump(offset)
                _, told = house.said(house.ask(conversation_id=name))
                assert told["outcome"] == "answered"
                wanted = {"message": "A person, please.", "client_id": f"person-{number}"}
                assert house.call("POST", "/v1/tickets", json=wanted).is_success
                assert house.ready()
            until(lambda: len(hook.asked) >= len(JUMPS))
            _dated(tmp_path / "data", began)
            jump("+8d")
            hook.does = "200 and nothing"
            sent = len(hook.asked)
            until(lambda: len({*hook.asked[sent:]}) == len(JUMPS))
            house.check_log("A person, please.")


def _dated(folder: Path, began: datetime) -> None:
    """What was stored is of the time that it was, whatever the clock said."""
    with open_records(folder) as engine, engine.connect() as connection:
        for column in (turns.c.created_at, tickets.c.created_at, messages.c.at):
            for at in connection.scalars(select(column)):
                known = at.replace(tzinfo=UTC)
                assert began - MINUTE < known < datetime.now(UTC) + MINUTE


@in_a_file
def test_what_was_put_off_under_a_wrong_clock_goes_out(database):
    """A process that started years ahead has ended; the next one starts on time."""
    store, now = Store(database), datetime.now(UTC)
    ahead = now + timedelta(days=900)
    with store.transaction() as ledger:
        ledger.raise_alarm("blind", "tuned", now, "tuned cannot be seen")
        (message,) = ledger.outbox.untaken(1)
        ledger.outbox.take_up(message.id, [Recipient("slack")], now)
        due = ledger.outbox.due("slack", now)
        claimed = ledger.outbox.claim(due, ahead)
        assert ledger.outbox.due("slack", now) == claimed
        ledger.outbox.claim(claimed, now + LONGEST_WAIT)
        assert ledger.outbox.due("slack", now) is None
