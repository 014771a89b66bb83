"""Questions with a mark are asked of a real server; then the mark is looked for in every byte."""

import asyncio
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, insert

from assistant.app import open_assistant
from assistant.background.custody import Custody
from assistant.errors import DatabaseError, UnknownPerson
from assistant.progress import Watcher
from assistant.records.conversations import LOCAL, Conversations
from assistant.records.database import open_database
from assistant.records.desk.desk import Desk
from assistant.records.desk.tickets import Ticket
from assistant.records.nights import answers, frozen, nights, scores
from assistant.retention.holdings import Holdings
from assistant.running import Running
from assistant.settings import Settings, load
from guardrails import clock
from guardrails.decisions import replay
from guardrails.judge.cache import ScoreCache
from guardrails.store.store import Store
from guardrails.types import Score
from tests.support.documents import fill
from tests.support.endpoint import Endpoint, serving
from tests.support.guarded import Degrading, configuration, questions
from tests.support.server import free_port, in_process, in_thread

MARK = "Quibberish"
MINE, OTHER = "conversation-of-one", "conversation-of-another"
BASE = "A token is a piece of text that a language model reads."


@pytest.fixture
def tuned() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


@pytest.fixture
def settings(tmp_path, documents, tuned, monkeypatch) -> Iterator[Settings]:
    """Two arms that say the mark when they are asked with it."""
    with serving() as base:
        degrading = Degrading()

        def said(messages: list, text: str) -> str:
            return f"{text[:-1]} {MARK}." if MARK in json.dumps(messages) else text

        base.script = lambda messages: said(messages, BASE)
        tuned.script = lambda messages: said(messages, degrading(messages))
        degrading.bad = True
        config = configuration(tmp_path, base, tuned, wait_s=0.0)
        monkeypatch.setenv("ROUTEBACK_CONFIG", str(config))
        monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setenv("ROUTEBACK_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.setenv("ROUTEBACK_KNOWLEDGE__SAMPLE", "false")
        monkeypatch.setenv("ROUTEBACK_SERVER__PORT", str(free_port()))
        fill(tmp_path / "data", documents)
        yield load()


def ask(server: Running, question: str, conversation: str) -> dict:
    told = reply(server, question, conversation)
    assert told.status_code == 200, told.text
    return told.json()["routeback"]


def reply(server: Running, question: str, conversation: str) -> httpx.Response:
    body = {
        "model": "routeback",
        "messages": [{"role": "user", "content": question}],
        "routeback": {"conversation_id": conversation},
    }
    place = f"{server.url}/v1/chat/completions"
    return httpx.post(place, json=body, headers=server.headers, timeout=60)


def begin(settings: Settings) -> None:
    """Let the conversations be those of the user of this machine."""
    engine = create_engine(f"sqlite:///{settings.data_dir / 'routeback.sqlite'}")
    for name in (MINE, OTHER):
        Conversations(engine).begin(LOCAL, name)
    engine.dispose()


def lived(server: Running, settings: Settings) -> list[str]:
    """Let one person say the mark in every way there is, and another none; return turn ids."""
    wording = questions()
    begin(settings)
    mine = [ask(server, f"{next(wording)} {MARK}?", MINE)["turn_id"] for _ in range(3)]
    mine.append(ask(server, f"And what about {MARK}?", MINE)["turn_id"])
    theirs = [ask(server, next(wording), OTHER)["turn_id"] for _ in range(9)]
    post = {"headers": server.headers, "timeout": 60}
    rating = {"turn_id": mine[0], "thumb": "down", "comment": f"{MARK} was not explained"}
    ticket = {"conversation_id": MINE, "message": f"Help with {MARK}", "contact": MARK}
    assert httpx.post(f"{server.url}/v1/feedback", json=rating, **post).status_code == 201
    assert httpx.post(f"{server.url}/v1/tickets", json=ticket, **post).status_code == 201
    file = f"{server.url}/v1/conversations/{MINE}/attachments?name={MARK}"
    sent = httpx.post(file, content=f"%PDF-1.7 {MARK}".encode(), **post)
    assert sent.status_code == 201, sent.text
    settled(settings)
    leave(settings, mine[0])
    return mine + theirs


def settled(settings: Settings) -> None:
    engine = create_engine(f"sqlite:///{settings.data_dir / 'routeback.sqlite'}")
    deadline = time.monotonic() + 90
    while True:
        with Store(engine).reading() as ledger:
            if not ledger.waiting(1):
                break
        assert time.monotonic() < deadline
        time.sleep(0.1)
    engine.dispose()


def leave(settings: Settings, turn: str) -> None:
    """Leave what a night, an audit, a judge and a log would: a case was made of the first turn."""
    case, said = f"turn-{turn[:8]}", f"What is a {MARK}?"
    worst = {"case": case, "question": said, "before": {"answer": said}, "lost": 0.5}
    engine = create_engine(f"sqlite:///{settings.data_dir / 'routeback.sqlite'}")
    key = {"night": "n1", "kind": "live", "arm": "base", "case": case}
    measured = {"standalone": said, "answer": said, "passages": [], "seconds": 1.0}
    with engine.begin() as connection:
        night = {"id": "n1", "at": clock.now(), "kind": "nightly", "state": "done"}
        night |= {"fingerprint": "f", "plan": {}, "result": {"worst": [worst]}, "words": "fine"}
        connection.execute(insert(nights).values(night))
        row = {**key, "version": "1", "measured": measured, "error": "", "at": clock.now()}
        connection.execute(insert(answers).values(row))
        row = {**key, "metric": "fast", "value": 0.5, "reason": said, "scorer": "s"}
        connection.execute(insert(scores).values({**row, "content": "c", "seconds": 1.0}))
        row = {"case": case, "version": "1", "arm": "base", "night": "n1", "measured": measured}
        connection.execute(insert(frozen).values({**row, "scores": {}}))
    engine.dispose()
    data = settings.data_dir
    with sqlite3.connect(data / "routeback.sqlite") as connection:
        asked = connection.execute("SELECT question FROM turns WHERE id = ?", (turn,)).fetchone()[0]
    connection.close()
    for folder in ("evals/n1", "audits/train-1"):
        (data / folder).mkdir(parents=True)
        (data / folder / "report.json").write_text(json.dumps({"quotes": [asked]}))
    (data / "engine.log").write_text(f"decoding {asked}\n")
    (data / "scores.sqlite.damaged-1-1").write_text(MARK)
    for path in (data / "scores.sqlite", settings.cache_dir / "attack.sqlite"):
        with ScoreCache(path) as cache:
            cache.put("key", Score(0.5, f"it does not say what a {MARK} is"))


def marked(*folders: Path) -> list[str]:
    """Return the files in which the mark stands, in any case, in UTF-8 or UTF-16."""
    words = [MARK.lower().encode(), MARK.lower().encode("utf-16-le")]
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [str(p) for p in paths if any(word in p.read_bytes().lower() for word in words)]


def replays(settings: Settings) -> list[str]:
    """Return the decisions, each of which is decided again from the pairs, byte for byte."""
    engine = create_engine(f"sqlite:///{settings.data_dir / 'routeback.sqlite'}")
    with Store(engine).reading() as ledger:
        decisions = ledger.decisions(None, None, 100)
        for decision in decisions:
            again = replay(decision, ledger.pairs)
            assert again is not None
            assert again.record() == decision.record()
    engine.dispose()
    return [decision.id for decision in decisions]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nothing_is_left_of_a_person_and_the_evidence_stays(settings, tmp_path):
    env = {**os.environ}
    with in_thread(settings) as server:
        turns = lived(server, settings)
        before = replays(settings)
        assert before
        places = marked(settings.data_dir, settings.cache_dir)
        for name in ("routeback.sqlite", "conversations.sqlite", "scores.sqlite", "attack.sqlite"):
            assert any(name in place for place in places), (name, places)

        shown = in_process("privacy", "erase", "--person", MINE, env=env, given="n\n")
        assert shown.returncode == 1
        assert "1 conversations, 4 turns, 1 comments, 1 tickets" in shown.stdout
        assert marked(settings.data_dir) != []
        out = tmp_path / "mine.json"
        done = in_process("privacy", "export", "--person", MINE, "--out", str(out), env=env)
        assert done.returncode == 0, done.stderr
        assert out.stat().st_mode & 0o777 == 0o600
        kept = json.loads(out.read_text())
        assert len(kept["turns"]) == 4
        assert MARK in json.dumps(kept["remembered"][MINE]["messages"])
        assert kept["tickets"][0]["contact"] == MARK
        assert MARK in json.dumps(kept["pairs"][0]["answers"])

        done = in_process("privacy", "erase", "--person", MINE, "--yes", "--by", "eve", env=env)
        assert done.returncode == 0, done.stderr
        assert "erase by eve" in done.stdout
        assert marked(settings.data_dir, settings.cache_dir) == []
        assert replays(settings) == before

        again = in_process("privacy", "erase", "--person", MINE, "--yes", env=env)
        assert again.returncode == 2
        assert "Nothing is kept of 'conversation-of-one'" in again.stderr
        assert reply(server, "What is a token?", MINE).status_code == 404
        assert ask(server, "What is a token?", OTHER)["turn_id"] not in turns
        settled(settings)
        listed = httpx.get(f"{server.url}/v1/privacy/receipts", headers=server.headers).json()
        assert [(r["act"], r["by"]) for r in listed["receipts"]] == [
            ("erase", "eve"),
            ("export", "owner"),
        ]
        assert listed["receipts"][0]["counts"]["turns"] == 4
    assert marked(settings.data_dir, settings.cache_dir) == []
    with sqlite3.connect(settings.data_dir / "routeback.sqlite") as connection:
        told = connection.execute("SELECT COUNT(*) FROM turns WHERE question != ''").fetchone()
        thumbs = connection.execute("SELECT thumb, comment FROM feedback").fetchall()
        value = connection.execute("SELECT value FROM eval_scores").fetchone()
    connection.close()
    assert told == (10,)
    assert thumbs == [("down", "")]
    assert value == (0.5,)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_what_is_too_old_goes_by_itself_and_nothing_else(settings):
    with in_thread(settings) as server:
        lived(server, settings)
        before = replays(settings)
    async with open_assistant(settings, Watcher()) as assistant:
        custody = Custody.of(assistant)
        soon = clock.now() + timedelta(days=29)
        assert await custody.expire(soon) is None
        assert marked(settings.data_dir) != []
        os.utime(settings.data_dir / "engine.log", (time.time() - 86400 * 40,) * 2)
        receipt = await custody.expire(clock.now() + timedelta(days=91))
        assert receipt is not None
        assert receipt.counts["turns"] == 13
        assert "tickets" not in receipt.counts
        left = marked(settings.data_dir, settings.cache_dir)
        assert [Path(place).name for place in left] == ["routeback.sqlite"]  # the ticket
        receipt = await custody.expire(clock.now() + timedelta(days=366))
        assert receipt is not None
        assert receipt.counts == {"tickets": 1, "messages": 3, "attachments": 1}
        assert await custody.expire(clock.now() + timedelta(days=366)) is None
    assert marked(settings.data_dir, settings.cache_dir) == []
    assert replays(settings) == before


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_pair_that_is_being_made_leaves_nothing(settings, tuned):
    begun, go_on = threading.Event(), threading.Event()
    quick = tuned.script

    def slow(messages: list) -> str:
        begun.set()
        go_on.wait(60)
        return quick(messages)

    tuned.script = slow
    with in_thread(settings) as server:
        begin(settings)
        ask(server, f"{next(questions())} {MARK}?", MINE)
        assert begun.wait(60)
        asked = {"people": [MINE]}
        place = f"{server.url}/v1/privacy/erase"
        erased = httpx.post(place, json=asked, headers=server.headers, timeout=120)
        assert erased.status_code == 200, erased.text
        assert erased.json()["receipt"]["counts"]["jobs"] >= 1
        go_on.set()
        time.sleep(2)
        assert marked(settings.data_dir, settings.cache_dir) == []
    assert marked(settings.data_dir, settings.cache_dir) == []


def test_a_crash_on_the_way_is_made_up_for(settings, monkeypatch):
    engine = open_database(settings.data_dir / "routeback.sqlite")
    holdings = Holdings.of(settings, engine, engine)
    Desk(engine).open(Ticket("one", "en", MARK))
    marker = settings.data_dir / "erasing"
    reader = sqlite3.connect(settings.data_dir / "routeback.sqlite")
    reader.execute("BEGIN")
    assert reader.execute("SELECT COUNT(*) FROM tickets").fetchone() == (1,)
    monkeypatch.setattr("assistant.retention.wiping.WAIT_S", 0.2)
    holdings.begin({"one"})
    with pytest.raises(DatabaseError, match="may still hold"):
        holdings.finish({"one"}, "eve")
    assert marker.exists()
    assert holdings.receipts() == ()
    reader.close()
    with pytest.raises(UnknownPerson):
        asyncio.run(Custody(holdings, settings.retention).erase(["one"], "eve"))
    assert not marker.exists()
    (receipt,) = holdings.receipts()
    assert (receipt.act, receipt.by) == ("erase", "eve")
    assert receipt.counts == {"conversations": 1, "tickets": 1, "messages": 2}
    assert marked(settings.data_dir) == []
    engine.dispose()


def test_a_file_that_is_there_is_not_written_over(settings, tmp_path):
    out = tmp_path / "mine.json"
    out.write_text("kept")
    done = in_process("privacy", "export", "--person", "x", "--out", str(out), env={**os.environ})
    assert done.returncode == 2
    assert "cannot be made" in done.stderr
    assert out.read_text() == "kept"
    out.unlink()
    done = in_process("privacy", "export", "--person", "x", "--out", str(out), env={**os.environ})
    assert "Nothing is kept of 'x'" in done.stderr
    assert not out.exists()
