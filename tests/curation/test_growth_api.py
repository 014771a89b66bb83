"""Entries and gaps over HTTP, by role; and what nights and erasures make of them."""

import json

import httpx
import pytest

from assistant.access.callers import Callers
from assistant.api.server import create
from assistant.knowledge.replacements import WRITTEN
from tests.curation.conftest import Desk

ENTRY = {
    "language": "en",
    "kind": "faq",
    "key": "pause",
    "content": {
        "name": "How do I pause my subscription?",
        "text": "Open Billing and choose Pause.",
    },
}

KEY = {"Authorization": "Bearer owner"}


@pytest.fixture
async def api(desk: Desk):
    app = create(desk.assistant, Callers("owner", open=True))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost/v1", headers=KEY
    ) as client:
        yield client


async def test_an_entry_is_written_seen_approved_listed_and_undone(desk, api):
    question = ENTRY["content"]["name"]
    for owner in ("person:anna", "person:ben"):
        await desk.ask(question, owner)
    gaps = (await api.get("/gaps")).json()
    assert (gaps["total"], gaps["gaps"][0]["askers"], gaps["waiting"]) == (1, 2, 0)
    gap = gaps["gaps"][0]["id"]
    detail = (await api.get(f"/gaps/{gap}")).json()
    assert [one["question"] for one in detail["questions"]] == [question, question]
    assert all(0 <= entry["likely"] <= 1 for entry in detail["entries"])
    assert "asker" not in json.dumps(detail).replace("askers", "")
    made = (await api.get(f"/gaps/{gap}/draft")).json()
    assert made["content"]["name"] == question
    assert made["flags"] == ["no answer"]

    body = {"entry": ENTRY, "questions": [question]}
    (shown,) = (await api.post("/entries/preview", json=body)).json()["answers"]
    assert (shown["now"]["mode"], shown["then"]["mode"]) == ("abstain", "quote")
    assert shown["used"]

    stored = (await api.post("/entries", json={**ENTRY, "from_gap": gap})).json()
    assert (stored["state"], stored["version"]) == ("draft", 1)
    rows = (await api.get("/entries", params={"q": "pause", "state": "draft"})).json()
    assert [row["key"] for row in rows["entries"]] == ["pause"]
    named = {"key": "pause", "language": "en"}
    assert (await api.post("/entries/approve", json=named)).json()["state"] == "approved"
    assert (await api.get("/gaps", params={"standing": "closed"})).json()["total"] == 1
    history = (await api.get("/entries/history", params=named)).json()["versions"]
    assert [one["serving"] for one in history] == [True, False]

    again = await api.post("/entries", json={**ENTRY, "based_on": 1})
    assert again.status_code == 409
    assert (await api.post("/entries/undo", json=named)).json()["state"] == "retired"
    assert (await api.get("/gaps")).json()["total"] == 1
    log = [change.what for change in desk.assistant.log.newest(10)]
    assert log == ["entry written", "entry approved", "entry undone"]


async def test_a_gap_is_set_aside_and_opened_again(desk, api):
    await desk.ask("How tall is the Eiffel tower?")
    gap = (await api.get("/gaps")).json()["gaps"][0]["id"]
    assert (await api.post(f"/gaps/{gap}", json={"state": "dismissed"})).status_code == 200
    assert (await api.get("/gaps")).json()["total"] == 0
    await desk.ask("How tall is the Eiffel tower?", "person:ben")
    assert (await api.get("/gaps")).json()["total"] == 0  # it stays set aside
    await api.post(f"/gaps/{gap}", json={"state": "opened"})
    assert (await api.get("/gaps")).json()["gaps"][0]["askers"] == 2
    merge = {"state": "merged", "into": gap}
    assert (await api.post(f"/gaps/{gap}", json=merge)).status_code == 400
    assert (await api.get("/gaps/gap-none")).status_code == 404


async def test_an_entry_of_a_file_is_edited_from_the_list(desk, api):
    rows = (await api.get("/entries", params={"q": "refund", "language": "en"})).json()
    (row,) = rows["entries"]
    assert row["state"] == "file"
    where = {"root": row["root"], "name": row["content"]["name"], "language": "en", "kind": "faq"}
    begun = (await api.get("/entries/edit", params=where)).json()
    assert begun["content"]["replaces"][:2] == [row["root"], "refund"]
    content = {**begun["content"], "text": "Within 30 days."}
    entry = {"language": "en", "kind": "faq", "key": begun["key"], "content": content}
    await api.post("/entries", json=entry)
    await api.post("/entries/approve", json={"key": begun["key"], "language": "en"})
    rows = (await api.get("/entries", params={"q": "refund", "language": "en"})).json()
    assert [(r["state"], r["content"]["text"]) for r in rows["entries"]] == [
        ("approved", "Within 30 days.")
    ]


async def test_the_root_of_written_entries_cannot_be_added_to_or_taken_out(desk, api):
    desk.write("How do I pause my subscription?", "Choose Pause.", "pause")
    body = {"root": WRITTEN, "items": []}
    assert (await api.post("/knowledge", json=body)).status_code == 400
    assert (await api.delete(f"/knowledge/roots/{WRITTEN}")).status_code == 400
    assert "Choose Pause." in (await desk.ask("How do I pause my subscription?")).answer


@pytest.mark.parametrize(
    "body",
    [
        {**ENTRY, "language": "fr"},
        {**ENTRY, "kind": "page"},
        {**ENTRY, "content": {"name": "", "text": ""}},
        {**ENTRY, "content": {"name": "a" * 2001, "text": "b"}},
        {**ENTRY, "based_on": -1},
    ],
)
async def test_what_is_no_entry_is_a_clear_error(desk, api, body):
    reply = await api.post("/entries", json=body)
    assert 400 <= reply.status_code < 500
    assert reply.json()["error"]["message"]
    assert desk.curation.versions.newest() == []
