"""What another desk says happens here once, in its order, and through the desk's own moves."""

import json
import random
import threading
from contextlib import suppress
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr, ValidationError

from assistant.access.callers import Callers
from assistant.access.identity import Role
from assistant.access.keys import Keys
from assistant.api.server import create
from assistant.desk.states import Holder
from assistant.errors import DeskConflict, TakenOver
from assistant.records.bridge import tables
from assistant.records.bridge.inbox import OutsideEvent
from assistant.records.desk.events import Worker
from assistant.records.turns import Records
from assistant.retention.selection import Selection
from assistant.retention.texts import erase
from assistant.sending.bridge_settings import BridgeSettings, ZammadSettings
from assistant.sending.signature import key_of, signature
from assistant.settings import LimitSettings
from guardrails import clock
from guardrails.store.store import Store
from tests.bridge.conftest import ADA, SECRET, Bridged

EMMA, JACOB = Worker("helpdesk:1", "Emma"), Worker("helpdesk:2", "Jacob")


@pytest.fixture
def settings() -> BridgeSettings:
    return BridgeSettings(incoming=True, hold_s=300)


def event(ticket, number, kind="replied", by=EMMA, text="", **more):
    text = text or (f"text {number}" if kind in {"replied", "noted"} else "")
    name = more.pop("id", f"event-{ticket.number}-{number}")
    return OutsideEvent("helpdesk", name, ticket.id, kind, by, text, number, **more)


def test_a_reply_takes_the_conversation_first_and_the_bot_is_silent(bridged):
    ticket = bridged.ask()
    assert bridged.bridge.incoming.take(event(ticket, 1)) == "done"
    with pytest.raises(TakenOver):
        bridged.threads.say(ticket.conversation_id, "t", "I know!")
    moves = [e.detail["move"] if e.kind == "moved" else e.kind for e in bridged.log(ticket)]
    assert moves == ["ask", "user", "claim", "team"]
    bridged.desk.claim(ticket.id, ADA, take_over=True)
    assert bridged.bridge.incoming.take(event(ticket, 2)) == "done"
    assert bridged.desk.get(ticket.id).assignee == EMMA.id


def test_the_same_again_is_nothing(bridged):
    ticket, take = bridged.ask(), bridged.bridge.incoming.take
    for _ in range(3):
        assert take(event(ticket, 1)) == "done"
        assert take(event(ticket, 2, "solved")) == "done"
    bridged.desk.reopen(ticket.id, ADA)
    assert take(event(ticket, 2, "solved")) == "done"
    assert bridged.said(ticket, "team") == ["text 1"]
    assert bridged.desk.get(ticket.id).status is Holder.WAITING


def test_what_comes_too_early_waits_until_the_gap_is_filled(bridged):
    ticket, take = bridged.ask(), bridged.bridge.incoming.take
    assert take(event(ticket, 3, "solved")) == "waiting"
    assert take(event(ticket, 2)) == "waiting"
    assert bridged.said(ticket, "team") == []
    assert take(event(ticket, 1)) == "done"
    assert bridged.said(ticket, "team") == ["text 1", "text 2"]
    assert bridged.desk.get(ticket.id).status is Holder.SOLVED


def test_a_gap_is_waited_for_no_longer_than_said_and_what_comes_then_is_not_lost(bridged):
    ticket, take = bridged.ask(), bridged.bridge.incoming.take
    assert take(event(ticket, 4, "reopened")) == "waiting"
    assert take(event(ticket, 3)) == "waiting"
    bridged.go(299)
    bridged.bridge.incoming.due()
    assert bridged.said(ticket, "team") == []
    bridged.go(2)
    bridged.bridge.incoming.due()
    assert bridged.said(ticket, "team") == ["text 3"]
    assert take(event(ticket, 1)) == "done", "a reply is said, though late"
    assert take(event(ticket, 2, "solved")) == "late", "it was opened again since"
    assert bridged.said(ticket, "team") == ["text 3", "text 1"]
    assert bridged.desk.get(ticket.id).status is Holder.PERSON


def test_what_is_said_after_the_end_is_a_note_and_of_a_merged_ticket_goes_on_there(bridged):
    ticket, take = bridged.ask(owner="key:eve"), bridged.bridge.incoming.take
    other = bridged.ask("the same", owner="key:eve")
    bridged.desk.merge(ticket.id, other.id, ADA)
    assert take(event(ticket, 1)) == "done"
    assert bridged.said(other, "team") == ["text 1"]
    assert bridged.said(ticket, "team") == []
    bridged.desk.give_back(other.id, ADA)
    assert take(event(other, 1)) == "kept"
    assert bridged.said(other, "team", "note")[-1] == "text 1"
    assert take(event(other, 2, "claimed")) == "nothing"
    assert bridged.threads.own(other.conversation_id).holder is Holder.BOT


def test_what_the_desk_refuses_is_kept_and_what_comes_after_it_happens(bridged):
    def refused(_connection, happened):
        if happened.kind in {"ticket.replied", "ticket.claimed"}:
            raise DeskConflict("It is not taken.")
        return ()

    ticket = bridged.ask()
    incoming = replace(bridged.bridge.incoming, notices_from=lambda _source: refused)
    assert incoming.take(event(ticket, 1, text="We see to it.")) == "kept"
    assert incoming.take(event(ticket, 2, "claimed")) == "nothing"
    assert incoming.take(event(ticket, 3, "solved")) == "done"
    assert bridged.said(ticket, "team") == []
    assert bridged.said(ticket, "note") == ["We see to it."]
    assert bridged.desk.get(ticket.id).status is Holder.SOLVED


def test_two_at_once_are_one(bridged):
    ticket, take = bridged.ask(), bridged.bridge.incoming.take
    events = [event(ticket, 1 + n % 4) for n in range(16)]
    threads = [threading.Thread(target=take, args=(one,)) for one in events]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bridged.said(ticket, "team") == ["text 1", "text 2", "text 3", "text 4"]


def test_a_race_with_people_here_loses_and_doubles_nothing(bridged):
    ticket, take = bridged.ask(), bridged.bridge.incoming.take

    def outside(worker, source):
        for number in range(1, 9):
            one = event(
                ticket, number, by=worker, text=f"{source} {number}", id=f"{source}-{number}"
            )
            for _ in range(2):
                take(replace(one, source=source))

    def inside():
        for number in range(12):
            with suppress(DeskConflict):
                bridged.desk.claim(ticket.id, ADA, take_over=True)
                bridged.desk.reply(ticket.id, f"ada {number}", ADA)
                bridged.desk.solve(ticket.id, ADA)

    acts = [(outside, (EMMA, "one")), (outside, (JACOB, "two")), (inside, ())]
    threads = [threading.Thread(target=act, args=given) for act, given in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bridged.bridge.incoming.due()
    said = bridged.said(ticket, "team")
    for source in ("one", "two"):
        mine = [text for text in said if text.startswith(source)]
        assert mine == [f"{source} {number}" for number in range(1, 9)]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("seed", range(6))
def test_doubled_and_in_any_order_it_is_as_it_was_said(bridged, seed):
    chance = random.Random(seed)
    here = [bridged.ask(owner=f"key:{n}") for n in range(3)]
    told, replies, notes = [], {}, {}
    for ticket in here:
        for number in range(1, 9):
            kind = chance.choice(("replied", "replied", "noted", "claimed", "solved", "reopened"))
            one = event(ticket, number, kind, chance.choice((EMMA, JACOB)))
            told.append(one)
            kept = {"replied": replies, "noted": notes}.get(kind)
            if kept is not None:
                kept.setdefault(ticket.id, []).append(one.text)
    told += [one for one in told if chance.random() < 0.5]
    chance.shuffle(told)
    for one in told:
        bridged.bridge.incoming.take(one)
        if chance.random() < 0.3:
            again = Bridged.of(bridged.engine, bridged.time, bridged.fake, bridged.bridge.settings)
            bridged.bridge.incoming.due()
            bridged = again  # a restart
    for ticket in here:
        assert bridged.said(ticket, "team") == replies.get(ticket.id, [])
        assert bridged.said(ticket, "note") == notes.get(ticket.id, [])
    numbers = {e.id: e for e in told}
    with bridged.engine.connect() as connection:
        rows = connection.execute(tables.bridge_events.select()).mappings().all()
    assert {row["event"] for row in rows} == set(numbers)
    assert {row["result"] for row in rows} <= {"done", "nothing"}
    assert {row["text"] for row in rows} == {""}, "the log has it"


def test_a_kill_before_the_end_of_the_transaction_leaves_it_to_be_done_once(bridged):
    class KilledHere(BaseException):
        pass

    ticket, incoming = bridged.ask(), bridged.bridge.incoming

    def dies(_source):
        def told(_connection, told_of):
            if told_of.kind == "ticket.replied":
                raise KilledHere
            return ()

        return told

    with pytest.raises(KilledHere):
        replace(incoming, notices_from=dies).take(event(ticket, 1))
    assert bridged.said(ticket, "team") == []
    incoming.due()
    assert bridged.said(ticket, "team") == []
    assert incoming.take(event(ticket, 1)) == "done"
    assert bridged.said(ticket, "team") == ["text 1"]


def test_erasing_a_ticket_takes_what_waits_with_it(bridged):
    ticket = bridged.ask()
    bridged.bridge.incoming.take(event(ticket, 5, text="a secret"))
    with Store(bridged.engine).transaction() as ledger:
        chosen = Selection.of(ledger.connection, [ticket.conversation_id])
        erase(ledger.connection, chosen)
        for table in (tables.bridge_events, tables.bridge_posts, tables.bridge_tickets):
            assert ledger.connection.execute(table.select()).all() == []


@pytest.fixture
def client(bridged, assistant):
    def made(settings=None, role=Role.AGENT):
        settings = settings or BridgeSettings(incoming=True)
        limits = LimitSettings(requests_per_minute=100_000, address_requests_per_minute=100_000)
        again = Bridged.of(bridged.engine, bridged.time, bridged.fake, settings)
        here = replace(
            assistant,
            settings=assistant.settings.model_copy(update={"limits": limits}),
            records=Records(bridged.engine, again.threads),
            desk=again.desk,
            bridge=again.bridge,
        )
        keys = Keys(bridged.engine)
        secret = keys.add(f"key-{random.random()}", [role], "test", None)
        app = create(here, Callers("owner", keys=keys))
        headers = {"Authorization": f"Bearer {secret}"}
        return TestClient(app, "http://localhost", headers=headers)

    return made


BODY = {
    "source": "helpdesk",
    "id": "evt-1",
    "ticket": "1",
    "kind": "replied",
    "by": {"id": "7", "name": "Emma"},
    "text": "Hello",
    "number": 1,
}


def test_over_http(bridged, client):
    ticket, api = bridged.ask(), client()
    first = api.post("/v1/bridge/events", json=BODY)
    assert first.json() == {"result": "done", "again": False}
    assert api.post("/v1/bridge/events", json=BODY).json() == {"result": "done", "again": True}
    assert bridged.said(ticket, "team") == ["Hello"]
    early = api.post("/v1/bridge/events", json={**BODY, "id": "evt-3", "number": 3})
    assert early.json()["result"] == "waiting"
    for wrong in ({"text": ""}, {"kind": "solved"}, {"kind": "closed"}, {"source": "A B"}):
        assert api.post("/v1/bridge/events", json={**BODY, **wrong}).status_code == 400
    assert api.post("/v1/bridge/events", json={**BODY, "ticket": "99"}).status_code == 404
    zammad = api.post("/v1/bridge/events", json={**BODY, "source": "zammad", "id": "evt-9"})
    assert zammad.status_code == 409
    assert client(role=Role.USER).post("/v1/bridge/events", json=BODY).status_code == 403
    assert client(BridgeSettings()).post("/v1/bridge/events", json=BODY).status_code == 409
    assert bridged.said(ticket, "team") == ["Hello"]


def test_where_a_secret_is_set_it_must_be_signed(bridged, client):
    ticket = bridged.ask()
    api = client(BridgeSettings(incoming=True, secret=SecretStr(SECRET)))
    body, now = json.dumps(BODY).encode(), int(clock.now().timestamp())

    def post(said=body, at=now, key=SECRET):
        headers = {
            "Content-Type": "application/json",
            "webhook-id": "evt-1",
            "webhook-timestamp": str(at),
            "webhook-signature": f"v1,AAAA {signature(key_of(key), 'evt-1', at, body)}",
        }
        return api.post("/v1/bridge/events", content=said, headers=headers).status_code

    other = "whsec_" + "b3RoZXJz" * 5
    assert api.post("/v1/bridge/events", json=BODY).status_code == 401
    assert post(key=other) == post(at=now - 301) == post(said=body + b" ") == 401
    assert bridged.said(ticket, "team") == []
    assert post() == 200
    assert bridged.said(ticket, "team") == ["Hello"]


def test_a_webhook_of_zammad_only_rings(engine, time, zammad, client, address):
    import hmac

    settings = BridgeSettings(
        zammad=ZammadSettings(
            url=address,
            token=SecretStr("zammad-token"),
            secret=SecretStr("shared"),
            customer="nobody@example.com",
        )
    )
    bridged = Bridged.of(engine, time, zammad, settings)
    ticket, api = bridged.ask(), client(settings)
    bridged.settle()
    number = bridged.there(ticket)
    bridged.fake.write(number, "Hello")
    forged = {"ticket": {"id": number, "title": "x"}, "article": {"body": "Forged"}}
    body = json.dumps(forged).encode()
    signed = f"sha1={hmac.digest(b'shared', body, 'sha1').hex()}"

    def post(given):
        headers = {"Content-Type": "application/json", "X-Hub-Signature": given}
        return api.post("/v1/bridge/zammad", content=body, headers=headers)

    assert post("sha1=00").status_code == 401
    assert post(signed).json() == post(signed).json() == {"known": True}
    bridged.fake.bells.clear()
    bridged.settle()
    assert bridged.said(ticket, "team") == ["Hello"], "what is true is read there"
    other = json.dumps({"ticket": {"id": 1}}).encode()
    told = {"X-Hub-Signature": f"sha1={hmac.digest(b'shared', other, 'sha1').hex()}"}
    told["Content-Type"] = "application/json"
    assert api.post("/v1/bridge/zammad", content=other, headers=told).json() == {"known": False}
    assert client(BridgeSettings()).post("/v1/bridge/zammad", json=forged).status_code == 409


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"url": "ftp://x"}, "http"),
        ({"url": "http://desk.example.com", "token": "t"}, "https"),
        ({"url": "https://desk.example.com"}, "token"),
        ({"url": "https://desk.example.com", "token": "t", "customer": ""}, "customer"),
        ({"url": "https://d.example.com", "token": "t", "closed": ["done"]}, "closed_state"),
    ],
)
def test_settings_say_what_is_wrong(values, said):
    with pytest.raises(ValidationError, match=said):
        ZammadSettings.model_validate({"customer": "a@example.com", **values})
    with pytest.raises(ValidationError, match="bridge of its own"):
        BridgeSettings.model_validate({"webhook": {"name": "zammad"}})
    with pytest.raises(ValidationError, match="whsec_"):
        BridgeSettings.model_validate({"secret": "mine"})
