"""The whole way, with a real server: asked in the chat, answered in Zammad, read in the chat."""

import hmac
import json
import time

import httpx
from pydantic import SecretStr

from assistant.sending.bridge_settings import BridgeSettings, ZammadSettings
from assistant.settings import KnowledgeSettings, ServerSettings, Settings
from tests.support.server import free_port, in_thread
from tests.support.zammad import TOKEN


def until(found):
    deadline = time.monotonic() + 60
    while not (result := found()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return result


def test_asked_here_answered_there_and_read_here(tmp_path, cache_dir, endpoint, zammad, address):
    there = {"url": address, "token": SecretStr(TOKEN), "secret": SecretStr("shared")}
    settings = Settings(
        data_dir=tmp_path / "data",
        cache_dir=cache_dir,
        openai_base_url=endpoint.url,
        openai_model="scripted",
        knowledge=KnowledgeSettings(sample=False),
        server=ServerSettings(port=free_port()),
        bridge=BridgeSettings(zammad=ZammadSettings(**there, customer="nobody@example.com")),
    )
    with (
        in_thread(settings) as running,
        httpx.Client(base_url=running.url, headers=running.headers, timeout=30) as client,
    ):
        asked = client.post("/v1/tickets", json={"message": "I want a person"}).json()
        conversation = f"/v1/conversations/{asked['conversation_id']}"
        number = until(lambda: next(iter(zammad.tickets), 0))
        until(lambda: len(zammad.said(number)) == 2)
        zammad.write(number, "Emma here")
        body = json.dumps({"ticket": {"id": str(number)}}).encode()
        signed = f"sha1={hmac.digest(b'shared', body, 'sha1').hex()}"
        headers = {"X-Hub-Signature": signed, "Content-Type": "application/json"}
        heard = client.post("/v1/bridge/zammad", content=body, headers=headers)
        assert heard.json() == {"known": True}

        def read():
            entries = client.get(conversation).json()["entries"]
            return [entry["text"] for entry in entries if entry["kind"] == "team"]

        assert until(read) == ["Emma here"]
        standing = client.get(conversation).json()["standing"]
        assert (standing["holder"], standing["assignee"]) == ("person", "Emma Taylor")
        client.post(f"{conversation}/messages", json={"text": "Thank you, Emma"})
        until(lambda: zammad.said(number)[-1]["body"] == "Thank you, Emma")
        assert [one["body"] for one in zammad.said(number)[1:]] == [
            "I want a person",
            "Emma here",
            "Thank you, Emma",
        ]
