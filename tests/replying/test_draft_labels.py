"""What becomes of a draft: sent, edited, rewritten or left, as a label that is kept with the reply.

And of whom who asks reads that it is.
"""

import asyncio

import pytest
from sqlalchemy import func, select

from assistant.desk.likeness import compared
from assistant.desk.states import Holder
from assistant.records.desk.tables import messages
from guardrails import clock
from guardrails.store import sql_tables

REFUND = "Can I get a refund?"
ANSWER = "The first payment is refunded within 14 days. Write to billing with the number."
CITED = "The first payment is refunded within 14 days [1]. Write to billing with the number [1]."


@pytest.fixture
def drafted(writing, endpoint):
    """A ticket with a draft of an arm."""

    async def made() -> tuple:
        endpoint.script = lambda _: CITED
        ticket = writing.open(REFUND)
        view = await writing.draft(ticket)
        assert view["text"] == ANSWER
        return ticket, view["draft_id"]

    return made


def replies(log: list[dict]) -> list[dict]:
    return [entry for entry in log if entry["kind"] == "team"]


async def shown(team, ticket) -> dict:
    """The last reply, as who asks reads it."""
    entries = (await team.get(f"conversations/{ticket.conversation_id}"))["entries"]
    return replies(entries)[-1]


@pytest.mark.parametrize(
    ("text", "kind", "author"),
    [
        (ANSWER, "as_is", "draft"),
        (f"  {ANSWER.upper()} [1]\n", "as_is", "draft"),
        (f"Dear Ada, {ANSWER} Kind regards, Bob", "edited", "draft"),
        (ANSWER.replace("14", "30"), "edited", "draft"),
        ("I shall call you tomorrow about this order of yours.", "rewritten", "person"),
    ],
)
async def test_how_a_draft_was_sent_is_kept_and_told(writing, drafted, text, kind, author):
    ticket, draft_id = await drafted()
    await writing.post(ticket, "reply", 201, text=text, draft_id=draft_id)
    kept, near = writing.drafts.find(draft_id), compared(ANSWER, text, "en")
    assert (kept.kind, kept.similarity, kept.figures) == (kind, near.similarity, near.figures)
    entry = (await writing.log(ticket))[-1]
    assert entry["text"] == text
    told = await shown(writing, ticket)
    assert told["author"]["kind"] == author
    assert told["author"]["machine_generated"] == (author == "draft")
    assert not {"similarity", "overlap", "kind"} & set(told["detail"]), "the team's alone"
    with writing.assistant.records.engine.connect() as connection:
        query = select(messages.c.text).where(messages.c.id == kept.message_id)
        assert connection.scalar(query) == text


async def test_who_sends_a_quotation_is_told_as_a_person_who_quotes(quoting):
    ticket = quoting.open(REFUND)
    made = await quoting.draft(ticket)
    await quoting.post(ticket, "reply", 201, text=made["text"], draft_id=made["draft_id"])
    author = (await shown(quoting, ticket))["author"]
    assert (author["kind"], author["machine_generated"]) == ("person", False)
    assert author["label"].startswith("Sent by a person, from the documents’ own words")
    entries = await quoting.get(f"conversations/{ticket.conversation_id}", language="de")
    german = replies(entries["entries"])[-1]["author"]["label"]
    assert german.startswith("Von einem Menschen gesendet, aus den Worten der Dokumente")
    kept = quoting.drafts.find(made["draft_id"])
    assert (kept.kind, kept.arm, kept.score) == ("as_is", "quote", None)


async def test_a_draft_that_is_sent_word_for_word_is_one_whatever_the_client_says(writing, drafted):
    ticket, draft_id = await drafted()
    text = writing.drafts.find(draft_id).text
    await writing.post(ticket, "reply", 201, text=f" {text}\n")
    assert (await shown(writing, ticket))["author"]["kind"] == "draft"
    assert writing.drafts.find(draft_id).kind == "as_is"


async def test_a_reply_without_a_draft_is_a_persons(writing, drafted):
    ticket, draft_id = await drafted()
    await writing.post(ticket, "reply", 201, text="I shall call you about it.")
    assert (await shown(writing, ticket))["author"]["kind"] == "person"
    assert writing.drafts.find(draft_id).kind is None


@pytest.mark.parametrize("client_id", ["one-click-1", None])
async def test_a_double_click_is_one_reply_and_one_label(writing, drafted, client_id):
    ticket, draft_id = await drafted()
    body = {"text": ANSWER, "draft_id": draft_id, "client_id": client_id}
    path = f"/v1/desk/tickets/{ticket.number}/reply"
    clicks = [writing.client.post(path, json=body) for _ in range(8)]
    codes = sorted(reply.status_code for reply in await asyncio.gather(*clicks))
    assert codes == ([201] * 8 if client_id else [201] + [409] * 7)
    assert len(replies(await writing.log(ticket))) == 1


async def test_what_is_not_sent_leaves_no_label(writing, drafted):
    ticket, draft_id = await drafted()
    await writing.post(ticket, "solve", 200)
    mine = ticket.conversation_id
    threads = writing.assistant.records.threads
    assert threads.over(Holder.SOLVED, "solved", clock.now(), mine) == 1
    await writing.post(ticket, "reply", 409, text=ANSWER, draft_id=draft_id)
    kept = writing.drafts.find(draft_id)
    assert (kept.kind, kept.sent_at, kept.message_id) == (None, None, None)
    assert replies(await writing.log(ticket)) == []


async def test_a_draft_is_of_its_ticket_alone(writing, drafted):
    _, draft_id = await drafted()
    other = writing.open("Something else?")
    for name in (draft_id, "no-such-draft"):
        told = await writing.post(other, "reply", 409, text=ANSWER, draft_id=name)
        assert "has no draft" in told["error"]["message"]
    assert replies(await writing.log(other)) == []


async def test_the_labels_are_counted_by_arm_and_segment_and_move_no_stage(writing, drafted):
    before = {(one["arm"], one["segment"]): one for one in await labels(writing)}
    ended = {"as_is": ANSWER, "edited": f"{ANSWER} Bye.", "rewritten": "I call you.", "open": ""}
    for text in (*ended.values(), ANSWER.replace("14", "30"), ""):
        ticket, draft_id = await drafted()
        if text:
            await writing.post(ticket, "reply", 201, text=text, draft_id=draft_id)
        last = ticket
    await writing.post(last, "solve", 200)
    (after,) = [one for one in await labels(writing) if one["arm"] == "base"]
    was = before.get(("base", after["segment"]), {})
    more = {name: after[name] - was.get(name, 0) for name in (*ended, "discarded")}
    assert more == {"as_is": 1, "edited": 2, "rewritten": 1, "open": 1, "discarded": 1}
    used = after["used"]
    assert (used["hits"], used["of"]) == (
        after["as_is"] + after["edited"],
        after["as_is"] + after["edited"] + after["rewritten"] + after["discarded"],
    )
    assert 0 <= used["low"] < used["value"] < used["high"] <= 1
    assert after["facts_changed"]["hits"] - was.get("facts_changed", {}).get("hits", 0) == 1
    with writing.assistant.records.engine.connect() as connection:
        for table in (sql_tables.decisions, sql_tables.pairs):
            assert connection.scalar(select(func.count()).select_from(table)) == 0


async def labels(team) -> list[dict]:
    return (await team.get("guard/drafts"))["drafts"]


async def test_the_summary_is_told_in_the_readers_language(quoting):
    turn = await quoting.ask("Does the garage have a charging station for electric scooters?")
    ticket = quoting.open("It is urgent, my scooter is empty.", turn.conversation_id)
    found = await quoting.get(f"desk/tickets/{ticket.number}/summary")
    assert [point["kind"] for point in found["wanted"]] == ["asked_bot", "told_team"]
    assert [point["kind"] for point in found["tried"]] == ["abstained"]
    assert [point["kind"] for point in found["open"]] == ["not_found", "waits"]
    assert [point["kind"] for point in found["doubts"]] == ["evidence"]
    assert found["doubts"][0]["value"] == pytest.approx(turn.evidence)
    again = await quoting.get(f"desk/tickets/{ticket.number}/summary")
    assert found == again
    german = await quoting.get(f"desk/tickets/{ticket.number}/summary", language="de")
    assert german["open"][0]["label"] == "Nichts in den Dokumenten beantwortet das"
    texts = [point["text"] for points in ("wanted", "open") for point in found[points]]
    said = [entry["text"] for entry in await quoting.log(ticket)]
    assert set(texts) <= set(said), "the words are those of the log"


async def test_a_rating_opens_what_was_answered_and_a_person_alone_is_no_question(quoting):
    turn = await quoting.ask(REFUND)
    quoting.assistant.records.rate(turn.id, "down", "no")
    await quoting.ask("I want to talk to a person", turn.conversation_id)
    thread = quoting.assistant.records.threads.thread(turn.conversation_id)
    found = await quoting.get(f"desk/tickets/{thread.ticket_id}/summary")
    assert [(p["kind"], p["text"]) for p in found["open"]] == [("rated_down", REFUND)]
    (tried,) = found["tried"]
    assert (tried["kind"], tried["rated_down"], tried["titles"]) == ("quoted", True, [REFUND])
