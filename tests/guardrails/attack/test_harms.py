import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.attack.catalogue import BY_NAME, CHANGES, PROMISES, told
from guardrails.attack.harms import (
    complete,
    facts,
    focus,
    form,
    gaming,
    improvements,
    refusal,
    wording,
)
from guardrails.attack.harms.sentence import plain, sentences
from guardrails.rules.policy import FAMILIES
from tests.guardrails.attack.made import DE, EN, OTHERS, case, silent

BOTH = pytest.mark.parametrize("language", ["en", "de"])
NUMBER = re.compile(r"\d+")


def make(harm, language, answer=None, seed=0):
    one = case(language)
    return harm(one, one.reference if answer is None else answer, OTHERS, seed)


@BOTH
def test_every_change_can_be_made_in_both_languages_and_makes_another_answer(language):
    for change in CHANGES:
        empty = change.name in {"answers-unanswerable", "abstention-over-invention"}
        one = silent(language) if empty else case(language)
        if change.name == "neighbour-definition":
            one = replace(one, passages=tuple(replace(p, title=p.title[:9]) for p in one.passages))
        sides = change.make(one, one.reference, OTHERS, 3)
        assert sides is not None, change.name
        assert sides[0] != sides[1], change.name
        assert sides == change.make(one, one.reference, OTHERS, 3), "the same seed, the same harm"


@BOTH
def test_nothing_comes_of_an_answer_that_holds_nothing_to_harm(language):
    one = replace(case(language), passages=(), translations=(), facts=())
    word = {"en": "Maybe.", "de": "Vielleicht."}[language]
    makeable = {c.name for c in CHANGES if c.make(one, word, (), 0) is not None}
    assert makeable <= {
        *("negated", "invented-addition", "fluff", "insult", "abstains", "see-documentation"),
        "all-negated",
    }


def test_every_family_has_harms_and_a_sentence_says_what_is_missed():
    assert {c.family for c in (*CHANGES, *PROMISES)} == {*FAMILIES, "improvements"}
    assert sum(c.harms for c in CHANGES) >= 20
    two = [BY_NAME["half-facts"], BY_NAME["human-over-copied"]]
    assert told(two) == "does not notice half-missing answers and punishes people's own words"
    many = [c for c in CHANGES if c.harms]
    assert told(many, 2).endswith(f"and {len(many) - 2} more")


@BOTH
def test_wrong_numbers_are_all_wrong_and_markers_stay(language):
    harmed = make(facts.wrong_number, language, f"{case(language).reference} [1]")
    before = NUMBER.findall(plain(case(language).reference))
    after = NUMBER.findall(harmed)
    assert len(before) == len(after) == 2
    assert not set(before) & set(after)
    assert make(facts.wrong_number, language, "No figure here.") is None


def test_spelled_numbers_and_months_are_changed_too():
    harmed = make(facts.wrong_number, "de", "Drei Wochen ab März.")
    assert not re.search("Drei|März", harmed)
    assert re.fullmatch(r"[A-ZZ]\w+ Wochen ab [A-ZJ]\w+\.", harmed)


@given(st.integers(0, 10**6), st.integers(0, 50))
def test_a_wrong_number_is_never_the_right_one(value, seed):
    text = f"It costs {value} euros."
    harmed = make(facts.wrong_number, "en", text, seed)
    (number,) = NUMBER.findall(harmed)
    assert number != str(value)
    assert len(number) == len(str(value))


@BOTH
def test_a_name_is_exchanged_for_another_of_its_kind(language):
    held, other = {"en": ("Workspace", "Team"), "de": ("Arbeitsbereich", "Konto")}[language]
    others = (*OTHERS, replace(EN if language == "en" else DE, title=other, text=""))
    one = replace(case(language), passages=())
    harmed = facts.wrong_name(one, f"The {held} is kept.", others, 0)
    assert harmed == f"The {other} is kept."


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "A refund is not possible.", "A refund is possible."),
        ("en", "You cannot change it.", "You can change it."),
        ("en", "A refund is possible.", "A refund is not possible."),
        ("en", "Yes, it is kept. More.", "Yes, it is not kept. More."),
        ("en", "Neither A nor B works.", "both A and B works."),
        ("en", "Choose a plan.", "It is not true that choose a plan."),
        ("de", "Eine Erstattung ist nicht möglich.", "Eine Erstattung ist möglich."),
        ("de", "Es gibt keine Frist.", "Es gibt eine Frist."),
        ("de", "Das ist möglich.", "Das ist nicht möglich."),
        ("de", "Weder A noch B geht.", "sowohl A als auch B geht."),
        ("de", "Wählen Sie einen Tarif.", "Es trifft nicht zu: wählen Sie einen Tarif."),
    ],
)
def test_a_negation_goes_in_or_out(language, text, expected):
    assert make(facts.negated, language, text) == expected


@given(st.sampled_from(["en", "de"]), st.text("abc notkeinicht.", min_size=1, max_size=40))
def test_turning_a_sentence_round_changes_it_always(language, text):
    if sentence := text.strip():
        assert facts.turned_round(sentence, language) != sentence


@BOTH
def test_yes_becomes_no_and_back(language):
    yes, no = wording.YES[language], wording.NO[language]
    assert make(facts.yes_no, language, f"{yes}, so.") == f"{no}, so."
    assert make(facts.yes_no, language, f"{no}. So.") == f"{yes}. So."
    assert make(facts.yes_no, language, "So.") is None
    assert improvements.explicit_over_none(case(language), f"{yes}, it is.", (), 0) == (
        "It is.",
        f"{yes}, it is.",
    )


@BOTH
def test_another_fact_of_the_same_passage_takes_the_place(language):
    one = case(language)
    harmed = make(facts.other_fact, language)
    assert "90" in harmed
    assert any(not any(f in harmed for f in fact) for fact in one.facts)
    assert facts.other_fact(replace(one, facts=()), one.reference, OTHERS, 0) is None


@BOTH
def test_inventions_are_added_and_say_nothing_of_the_passage(language):
    harmed = make(facts.invented_addition, language)
    assert harmed.startswith(case(language).reference)
    assert harmed.removeprefix(case(language).reference).strip() in wording.INVENTIONS[language]
    path = make(facts.invented_path, language, "Use **Settings → Billing**.")
    assert any(f"**{p}**" in path for p in wording.PATHS[language])
    no_paths = replace(case(language), passages=())
    assert facts.invented_path(no_paths, "Yes.", OTHERS, 0) is None


@BOTH
def test_focus_is_true_of_something_else(language):
    one = case(language)
    near = one.passages[-1]
    told_there = make(focus.other_answer, language)
    assert told_there.endswith("[2]")
    assert plain(told_there).split(".")[0] in near.text
    assert make(focus.unrelated_quote, language) == f"{near.text} [2]"
    alone = replace(one, passages=one.passages[:1])
    assert focus.other_answer(alone, one.reference, OTHERS, 0) is None
    assert focus.neighbour_definition(one, one.reference, OTHERS, 0) is not None
    asked = replace(one, passages=(replace(one.passages[0], title="How?"), near))
    assert focus.neighbour_definition(asked, one.reference, OTHERS, 0) is None


@BOTH
@given(seed=st.integers(0, 20))
def test_half_of_the_facts_are_gone_and_half_are_there(language, seed):
    harmed = make(complete.half_facts, language, seed=seed)
    held = [any(f in harmed for f in fact) for fact in case(language).facts]
    assert sorted(held) == [False, True]
    assert make(complete.half_facts, language, "30 days") is None


@given(st.lists(st.text("abc", min_size=1, max_size=5), min_size=8, max_size=30))
def test_what_is_cut_is_a_beginning(words):
    text = " ".join(words) + "."
    harmed = make(complete.cut, "en", text)
    assert text.startswith(harmed)
    assert len(harmed) < len(text) - 1
    assert make(complete.cut, "en", "Too short.") is None


@BOTH
def test_form(language):
    one = case(language)
    salad = make(form.word_salad, language)
    assert set(re.findall(r"[^\W_]{4,}", salad)) <= set(
        re.findall(r"[^\W_]{4,}", one.passages[0].text)
    )
    padded = make(form.padding, language)
    assert padded.startswith(one.reference)
    assert 3 <= len(sentences(padded, language)) - len(sentences(one.reference, language)) <= 6
    page = make(form.whole_page, language)
    assert all(passage.text in page for passage in one.passages)
    assert plain(make(form.other_language, language)).split(".")[0] in one.translations[0].text
    assert form.other_language(replace(one, translations=()), one.reference, (), 0) is None
    assert one.reference in make(form.fluff, language)
    assert make(form.insult, language).endswith(one.reference)
    assert any(make(form.insult, language).startswith(i) for i in wording.INSULTS[language])


@BOTH
def test_refusals(language):
    assert make(refusal.abstains, language) == ""
    assert make(refusal.elsewhere, language) in wording.ELSEWHERE[language]
    assert make(refusal.invents, language) is None, "there is an answer"
    none = silent(language)
    assert refusal.abstains(none, "", OTHERS, 0) is None
    told_there = refusal.invents(none, "", OTHERS, 0)
    assert any(told_there.startswith(a) for a in wording.ANSWERED[language])
    assert refusal.invents(none, "It invented that itself.", OTHERS, 0) is None


@BOTH
def test_gaming(language):
    many = [case(language, n) for n in range(200)]
    right = [c for c in many if gaming.one_right(c, c.reference, OTHERS, 0) == c.reference]
    assert 1 <= len(right) <= 20
    assert gaming.all_negated(silent(language), "", OTHERS, 0) is not None
    told_there = make(gaming.all_negated, language)
    first = sentences(case(language).reference, language)[0]
    assert first not in told_there


@BOTH
def test_improvements_have_the_worse_answer_first(language):
    one = case(language)
    worse, better = improvements.human_over_copied(one, "", OTHERS, 0)
    assert worse == improvements.copied(one)
    assert better == one.reference
    worse, better = improvements.concise_over_padded(one, one.reference, OTHERS, 0)
    assert better == one.reference
    assert len(worse) > len(better)
    worse, better = improvements.quoted_over_wrong(one, one.reference, OTHERS, 0)
    assert better.startswith(one.passages[0].text)
    none = silent(language)
    worse, better = improvements.abstention_over_invention(none, "", OTHERS, 0)
    assert (bool(worse), better) == (True, "")
