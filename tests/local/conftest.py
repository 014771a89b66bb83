import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.local.catalogue import SMOLLM
from assistant.local.weights import WeightsStore
from tests.local.weights.hub import Hub


@pytest.fixture(scope="session")
def smollm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published file inside an installed package, checked once."""
    return WeightsStore(tmp_path_factory.mktemp("checked"), offline=True).ready(SMOLLM)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        yield server


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
