"""What a message asks: pasted mails, odd characters, and several questions at once."""

from contextlib import aclosing
from dataclasses import replace

import pytest

from assistant.assistant import Assistant
from assistant.records.turns import Turn
from assistant.turn.permissions import Writing
from assistant.turn.question.intake import MOST_QUESTIONS, cleaned, is_text, questions, without_mail
from guardrails.text.closed_questions import asks_yes_or_no


@pytest.fixture
def quoting(assistant: Assistant) -> Assistant:
    return replace(assistant, writing=Writing("first"))


async def ask(assistant: Assistant, question: str, **options) -> Turn:
    async with aclosing(assistant.answer(question, **options)) as events:
        return [event async for event in events if isinstance(event, Turn)][-1]


# Mails: {q} is where the question stands

ENGLISH = {
    "reply above history": """\
Hi there,

{q}

Many thanks,
Jane Miller
Head of Something
ACME Ltd, 12 High Street, London
Tel. +44 20 7946 0000

This e-mail and any attachments are confidential and intended solely for the addressee. If you \
have received it in error, please delete it.

On Tue, 3 Mar 2026 at 10:12, Support <support@example.com> wrote:
> Dear Jane,
> thank you for writing. What is your customer number?
> Kind regards
""",
    "Outlook": """\
Hello support team,
{q}
Best regards
Tom

________________________________
From: Support <support@example.com>
Sent: Tuesday, March 3, 2026 10:12 AM
To: Tom
Subject: RE: Invoice

Dear Tom, please find the invoice attached. Do you have any other question about billing?
""",
    "original message": """\
Dear Sir or Madam,
{q}

-----Original Message-----
From: Support
Sent: Monday
To: Ann
Subject: Your order

Your order was shipped. Is there anything else?
""",
    "headers and phone": """\
From: jane@example.org
To: support@example.com
Subject: a question

{q}

Sent from my iPhone
""",
    "disclaimer without a closing": """\
Hello,

{q}

CONFIDENTIALITY NOTICE: This message is for the named person only. If you are not the addressee, \
you may not copy or use it.
""",
    "dashes": """\
Good morning,

{q}
--
J. Miller | ACME Ltd
Please consider the environment before printing this e-mail.
""",
    "answer below": """\
> Dear Jane,
> what exactly do you need? Which product is it?
> Kind regards
{q}
""",
}
GERMAN = {
    "reply above history": """\
Sehr geehrte Damen und Herren,

{q}

Mit freundlichen Grüßen
Karl Schulz

--
Müller GmbH | Hauptstraße 5 | 10115 Berlin
Amtsgericht Berlin HRB 12345 | Geschäftsführer: Max Müller

Diese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen. Wenn Sie nicht \
der richtige Adressat sind, informieren Sie bitte sofort den Absender.

Am 03.03.2026 um 10:12 schrieb Support:
> Guten Tag Herr Schulz,
> was ist Ihre Kundennummer?
> Viele Grüße
""",
    "Outlook": """\
Hallo,
{q}
VG
Tom

Von: Support <support@example.com>
Gesendet: Dienstag, 3. März 2026 10:12
An: Tom
Betreff: AW: Rechnung

Lieber Tom, anbei die Rechnung. Haben Sie noch eine Frage?
""",
    "original message": """\
Hallo zusammen,

{q}

-----Ursprüngliche Nachricht-----
Von: Support
Gesendet: Montag
An: Ann
Betreff: Ihre Bestellung

Ihre Bestellung ist unterwegs. Was ist ein Token?
""",
    "headers and phone": """\
Betreff: eine Frage

Guten Morgen,
{q}
Danke und Gruß
Petra

Von meinem iPhone gesendet
""",
    "disclaimer without a closing": """\
Guten Tag Frau Meier,

{q}

Diese E-Mail ist vertraulich. Falls Sie nicht der richtige Empfänger sind, vernichten Sie diese \
Nachricht bitte.
""",
    "signature on the spot": """\
Moin,
{q}
Liebe Grüße aus Hamburg
Petra Klein
Tel.: 040 1234567
""",
}
QUESTIONS = {
    "en": ("How do I reset my password?", "I can't sign in any more. How do I reset my password?"),
    "de": (
        "Wie setze ich mein Passwort zurück?",
        "ich habe den Zettel verloren. Wie setze ich mein Passwort zurück?",
    ),
}
MAILS = [
    pytest.param(mail, question, id=f"{language}, {layout}, {number}")
    for language, mails in (("en", ENGLISH), ("de", GERMAN))
    for layout, mail in mails.items()
    for number, question in enumerate(QUESTIONS[language])
]


@pytest.mark.parametrize(("mail", "question"), MAILS)
def test_a_pasted_mail_is_the_question_in_it(mail, question):
    for newline in ("\n", "\r\n"):
        pasted = mail.replace("{q}", question).replace("\n", newline)
        assert without_mail(cleaned(pasted)) == question


def test_all_questions_of_a_mail_are_kept_with_their_list():
    mail = (
        "Sehr geehrtes Support-Team,\nich habe zwei Fragen:\n- Wie setze ich mein Passwort zurück?\n"  # noqa: E501
        "- Bekomme ich mein Geld zurück?\nMit besten Grüßen\nIhr Max"
    )
    assert without_mail(mail).split("\n")[1:] == mail.split("\n")[2:4]


def test_a_forwarded_question_comes_with_what_is_said_about_it():
    mail = (
        "Can you help with this?\n\n---------- Forwarded message ---------\nFrom: Bob <b@x.org>\n"
        "Date: Mon, Mar 2, 2026\nSubject: Question\nTo: Jane\n\nHi Jane,\nWhat is a pod?\nThanks\nBob"  # noqa: E501
    )
    assert without_mail(mail) == "Can you help with this?\nWhat is a pod?"


@pytest.mark.parametrize(
    "text",
    [
        "I forgot my password\nand the link does not work,\nwhat can I do?",
        "How do I find the\nbest way to reset\nmy password",
        "Which plan is\nbest for teams that\nhave many users?",
        "I forgot my password.\nThanks for helping me with it\nHow do I reset it?",
        "Thanks for the last answer\nbut I forgot my password again.\nHow do I reset it?",
        "My steps:\n- open the page\n- choose Forgot password\nWhy does no mail come?",
        "Is a pod\n---\nbigger than a node?",
        "Welche Lösung ist\nbest geeignet\nfür viele Nutzer?",
        "Hi\nWhat is a token?",
        "Thanks!",
        "Dear team,\nKind regards\nJane",
    ],
)
def test_what_is_no_mail_stays_whole(text):
    assert without_mail(text) == text


@pytest.mark.parametrize("mail", [*ENGLISH.values(), *GERMAN.values()])
async def test_a_pasted_mail_is_answered(quoting, mail):
    question = QUESTIONS["de" if mail in GERMAN.values() else "en"][1]
    turn = await ask(quoting, mail.replace("{q}", question))
    assert (turn.outcome, turn.standalone) == ("answered", question)
    assert turn.sources[0]["key"] == "reset-password"
    assert turn.language == turn.sources[0]["language"]


# Characters

SHY, NBSP, ZWJ, ZWSP, BOM = "\u00ad", "\u00a0", "\u200d", "\u200b", "\ufeff"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (f"Was{NBSP}ist ein To{SHY}ken?", "Was ist ein Token?"),
        (f"What is a to{ZWJ}ken?", "What is a token?"),
        (f"{BOM}What is{ZWSP} a token?", "What is a token?"),
        ("  What \t is a\u2009token?\r\n", "What is a token?"),
        ("Mu\u0308ll", "Müll"),
        ("one\r\n\r\ntwo\rthree", "one\n\ntwo\nthree"),
    ],
)
def test_what_is_invisible_says_nothing(typed, meant):
    assert cleaned(typed) == meant


@pytest.mark.parametrize("text", ["?!… —", "😀", "", "\x00\x01\x02abc"])
def test_what_has_no_words_is_no_text(text):
    assert not is_text(cleaned(text))


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("What is a token? 😀", "en"),
        ("😀 What is a token?", "en"),
        (f"What is a 🤷{ZWJ}♀️ token?", "en"),
        ("token 🔥🔥", "en"),
        (f"Was ist ein{NBSP}Token?", "de"),
        (f"Was{NBSP}ist{NBSP}ein{NBSP}To{SHY}ken?", "de"),
        (f"What is a to{ZWJ}ken?", "en"),
    ],
)
async def test_a_short_question_with_odd_characters_is_answered(quoting, question, language):
    turn = await ask(quoting, question)
    assert (turn.outcome, turn.language) == ("answered", language)
    assert [source["title"] for source in turn.sources[:1]] == ["Token"]


# Several questions


@pytest.mark.parametrize(
    ("text", "language", "count"),
    [
        ("What is a token? How do I reset my password?", "en", 2),
        ("What is a token?\nHow do I reset my password?\nCan I get a refund?", "en", 3),
        ("Was ist ein Token? Wie setze ich mein Passwort zurück?", "de", 2),
        ("Gibt es Weihnachtsgeld? Wie viele Urlaubstage habe ich?", "de", 2),
        ("What is a token? What is a zebra?", "en", 2),
        ("I forgot my password. How do I reset it?", "en", 1),
        ("How do I reset my password? And how long is it valid?", "en", 1),
        ("Wie setze ich mein Passwort zurück? Wie lange gilt das dann?", "de", 1),
        ("How do I reset my password? And can I have a refund?", "en", 2),
        ("How do I reset my password? Why?", "en", 1),
        ("What is that? What is a token?", "en", 1),
        ("What is a token in\na language model and\nhow long is it?", "en", 1),
        ("token", "en", 1),
    ],
)
def test_questions_are_taken_apart_where_each_has_a_subject(text, language, count):
    found = questions(text, language)
    assert len(found) == count
    if count == 1:
        assert found == (" ".join(text.split()),)


def test_many_questions_are_one():
    several = " ".join(f"How does part number {n} work?" for n in range(MOST_QUESTIONS + 1))
    assert questions(several, "en") == (several,)


async def test_two_questions_are_answered_one_by_one(quoting):
    turn = await ask(quoting, "How can I get a new password? What does harmful transfer mean?")
    assert (turn.outcome, turn.mode) == ("answered", "quote")
    keys = [source["key"] for source in turn.sources[: turn.selection["given"]]]
    assert keys == ["reset-password", "negative-transfer"]
    assert [q["number"] for q in turn.selection["quotations"]] == [1, 2]


@pytest.mark.parametrize(
    ("asked", "left_open", "said"),
    [
        (
            "What is a token? Who won the 1998 World Cup?",
            "Who won the 1998 World Cup?",
            "I did not find an answer to “Who won the 1998 World Cup?” in the documents.",
        ),
        (
            "Was ist ein Zebrastreifen? Wie setze ich mein Passwort zurück?",
            "Was ist ein Zebrastreifen?",
            "Ich habe zu „Was ist ein Zebrastreifen?“ in den Dokumenten keine Antwort gefunden.",
        ),
    ],
)
async def test_the_question_that_stays_open_is_named(quoting, asked, left_open, said):
    turn = await ask(quoting, asked)
    assert turn.outcome == "answered"
    assert turn.answer.endswith(said)
    assert turn.answer.count(left_open) == 1


async def test_an_arm_that_writes_is_asked_both_questions(assistant, endpoint):
    asked = "How can I get a new password? What does harmful transfer mean?"
    turn = await ask(assistant, asked)
    assert turn.standalone == asked
    assert all(part in endpoint.asked[0][-1]["content"] for part in asked.split("? "))


async def test_the_question_that_an_arm_leaves_open_is_named_too(assistant):
    turn = await ask(assistant, "How can I get a new password? Who won the 1998 World Cup?")
    assert turn.mode == "write"
    assert turn.answer.endswith("“Who won the 1998 World Cup?” in the documents.")


async def test_two_questions_of_a_mail_are_answered_one_by_one(quoting):
    turn = await ask(
        quoting,
        ENGLISH["reply above history"].replace(
            "{q}", "How can I get a new password? And can I have a refund?"
        ),
    )
    assert [quotation["title"] for quotation in turn.selection["quotations"]] == [
        "How do I reset my password?",
        "Can I get a refund?",
    ]


async def test_a_question_of_three_lines_is_one(quoting):
    turn = await ask(quoting, "I forgot my password\nand the link does not work,\nwhat can I do?")
    assert turn.standalone == "I forgot my password and the link does not work, what can I do?"
    assert turn.sources[0]["key"] == "reset-password"


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        (
            "What is LoRA and how do I reset my password?",
            "en",
            ("What is LoRA?", "how do I reset my password?"),
        ),
        (
            "Wie lade ich Kollegen ein und was kostet ein zusätzlicher Platz?",
            "de",
            ("Wie lade ich Kollegen ein?", "was kostet ein zusätzlicher Platz?"),
        ),
        ("What is precision and recall?", "en", ("What is precision and recall?",)),
        ("What is LoRA and how does it work?", "en", ("What is LoRA and how does it work?",)),
    ],
)
def test_two_questions_in_one_sentence_are_two(text, language, expected):
    assert questions(text, language) == expected


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        *(("Can I pay by PayPal?", True), ("Do you use our data?", True)),
        *(("Kann ich mit PayPal zahlen?", True), ("Speichert ihr unsere Daten?", True)),
        *(("Is fine-tuning better than RAG?", True), ("Hi, is it free?", True)),
        *(("Kann ich, wenn ich will, zahlen?", True), ("Can you tell me how to pay?", False)),
        ("Können Sie mir sagen, wie ich zahle?", False),
        *(("Do you know how I pay?", False), ("Wissen Sie, wie ich zahle?", False)),
        *(("How do I pay?", False), ("Wie zahle ich?", False), ("What is a pod?", False)),
        *(("Welche Zahlarten gibt es?", False), ("Passwort vergessen", False)),
    ],
)
def test_what_yes_or_no_would_answer_is_known(text, closed):
    assert asks_yes_or_no(text) is closed


@pytest.mark.parametrize("text", ["👍", "👍🏽", "✅", "👌👌"])
def test_a_thumb_up_alone_says_ok(text):
    assert cleaned(text) == "ok"
    assert cleaned(f"thanks {text}") == f"thanks {text}"
