"""Search: what is typed never breaks it, and what is erased leaves no byte in it."""

import random
import sqlite3
from dataclasses import asdict

import pytest
from sqlalchemy import delete, insert, text

from assistant.desk.wanted import Wanted
from assistant.records.desk.tables import messages, tickets
from assistant.records.turns import Turn, turns
from assistant.retention.selection import Selection
from assistant.retention.texts import erase
from assistant.retention.wiping import wipe
from tests.queue.conftest import ADA
from tests.support.databases import in_a_file

EVIL = [
    '"',
    '""',
    "'",
    "*",
    "**",
    "a*b*",
    "(",
    ")",
    "((",
    "a AND",
    "OR",
    "NOT",
    "NEAR(a b)",
    "a NEAR/2",
    "said:",
    "{said asked}: x",
    "^a",
    "a + b",
    "-",
    "--",
    "; DROP TABLE tickets",
    "' OR 1=1 --",
    "\0",
    "a\0b",
    "\\",
    "%",
    "_",
    "?",
    ":wanted",
    "a:b",
    '"a',
    'a"b"c',
    "&",
    "|",
    "!",
    "<->",
    "a:*",
    "🙂",
    "\u0301",
    "﻿",
    "ａ",
    "٣",
    "x" * 300,
    '" "',
    "\t\n",
    "col:*",
    "rank",
    "search_index",
]


def found(house, typed, **more):
    return [hit.ticket for hit in house.queue.finder.find(typed, 20, **more)]


def turn(house, conversation, question, answer):
    one = Turn(conversation, question, question, "en", "s", "answered", answer, "p", "1")
    with house.engine.begin() as connection:
        connection.execute(insert(turns).values(**asdict(one)))
    return one


def answered(house):
    """A ticket with a word in each place where something is said."""
    ticket = house.ticket(
        "Zahnarzt message", subject="Quittung subject", contact="ada@firma.example"
    )
    house.threads.take(ticket.conversation_id, "t", "Urlaub said")
    house.desk.reply(ticket.id, "Wiesbaden replied", ADA)
    house.desk.note(ticket.id, "Geheimnis noted", ADA)
    return ticket


def test_each_place_in_which_something_is_said_is_found(house):
    ticket, other = answered(house), house.ticket("something else")
    for word in ("zahnarzt", "quittung", "firma", "urlaub", "wiesbaden", "geheimnis"):
        assert found(house, word) == [ticket.number], word
    assert found(house, "something zahnarzt") == []
    assert found(house, f"#{other.number}") == [other.number]
    assert found(house, str(other.number)) == [other.number]


def test_words_are_found_by_their_beginning_whatever_case_and_accents(house):
    ticket = house.ticket("Die Überweisungsbestätigung für die Kündigung fehlt, señor Müller")
    good = (
        "überweisung",
        "UBERWEISUNG",
        "kundig",
        "Kündigung fehl",
        "muller",
        "SENOR",
        "u\u0308berw",
    )
    for typed in good:
        assert found(house, typed) == [ticket.number], typed
    for typed in ("bestätigung", "ündigung"):
        assert found(house, typed) == [], typed


def test_what_is_in_quotes_is_found_as_it_stands(house):
    right, wrong = house.ticket("reset the password"), house.ticket("the password reset")
    assert found(house, '"reset the password"') == [right.number]
    assert set(found(house, "reset the password")) == {right.number, wrong.number}
    assert found(house, '"reset the pass"') == []
    assert found(house, "„password reset“ the") == [wrong.number]


@pytest.mark.parametrize("typed", EVIL, ids=range(len(EVIL)))
def test_nothing_that_is_typed_is_an_error(house, typed):
    ticket = answered(house)
    assert set(found(house, typed)) <= {ticket.number}
    assert set(found(house, typed, person_of=ticket)) <= {ticket.number}
    assert found(house, "zahnarzt") == [ticket.number]


def test_nothing_that_is_typed_at_random_is_an_error(house):
    answered(house)
    rng, signs = random.Random(3), "\"'*()^:-+{}<>&|!~ aZ0äß,;.\\/\0\n٣字"
    for _ in range(400):
        found(house, "".join(rng.choices(signs, k=rng.randint(1, 12))))


def test_questions_to_the_assistant_are_found_of_one_person_alone(house):
    mine, theirs = house.ticket("Hilfe", owner="key:a"), house.ticket("Hilfe", owner="key:b")
    elsewhere = house.begin("key:a")
    turn(house, elsewhere, "Was ist ein Kartoffelsalat?", "A kind of dish")
    assert house.queue.finder.find("kartoffel", 20) == []
    (hit,) = house.queue.finder.find("kartoffel", 20, mine)
    assert (hit.kind, hit.conversation_id, hit.ticket) == ("turn", elsewhere, None)
    (hit,) = house.queue.finder.find("dish", 20, mine)
    assert house.queue.finder.find("kartoffel", 20, theirs) == []
    assert found(house, "hilfe", person_of=mine) == [mine.number]


def test_a_ticket_that_was_opened_by_hand_has_no_person(house):
    calls = [house.ticket(f"{name} called", owner=f"desk:{ADA.id}") for name in ("Eva", "Tom")]
    assert found(house, "called", person_of=calls[0]) == [calls[0].number]


def test_of_a_ticket_its_best_place_is_told_once(house):
    ticket = house.ticket("invoice")
    for _ in range(4):
        house.desk.note(ticket.id, "the invoice again", ADA)
    (hit,) = house.queue.finder.find("invoice", 20)
    assert (hit.ticket, hit.more) == (ticket.number, 5)  # the log has the message, too
    rare, often = house.ticket("zebra " + "filler " * 300), house.ticket("zebra zebra")
    assert found(house, "zebra") == [often.number, rare.number]


def test_an_excerpt_is_plain_text_with_what_was_found_marked():
    parts = Wanted.of("rech <b>").excerpt("word " * 60 + "die <script>Rechnungs-Nr.</script> " * 9)
    assert "".join(part.text for part in parts if part.hit).startswith("Rechnungs")
    assert len("".join(part.text for part in parts)) < 240
    assert parts[0].text == parts[-1].text == "…"
    assert {type(part.text) for part in parts} == {str}
    accents = Wanted.of("uber").excerpt("Über alles")
    assert [(part.text, part.hit) for part in accents] == [("Über", True), (" alles", False)]
    assert Wanted.of("none").excerpt("") == ()


def test_what_changes_is_found_as_it_is_then(house):
    ticket = house.ticket("old words")
    house.desk.change(ticket.id, ADA, subject="Kaffeemaschine")
    assert found(house, "kaffee") == [ticket.number]
    house.desk.change(ticket.id, ADA, subject="Teekanne")
    assert found(house, "kaffeemaschine old") == []
    assert found(house, "teekanne old") == [ticket.number]
    whole(house)


def whole(house):
    """Check that the index has no fault, where it is a table of its own."""
    if house.engine.dialect.name != "sqlite":
        return
    with house.engine.begin() as connection:
        check = "INSERT INTO search_index(search_index) VALUES ('integrity-check')"
        connection.execute(text(check))


@in_a_file
def test_what_is_erased_is_in_no_byte_of_the_index(house, tmp_path):
    """The marks are looked for in the file as it is, in all of its parts and its log."""
    kept = [answered(house) for _ in range(20)]
    marks = ("quibberish", "wobblegong", "xylopharm")
    gone = house.ticket(
        f"{marks[0]} message", subject=f"{marks[0]}x", contact=f"{marks[0]}@a.example"
    )
    house.desk.note(gone.id, f"{marks[1]} noted", ADA)
    turn(house, gone.conversation_id, f"{marks[2]}?", marks[2])
    kept += [answered(house) for _ in range(20)]
    path = tmp_path / "routeback.sqlite"

    def marked():
        files = (path, path.with_name(path.name + "-wal"))
        data = b"".join(file.read_bytes() for file in files if file.is_file()).lower()
        # A term may stand in an index without its beginning, which the one before has, too.
        return [mark for mark in marks if mark[2:].encode() in data]

    assert marked() == list(marks)
    with house.engine.begin() as connection:
        chosen = Selection.of(connection, [gone.conversation_id])
        erase(connection, chosen)
    for mark in marks:
        assert found(house, mark, person_of=gone) == [], mark
    whole(house)
    house.engine.dispose()
    wipe([path])
    assert marked() == []
    whole(house)
    assert len(found(house, "zahnarzt")) == 20
    assert {ticket.number for ticket in kept} > set(found(house, "zahnarzt"))


@in_a_file
def test_what_was_alone_in_the_index_is_in_no_byte_of_it(house, tmp_path):
    path = tmp_path / "routeback.sqlite"
    house.ticket("quibberish")
    with house.engine.begin() as connection:  # added and gone in one part of the index
        row = {**house.rows(tickets)[0], "id": "x", "number": 99, "message": "wobblegong"}
        connection.execute(insert(tickets).values(row))
        connection.execute(delete(tickets))
        connection.execute(delete(messages))
    house.engine.dispose()
    wipe([path])
    data = path.read_bytes().lower()
    assert b"ibberish" not in data
    assert b"obblegong" not in data


def test_a_database_without_an_index_is_wiped_too(tmp_path):
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA secure_delete=OFF")
        connection.execute("CREATE TABLE a (b)")
        connection.execute("INSERT INTO a VALUES ('gibberish')")
        connection.commit()
        connection.execute("DELETE FROM a")
    connection.close()
    assert b"gibberish" in path.read_bytes()
    wipe([path])
    assert b"gibberish" not in path.read_bytes()


def test_search_over_http(api):
    api.asked("Meine Rechnung <b>fehlt</b>")
    hits = api.ada.get("/v1/desk/search", params={"q": "rechn"}).json()["hits"]
    assert hits[0]["excerpt"][1] == {"text": "Rechnung", "hit": True}
    hits = api.ada.get("/v1/desk/search", params={"q": "fehlt", "person_of": "1"}).json()["hits"]
    assert hits[0]["ticket"] == 1
    for typed in ('"', "' OR 1=1 --", "*", ""):
        reply = api.ada.get("/v1/desk/search", params={"q": typed})
        assert reply.status_code == 200, typed
    assert api.ada.get("/v1/desk/search?q=a&person_of=99").status_code == 404
    assert api.ada.get("/v1/desk/search", params={"q": "x" * 301}).status_code == 400
