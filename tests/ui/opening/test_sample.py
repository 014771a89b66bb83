"""That the data are a sample stands on every page, and times are those of its clock."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import ui
from tests.ui.support.stub import Stub
from tests.ui.test_page import shown

APP = str(Path(ui.__file__).with_name("app.py"))
LONG_AGO = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def visit(language: str) -> AppTest:
    page = AppTest.from_file(APP, default_timeout=30)
    page.session_state["language"] = language
    return page.run()


def sampled(stub: Stub, now: datetime) -> None:
    stub.caller["sample"] = {"recorded": LONG_AGO.isoformat(), "now": now.isoformat()}


@pytest.mark.parametrize(("language", "said"), [("en", "Sample data"), ("de", "Beispieldaten")])
def test_it_is_said_on_the_page(stub: Stub, language: str, said: str):
    assert said not in shown(visit(language))
    sampled(stub, LONG_AGO)
    page = visit(language)
    assert said in shown(page)
    assert "2026" in next(one.value for one in page.markdown if said in one.value)


def test_the_pages_go_by_the_clock_of_the_sample(stub: Stub):
    sampled(stub, LONG_AGO + timedelta(hours=2))
    page = visit("en")
    behind = page.session_state["clock-behind"]
    assert abs(datetime.now(UTC) - behind - LONG_AGO - timedelta(hours=2)) < timedelta(minutes=1)
    del stub.caller["sample"]
    page.run()
    assert page.session_state["clock-behind"] == timedelta()
