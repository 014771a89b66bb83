"""The desk page, before a stub of the API."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from assistant.wire import desk as wire
from tests.ui.support import desking
from tests.ui.support.desking import DRAFT, moved, person, ticket
from tests.ui.support.stub import Stub
from tests.ui.test_quality import APP, press, run, told
from ui.api.types import ApiEntryView, ApiMovedView, ApiTicketView
from ui.desk import phrases
from ui.figures import duration
from ui.texts.desk_de import GERMAN
from ui.texts.desk_en import ENGLISH


def visit(stub: Stub, *tickets: dict[str, object], shown: str = "") -> AppTest:
    """Open the page as its address does. shown: the ticket that the address names."""
    stub.desk.fill(*tickets)
    page = AppTest.from_file(APP, default_timeout=170)
    page._page_hash = calc_hash("desk")
    if shown:
        page.query_params["ticket"] = shown
    return run(page)


def rows(page: AppTest) -> list[str]:
    return [b.label for b in page.button if b.key and b.key.startswith("row-")]


def keys(page: AppTest) -> set[str]:
    return {b.key for b in page.button if b.key and b.key.startswith("desk-")}


def badge(page: AppTest) -> list[str]:
    return [link.proto.label for link in page.get("page_link")]


def said(page: AppTest) -> str:
    """Return all that is shown, without the signs that keep markdown plain."""
    texts = [one.value for one in (*page.text, *page.get("html"))]
    return "\n".join([told(page), *map(str, texts)]).replace("\\", "")


def write(page: AppTest, text: str, box: str = "reply-1-0") -> None:
    page.text_area(key=box).set_value(text)


def test_the_list_shows_what_is_late_first_and_says_who_waits_since_when(stub: Stub):
    late = ticket(2, overdue=True, first_reply_due=desking.at(-30), priority="urgent")
    given = {"status": "person", "assigned": True, "assignee": "Bob"}
    taken = ticket(3, solve_due=desking.at(900), **given)
    soon = ticket(4, solve_due=desking.at(5))
    page = visit(stub, ticket(1), late, taken, soon, ticket(5, status="solved"))
    numbers = [label.split("**")[1] for label in rows(page)]
    assert numbers == ["#2", "#4", "#1", "#3"]
    first = rows(page)[0].replace("\\", "")
    for words in ("overdue", "urgent", "waits 2 hrs", "nothing found", "support.billing"):
        assert words in first.replace("\u00a0", " ")
    assert "unassigned" in rows(page)[1]
    assert "Bob" in rows(page)[3]
    assert "I was charged twice, \\*case\\* 2" in rows(page)[0]
    assert "Desk :orange-badge[3]" in badge(page)
    assert ENGLISH.ticket.choose in said(page)


def test_the_list_is_filtered_searched_and_turned(stub: Stub):
    many = [ticket(n) for n in range(1, 31)]
    page = visit(stub, *many, ticket(31, status="solved"), ticket(32, mine=True, status="person"))
    assert len(rows(page)) == 12
    assert "31 tickets" in said(page)
    page.pagination[0].set_value(3)
    run(page)
    assert len(rows(page)) == 7
    page.pills(key="desk-view").set_value("solved")
    run(page)
    assert [label.split("**")[1] for label in rows(page)] == ["#31"]
    assert "1 ticket" in said(page)
    page.pills(key="desk-view").set_value("mine")
    run(page)
    assert [label.split("**")[1] for label in rows(page)] == ["#32"]
    page.text_input(key="desk-words").set_value("*case* 7.")
    run(page)
    assert rows(page) == ["**#7** \n\n… so **\\*case\\* 7.**"]
    page.button(key="row-7").click()
    run(page)
    assert "#7 I was charged twice" in said(page)
    page.text_input(key="desk-words").set_value("nothing of the kind")
    run(page)
    assert "Nothing here." in said(page)
    stub.down = True
    run(page)
    assert page.error


def test_a_ticket_shows_who_wrote_what_and_what_the_bot_was_unsure_of(stub: Stub):
    page = visit(stub, ticket(1))
    page.button(key="row-1").click()
    run(page)
    shown = said(page).replace("\u00a0", " ")
    assert "Nothing in the documents answers the question." in shown
    assert "ada@example.com" in shown
    assert "2 hrs left" in shown or "1 hr" in shown
    assert "Do I get the *second* payment back?" in shown
    assert "Written by AI: base" in shown
    assert "Asked for a person: nothing found" in shown
    assert "Probability that what was shown answers: 31" in shown.replace("\u00a0", " ")
    assert "So is the *second*." in shown
    labels = [one.label for one in page.expander]
    assert "Sources (1)" in labels
    assert ENGLISH.ticket.unsure in labels
    assert "The first payment is refunded." in shown
    assert "*shown beside:*" in rows(page)[0]


def test_a_ticket_is_found_by_its_id_and_one_that_is_not_there_is_said_to_be_missing(stub: Stub):
    assert "#1 I was charged twice" in said(visit(stub, ticket(1), shown="id-1"))
    page = visit(stub, ticket(1), shown="77")
    assert "There is no ticket '77'." in page.error[0].value.replace("\\", "")
    assert rows(page)


def test_who_claims_has_it_and_each_state_has_its_buttons(stub: Stub):
    page = visit(stub, ticket(1), shown="1")
    assert {"desk-claim", "desk-solve-now", "desk-assign-now", "desk-return"} <= keys(page)
    press(page, "desk-claim")
    assert stub.desk.said("claim") == [{"take_over": False}]
    assert "you (Ada)" in said(page)
    assert "desk-release" in keys(page)
    assert "desk-claim" not in keys(page)
    press(page, "desk-assign-now")
    assert stub.desk.said("assign") == [{"agent": "key:ada"}]
    assert "desk-take-over-now" in keys(page)
    press(page, "desk-take-over-now")
    assert stub.desk.said("claim")[-1] == {"take_over": True}
    press(page, "desk-release")
    page.radio(key="desk-cause-1").set_value("no_answer")
    press(page, "desk-solve-now")
    assert stub.desk.said("solve") == [{"cause": "no_answer"}]
    assert "They did not answer any more." in said(page)
    press(page, "desk-reopen")
    press(page, "desk-return")
    assert ENGLISH.actions.closed in [one.value for one in page.info]
    assert keys(page) & {"desk-claim", "desk-solve-now", "desk-reopen"} == set()


def test_a_reply_is_sent_once_and_the_box_is_empty_after_that(stub: Stub):
    page = visit(stub, ticket(1, status="person", mine=True, assignee="Ada"), shown="1")
    press(page, "send-1-0")
    assert ENGLISH.composer.empty in [one.value for one in page.warning]
    assert not stub.desk.said("reply")
    write(page, " It is **paid** back.\n\nBye ")
    button = page.button(key="send-1-0")
    button.click()
    run(page)
    (reply,) = stub.desk.said("reply")
    assert reply["text"] == "It is **paid** back.\n\nBye"
    assert "draft_id" not in reply
    assert len(reply["client_id"]) >= 8
    assert page.text_area(key="reply-1-1").value == ""
    assert "It is **paid** back.\n\nBye" in said(page)
    assert "Sent." in said(page)
    write(page, "And another.", "reply-1-1")
    press(page, "send-1-1")
    assert stub.desk.said("reply")[1]["client_id"] != reply["client_id"]


def test_what_was_typed_outlives_a_refusal_and_goes_out_under_the_same_id(stub: Stub):
    page = visit(stub, ticket(1, status="person", mine=True), ticket(2), shown="1")
    stub.desk.refusals["reply"] = "Bob has ticket #1; nothing was sent."
    write(page, "It took me an hour to write this.")
    press(page, "send-1-0")
    assert "what you wrote is still here. Bob has ticket" in page.error[0].value
    assert page.text_area(key="reply-1-0").value == "It took me an hour to write this."
    page.button(key="row-2").click()
    run(page)
    write(page, "Something else.", "reply-2-0")
    page.button(key="row-1").click()
    run(page)
    assert page.text_area(key="reply-1-0").value == "It took me an hour to write this."
    stub.desk.refusals.clear()
    press(page, "send-1-0")
    first, second = stub.desk.said("reply")
    assert first == second


def test_somebody_else_has_it(stub: Stub):
    page = visit(stub, ticket(1, status="person", assigned=True, assignee="B*b"), shown="1")
    assert "**B\\*b** has this ticket." in page.info[0].value
    assert page.button(key="send-1-0").disabled
    page = visit(stub, ticket(1), shown="1")
    stub.desk.refusals["claim"] = "Bob has ticket #1. Take it over if they know."
    press(page, "desk-claim")
    assert "That did not happen. Bob has ticket" in page.error[0].value


def test_a_note_is_the_teams_alone_and_can_mention(stub: Stub):
    page = visit(stub, ticket(1), shown="1")
    write(page, "Ask *billing*.", "note-1-0")
    page.multiselect(key="note-1-0-for").set_value(["key:bob"])
    press(page, "add-1-0")
    assert stub.desk.said("note") == [{"text": "Ask *billing*.", "mentions": ["key:bob"]}]
    shown = said(page)
    assert "Internal note of Ada" in shown
    assert "For Bob" in shown
    assert page.text_area(key="note-1-1").value == ""
    assert not stub.desk.said("reply")


def test_a_draft_is_marked_and_is_not_sent_by_itself(stub: Stub):
    page = visit(stub, ticket(1, status="person", mine=True), shown="1")
    press(page, "desk-draft")
    assert page.text_area(key="reply-1-0").value == DRAFT
    assert "**Draft, not sent.** Written by AI: base." in said(page)
    assert DRAFT in page.warning[0].value.replace("\\", "") or "14 days" in page.warning[0].value
    assert not stub.desk.said("reply")
    write(page, f"{DRAFT} Sorry!")
    press(page, "send-1-0")
    (reply,) = stub.desk.said("reply")
    assert (reply["text"], reply["draft_id"]) == (f"{DRAFT} Sorry!", "draft-1")
    assert "Drafted by AI, sent by a person: Ada" in said(page)
    assert "desk-discard" not in keys(page)


def test_what_the_team_writes_is_seen_as_who_asks_sees_it(stub: Stub):
    page = visit(stub, ticket(1, status="person", mine=True), shown="1")
    write(page, "Every **Monday**.\n![it](https://evil.example/i.png)")
    press(page, "send-1-0")
    (shown,) = [one.value for one in page.markdown if "Every" in one.value]
    assert shown.startswith("Every **Monday**.\\\n"), "a break of the line"
    assert "![" not in shown


def test_a_draft_takes_nothing_of_what_somebody_wrote(stub: Stub):
    page = visit(stub, ticket(1, status="person", mine=True), shown="1")
    write(page, "My own words.")
    press(page, "desk-draft")
    assert page.text_area(key="reply-1-0").value == "My own words."
    assert ENGLISH.composer.waiting in said(page)
    press(page, "send-1-0")
    assert "draft_id" not in stub.desk.said("reply")[0]
    press(page, "desk-draft")
    write(page, "Mine again.", "reply-1-1")
    press(page, "desk-discard")
    assert page.text_area(key="reply-1-1").value == "Mine again."
    near = [{"number": 1, "title": "Invoices", "text": "Sent on Mondays."}]
    stub.desk.draft = {"text": "", "reason": "No arm may write here.", "nearest": near}
    press(page, "desk-draft")
    assert "Sent on Mondays" in said(page)
    assert "There is no draft. No arm may write here." in said(page) + page.info[0].value


def test_a_summary_is_read_when_it_is_opened(stub: Stub):
    page = visit(stub, ticket(1), shown="1")
    assert "Asked: The" not in said(page)
    page.session_state["desk-summary-1"] = True
    shown = said(run(page))
    for words in ("- Asked: The *second*", "- Quoted: Refunds", "Whether it came in.", "2 more"):
        assert words in shown


def test_a_kept_reply_comes_behind_what_was_written(stub: Stub):
    stub.desk.kept["greeting"] = "Hello *there*."
    page = visit(stub, ticket(1, status="person", mine=True), shown="1")
    write(page, "Mine.")
    page.selectbox(key="desk-kept-1").set_value("greeting")
    run(page)
    assert page.text_area(key="reply-1-0").value == "Mine.\n\n#1: Hello *there*."
    assert page.selectbox(key="desk-kept-1").value is None
    assert not stub.desk.said("reply")


def test_an_answer_that_a_person_cut_short_stays_where_it_was_said(stub: Stub):
    done = desking.bot(5)
    cut = {**done, "kind": "cut", "text": ""}
    stub.desk.logs[1] = [
        desking.entry(1, "piece", "The first "),
        desking.entry(2, "piece", "payment"),
        moved(3, "bot", "person", "claim", by="Ada"),
        cut,
        desking.entry(6, "piece", "Some"),
        desking.entry(7, "piece", "thing"),
    ]
    shown = said(visit(stub, ticket(1), shown="1"))
    assert "The first payment" in shown
    assert "Written by AI: base" in shown
    assert "Something" in shown
    assert ENGLISH.ticket.writing in shown


def test_only_tickets_of_the_same_person_are_offered_for_a_merge(stub: Stub):
    other = ticket(3, person="fedcba9876543210")
    page = visit(stub, ticket(1), ticket(2), other, shown="1")
    page.session_state["desk-more-1"] = True
    run(page)
    assert ENGLISH.actions.merge_only_own in said(page)
    box = page.selectbox(key="desk-into-1")
    assert [option.partition(" ")[0] for option in box.options[1:]] == ["#2"]
    press(page, "desk-merge")
    assert not stub.desk.said("merge")
    page.selectbox(key="desk-into-1").set_value(2)
    press(page, "desk-merge")
    assert stub.desk.said("merge") == [{"ticket": "2"}]
    assert "#2 I was charged twice" in said(page)


def test_subject_and_priority_change_and_a_link_is_made(stub: Stub):
    page = visit(stub, ticket(1), shown="1")
    page.session_state["desk-more-1"] = True
    run(page)
    page.text_input(key="subject-1").set_value("Paid *twice*")
    page.selectbox(key="priority-1").set_value("high")
    press(page, "desk-save")
    assert stub.desk.said("change") == [{"subject": "Paid *twice*", "priority": "high"}]
    assert "#1 Paid \\*twice\\*" in [one.value for one in page.subheader]
    press(page, "desk-link-now")
    assert ENGLISH.actions.no_number in [one.value for one in page.warning]
    stub.desk.refusals["link"] = "There is no ticket '#99'."
    page.text_input(key="desk-link-to-1").set_value("#99")
    press(page, "desk-link-now")
    assert "There is no ticket" in page.error[0].value
    assert page.text_input(key="desk-link-to-1").value == "#99"


def test_everything_of_the_person_is_read_when_it_is_opened(stub: Stub):
    page = visit(stub, ticket(1), ticket(2, status="solved"), shown="1")
    assert "voucher" not in said(page)
    page.session_state["desk-history-1"] = True
    run(page)
    assert "What is a *voucher*?" in said(page)
    press(page, "desk-other-2")
    assert "#2 I was charged twice" in said(page)


def test_a_ticket_is_opened_by_hand_and_a_refusal_loses_nothing(stub: Stub):
    page = visit(stub)
    press(page, "by-hand-open")
    assert ENGLISH.actions.message_missing in [one.value for one in page.warning]
    stub.desk.refusals["tickets"] = "Not now."
    page.text_area(key="by-hand-message-0").set_value("A caller wants a copy.")
    press(page, "by-hand-open")
    assert "Not now" in page.error[0].value
    assert page.text_area(key="by-hand-message-0").value == "A caller wants a copy."
    stub.desk.refusals.clear()
    press(page, "by-hand-open")
    first, second = stub.desk.said("tickets")
    assert first == second
    assert first["language"] == "en"
    assert "A caller wants a copy." in said(page)
    assert page.text_area(key="by-hand-message-1").value == ""


def test_the_desk_is_for_agents_and_the_chat_does_without_it(stub: Stub):
    stub.caller["roles"] = ["user", "owner"]
    page = AppTest.from_file(APP, default_timeout=170)
    assert not any("Desk" in label for label in badge(run(page)))
    stub.caller["roles"] = ["agent"]
    stub.desk.fill(ticket(1))
    page = AppTest.from_file(APP, default_timeout=170)
    assert "Desk :orange-badge[1]" in badge(run(page))


def test_it_is_said_in_german(stub: Stub):
    page = visit(stub, ticket(1), shown="1")
    page.segmented_control(key="language").set_value("de")
    run(page)
    shown = said(page)
    assert "In den Dokumenten steht nichts, was die Frage beantwortet." in shown
    assert "Hat nach einem Menschen gefragt: nichts gefunden" in shown
    assert "Übernehmen" in [b.label for b in page.button]


@pytest.mark.parametrize(
    ("move", "line"),
    [
        (moved(1, "waiting", "person", "claim", by="Ada"), "Ada took it"),
        (moved(1, "waiting", "person", "claim", by="Ada", to="Bob"), "Ada gave it to Bob"),
        (moved(1, "person", "bot", "return", by="Ada"), "Ada gave it back to the assistant"),
        (moved(1, "person", "bot", "return"), "Went back to the assistant"),
        (moved(1, "bot", "waiting", "ask", by="Ada"), "Ada opened ticket #1"),
        (moved(1, "waiting", "closed", "close", by="Ada", into=7), "Ada merged it into #7"),
        (moved(1, "solved", "closed", "close"), "Closed"),
    ],
)
def test_moves_are_said_in_words(move: dict, line: str):
    assert phrases.moved(ApiMovedView.model_validate(move["moved"]), ENGLISH.ticket) == line


def test_what_the_desk_notes_by_itself_is_said_in_words():
    def note(**detail: object) -> ApiEntryView:
        one = desking.entry(1, "note", author=person("Ada"), detail=detail)
        return ApiEntryView.model_validate(one)

    changed = note(changed={"priority": "high", "first_reply_due": "2026-11-30 09:15:00+00:00"})
    assert phrases.remark(changed, ENGLISH.ticket) == "Ada changed: priority: high"
    assert phrases.remark(note(linked="4"), ENGLISH.ticket) == "Ada linked it with #4"
    merged = note(merged={"from": "4", "conversation": "c"})
    assert phrases.remark(merged, ENGLISH.ticket) == ""
    assert phrases.merged(merged, ENGLISH.ticket) == "Ada merged #4 into this"


def test_targets_say_how_much_time_is_left_or_how_late_it_is():
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def says(given: int | None, until: int | None) -> tuple[str, bool]:
        moments = [None if n is None else now + timedelta(minutes=n) for n in (given, until)]
        line, bad = phrases.target(*moments, now, UTC, ENGLISH)
        return line.replace("\u00a0", " "), bad

    assert says(None, 80) == ("1 hr 20 mins left, until 13:20 UTC", False)
    assert says(None, -3) == ("3 mins late, was due 11:57 UTC", True)
    assert says(-10, -5) == ("11:50 UTC", False)
    assert says(-5, -10) == ("11:55 UTC", True)
    assert says(None, None) == ("no target", False)
    spans = [duration(timedelta(minutes=n), "de") for n in (0, 59, 60, 1440, 2880)]
    assert len(set(spans)) == 5
    assert all(a != b for a, b in pairwise(spans))


def test_long_words_of_a_person_are_cut_and_a_subject_is_not():
    long = ApiTicketView.model_validate(ticket(1, message="word " * 40))
    assert phrases.title(long).endswith(" …")
    assert len(phrases.title(long)) < 80
    named = long.model_copy(update={"subject": "Subject"})
    assert phrases.title(named) == "Subject"


def test_the_stub_speaks_as_the_api_does():
    wire.TicketView.model_validate(ticket(1))
    for one in [*desking.log(), desking.entry(9, "note", author=person("Ada"))]:
        wire.EntryView.model_validate(one)
    assert GERMAN.queue.views.keys() == ENGLISH.queue.views.keys()
    assert GERMAN.ticket.reasons.keys() == ENGLISH.ticket.reasons.keys()
