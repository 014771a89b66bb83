import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

import ui
from tests.ui.support.stub import Stub, serving

_MANIFESTS = cache(manifest_scanner.scan_component_manifests)
"""Each run of a page reads the metadata of all that is installed; it stays the same."""

APP = str(Path(ui.__file__).with_name("app.py"))


@pytest.fixture(autouse=True)
def plain_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run pages as ``ui.__main__`` does: as written, without Streamlit's rewriting of them.

    That rewriting fails under threads at times (python/cpython#106905).
    """
    monkeypatch.setenv("STREAMLIT_RUNNER_MAGIC_ENABLED", "false")
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # a page's run sets it
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", _MANIFESTS)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """A running server of its own for each test, which the page is told of."""
    with serving(Stub()) as running:
        monkeypatch.setenv("ROUTEBACK_API_URL", running.url)
        monkeypatch.delenv("ROUTEBACK_API_KEY", raising=False)
        yield running


@pytest.fixture
def page(stub: Stub) -> AppTest:
    """The chat page, as it opens."""
    return AppTest.from_file(APP, default_timeout=30).run()
