"""Webhooks of tickets: signed, numbered, and of any order and number made into one story."""

import asyncio
import json
import random

import pytest

from assistant.records.desk.events import Worker
from assistant.sending.signature import key_of, verified
from guardrails.store.outbox import OutboxMessage
from guardrails.store.store import Store
from tests.bridge.conftest import ADA, SECRET, Bridged
from tests.sending.receivers import DROP, Http, listening


class Receiver:
    """What a desk does with what it gets: knows it again by its id, and puts it in order."""

    def __init__(self):
        self.seen, self.waiting, self.next, self.story = set(), {}, {}, {}

    def take(self, post, time):
        assert verified(key_of(SECRET), post.headers, post.body, int(time.now().timestamp()))
        event = json.loads(post.body)["data"]
        assert post.headers["webhook-id"] == event["id"]
        if event["id"] in self.seen:
            return
        self.seen.add(event["id"])
        name = event["ticket"]["number"]
        self.waiting[name, event["number"]] = event
        while found := self.waiting.pop((name, self.next.get(name, 1)), None):
            self.next[name] = found["number"] + 1
            self.story.setdefault(name, []).append(found)


def through(engine, time, zammad, settings_of, act, script=()):
    """Let something happen, and return what a receiver got of it."""

    async def run():
        async with listening(Http(script=list(script))) as http:
            bridged = Bridged.of(engine, time, zammad, settings_of(http.url()))
            act(bridged)
            for _ in range(30):
                await bridged._send()
                bridged.go(400)
            return http.posts

    return asyncio.run(run())


def lived(bridged):
    ticket = bridged.ask("Help", contact="eve@example.com")
    bridged.desk.reply(ticket.id, "Hello", ADA)
    bridged.desk.note(ticket.id, "for us", ADA)
    bridged.write(ticket, "Thanks")
    bridged.desk.solve(ticket.id, ADA)
    bridged.write(ticket, "Not yet")


def test_each_event_is_told_once_signed_and_numbered(engine, time, zammad, webhook_settings):
    posts = through(engine, time, zammad, webhook_settings, lived)
    receiver = Receiver()
    for post in posts:
        receiver.take(post, time_of(post))
    kinds = [event["kind"] for event in receiver.story[1]]
    assert kinds == ["opened", "replied", "written", "solved", "reopened", "written"]
    assert [event["number"] for event in receiver.story[1]] == [1, 2, 3, 4, 5, 6]
    opened, replied, written = receiver.story[1][:3]
    assert (opened["ticket"]["message"], opened["entry"]) == ("Help", None)
    assert opened["ticket"]["contact"] == "eve@example.com"
    assert replied["entry"]["text"] == "Hello"
    assert replied["entry"]["author"]["label"] == "Written by a person: Ada"
    assert (written["entry"]["text"], written["by"]) == ("Thanks", "")
    assert "for us" not in str([post.body for post in posts])


def time_of(post):
    class Then:
        @staticmethod
        def now():
            from datetime import UTC, datetime

            return datetime.fromtimestamp(int(post.headers["webhook-timestamp"]), UTC)

    return Then


def test_notes_are_told_where_a_setting_says_so(engine, time, zammad, webhook_settings):
    posts = through(engine, time, zammad, lambda url: webhook_settings(url, notes=True), lived)
    assert any(b"for us" in post.body for post in posts)


@pytest.mark.parametrize("seed", range(3))
def test_doubled_late_and_in_any_order_it_is_one_story(
    engine, time, zammad, webhook_settings, seed
):
    chance = random.Random(seed)
    script = [chance.choice((200, 200, 500, 429, DROP)) for _ in range(12)]

    def act(bridged):
        lived(bridged)
        lived(bridged)

    posts = through(engine, time, zammad, webhook_settings, act, script)
    posts += [post for post in posts if chance.random() < 0.5]
    chance.shuffle(posts)
    receiver = Receiver()
    for post in posts:
        receiver.take(post, time_of(post))
    for number in (1, 2):
        texts = [e["entry"]["text"] for e in receiver.story[number] if e["entry"]]
        assert texts == ["Hello", "Thanks", "Not yet"]
    assert receiver.waiting == {}


def test_alarms_do_not_go_to_the_desk_and_tickets_not_to_the_alarms(
    engine, time, zammad, webhook_settings
):
    def alarm(bridged):
        with Store(engine).transaction() as ledger:
            ledger.outbox.put(OutboxMessage("alarm.raised", {}, time.now(), "alarm"))

    assert through(engine, time, zammad, webhook_settings, alarm) == []


def test_what_came_from_a_desk_is_not_sent_back_to_it(engine, time, zammad, webhook_settings):
    from assistant.records.bridge.inbox import OutsideEvent

    def act(bridged):
        ticket = bridged.ask()
        for source in ("desk", "other"):
            by = Worker(f"{source}:1", "Emma")
            event = OutsideEvent(source, "e1", ticket.id, "replied", by, f"from {source}")
            bridged.bridge.incoming.take(event)

    posts = through(engine, time, zammad, webhook_settings, act)
    told = [json.loads(post.body)["data"] for post in posts]
    assert [(e["kind"], e["source"]) for e in told] == [
        ("opened", ""),
        ("claimed", "other"),
        ("replied", "other"),
    ]
