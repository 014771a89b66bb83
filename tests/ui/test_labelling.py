"""People's labels on the quality page."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from assistant.guarding.oversight import Oversight
from guardrails.pairs import Sampling
from guardrails.store.store import Store
from tests.support import labelled, overseen
from tests.ui.support import guarding
from tests.ui.support.labelled import LabelStub
from tests.ui.support.stub import Stub
from tests.ui.test_quality import fields, press, run, told, visit
from ui.api.types import ApiBlindPairView, ApiLabelTaken, ApiRoundsView
from ui.texts.labelling import ENGLISH, GERMAN

CELL = {"arm": "support-tone", "segment": "glossary/en"}


@pytest.fixture
def page(stub: Stub) -> AppTest:
    return visit(stub, guarding.one_candidate(), **CELL)


def begin(page: AppTest, by: str = "Ada ") -> AppTest:
    page.text_input(key="label-by").set_value(by)
    return press(page, "label-begin")


def choices(page: AppTest) -> list[str]:
    given = ("a", "b", "tie", "both", "neither", "unsure")
    return [b.label for b in page.button if b.key in {f"label-{one}" for one in given}]


def test_nothing_is_asked_before_somebody_wants_to_label(stub: Stub, page: AppTest):
    assert not stub.guard.labels.asked
    assert not choices(page)
    begin(page, " ")
    assert "Please say who you are." in [one.value for one in page.warning]
    assert not stub.guard.labels.asked


def test_a_pair_is_shown_blind_and_a_label_brings_the_next(stub: Stub, page: AppTest):
    begin(page)
    assert stub.guard.labels.asked == [{**CELL, "kind": "better", "by": "Ada"}]
    said = told(page)
    assert "**What is a \\*voucher\\*, case 1?**" in said
    assert "Written from: Voucher; Prices & codes" in said.replace("\\", "")
    assert "A **voucher** is a code" in said
    assert "<b>now</b>" not in said
    assert choices(page) == ["A is better", "B is better", "As good", "Cannot tell"]
    press(page, "label-b")
    assert stub.guard.labels.said == [{"round": 1, "place": 1, "choice": "b", "by": "Ada"}]
    assert "1 of 60 pairs are labelled." in told(page)
    assert "case 2?" in told(page)
    assert "*(no answer)*" in told(page)


def test_the_last_label_is_changed(stub: Stub, page: AppTest):
    begin(page)
    press(page, "label-a")
    press(page, "label-undo")
    assert "case 1?" in told(page)
    assert page.info[0].value == ENGLISH.undone
    assert "label-undo" not in [b.key for b in page.button]
    press(page, "label-tie")
    assert [(one["place"], one["choice"]) for one in stub.guard.labels.said] == [
        (1, "a"),
        (1, "tie"),
    ]
    assert "case 2?" in told(page)


def test_which_are_right_is_asked_apart(stub: Stub, page: AppTest):
    begin(page)
    page.segmented_control(key="label-kind").set_value("right")
    run(page)
    press(page, "label-begin")
    assert stub.guard.labels.asked[-1]["kind"] == "right"
    assert choices(page)[2:4] == ["Both are right", "Neither is right"]
    press(page, "label-neither")
    assert stub.guard.labels.said[0]["choice"] == "neither"


def test_a_label_that_is_refused_keeps_its_pair_and_the_end_is_told(stub: Stub, page: AppTest):
    begin(page, "nobody")
    press(page, "label-a")
    assert "There is no \\*nobody\\*\\." in page.error[0].value
    assert "case 1?" in told(page)
    stub.guard.labels.pairs = 1
    page.text_input(key="label-by").set_value("Ada")
    press(page, "label-a")
    assert "All 1 pairs of round 1 are labelled" in page.error[0].value.replace("\\", "")
    assert not choices(page)
    assert "1 of 1 pairs are labelled." in told(page)


def test_results_are_only_shown_on_demand(stub: Stub, page: AppTest):
    assert "People:" not in told(page)
    page.toggle(key="label-show").set_value(True)
    run(page)
    assert ENGLISH.nothing in told(page)
    stub.guard.labels = LabelStub(said=[{"place": 1}])
    press(page, "refresh")
    said = told(page)
    assert "Which is better? 12 of 60 pairs labelled." in said
    assert "People: +0.100 on average over all pairs, somewhere from −0.210 to +0.350" in said
    assert "fast says +0.012; it is off by something from −0.338 to +0.222." in said
    assert "Two people said the same of 75 % of 4 pairs, kappa 0.5 · Ada: 11" in said
    stub.guard.labels = LabelStub(contradicted=True)
    press(page, "refresh")
    assert "**People contradict it.**" in told(page)
    assert "Nobody rises in English" in page.error[0].value


def test_it_is_said_in_german(stub: Stub, page: AppTest):
    page.segmented_control(key="language").set_value("de")
    run(page)
    begin(page)
    assert choices(page)[2:] == ["Gleich gut", "Kann ich nicht sagen"]
    page.toggle(key="label-show").set_value(True)
    stub.guard.labels.contradicted = True
    run(page)
    assert "**Menschen widersprechen ihm.**" in told(page)
    assert fields(ENGLISH) == fields(GERMAN)


def test_what_the_real_api_says_is_understood_and_the_stub_speaks_alike(tmp_path: Path):
    with overseen.database(tmp_path) as engine:
        store = Store(engine)
        labelled.compare(store, np.zeros(60).tolist())
        seen = Oversight(store, labelled.POLICY, Sampling(), ("tuned",), list)
        offer = seen.next_label("tuned", "glossary/en", by="ada")
        taken = seen.label(offer.round, offer.place, "a", "ada").model_dump(mode="json")
        offer = offer.model_dump(mode="json")
        rounds = seen.labels().model_dump(mode="json")
    assert ApiBlindPairView.model_validate(offer).choices == ["a", "b", "tie", "unsure"]
    assert ApiLabelTaken.model_validate(taken).labels == 1
    (one,) = ApiRoundsView.model_validate(rounds).rounds
    assert one.people.labels == 1
    assert set(LabelStub().round()) == set(rounds["rounds"][0])
    assert set(LabelStub().round()["metrics"][0]) == set(rounds["rounds"][0]["metrics"][0])
