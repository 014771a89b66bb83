"""For a team's own suite: assert on its own cases.

Nothing is imported and nothing is changed until a test asks for one of the fixtures::

    def test_refunds(routeback_ask):
        answer = routeback_ask("Can I get a refund?", facts=["14 days"])
        assert answer.outcome == "answered"
        assert answer.scores["facts"] == 1.0

``--routeback-url`` (or ROUTEBACK_TEST_URL) names a running service; else the assistant of this
folder's settings is opened once per session. ``--routeback-arm`` names the arm; default base.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from evals.testing.cases import Asker


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("routeback")
    group.addoption("--routeback-url", default=None, help="A running Routeback service.")
    group.addoption(
        "--routeback-key-env", default="ROUTEBACK_TEST_KEY", help="Variable with its API key."
    )
    group.addoption("--routeback-arm", default="base", help="The arm that is asked.")


@pytest.fixture(scope="session")
def routeback_ask(pytestconfig: pytest.Config) -> "Iterator[Asker]":
    """Ask a question, or a case, and get the answer with its scores."""
    from evals.testing.cases import asking

    url = pytestconfig.getoption("--routeback-url") or os.environ.get("ROUTEBACK_TEST_URL")
    key = os.environ.get(pytestconfig.getoption("--routeback-key-env"), "")
    with asking(url, key, pytestconfig.getoption("--routeback-arm")) as asker:
        yield asker


@pytest.fixture(scope="session")
def routeback_cases(routeback_ask: "Asker") -> Any:
    """The cases of the settings (``evals.cases``), or those that come along."""
    return routeback_ask.cases
