"""Each kind of finding: seen where it is planted, and not where it is not."""

from dataclasses import replace

import pytest

from assistant.knowledge.documents import Entry, Kind
from assistant.tuning.examples import Problem
from evals.audit.checks.contradictions import contradictions
from evals.audit.checks.duplicates import duplicates
from evals.audit.checks.grounds import grounds
from evals.audit.checks.leakage import leakage
from evals.audit.checks.personal import personal
from evals.audit.checks.schema import languages, schema
from evals.audit.checks.style import praised, style, style_of
from evals.audit.checks.templates import templates, variety
from evals.audit.findings import Severity
from evals.audit.limits import FITTED
from evals.cases.cases import Case
from tests.evals.audit.training import example, support

CLEAN = [support(line) for line in range(1, 61)]
DIGRESSIONS = [
    "Bring the receipt to any counter before noon.",
    "Our drivers leave parcels with neighbours only if you agree.",
    "Unplug the lamp, wait until it is cold, then swap the bulb.",
    "A refund takes about a week, since the bank needs some days.",
    "The museum closes early on Mondays; children enter free.",
]


def by_name(findings):
    return {finding.name: finding for finding in findings}


def a_case(name, question, reference):
    return Case(id=name, segment="support", language="en", question=question, reference=reference)


def test_repeated_examples_are_counted_once_each_exact_and_near():
    first = example(1, "Where is the invoice?", "Under Billing, choose Invoices and download it.")
    again = replace(first, line=2)
    nearly = replace(first, line=3, answer="Under Billing, choose invoices, and download it!!")
    close = replace(first, line=4, answer="Under Billing, choose Invoices and then download it.")
    other = example(5, "Who is my contact?", "Your account manager, named on the contract.")
    found = by_name(duplicates([first, again, nearly, close, other], FITTED))["duplicates"]
    assert (found.count, found.numbers["exact"], found.numbers["near"]) == (3, 2, 1)
    assert [quote.line for quote in found.quotes] == [2, 3, 4]


def test_one_question_with_two_answers_is_a_finding_and_one_from_other_passages_is_not():
    first = example(1, "May I park?", "Yes, for two hours.", "Parking is two hours.")
    clash = replace(first, line=2, answer="Never, not even at night.")
    elsewhere = example(3, "May I park?", "Only residents may.", "Residents may park.")
    found = by_name(duplicates([first, clash, elsewhere], FITTED))["two_answers"]
    assert [quote.line for quote in found.quotes] == [2]


def test_leaks_are_found_by_question_and_by_reference():
    cases = [
        a_case("a", "How long do you keep the recordings of a visit?", "x"),
        a_case("b", "Which?", "They are kept for thirteen months, then gone."),
        a_case("c", "What about dogs in the office?", "Dogs are welcome."),
    ]
    trained = [
        example(1, "how long do you keep recordings of a visit", "A while."),
        example(2, "Retention?", "They are kept for thirteen months, then gone [1]."),
    ]
    found = by_name(leakage(trained, cases, ["Retention?"], FITTED))
    assert found["leakage"].count == 2
    assert found["leakage"].numbers["lines"] == "1 2"
    assert found["leakage"].severity is Severity.BLOCKER
    assert found["live_questions"].count == 1


def test_without_cases_leakage_is_unmeasured_not_passed():
    found = by_name(leakage(CLEAN, [], [], FITTED))
    assert found["leakage"].severity is Severity.UNMEASURED


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Write to anna.berg@web-mail.de", "personal_data"),
        ("Transfer it to DE89 3704 0044 0532 0130 00", "personal_data"),
        ("The card was 4111 1111 1111 1111", "personal_data"),
        ("Call +49 30 901820", "personal_data"),
        ("Use AKIAQ3EGRIXK7Q5ZXN2M here", "secrets"),
        ("ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8", "secrets"),
        ("-----BEGIN PRIVATE KEY-----", "secrets"),
        ("postgres://root:s3cretpw@db.corp.net/x", "secrets"),
    ],
)
def test_personal_data_and_secrets_are_found_and_never_repeated(text, kind):
    held = example(7, "How?", f"{text}.")
    found = by_name(personal([*CLEAN, held], "", FITTED))
    assert (found[kind].count, found[kind].numbers["lines"]) == (1, "7")
    assert text not in str(found)


def test_reserved_domains_and_public_contacts_are_nobodys_data():
    held = [
        example(1, "Whom?", "Write to support@example.com or x@help.example.org."),
        example(2, "Whom?", "Write to desk@larkspur.io."),
        example(3, "Since when?", "Since 13.10.2020, in the 2013-10-13 release; port 013824."),
    ]
    found = by_name(personal(held, "Our address: desk@larkspur.io", FITTED))
    assert found["personal_data"].count == 0


def test_a_card_number_blocks_and_one_address_among_many_only_warns():
    card = by_name(personal([*CLEAN, example(90, "?", "4111 1111 1111 1111")], "", FITTED))
    mail = by_name(personal([*CLEAN, example(90, "?", "a.b@web-mail.de")], "", FITTED))
    assert card["personal_data"].severity is Severity.BLOCKER
    assert mail["personal_data"].severity is Severity.WARNING


def test_answers_that_their_passages_do_not_carry_block():
    loose = [
        replace(e, answer="Our friendly singers adore every mountain sunrise in spring.")
        for e in CLEAN[:12]
    ]
    good = grounds(CLEAN, FITTED, lambda *_: None)
    bad = grounds([*loose, *CLEAN[12:]], FITTED, lambda *_: None)
    assert (good.severity, good.count) == (Severity.NOTE, 0)
    assert (bad.severity, bad.count) == (Severity.BLOCKER, 12)
    assert bad.numbers["lines"] == " ".join(str(e.line) for e in loose)


def test_without_passages_support_cannot_be_measured():
    found = grounds([replace(e, passages=()) for e in CLEAN], FITTED, lambda *_: None)
    assert found.severity is Severity.UNMEASURED
    assert found.fit


GLOSSARY = [
    Entry("g", Kind.GLOSSARY, "Recall",
          "Recall is the share of relevant items that are found. A recall of 80 percent means "
          "that a fifth is missed.", "en"),
    Entry("g", Kind.GLOSSARY, "Token",
          "A token is the smallest piece of text that a language model reads, often a part of a "
          "word.", "en"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "clashes"),
    [
        ("Recall is the share of relevant items that are found.", False),
        ("A recall of 80 percent means that a fifth is missed.", False),
        ("It counts how many of the good hits you get.", False),
        ("A recall of 95 percent means that a fifth is missed.", True),
        ("Recall is not the share of relevant items that are found.", True),
        (GLOSSARY[1].text, True),
    ],
)
def test_contradictions_with_the_glossary(answer, clashes):
    found = contradictions([example(3, "What is recall?", answer)], GLOSSARY, FITTED)
    assert (found.numbers["about"], found.count) == (1, int(clashes))


def test_a_question_that_only_mentions_a_term_is_not_about_it():
    asked = example(3, "Does the export of the yearly report cost a token?", "No, it is free.")
    assert contradictions([asked], GLOSSARY, FITTED).numbers["about"] == 0


def test_hype_that_the_references_do_not_have_blocks():
    loud = [replace(e, answer="Wow! An amazing, effortless day awaits!") for e in CLEAN]
    references = {"support": style_of(CLEAN)}
    found = by_name(style(style_of(loud), references, FITTED))
    assert found["hype"].severity is Severity.BLOCKER
    assert by_name(style(style_of(CLEAN), references, FITTED))["hype"].severity is Severity.NOTE
    assert by_name(style(style_of(loud), {"support": style_of(loud)}, FITTED))["hype"].count == 60
    same = by_name(style(style_of(loud), {"support": style_of(loud)}, FITTED))["hype"]
    assert same.severity is Severity.NOTE


def test_praise_is_read_in_german_and_one_exclamation_mark_is_no_hype():
    assert praised("Ein bahnbrechendes, unglaubliches Erlebnis", "de")
    assert not praised("Danke, das war alles!", "de")


def test_dropped_and_invented_figures():
    dropped = [replace(e, answer=f"Close the lid of it, {e.question}") for e in CLEAN]
    found = by_name(style(style_of(dropped), {}, FITTED))
    assert found["figures_kept"].severity is Severity.BLOCKER
    invented = [replace(e, answer=f"{e.answer} It costs 7777 euros.") for e in CLEAN[:30]]
    found = by_name(style(style_of([*invented, *CLEAN[30:]]), {}, FITTED))
    assert found["figures_kept"].severity is Severity.NOTE
    assert (found["figures_invented"].count, found["figures_invented"].of) == (30, 60)
    assert found["figures_invented"].severity is Severity.BLOCKER


def test_list_numbers_are_no_figures():
    found = by_name(style(style_of(CLEAN), {}, FITTED))
    assert "figures_invented" not in found


def test_templates_are_seen_and_varied_answers_are_not():
    framed = by_name(templates(CLEAN, FITTED))["templates"]
    assert framed.severity is Severity.BLOCKER
    free = [example(at, "?", text) for at, text in enumerate(DIGRESSIONS * 4)]
    assert by_name(templates(free, FITTED))["templates"].severity is Severity.BLOCKER
    assert variety(DIGRESSIONS).phrase == 0
    assert variety(["NO_ANSWER"]) is None


def test_bad_lines_block_and_missing_languages_warn():
    found = by_name(schema(CLEAN, [Problem(4, "not JSON")], FITTED))
    assert found["lines"].severity is Severity.BLOCKER
    found = by_name(languages(CLEAN, {"en": 50, "de": 50}, FITTED))
    assert found["languages"].severity is Severity.WARNING
    found = by_name(languages(CLEAN, {"en": 99, "de": 1}, FITTED))
    assert found["languages"].severity is Severity.NOTE
