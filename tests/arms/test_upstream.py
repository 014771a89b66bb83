"""What a provider says reaches no reader, no record and no alarm: it may be a key."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest

from assistant.knowledge import load
from assistant.running import Running
from assistant.settings import (
    ArmSettings,
    GuardSettings,
    KnowledgeSettings,
    ServerSettings,
    Settings,
)
from tests.support.endpoint import Endpoint, serving
from tests.support.server import free_port, in_thread

KEY = "sk-live-0123456789abcdefghij"
SAID = f"the provider says that {KEY} is no key"
TWO_SENTENCES = (
    "A token is the smallest piece of text that a language model reads. "
    "A long word is often several tokens."
)


@pytest.fixture(scope="module")
def _tuned_server() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


@pytest.fixture
def tuned(_tuned_server: Endpoint) -> Endpoint:
    _tuned_server.reset()
    return _tuned_server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("upstream")


@pytest.fixture(scope="module")
def _api(
    folder: Path,
    cache_dir: Path,
    documents: Path,
    _endpoint_server: Endpoint,
    _tuned_server: Endpoint,
) -> Iterator[Running]:
    settings = Settings(
        data_dir=folder,
        cache_dir=cache_dir,
        knowledge=KnowledgeSettings(sample=False),
        server=ServerSettings(port=free_port()),
        guard=GuardSettings(breaker_failures=2, breaker_pause_s=3600),
        arms=[
            ArmSettings(name="base", base_url=_endpoint_server.url, model="scripted"),
            ArmSettings(name="tuned", base_url=_tuned_server.url, model="scripted", revision="1"),
        ],
    )
    with in_thread(settings) as running:
        items = [
            asdict(item)
            for path in load.files(documents)
            for item in load.read(path, load.ReadingOptions(), source=path.name)
        ]
        body = {"root": "documents", "items": items}
        url = f"{running.url}/v1/knowledge"
        httpx.post(url, json=body, headers=running.headers, timeout=60).raise_for_status()
        yield running


@pytest.fixture
def api(_api: Running, endpoint: Endpoint, tuned: Endpoint) -> Running:
    assert endpoint.url != tuned.url
    return _api


def ask(api: Running, **more: object) -> str:
    """Return all that a client gets, whether it is an answer or an error."""
    body = {"messages": [{"role": "user", "content": "What is a token?"}], **more}
    return httpx.post(f"{api.url}/v1/chat/completions", json=body, timeout=60).text


def kept(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("status", "sentence"),
    [(401, "base refused the key (HTTP 401)"), (500, "base refused the request (HTTP 500)")],
)
def test_a_reader_gets_our_sentence(api, endpoint, folder, status, sentence, stream):
    endpoint.status, endpoint.message = status, SAID
    reply = ask(api, stream=stream)
    assert sentence in reply
    assert "the provider says" not in reply
    assert b"the provider says" not in kept(folder)


def test_a_reader_gets_our_sentence_in_the_middle_of_an_answer(api, endpoint):
    endpoint.script = lambda _: TWO_SENTENCES
    endpoint.message, endpoint.fail_after = SAID, 24
    reply = ask(api, stream=True)
    assert "smallest piece of text" in reply
    assert "base stopped answering (it said an error)" in reply
    assert "the provider says" not in reply


def test_neither_records_nor_alarms_have_what_a_candidates_provider_says(
    api, tuned, folder, caplog
):
    pinned = {"arm": "tuned", "segment": "glossary/en", "by": "t", "why": "t", "stage": "serving"}
    made = httpx.post(f"{api.url}/v1/guard/pin", json=pinned, headers=api.headers)
    assert made.status_code == 201, made.text
    tuned.status, tuned.message = 401, SAID
    reply = json.loads(ask(api))
    assert reply["routeback"]["fell_back"] == "tuned refused the key (HTTP 401)."
    deadline = time.monotonic() + 60
    while not (alarms := status(api)["alarms"]):
        ask(api)
        assert time.monotonic() < deadline
    assert "tuned refused the key (HTTP 401)." in alarms[0]["message"]
    assert b"tuned refused the key" in kept(folder)
    assert b"the provider says" not in kept(folder)
    assert "the provider says that [secret] is no key" in caplog.text
    assert KEY not in caplog.text


def status(api: Running) -> dict:
    return httpx.get(f"{api.url}/v1/guard/status", headers=api.headers).json()
