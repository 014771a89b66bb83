"""The page of the numbers: nothing is told that is not known, and a target is not met too early."""

from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

import ui
from assistant.wire.numbers import (
    AnswerCostView,
    DemandView,
    DurableView,
    NumbersView,
    OtherDefinitionView,
    PeopleShareView,
    PilotView,
    QuantileView,
    ServiceView,
    WaitedView,
)
from tests.ui.support.stub import Stub
from ui.api.types import ApiNumbersView, ApiPeopleShareView, ApiPilotView
from ui.numbers import pilot, told
from ui.texts.numbers import TEXTS, NumbersText

APP = str(Path(ui.__file__).with_name("app.py"))
ENGLISH = TEXTS["en"]
NB = "\u00a0"
SHARE = PeopleShareView(hits=124, cases=200, people=90, value=0.62, low=0.55, high=0.69)
FEW = PeopleShareView(hits=3, cases=4, people=4, too_few=True)
WAITED = WaitedView(
    median=QuantileView(cases=30, value=34, low=20, high=55),
    most=QuantileView(cases=30, value=260, low=200),
    waiting=2,
)
SEEN = NumbersView(
    since=datetime(2026, 2, 28, 23, tzinfo=UTC),
    until=datetime(2026, 3, 28, 23, tzinfo=UTC),
    now=datetime(2026, 3, 28, 12, tzinfo=UTC),
    time_zone="Europe/Berlin",
    by="none",
    demand=DemandView(
        asked=300, eligible=260, excluded={"small_talk": 40}, demands=210, people=95, pending=10,
        sessions=0.25, straight=3,
    ),
    durable=(
        DurableView(group="", resolved=SHARE, pending=10, causes={"person": 40, "rated_down": 36}),
    ),
    others=(
        OtherDefinitionView(name="intercom", page="https://i.example", resolved=SHARE, pending=0),
        OtherDefinitionView(name="chatwoot", page="https://c.example", resolved=FEW, pending=0),
    ),
    service=ServiceView(
        tickets=40, first_reply=WAITED, solution=WAITED, reopened=SHARE,
        ratings={1: 2, 2: 0, 3: 1, 4: 5, 5: 20}, rated=SHARE, pleased=SHARE, drafted=FEW,
        unchanged=PeopleShareView(hits=6, cases=24, people=2, value=0.25),
    ),
    costs=(AnswerCostView(arm="base", answers=120, prompt_tokens=900.4, completion_tokens=61.5,
                          seconds=1.83, money=0.00054),),
    pilot=(),
)  # fmt: skip
GROUPS = (
    DurableView(group="support.billing", resolved=SHARE, causes={"person": 7}),
    DurableView(group="glossary", resolved=FEW, pending=2),
)


def target(standing: str, **more: Any) -> PilotView:
    values = {"value": 0.7, "low": 0.61, "high": 0.79, "needed": 400, **more}
    given = {"metric": "durable_resolution", "segment": "", "at_least": 0.6, "cases": 200}
    return PilotView.model_validate({**given, "standing": standing, **values})


def seen(**changed: Any) -> dict[str, Any]:
    return SEEN.model_copy(update=changed).model_dump(mode="json")


def visited(stub: Stub, language: str = "en", **changed: Any) -> AppTest:
    stub.desk.numbers = stub.desk.numbers or seen(**changed)
    at = AppTest.from_file(APP, default_timeout=100)
    at._page_hash = calc_hash("numbers")
    at.session_state["language"] = language
    return ran(at)


def ran(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    kinds = (at.markdown, at.caption, at.subheader, at.title, at.info, at.error)
    boxes = [f"{one.label}: {one.value}" for one in at.metric]
    return "\n".join([*(one.value for kind in kinds for one in kind), *boxes])


def test_ours_stands_beside_what_others_would_say(stub: Stub):
    page = visited(stub)
    boxes = {one.label: one.value for one in page.metric}
    assert boxes["Durable resolution"] == f"62{NB}%"
    assert boxes["As Intercom counts"] == f"62{NB}%"
    assert boxes["As Chatwoot counts"] == "Too few"
    text = said(page)
    assert f"55{NB}% to 69{NB}%, of 200" in text
    assert "10 are younger than seven days" in text
    assert "A person was asked for: 40 · Rated down: 36" in text
    assert "40 greetings and thanks" in text
    assert "from 1\u00a0Mar 2026 to 28\u00a0Mar 2026 (Europe/Berlin)" in text


def test_times_ratings_drafts_and_costs_are_told(stub: Stub):
    page = visited(stub)
    boxes = {one.label: one.value for one in page.metric}
    assert boxes["First reply, half within"] == f"34{NB}mins"
    assert boxes[f"First reply, 90{NB}% within"].startswith("4.3")
    assert boxes["Replies made from a draft"] == "Too few"
    assert boxes["Drafts sent as they were"] == f"25{NB}%"
    assert f"20{NB}mins to 55{NB}mins, of 30" in said(page)
    assert "5 ★ 20 · 4 ★ 5" in said(page)
    (costs,) = page.table
    assert list(costs.value.iloc[0]) == ["base", "120", "900", "62", "1.8", "0.00054"]


def test_a_number_that_is_there_reaches_nothing_while_its_interval_is_not(stub: Stub):
    targets = (
        target("reached"),
        target("open", low=0.5),
        target("missed", at_least=0.9, needed=None),
        target("too_few", value=None, low=None, high=None, needed=None, cases=7),
    )
    page = visited(stub, pilot=targets)
    texts = [one.value for one in page.caption]
    assert f"70{NB}%: all of 61{NB}% to 79{NB}% is there (200 cases)." in texts
    known = f"70{NB}%, but 50{NB}% to 79{NB}% holds the target (200 cases)."
    assert f"{known} If it stays so, about 400 cases would decide it." in texts
    assert f"70{NB}%: nothing of 61{NB}% to 79{NB}% is there (200 cases)." in texts
    assert "7 so far; at 20 a number is told." in texts
    badges = [one.value for one in page.markdown if "-badge[" in one.value]
    words = [next(w for w in ENGLISH.standings.values() if w in one) for one in badges]
    assert words == ["Reached", "Not yet known", "Not reached", "Too few cases"]


def test_a_target_in_minutes_is_told_as_a_time(stub: Stub):
    told = {"metric": "first_reply_minutes", "at_least": None, "at_most": 240, "segment": "faq"}
    page = visited(stub, pilot=(target("reached", **told, value=34, low=20, high=55),))
    assert "faq, at most 4\u00a0hr" in said(page)
    assert f"34{NB}mins: all of 20{NB}mins to 55{NB}mins" in said(page)


def test_without_targets_the_page_says_how_to_set_them(stub: Stub):
    assert "`desk.targets`" in said(visited(stub))


def test_groups_are_asked_for_and_told_apart(stub: Stub):
    page = visited(stub)
    assert stub.desk.counted == [{"by": "none"}]
    assert not page.dataframe
    stub.desk.numbers = seen(durable=GROUPS)
    page.selectbox(key="numbers-by").set_value("segment")
    ran(page)
    assert stub.desk.counted[-1] == {"by": "segment"}
    rows = page.dataframe[0].value
    assert list(rows["Group"]) == ["support.billing", "glossary"]
    assert rows["Durable, %"].iloc[0] == 62
    assert rows["Durable, %"].isna().iloc[1], "too few: no share"
    assert rows["A person was asked for"].iloc[0] == 7


def test_days_are_the_teams(stub: Stub):
    page = visited(stub)
    page.selectbox(key="numbers-span").set_value(7)
    ran(page)
    asked = stub.desk.counted[-1]
    assert (asked["from"], asked["until"]) == ("2026-03-22", f"{date(2026, 3, 29)}")


def test_what_cannot_be_read_is_said(stub: Stub):
    stub.desk.refusals["numbers"] = "The days are *none*."
    page = visited(stub)
    assert "The numbers cannot be read." in page.error[0].value
    assert not page.metric


def test_nobody_asked_anything(stub: Stub):
    none = DemandView(asked=0, eligible=0, excluded={}, demands=0, people=0, pending=0)
    assert "Nobody has asked" in said(visited(stub, demand=none, durable=(), others=()))


@pytest.mark.parametrize(
    ("roles", "there"), [(["agent"], True), (["owner"], True), (["editor"], False)]
)
def test_it_is_for_agents_and_owners(stub: Stub, roles: list[str], there: bool):
    stub.caller["roles"] = ["user", *roles]
    stub.desk.numbers = seen()
    page = ran(AppTest.from_file(APP, default_timeout=100))
    named = [one.proto.label for one in page.get("page_link")]
    assert ("Numbers" in named) is there


def test_it_is_told_in_german(stub: Stub):
    text = said(visited(stub, "de", pilot=(target("open"),)))
    assert "Dauerhaft gelöst" in text
    assert f"55{NB}% bis 69{NB}%, von 200" in text
    assert "Noch unbekannt" in text
    assert "4,3" in text


def test_the_types_of_the_page_are_those_of_the_api():
    whole = seen(pilot=(target("reached"),))
    assert ApiNumbersView.model_validate(whole).model_dump(mode="json") == whole


def test_what_is_named_is_no_markup():
    few = ApiPeopleShareView.model_validate(FEW.model_dump())
    assert told.value(few, ENGLISH) == "Too few"
    shown = target("reached", segment="a*b*")
    view = ApiPilotView.model_validate(shown.model_dump())
    assert "at least" in pilot._wanted(view, ENGLISH)


def test_both_languages_name_the_same_gaps():
    def gaps(text: NumbersText) -> dict[str, list[str]]:
        values: dict[str, str] = {}
        for name in text.__slots__:
            value = getattr(text, name)
            more = value.items() if not isinstance(value, str) else [("", value)]
            values |= {f"{name}.{key}": one for key, one in more}
        return {
            name: sorted(field for _, field, _, _ in Formatter().parse(one) if field)
            for name, one in values.items()
        }

    assert gaps(TEXTS["en"]) == gaps(TEXTS["de"])
