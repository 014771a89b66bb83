from pathlib import Path
from string import Formatter

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

import ui
from assistant.guarding.oversight import Oversight
from guardrails.pairs import Sampling
from guardrails.store.store import Store
from tests.support import overseen
from tests.ui.support import guarding
from tests.ui.support.guarding import GuardStub
from tests.ui.support.stub import Stub
from tests.ui.test_page import shown
from ui.api.transfer import SegmentMap, most_urgent
from ui.api.types import ApiDecisionsView, ApiDraftLabelView, ApiGuardStatus, ApiReplayView
from ui.quality import drafts
from ui.texts.quality import DraftsText
from ui.texts.quality_de import GERMAN
from ui.texts.quality_en import ENGLISH

APP = str(Path(ui.__file__).with_name("app.py"))


def visit(stub: Stub, guard: GuardStub | None = None, **query: str) -> AppTest:
    """Open the page as its address does."""
    if guard:
        stub.guard = guard
    page = AppTest.from_file(APP, default_timeout=170)
    page._page_hash = calc_hash("quality")
    for name, value in query.items():
        page.query_params[name] = value
    return run(page)


def run(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception
    return page


def press(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click()
    return run(page)


def cells(page: AppTest) -> dict[str, str]:
    return {b.key: b.label for b in page.button if b.key and b.key.startswith("cell-")}


def told(page: AppTest) -> str:
    """Return all that is shown, headings, alarms and results included."""
    more = [e.value for kind in (page.subheader, page.success, page.title) for e in kind]
    bars = [bar.proto.text for bar in page.get("progress")]
    return "\n".join([shown(page), *more, *bars])


def test_without_a_candidate_the_page_says_how_to_get_one(stub: Stub):
    page = visit(stub)
    assert "No tuned model yet" in told(page)
    assert [code.value.split()[:2] for code in page.code] == [
        ["routeback", "demo"],
        ["routeback", "arms"],
    ]
    assert not cells(page)


def test_a_new_candidate_has_nothing_compared(stub: Stub):
    page = visit(stub, GuardStub(candidates=["support-tone"]))
    assert "has not been compared with base yet; base answers everything" in told(page)
    assert "Nothing compared yet" in told(page)
    assert not cells(page)


def test_the_headline_says_where_it_answers_and_why_it_was_routed_back(stub: Stub):
    guard = GuardStub()
    guard.add("support-tone", "support.billing/en", "better")
    guard.add("support-tone", "glossary/en", "worse")
    page = visit(stub, guard)
    assert page.markdown[0].value == (
        "**support\\-tone** answers support\\.billing questions in English; it was routed back "
        "for glossary questions in English on 24\u00a0Nov 2026 because its answers scored 0.44 "
        "lower than base's on average."
    )


def test_with_several_strengths_the_best_proven_one_is_named(stub: Stub):
    guard = GuardStub()
    guard.add("tone", "glossary/en", "worse")
    guard.add("tone@0.5", "glossary/en", "better")
    guard.add("tone@0.25", "glossary/en", "equal")
    headline = visit(stub, guard).markdown[0].value
    assert headline.startswith("**tone** answers glossary questions in English at strength 0.5;")
    assert "at strength 0.25" not in headline
    assert "routed back for glossary questions in English at full strength" in headline


@pytest.mark.parametrize(
    ("cause", "by", "why"),
    [
        ("person", "Ada", "because Ada decided so."),
        ("parent", "guard", "because it turned out worse over several kinds of question together."),
    ],
)
def test_who_routed_back_is_told(stub: Stub, cause: str, by: str, why: str):
    guard = GuardStub()
    cell = guard.add("tone", "glossary/en", "worse")
    decision = guard.decide(
        "tone", "glossary/en", "serving", "routed_back", guarding.NOW, by=by, cause=cause
    )
    cell["decision"] = decision["id"]
    assert visit(stub, guard).markdown[0].value.endswith(why)


def test_every_cell_tells_its_verdict_numbers_and_stage_in_words(stub: Stub):
    found = cells(visit(stub, guarding.ladder()))
    assert len(found) == 31
    worse = found["cell-worse-support-tone-glossary/en"]
    assert "*support\\-tone, glossary, English:*" in worse
    for words in ("**worse**", "−0.44\u2002\\[−0.54, −0.33\\]", "routed back\u2002·\u200253 pairs"):
        assert words in worse
    assert "**shown harmless**" in found["cell-equal-support-tone@0.5-glossary/de"]
    assert "**no harm shown yet**" in found["cell-unproven-support-tone@0.5-glossary/en"]
    nothing = found["cell-unproven-support-tone-support.setup/de"]
    assert "**not compared yet**" in nothing
    assert "0.00" not in nothing


def test_strengths_stand_in_order_and_what_is_above_stands_apart(stub: Stub):
    guard = guarding.ladder()
    heads = [
        one.proto.body for one in visit(stub, guard).html if 'class="rb-head' in one.proto.body
    ]
    assert ["@0.5" in head for head in heads[1:]] == [False, True, False]
    assert "@0.25" in heads[3]
    found = SegmentMap(
        candidates=tuple(guard.candidates), cells=guard.cells, false_route_backs_per_month=0.0
    )
    assert found.own == sorted(guarding.SEGMENTS)
    assert found.above == ["*"]


def test_what_is_worse_is_shown_first_and_a_pressed_cell_afterwards(stub: Stub):
    page = visit(stub, guarding.one_candidate())
    assert page.subheader[1].value == "support\\-tone · glossary, English"
    assert "Its answers score **lower** than base's: −0.437 on average" in told(page)
    assert "Evidence that it is worse: 277,933 of 240,000" in told(page)
    press(page, "cell-better-support-tone-support.account/en")
    assert page.subheader[1].value == "support\\-tone · support\\.account, English"
    named = {name: page.query_params[name] for name in ("arm", "segment")}
    assert named == {"arm": "support-tone", "segment": "support.account/en"}
    run(page)
    assert page.subheader[1].value == "support\\-tone · support\\.account, English"


def test_an_address_can_name_the_cell_and_a_wrong_one_does_no_harm(stub: Stub):
    named = {"arm": "support-tone", "segment": "support.data/en"}
    page = visit(stub, guarding.one_candidate(), **named)
    assert page.subheader[1].value == "support\\-tone · support\\.data, English"
    page = visit(stub, guarding.one_candidate(), arm="nobody", segment="x/en")
    assert page.subheader[1].value == "support\\-tone · glossary, English"


def test_unproven_is_never_called_harmless(stub: Stub):
    named = {"arm": "support-tone", "segment": "support.setup/en"}
    said = told(visit(stub, guarding.one_candidate(), **named))
    assert "No harm is shown yet, and harmlessness is not either" in said
    assert "shown harmless**:" not in said
    named["segment"] = "support.setup/de"
    said = told(visit(stub, guarding.one_candidate(), **named))
    assert "Nothing is known, so base answers" in said


def test_a_segment_above_has_no_stage_and_no_pin(stub: Stub):
    page = visit(stub, guarding.one_candidate(), arm="support-tone", segment="support/en")
    assert "It has no stage of its own" in told(page)
    assert "Decisions are made in the kinds below." in told(page)
    assert not [e for e in page.expander if e.label == ENGLISH.pin]


def test_the_curve_is_drawn_only_where_there_are_several_strengths(stub: Stub):
    assert not visit(stub, guarding.one_candidate()).get("vega_lite_chart")
    page = visit(stub, guarding.ladder(), arm="support-tone@0.5", segment="glossary/en")
    assert len(page.get("vega_lite_chart")) == 1
    guard = guarding.ladder()
    found = SegmentMap(
        candidates=tuple(guard.candidates), cells=guard.cells, false_route_backs_per_month=0.0
    )
    curve = found.curve("support-tone@0.5", "glossary/en")
    assert [cell.arm for cell in curve] == ["support-tone@0.25", "support-tone@0.5", "support-tone"]
    assert not found.curve("support-tone", "support.setup/de")


def test_a_replay_says_the_same_or_what_differs(stub: Stub):
    guard = guarding.one_candidate()
    page = visit(stub, guard)
    (decision,) = [one for one in guard.decisions if one["segment"] == "glossary/en"]
    assert decision["reason"].split(":")[0] in told(page).replace("\\", "")
    assert not page.success
    press(page, f"replay-{decision['id']}")
    assert page.success[0].value.startswith("The same, byte for byte.")
    assert decision["sha256"] in page.success[0].value
    guard.lost.add(decision["id"])
    press(page, f"replay-{decision['id']}")
    assert not page.success
    assert "**Not the same.**" in page.error[0].value
    assert "recorded \\-0\\.437, now \\-0\\.2" in page.error[0].value


def test_a_replay_that_fails_is_no_success(stub: Stub):
    page = visit(stub, guarding.one_candidate())
    (key,) = [b.key for b in page.button if b.key and b.key.startswith("replay-")]
    stub.down = True
    press(page, key)
    assert not page.success
    assert len(page.error) == 2


def fill(page: AppTest, place: str, stage: str | None, by: str, why: str) -> AppTest:
    page.selectbox(key=f"pin-stage-{place}").set_value(stage)
    page.text_input(key=f"pin-by-{place}").set_value(by)
    page.text_area(key=f"pin-why-{place}").set_value(why)
    return press(page, f"pin-go-{place}")


def test_a_pin_says_who_and_why_and_is_asked_about_before_it_counts(stub: Stub):
    guard = guarding.one_candidate()
    page = visit(stub, guard)
    place = "support-tone-glossary/en"
    fill(page, place, "serving", "Ada ", " ")
    assert page.warning[0].value == "Please say who you are and why."
    fill(page, place, "serving", "Ada ", " launch *now* ")
    assert "even if it turns out worse" in page.warning[0].value
    assert "Ada: launch \\*now\\*" in page.warning[0].value
    assert not guard.orders
    press(page, "pin-back")
    assert page.text_area(key=f"pin-why-{place}").value == "launch *now*"
    press(page, f"pin-go-{place}")
    press(page, "pin-confirm")
    asked = {
        "arm": "support-tone",
        "segment": "glossary/en",
        "stage": "serving",
        "by": "Ada",
        "why": "launch *now*",
    }
    assert guard.orders == [("pin", asked)]
    assert guard.decisions[0]["id"] in page.success[0].value
    assert "pinned" in cells(page)["cell-worse-support-tone-glossary/en"]
    assert page.text_input(key=f"pin-by-{place}").value == "Ada"
    fill(page, place, None, "Grace", "over")
    press(page, "pin-confirm")
    assert guard.orders[1][0] == "unpin"
    assert "pinned" not in cells(page)["cell-worse-support-tone-glossary/en"]


def test_a_pin_that_is_refused_stays_asked(stub: Stub):
    guard = guarding.one_candidate()
    cell = next(c for c in guard.cells if c["segment"] == "glossary/en")
    cell["pin"] = {"by": "Ada", "why": "wait"}
    page = visit(stub, guard)
    fill(page, "support-tone-glossary/en", None, "Grace", "over")
    cell["pin"] = None
    press(page, "pin-confirm")
    assert "is not pinned in glossary/en" in page.error[0].value.replace("\\", "")
    assert not page.success
    assert [b for b in page.button if b.key == "pin-confirm"]


def test_alarms_and_open_breakers_stand_on_top(stub: Stub):
    guard = guarding.one_candidate()
    guard.alarms = [guarding.alarm("blind", "support-tone", "62% of *them* have no score")]
    guard.open_breakers = ["support-tone"]
    page = visit(stub, guard)
    assert "**The guardrail cannot see: support\\-tone, since" in page.error[0].value
    assert "62% of \\*them\\*" in page.error[0].value
    assert "5 of the last 10 calls failed" in page.warning[0].value


def test_the_number_of_false_route_backs_and_the_budget_are_told(stub: Stub):
    said = told(visit(stub, guarding.one_candidate()))
    assert "**at most 0.34**" in said
    assert "at most 5 % chance" in said
    assert "in 4,000 scored pairs" in said


def test_the_documents_own_words_have_a_row_a_sentence_and_no_pin(stub: Stub):
    guard = GuardStub()
    guard.add("quote", "glossary/en", "worse")
    guard.add("quote", "support.billing/en", "better")
    page = visit(stub, guard)
    found = cells(page)
    assert "*the document's own words, glossary, English:*" in found["cell-worse-quote-glossary/en"]
    assert "compared only" in found["cell-better-quote-support.billing/en"]
    said = told(page)
    assert "only compared with what base writes: better for support\\.billing questions" in said
    assert "worse for glossary questions in English" in said
    assert "They score **lower** than what base writes" in said
    assert "Routed back so far" not in said
    assert not [e for e in page.expander if e.label == ENGLISH.pin]
    # It is no tuned model, so the page goes on to say how to get one.
    assert "No tuned model yet" in said


def test_beside_a_tuned_model_they_come_last_and_are_not_what_is_urgent(stub: Stub):
    guard = GuardStub()
    guard.add("quote", "glossary/en", "worse")
    guard.add("tone", "glossary/en", "unproven")
    page = visit(stub, guard)
    assert page.subheader[1].value == "tone · glossary, English"
    heads = [one.proto.body for one in page.html if 'class="rb-head"' in one.proto.body]
    assert ["the document" in head for head in heads] == [False, True]
    assert "No tuned model yet" not in told(page)


def test_an_arm_that_writes_better_is_suggested_with_the_command(stub: Stub):
    guard = GuardStub()
    guard.add("quote", "glossary/en", "worse")
    guard.write("base", "glossary/en", "better")
    guard.write("base", "support.billing/en", "equal")
    page = visit(stub, guard)
    said = told(page)
    assert (
        "**base** writes better than the document for glossary questions in English: +0.120" in said
    )
    assert "support" not in said.split("Transfer map")[0].replace("support-tone", "")
    assert "routeback arms write base glossary/en" in [code.value for code in page.code]
    guard.write("base", "glossary/de", "better", writes=True, by="Ada *B*", forced=True, why="test")
    said = told(run(page))
    assert "**base** writes for glossary questions in German where" in said
    assert "Ada \\*B\\* let it on" in said
    assert "without evidence: test" in said


def test_what_may_be_let_write_and_what_may_not_is_told_in_the_dossier(stub: Stub):
    guard = GuardStub()
    for segment, finding in (("glossary/en", "equal"), ("support.data/en", "unproven")):
        guard.add("quote", segment, "unproven")
        guard.write("base", segment, finding)
    guard.decide("base", "glossary/en", "quoted", "writing", guarding.NOW, by="Ada")
    page = visit(stub, guard, arm="quote", segment="glossary/en")
    assert "You may let it write:" in told(page)
    assert "routeback arms write base glossary/en" in [code.value for code in page.code]
    assert "**quoted → writes**" in told(page)
    page = visit(stub, guard, arm="quote", segment="support.data/en")
    assert "It is not let write, as nothing shows yet that it does better." in told(page)
    assert "routeback arms write base support.data/en" not in [code.value for code in page.code]


def test_without_a_key_the_page_says_what_to_set_and_shows_nothing(stub: Stub, monkeypatch):
    stub.key = "secret"
    page = visit(stub, guarding.one_candidate())
    assert "ROUTEBACK_API_KEY" in page.error[0].value
    assert not cells(page)
    monkeypatch.setenv("ROUTEBACK_API_KEY", "secret")
    assert len(cells(run(page))) == 13
    monkeypatch.setenv("ROUTEBACK_API_KEY", "old")
    assert not cells(run(page))


def test_when_the_server_is_gone_the_last_values_stay_and_are_called_old(stub: Stub):
    page = visit(stub, guarding.one_candidate())
    stub.down = True
    press(page, "refresh")
    assert "newer ones could not be read" in page.error[0].value
    assert len(cells(page)) == 13
    stub.down = False
    press(page, "refresh")
    assert not page.error


def test_a_refresh_shows_what_is_new(stub: Stub):
    guard = GuardStub()
    guard.add("tone", "glossary/en", "unproven")
    page = visit(stub, guard)
    guard.cells[0] |= {"verdict": "worse", "stage": "routed_back"}
    press(page, "refresh")
    assert list(cells(page)) == ["cell-worse-tone-glossary/en"]


def test_names_from_outside_are_never_markup(stub: Stub):
    guard = GuardStub()
    guard.add("<b>x</b>*y*", "gl$ossary$/en", "worse")
    page = visit(stub, guard)
    bodies = [one.proto.body for one in page.html if "rb-" in one.proto.body]
    assert not [body for body in bodies if "<b>x</b>" in body]
    assert "\\<b\\>x\\</b\\>\\*y\\*" in page.markdown[0].value


def test_german_says_everything_in_german(stub: Stub):
    page = visit(stub, guarding.one_candidate())
    page.segmented_control(key="language").set_value("de")
    run(page)
    assert page.title[0].value == "Qualität"
    said = told(page)
    assert "Fragen zu glossary auf Englisch" in said
    assert "im Mittel −0,437" in said
    assert "277\\.933 von 240\\.000" in said
    assert "**schlechter**" in cells(page)["cell-worse-support-tone-glossary/en"]


def fields(text) -> list[tuple[str, frozenset[str]]]:
    """Return the name and the placeholders of every sentence."""
    found = []
    for name in text.__slots__:
        value = getattr(text, name)
        if isinstance(value, DraftsText):
            found += fields(value)
            continue
        for key, sentence in value.items() if isinstance(value, dict) else [("", value)]:
            named = frozenset(part for _, part, _, _ in Formatter().parse(sentence) if part)
            found.append((f"{name}.{key}", named))
    return found


def test_both_languages_fill_in_the_same_values():
    assert fields(ENGLISH) == fields(GERMAN)


def test_the_chat_is_the_first_page_and_leads_here(stub: Stub):
    page = run(AppTest.from_file(APP, default_timeout=170))
    assert page.title[0].value == "What would you like to know?"
    assert len(page.get("page_link")) == 7
    assert page.button(key="new-conversation")
    assert not [b for b in visit(stub).button if b.key == "new-conversation"]


def test_what_the_real_api_says_is_understood(tmp_path: Path):
    decided = overseen.feed(tmp_path)
    overseen.feed_quote(tmp_path, "glossary/en", -0.25)
    arms = ("tuned", "new", "quote")
    with overseen.database(tmp_path) as engine:
        seen = Oversight(Store(engine), overseen.POLICY, Sampling(), arms, list)
        found = SegmentMap.model_validate_json(seen.map().model_dump_json())
        status = ApiGuardStatus.model_validate_json(seen.status().model_dump_json())
        text = seen.decisions().model_dump_json()
        listed = ApiDecisionsView.model_validate_json(text).decisions
        replayed = ApiReplayView.model_validate_json(seen.replay(decided[0].id).model_dump_json())
    urgent = most_urgent(found)
    assert urgent is not None
    assert (urgent.key, urgent.verdict) == (("tuned", "glossary/en"), "worse")
    assert found.arms == ["new", "tuned", "quote"]
    assert found.tuned == ["new", "tuned"]
    (writer,) = found.writing
    assert (writer.arm, writer.suggested, writer.policy) == ("base", True, "first")
    assert status.budget.tolerance == overseen.POLICY.tolerance
    assert {one.id for one in listed if one.arm == "tuned"} == {one.id for one in decided}
    assert replayed.same


def test_the_stub_speaks_as_the_real_api_does(tmp_path: Path):
    """What the page is tested with has the fields that the API has."""
    overseen.feed(tmp_path)
    overseen.feed_quote(tmp_path, "glossary/en", -0.25, pairs=5)
    stub = guarding.one_candidate()
    with overseen.database(tmp_path) as engine:
        seen = Oversight(Store(engine), overseen.POLICY, Sampling(), ("tuned",), list)
        real = seen.map().model_dump(mode="json")
        status = seen.status().model_dump(mode="json")
        decision = seen.decisions().decisions[0].model_dump(mode="json")
        replayed = seen.replay(decision["id"]).model_dump(mode="json")
    assert set(stub.cells[0]) <= set(real["cells"][0])
    assert set(stub.status()) <= set(status)
    assert set(stub.status()["budget"]) <= set(status["budget"])
    assert set(stub.decisions[0]) <= set(decision)
    assert set(stub.replay(stub.decisions[0]["id"])) <= set(replayed)
    assert set(stub.write("base", "glossary/en", "better")) <= set(real["writing"][0])


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_says_what_this_guard_would_notice(stub: Stub, language: str):
    guard = GuardStub(
        measure={
            "at": guarding.NOW.isoformat(),
            "origin": "our cases",
            "languages": [
                {
                    "language": "en",
                    "rises": False,
                    "why": "",
                    "changes": [
                        {"name": "word-salad", "family": "form", "noticed": "missed"},
                        {"name": "abstains", "family": "refusal", "noticed": "noticed"},
                        {"name": "new-one", "family": "facts", "noticed": "not measured"},
                        {
                            "name": "human-over-copied",
                            "family": "improvements",
                            "noticed": "missed",
                        },
                    ],
                }
            ],
        }
    )
    guard.add("tone", "glossary/en", "better")
    page = visit(stub, guard)
    page.segmented_control(key="language").set_value(language)
    run(page)
    words = {
        "en": (
            "**English**: 1 of 3 harms are noticed.",
            "Not noticed: word salad.",
            "too few cases: new\\-one.",
            "Routed back although better: people's own words.",
            "No candidate rises here",
        ),
        "de": (
            "**Englisch**: 1 von 3 Schäden werden bemerkt.",
            "Nicht bemerkt: Wortsalat.",
            "Kein Kandidat steigt hier auf",
        ),
    }[language]
    for said in words:
        assert said in told(page)


def test_a_guard_that_was_not_attacked_is_said_to_be_unknown(stub: Stub):
    guard = GuardStub()
    guard.add("tone", "glossary/en", "better")
    assert "nobody knows what it notices" in told(visit(stub, guard))


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_is_held_and_what_readers_are_promised_is_said(stub: Stub, language: str):
    guard = GuardStub()
    cell = guard.add("tuned", "support.billing/en", "equal")
    cell["held"] = "support/en"
    cell["metrics"] = [*cell["metrics"], {**cell["metrics"][0], "metric": "failures"}]
    page = visit(stub, guard)
    page.segmented_control(key="language").set_value(language)
    run(page)
    assert not page.exception
    held, promised, named, headline = {
        "en": ("Held.", "gives about 240 answers", "answers that fail", "is held for"),
        "de": ("Angehalten.", "gibt etwa 240 Antworten", "gescheiterte", "ist angehalten bei"),
    }[language]
    said = told(page)
    assert held in page.warning[0].value
    assert any(promised in caption.value for caption in page.caption)
    assert named in said
    assert headline in said
    (shown,) = [label for key, label in cells(page).items() if "support.billing" in key]
    assert held.lower().rstrip(".") in shown


@pytest.mark.parametrize(
    ("language", "words"), [("en", "2 of 3 routed back"), ("de", "2 von 3 zurückgenommen")]
)
def test_a_segment_above_says_how_many_below_it_are_routed_back(stub: Stub, language, words):
    guard = GuardStub()
    for kind in ("account", "billing"):
        guard.add("tuned", f"support.{kind}/en", "worse")
    guard.add("tuned", "support.data/en", "equal")
    guard.gather("tuned", "support/en")
    guard.cells[-1]["below"] = [2, 3]
    page = visit(stub, guard)
    page.segmented_control(key="language").set_value(language)
    run(page)
    (shown,) = [label for key, label in cells(page).items() if key.endswith("tuned-support/en")]
    assert words in shown


def draft_labels(**more: object) -> dict[str, object]:
    share = {"hits": 6, "of": 8, "value": 0.75, "low": 0.41, "high": 0.93}
    none = {"hits": 0, "of": 0, "value": None, "low": 0.0, "high": 1.0}
    return {
        "arm": "quote", "revision": "1*2*", "segment": "faq/en", "as_is": 2, "edited": 4,
        "rewritten": 1, "discarded": 1, "open": 3, "latest": "2026-03-01T00:00:00Z",
        "similarity": 0.914, "used": share, "unchanged": share, "facts_changed": none, **more,
    }  # fmt: skip


def test_what_became_of_drafts_is_told_with_its_interval():
    row = drafts._row(ApiDraftLabelView.model_validate(draft_labels()), ENGLISH)
    assert row["Who wrote it"].endswith("(1*2*)")
    assert (row["As it was"], row["Edited"], row["Open"]) == ("2", "4", "3")
    assert row["Used"] == "75\u00a0% (41 to 93) of 8"
    assert row["Facts changed"] == "–", "of none there is no share"
    assert row["Likeness"] == "0.91"


def test_drafts_are_not_read_before_somebody_opens_them(stub: Stub):
    page = visit(stub, guarding.one_candidate())
    assert "What people make of drafts" in [one.label for one in page.expander]
    assert not page.dataframe
