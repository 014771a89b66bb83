"""What one began, no other finds; and what is meant for a group is found by that group."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from assistant.access.callers import Callers
from assistant.access.identity import Role
from assistant.access.keys import Keys
from assistant.errors import AccessError
from assistant.knowledge.documents import Entry
from assistant.records.conversations import Conversations
from assistant.records.database import RECORDS, open_database
from assistant.running import Running
from assistant.settings import KnowledgeSettings, ServerSettings
from guardrails import clock
from tests.support.endpoint import Endpoint
from tests.support.places import Place
from tests.support.server import free_port, in_thread

SECRETS = ("a" * 32, "b" * 32)


@pytest.fixture
def server(place: Place, endpoint: Endpoint) -> Iterator[Running]:
    settings = place.settings(endpoint).model_copy(
        update={
            "server": ServerSettings(port=free_port(), api_keys=SecretStr("alice,bob")),
            "knowledge": KnowledgeSettings(sample=False, audiences=("staff",)),
        }
    )
    with in_thread(settings) as running:
        yield running


@pytest.fixture
def keys(server: Running, place: Place) -> Iterator[Keys]:
    assert server.url
    database = open_database(place.folder / RECORDS)
    yield Keys(database)
    database.dispose()


def ask(
    server: Running, headers: dict[str, str], conversation: str | None = None, text: str = ""
) -> httpx.Response:
    ours = {"conversation_id": conversation} if conversation else {}
    messages = [{"role": "user", "content": text or "What is negative transfer?"}]
    body = {"messages": messages, "routeback": ours}
    return httpx.post(f"{server.url}/v1/chat/completions", json=body, headers=headers, timeout=60)


def bearer(key: str, session: str = "") -> dict[str, str]:
    more = {"Routeback-Session": session} if session else {}
    return {"Authorization": f"Bearer {key}", **more}


def others(keys: Keys) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Return pairs of callers who do not know each other."""
    page = keys.add("page", [Role.USER], "test", None, front=True)
    agent = keys.add("agent", list(Role), "test", None)
    return {
        "two keys": (bearer("alice"), bearer("bob")),
        "two visitors of a page": (bearer(page, SECRETS[0]), bearer(page, SECRETS[1])),
        "a visitor and the page itself": (bearer(page, SECRETS[0]), bearer(page)),
        "one session secret at two keys": (bearer("alice", SECRETS[0]), bearer("bob", SECRETS[0])),
        "a user and one with all roles": (bearer("alice"), bearer(agent)),
    }


def test_another_finds_nothing(server, keys):
    for who, (alice, bob) in others(keys).items():
        ours = ask(server, alice).json()["routeback"]
        conversation, turn = ours["conversation_id"], ours["turn_id"]
        follow = "And how does it show?"
        foreign = ask(server, bob, conversation, follow)
        assert foreign.status_code == 404, who
        unknown = ask(server, bob, "nowhere", follow)
        assert (
            foreign.json()["error"]["message"].replace(conversation, "nowhere")
            == (unknown.json()["error"]["message"])
        )
        for path, body in (
            ("/v1/feedback", {"turn_id": turn, "thumb": "down"}),
            ("/v1/tickets", {"conversation_id": conversation, "message": "help"}),
        ):
            assert httpx.post(server.url + path, json=body, headers=bob).status_code == 404, who
            assert httpx.post(server.url + path, json=body, headers=alice).status_code == 201, who
        on = ask(server, alice, conversation, follow)
        assert on.json()["routeback"]["outcome"] == "passed_on", who  # a person was asked for


def test_ids_are_the_servers(server):
    first, second = (ask(server, bearer("alice")).json()["routeback"] for _ in range(2))
    assert first["conversation_id"] != second["conversation_id"]
    assert ask(server, bearer("alice"), "of-my-own").status_code == 404


def test_a_visitor_who_was_idle_begins_anew_and_one_who_is_known_does_not(
    server, keys, monkeypatch
):
    page = bearer(keys.add("page", [Role.USER], "test", None, front=True), SECRETS[0])
    visitor, known = (
        ask(server, who).json()["routeback"]["conversation_id"] for who in (page, bearer("alice"))
    )
    later = clock.now() + timedelta(minutes=61)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert ask(server, page, visitor).status_code == 404
    assert ask(server, bearer("alice"), known).status_code == 200


def test_what_is_meant_for_a_group_is_found_by_it_and_by_nobody_else(server, keys):
    text = "The canteen code is the number that opens the door of the canteen. It is 4711."
    entry = Entry("rows", "glossary", "Canteen code", text, "en", (), "canteen", "staff")
    body = {"root": "rows", "items": [asdict(entry)]}
    added = httpx.post(f"{server.url}/v1/knowledge", json=body, headers=server.headers, timeout=60)
    assert '"added": 1' in added.text
    staff = bearer(keys.add("staff", [Role.USER], "test", None, ["staff"]))
    for question in ("What is the canteen code?", "Which number opens the canteen door?"):
        told = ask(server, staff, text=question).text
        hidden = ask(server, bearer("alice"), text=question).text
        assert "4711" in told
        assert "4711" not in hidden
        assert "opens the door of" not in hidden


def test_who_gets_a_place_or_name_in_the_settings_inherits_nothing(server, keys, place):
    conversation = ask(server, bearer("alice")).json()["routeback"]["conversation_id"]
    database = open_database(place.folder / RECORDS)
    for order in (("alice", "bob"), ("bob", "alice"), ("bob",)):
        for key in order:
            who = Callers("owner", order).identify({"authorization": f"Bearer {key}"})
            assert Conversations(database).owns(who.id, conversation) == (key == "alice")
    made = keys.add("desk", [Role.USER], "test", None)
    ask(server, bearer(made))
    keys.remove("desk", "test")
    with pytest.raises(AccessError, match="still owns conversations"):
        keys.add("desk", [Role.USER], "test", None)
    database.dispose()


def test_conversations_of_somebody(server, keys, place):
    mine = [ask(server, bearer("bob")).json()["routeback"]["conversation_id"] for _ in range(2)]
    database = open_database(place.folder / RECORDS)
    conversations = Conversations(database)
    alice, bob = (
        Callers("owner", ("alice", "bob")).identify({"authorization": f"Bearer {key}"}).id
        for key in ("alice", "bob")
    )
    assert conversations.of(bob) == mine
    assert conversations.of(alice) == []
    assert not conversations.owns(alice, mine[0])
    database.dispose()
