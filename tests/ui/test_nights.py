"""The page of the nights over a real API: what is read, what is drawn, and a case that is added."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

import ui
from tests.ui.support.world import TONE, World, world
from ui.api.types import ApiNightView
from ui.nights import names
from ui.texts.nights import TEXTS

APP = str(Path(ui.__file__).with_name("app.py"))
ENGLISH = TEXTS["en"]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world") / "at", count=20, pages=False) as at:
        yield at


@pytest.fixture
def page(served: World, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("ROUTEBACK_API_URL", served.api)
    key = served.headers["Authorization"].removeprefix("Bearer ")
    monkeypatch.setenv("ROUTEBACK_API_KEY", key)
    return visited()


def visited(**state: object) -> AppTest:
    at = AppTest.from_file(APP, default_timeout=100)
    at._page_hash = calc_hash("nights")
    for name, value in state.items():
        at.session_state[name] = value
    return ran(at)


def ran(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    return at


def told(at: AppTest) -> str:
    kinds = (at.markdown, at.caption, at.subheader, at.title, at.info, at.success, at.error)
    tables = [one.proto.body for one in at.html]
    return "\n".join([*(element.value for kind in kinds for element in kind), *tables])


def section(at: AppTest, name: str) -> AppTest:
    at.segmented_control(key="night-section").set_value(name)
    return ran(at)


@pytest.mark.slow
def test_the_newest_night_says_how_it_ended_and_why_its_gates_failed(page: AppTest):
    said = told(page)
    assert "**Regression** – moved by the candidate **support\\-tone**" in said
    assert "✗ failed" in said
    assert said.index("✗ failed") < said.index("✓ passed"), "what failed stands first"
    assert f"The answers of **{TONE.replace('-', chr(92) + '-')}** changed" in said


@pytest.mark.slow
def test_a_page_of_the_list_holds_what_is_shown_and_no_more(page: AppTest):
    def shown() -> list[str]:
        return [one.key[-10:] for one in page.button if one.key and one.key.startswith("night-")]

    first = shown()
    assert len(first) == 8
    page.session_state["nights-page"] = 3
    ran(page)
    assert len(shown()) == 4
    assert not {*shown()} & {*first}


@pytest.mark.slow
def test_a_night_that_is_chosen_is_shown_and_named_in_the_address(page: AppTest):
    (failed,) = [b for b in _all_pages(page) if b.key.startswith("night-unmeasured")]
    failed.click()
    ran(page)
    assert "the judge cannot be reached" in told(page)
    assert page.query_params["night"] == failed.key[-10:]


def _all_pages(page: AppTest) -> list:
    found = []
    for number in (1, 2):
        page.session_state["nights-page"] = number
        ran(page)
        found += [one for one in page.button if one.key and one.key.startswith("night-")]
        if any(one.key.startswith("night-unmeasured") for one in found):
            return [one for one in found if one.key.startswith("night-unmeasured")]
    return found


def test_causes_name_who_moved_a_score(page: AppTest):
    said = told(section(page, "causes"))
    assert "moved by the candidate **support\\-tone**" in said
    assert "<b>shown</b>" in said
    assert "not shown" in said


def test_worst_cases_stand_beside_what_was_expected(page: AppTest):
    said = told(section(page, "worst"))
    assert "**Expected:** Knowledge from one task" in said
    assert "**This night** · support\\-tone, tonight" in said
    assert len([one for one in page.markdown if one.value.startswith("**Expected")]) == 4


def test_a_real_question_becomes_a_case_and_can_be_taken_out(page: AppTest, served: World):
    section(page, "gaps")
    said = told(page)
    assert "The cases stand for **80 %**" in said
    assert "How do I verify the signature of a webhook?" in said
    (first, *_) = [one for one in page.button if one.key and one.key.startswith("add-")]
    first.click()
    ran(page)
    page.radio(key="case-kind").set_value("write")
    page.button(key="case-save").click()
    ran(page)
    assert "needs a right answer; got none" in told(page).replace("\\", "")
    assert page.text_area(key="case-question").value.startswith("How do I verify"), (
        "nothing is lost"
    )
    page.text_area(key="case-reference").set_value("Compute an HMAC of the body.")
    page.button(key="case-save").click()
    ran(page)
    assert "The next night asks it" in told(page)
    cases = httpx.get(f"{served.api}/v1/evals/cases", headers=served.headers).json()["cases"]
    assert cases[0]["expected"]["reference"] == "Compute an HMAC of the body."
    assert "is an eval case" in told(page)
    section(page, "cases")
    assert "Before: no answer found" in told(page)
    page.button(key=f"take-out-{cases[0]['id']}").click()
    ran(page)
    assert "is taken out" in told(page)
    left = httpx.get(f"{served.api}/v1/evals/cases", headers=served.headers).json()
    assert cases[0]["id"] not in {case["id"] for case in left["cases"]}


def test_whoever_may_not_add_sees_the_gaps_and_is_told_why(
    served: World, monkeypatch: pytest.MonkeyPatch
):
    body = {"name": f"agent-{os.getpid()}", "roles": ["agent"], "groups": [], "days": 1}
    key = httpx.post(f"{served.api}/v1/keys", json=body, headers=served.headers, timeout=60).json()[
        "key"
    ]
    monkeypatch.setenv("ROUTEBACK_API_URL", served.api)
    monkeypatch.setenv("ROUTEBACK_API_KEY", key)
    at = section(visited(), "gaps")
    assert ENGLISH.may_not in told(at)
    assert not [one for one in at.button if one.key and one.key.startswith("add-")]


@pytest.mark.slow
def test_the_chart_has_its_words_for_who_does_not_see_it(page: AppTest):
    (chart,) = page.get("vega_lite_chart")
    assert "Last: " in str(chart.proto)
    assert "support-tone" in str(chart.proto)


def test_german_is_german(served: World, page: AppTest):
    at = visited(language="de")
    assert "**Rückschritt** – bewegt durch: Kandidat" in told(at)
    assert "Tore" in [str(one) for one in at.segmented_control(key="night-section").options]


def test_without_a_server_the_page_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ROUTEBACK_API_URL", "http://127.0.0.1:9")
    assert "The nights could not be read." in told(visited())


@pytest.mark.parametrize(
    ("state", "code", "verdict"),
    [
        ("running", None, "running"),
        ("failed", 2, "unmeasured"),
        ("done", 0, "pass"),
        ("done", 1, "regression"),
        ("done", 7, "unmeasured"),
    ],
)
def test_a_night_has_a_verdict(state: str, code: int | None, verdict: str):
    night = ApiNightView(
        id="n", at="2026-01-01T00:00:00Z", ended=None, kind="nightly", state=state, exit_code=code,
        words="", causes=[], cases=1, arms=[],
    )  # fmt: skip
    assert names.verdict(night) == verdict


def test_a_cause_that_is_not_known_here_is_told_as_it_is():
    assert names.cause("weather *x*", ENGLISH) == "weather \\*x\\*"
    assert names.cause("retrieval", ENGLISH) == "retrieval"
    assert names.causes(["judge", "judge", "base"], ENGLISH, "and") == "the judge and base"
