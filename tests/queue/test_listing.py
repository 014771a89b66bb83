"""Lists: each filter and order, beside a plain reading of all tickets; and the table of them."""

import csv
import io
import random
from datetime import timedelta

import pytest

from assistant.desk import cells
from assistant.desk.states import Holder
from assistant.records.queue.listing import Listing
from assistant.records.queue.saved import BUILT_IN
from assistant.wire.queue import TicketFilter
from guardrails import clock
from tests.queue.conftest import ADA, BOB


@pytest.fixture
def many(house):
    """Tickets of all kinds, seeded; and all of them, read plainly."""
    rng, now = random.Random(5), clock.now()
    for _ in range(60):
        back = now - timedelta(hours=rng.randint(0, 99))
        assignee = rng.choice([None, ADA, BOB])
        house.ticket(
            owner=rng.choice(["key:u1", "key:u2", "key:u3"]),
            language=rng.choice(["en", "de"]),
            reason=rng.choice(["asked", "failure", "rated_down"]),
            priority=rng.choice(["low", "normal", "high", "urgent"]),
            segment=rng.choice(["support", "support.billing", "support2", "glossary"]),
            channel=rng.choice(["chat", "widget", "api"]),
            status=rng.choice(["waiting", "person", "solved", "closed"]),
            assignee=assignee and assignee.id,
            created_at=back,
            updated_at=back + timedelta(hours=rng.randint(0, 9)),
            user_waits_since=rng.choice([None, back]),
            first_reply_due=rng.choice([None, back + timedelta(hours=30)]),
            first_reply_at=rng.choice([None, back]),
            solve_due=rng.choice([None, back + timedelta(hours=60)]),
        )
    return house.desk.all()


def listed(house, order="newest", *filters):
    return house.queue.listing(ADA.id).page(filters or (TicketFilter(),), order, 200, 0)


FILTERS = [
    ({"status": ("waiting", "closed")}, lambda t, _: t.status in {"waiting", "closed"}),
    ({"open": True}, lambda t, _: t.open),
    ({"open": False}, lambda t, _: not t.open),
    ({"mine": True}, lambda t, _: t.assignee == ADA.id),
    ({"unassigned": True}, lambda t, _: t.assignee is None),
    ({"agent": BOB.id}, lambda t, _: t.assignee == BOB.id),
    ({"segment": "support"}, lambda t, _: t.segment in {"support", "support.billing"}),
    ({"segment": "support%"}, lambda _t, _: False),
    ({"language": "de"}, lambda t, _: t.language == "de"),
    ({"reason": ("failure",)}, lambda t, _: t.reason == "failure"),
    ({"priority": ("high", "urgent")}, lambda t, _: t.priority in {"high", "urgent"}),
    ({"channel": ("widget",)}, lambda t, _: t.channel == "widget"),
    ({"overdue": True}, lambda t, now: t.overdue(now)),
    ({"overdue": False}, lambda t, now: not t.overdue(now)),
    ({"user_waits": True}, lambda t, _: t.user_waits_since is not None),
    ({"user_waits": False}, lambda t, _: t.user_waits_since is None),
    (
        {"open": True, "mine": True, "language": "en"},
        lambda t, _: t.open and t.assignee == ADA.id and t.language == "en",
    ),
]


def test_a_filter_finds_what_a_plain_reading_finds(house, many):
    listing, now = house.queue.listing(ADA.id), clock.now()
    for wanted, holds in FILTERS:
        expected = [t.number for t in many if holds(t, now)]
        page = listed(house, "newest", TicketFilter(**wanted))
        assert [t.number for t in page.tickets] == expected, wanted
        assert page.total == len(expected) < len(many)
        assert listing.counts({"one": TicketFilter(**wanted)}) == {"one": len(expected)}
        each = listing.each([TicketFilter(**wanted)], "newest")
        assert [t.number for t in each] == expected
    owner = house.desk.get("1").owner
    theirs = listed(house, "newest", TicketFilter(person_of="1")).tickets
    assert [t.number for t in theirs] == [t.number for t in many if t.owner == owner]


def test_a_time_has_a_beginning_and_an_end(house, many):
    cut = clock.now() - timedelta(hours=50)
    young = listed(house, "newest", TicketFilter(created_from=cut))
    old = listed(house, "newest", TicketFilter(created_until=cut))
    assert young.total + old.total == len(many)
    assert min(t.created_at for t in young.tickets) >= cut > max(t.created_at for t in old.tickets)


def test_what_is_overdue_is_first_then_what_is_due_next_then_who_waits_longest(house, many):
    now = clock.now()
    never = now + timedelta(days=999)

    def due(t):
        if t.first_reply_at is not None:
            return t.solve_due or never
        return t.first_reply_due or t.solve_due or never

    def place(t):
        return not t.overdue(now), not t.open, due(t), t.user_waits_since or never, -t.number

    expected = [t.number for t in sorted(many, key=place)]
    assert [t.number for t in listed(house, "due").tickets] == expected


def test_other_orders(house, many):
    def numbers(order):
        return [t.number for t in listed(house, order).tickets]

    assert numbers("newest") == [t.number for t in many]
    assert numbers("oldest") == [t.number for t in reversed(many)]
    updated = sorted(many, key=lambda t: (-t.updated_at.timestamp(), -t.number))
    assert numbers("updated") == [t.number for t in updated]
    waits = [house.desk.get(str(n)).user_waits_since for n in numbers("waiting")]
    there = [w for w in waits if w]
    assert waits == sorted(there) + [None] * (len(waits) - len(there))
    ranks = {"urgent": 0, "high": 1, "normal": 2, "low": 3}
    found = [house.desk.get(str(n)) for n in numbers("priority")]
    open_ones = [ranks[t.priority] for t in found if t.open]
    assert open_ones == sorted(open_ones)
    assert [t.open for t in found] == sorted((t.open for t in found), reverse=True)


def test_pages_part_a_list_without_gap_or_overlap(house, many):
    listing = house.queue.listing(ADA.id)
    parts = [listing.page([TicketFilter()], "due", 7, start) for start in range(0, 70, 7)]
    assert [t.number for part in parts for t in part.tickets] == [
        t.number for t in listed(house, "due").tickets
    ]
    assert {part.total for part in parts} == {60}


def test_one_look_counts_all_views(house, many):
    now = clock.now()
    counts = house.queue.listing(ADA.id).counts({view.id: view.filter for view in BUILT_IN})
    assert counts == {
        "mine": sum(t.open and t.assignee == ADA.id for t in many),
        "unassigned": sum(t.open and t.assignee is None for t in many),
        "overdue": sum(t.overdue(now) for t in many),
        "waiting": sum(t.open and t.user_waits_since is not None for t in many),
        "solved": sum(t.status is Holder.SOLVED for t in many),
        "all": len(many),
    }
    assert Listing(house.engine).counts({}) == {}


def test_tickets_that_were_opened_by_hand_are_not_of_one_person(house):
    for text in ("a call", "another call"):
        house.ticket(text, owner=f"desk:{ADA.id}")
    assert listed(house, "newest", TicketFilter(person_of="1")).total == 1


def test_a_list_is_asked_of_the_api(api):
    for text in ("one", "two", "three"):
        api.asked(text)
    api.ada.post("/v1/desk/tickets/2/claim", json={})
    reply = api.ada.get("/v1/desk/tickets?mine=true&status=person&status=waiting&limit=1").json()
    assert (reply["total"], [t["number"] for t in reply["tickets"]]) == (1, [2])
    assert reply["tickets"][0]["mine"] is True
    reply = api.ada.get("/v1/desk/tickets?view=unassigned&order=oldest").json()
    assert [t["number"] for t in reply["tickets"]] == [1, 3]
    assert api.bob.get("/v1/desk/tickets?view=mine").json()["total"] == 0
    for wrong in ("nonsense=1", "status=lost", "order=random", "limit=0", "created_from=then"):
        assert api.ada.get(f"/v1/desk/tickets?{wrong}").status_code == 400, wrong
    for none in ("person_of=999", "view=none"):
        assert api.ada.get(f"/v1/desk/tickets?{none}").status_code == 404, none
    for place in ("tickets", "tickets.csv", "views", "search?q=a", "news", "replies"):
        assert api.user.get(f"/v1/desk/{place}").status_code == 403, place


def test_views_are_kept_shared_and_counted(api):
    api.asked("hallo", language="de")
    german = {"name": "German", "filter": {"language": "de", "open": True}, "shared": False}
    mine = api.ada.post("/v1/desk/views", json=german).json()
    assert mine["own"] is True

    def seen(client):
        return {v["name"]: v["count"] for v in client.get("/v1/desk/views").json()["views"]}

    assert seen(api.ada)["German"] == 1
    assert list(seen(api.bob)) == [view.name for view in BUILT_IN]
    place = f"/v1/desk/views/{mine['id']}"
    assert api.bob.get(f"/v1/desk/tickets?view={mine['id']}").status_code == 404
    assert api.bob.put(place, json=german).status_code == 404
    assert api.ada.put(place, json={**german, "shared": True}).status_code == 200
    assert seen(api.bob)["German"] == 1
    assert api.bob.get(f"/v1/desk/tickets?view={mine['id']}").json()["total"] == 1
    assert api.bob.put(place, json=german).status_code == 404
    assert api.bob.delete(place).status_code == 404
    wrong = {"name": "x", "filter": {"drop": "table"}}
    assert api.ada.post("/v1/desk/views", json=wrong).status_code == 400
    gone = {"name": "gone", "filter": {"person_of": "77"}}
    assert api.ada.post("/v1/desk/views", json=gone).status_code == 201
    assert seen(api.ada)["gone"] == 0
    assert api.ada.delete(place).status_code == 200
    assert api.ada.delete(place).status_code == 404


def test_who_looks_at_a_ticket_is_told_for_half_a_minute(api, later):
    api.asked()
    assert api.ada.post("/v1/desk/tickets/1/looking").json()["others"] == []
    told = api.bob.post("/v1/desk/tickets/1/looking").json()
    assert told["others"] == ["ada"]
    assert api.ada.get("/v1/desk/tickets/1").json()["ticket"]["looking"] == ["bob"]
    (line,) = api.ada.get("/v1/desk/tickets").json()["tickets"]
    assert line["looking"] == ["bob"]
    later(20)
    api.bob.post("/v1/desk/tickets/1/looking")
    later(20)
    assert api.bob.get("/v1/desk/tickets/1").json()["ticket"]["looking"] == []
    assert api.ada.get("/v1/desk/tickets/1").json()["ticket"]["looking"] == ["bob"]
    later(20)
    assert api.ada.get("/v1/desk/tickets/1").json()["ticket"]["looking"] == []
    assert api.ada.post("/v1/desk/tickets/9/looking").status_code == 404


FORMULAS = [
    "=1+1",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\uff1d1+1",
    "\ufeff=1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x")',
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula_and_no_text_is_lost(text):
    (row,) = csv.reader(io.StringIO(cells.line([text, "plain", -3, None]), newline=""))
    assert row == [f"'{text}", "plain", "-3", ""]


@pytest.mark.parametrize("apart", [";", "\t", "|", "\n", "; ", ";\u200b"])
@pytest.mark.parametrize("sign", "=+-@\uff1d")
def test_no_cell_is_a_formula_where_others_separate_them(sign, apart):
    line = cells.line([f"hi{apart}{sign}1+1", "plain; - 3"])
    for separator in ";\t|":
        for row in csv.reader(io.StringIO(line, newline=""), delimiter=separator):
            assert not any(cell.strip(' "\u200b').startswith(sign) for cell in row)


def test_the_table_has_what_the_list_has(api):
    for text in (*FORMULAS, 'quotes " and, commas\nand lines', "Ünïcödé €"):
        api.asked(text.strip("\0") or "x", contact="=evil@example.com")
    api.asked("deutsch", language="de")
    reply = api.ada.get("/v1/desk/tickets.csv?language=en&order=oldest&bom=true")
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in reply.headers["content-disposition"]
    text = reply.content.decode("utf-8-sig")
    assert reply.content.startswith(b"\xef\xbb\xbf")
    assert not api.ada.get("/v1/desk/tickets.csv").content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["number"] for row in rows] == [str(n) for n in range(1, len(FORMULAS) + 3)]
    for row in rows:
        assert row["contact"] == "'=evil@example.com"
        for cell in row.values():
            assert not cell.lstrip(" \ufeff").startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d"))
    assert rows[-1]["message"] == "Ünïcödé €"
    (entry,) = [e for e in api.house.rows(_changes()) if e["what"] == "exported"][-1:]
    assert (entry["by"], entry["target"]) == ("ada", "tickets")


def _changes():
    from assistant.records.changes import changes

    return changes
