"""``routeback guard alarms`` and its API, without and with a server that sends."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from assistant.access.callers import Callers
from assistant.api.server import create
from assistant.cli import app
from assistant.errors import GuardError, RoutebackError
from assistant.sending.settings import AlarmSettings
from assistant.settings import (
    GuardSettings,
    KnowledgeSettings,
    ServerSettings,
    Settings,
)
from guardrails.store.outbox import Recipient
from guardrails.store.store import Store
from tests.sending.receivers import Http, listening
from tests.sending.test_channels import SECRET, verified
from tests.support import overseen
from tests.support.server import free_port, in_thread

BEARER = {"Authorization": "Bearer owner"}


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    data = tmp_path / "data"
    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(data))
    return data


@pytest.fixture
def http() -> Iterator[Http]:
    """A receiver with a loop of its own: the commands block this thread."""
    receiver, ready, stop = Http(), threading.Event(), threading.Event()

    async def serve() -> None:
        async with listening(receiver):
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    yield receiver
    stop.set()
    thread.join(10)


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["guard", "alarms", *arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result.stdout


def raise_blind(folder: Path) -> None:
    with overseen.database(folder) as engine, Store(engine).transaction() as ledger:
        ledger.raise_alarm("blind", "tuned", overseen.now(), "tuned cannot be seen")


def test_before_anything_happened(folder):
    told = run()
    assert "No alarm was ever raised." in told
    assert "No channel is configured: nobody is told" in told
    error = CliRunner().invoke(app, ["guard", "alarms", "test"]).exception
    assert isinstance(error, RoutebackError)
    assert "No channel for alarms is configured" in error.message
    assert "ROUTEBACK_ALARMS__SLACK__URL" in error.hint
    assert error.exit_code == 2


def test_alarms_and_what_became_of_their_messages(folder, monkeypatch):
    monkeypatch.setenv("ROUTEBACK_ALARMS__SLACK__URL", "http://127.0.0.1:1/T0P")
    raise_blind(folder)
    told = run()
    assert re.search(r"ALARM \(blind, tuned, since .{16}\): tuned cannot be seen", told)
    assert "Messages go to: slack." in told
    assert "waits for a server that sends it" in told
    with overseen.database(folder) as engine, Store(engine).transaction() as ledger:
        now, box = overseen.now(), ledger.outbox
        (message,) = box.untaken(1)
        names = ("webhook", "slack", "email")
        box.take_up(message.id, [Recipient(name) for name in names], now)
        for name, done in zip(names, (box.delivered, box.give_up, box.failed), strict=True):
            claimed = box.claim(box.due(name, now), now)
            if done == box.delivered:
                box.delivered(claimed, now)
            else:
                done(claimed, now, "HTTP 404")
        ledger.clear_alarm("blind", "tuned", now)
        ledger.outbox.take_up(box.untaken(1)[0].id, [], now)
    told = run()
    assert re.search(r"over since .{16} \(blind, tuned, since", told)
    assert re.search(r"webhook: delivered .{16}, 1 try\n", told)
    assert re.search(r"slack: GIVEN UP .{16}, 1 try \(HTTP 404\)", told)
    assert re.search(r"email: next try .{16}, 1 try so far \(HTTP 404\)", told)
    assert "sent to nobody" in told
    found = json.loads(run("--json"))
    assert [one["subject"] for one in found["messages"]] == [
        "Over: The guardrail cannot see tuned",
        "The guardrail cannot see tuned",
    ]
    assert len(json.loads(run("--json", "--count", "1"))["messages"]) == 1
    status = CliRunner().invoke(app, ["guard", "status"]).stdout
    assert "Alarm messages given up in the last 7 days: 1" in status
    assert "T0P" not in told


def test_a_test_says_what_happened_in_each_channel(folder, http, monkeypatch):
    monkeypatch.setenv("ROUTEBACK_ALARMS__WEBHOOK__URL", http.url())
    monkeypatch.setenv("ROUTEBACK_ALARMS__WEBHOOK__SECRET", SECRET)
    assert run("test") == "webhook: sent\n"
    assert verified(SECRET, http.posts[0].headers, http.posts[0].body)
    monkeypatch.setenv("ROUTEBACK_ALARMS__SLACK__URL", http.url("/slack"))
    http.script = [404, 404]
    assert run("test", code=1) == "webhook: FAILED: HTTP 404\nslack: FAILED: HTTP 404\n"
    assert json.loads(run("test", "--json"))["channels"][0] == {
        "channel": "webhook",
        "sent": True,
        "said": "",
    }
    assert run().count("No alarm was ever raised.") == 1, "a test is no message of the outbox"


def test_the_api_lists_them_and_lets_only_the_owner_test(tmp_path, assistant):
    app = create(assistant, Callers("owner", ("reader",)))
    client = TestClient(app, "http://localhost", headers=BEARER)
    reader, wrong = ({"Authorization": f"Bearer {key}"} for key in ("reader", "wrong"))
    assert client.get("/v1/guard/alarms", headers=wrong).status_code == 401
    assert client.get("/v1/guard/alarms", headers=reader).status_code == 403
    assert client.get("/v1/guard/alarms").json()["channels"] == []
    assert client.get("/v1/guard/alarms", params={"count": 0}).status_code == 400
    assert client.post("/v1/guard/alarms/test", headers=reader).status_code == 403
    reply = client.post("/v1/guard/alarms/test")
    assert reply.status_code == 400
    assert "ROUTEBACK_ALARMS__SLACK__URL" in reply.json()["error"]["message"]
    assert client.get("/v1/guard/status").json()["messages"].keys() == {"waiting", "given_up"}


def test_a_server_sends_what_others_wrote_and_tests_its_own_channels(
    folder, cache_dir, endpoint, http
):
    settings = Settings(
        cache_dir=cache_dir,
        openai_base_url=endpoint.url,
        openai_model="scripted",
        knowledge=KnowledgeSettings(sample=False),
        guard=GuardSettings(metrics=("fast",)),
        server=ServerSettings(port=free_port()),
        alarms=AlarmSettings.model_validate({"slack": {"url": http.url("/T0P")}}),
    )
    raise_blind(folder)  # before it starts
    with in_thread(settings):
        deadline = time.monotonic() + 30
        while "slack: delivered" not in (told := run()):
            assert time.monotonic() < deadline, told
            time.sleep(0.1)
        assert "Messages go to: slack." in told
        http.script = [500]
        assert run("test", code=1) == "slack: FAILED: HTTP 500\n"
        assert run("test") == "slack: sent\n"
    assert [post.path for post in http.posts] == ["/T0P"] * 3
    assert json.loads(http.posts[0].body)["text"] == (
        "Routeback: The guardrail cannot see tuned\ntuned cannot be seen"
    )
    error = CliRunner().invoke(app, ["guard", "alarms", "test"]).exception
    assert isinstance(error, GuardError), "without the server, the settings of this shell count"
