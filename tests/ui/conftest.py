from collections.abc import Iterator

import pytest

from tests.ui.stub import Stub, serving


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """A running server of its own for each test, which the page is told of."""
    with serving(Stub()) as running:
        monkeypatch.setenv("ROUTEBACK_API_URL", running.url)
        monkeypatch.delenv("ROUTEBACK_API_KEY", raising=False)
        yield running
