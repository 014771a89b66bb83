"""A Qdrant server as the doctor sees it."""

import json
from collections.abc import Iterator

import pytest

from assistant.doctor.documents import index
from tests.doctor.conftest import Installation
from tests.support.qdrant_server.answers import VERSION
from tests.support.qdrant_server.server import Asked, QdrantServer


@pytest.fixture
def server() -> Iterator[QdrantServer]:
    with QdrantServer(key="of-qdrant") as server:
        yield server


def settings(installation: Installation, server: QdrantServer):
    knowledge = {"qdrant_url": server.url, "qdrant_api_key": "of-qdrant"}
    return installation.settings(knowledge=knowledge)


def test_a_server_without_documents_is_warned_of_with_its_version(installation, server):
    state = index(settings(installation, server))
    assert state.status == "warning"
    assert state.got == f"Qdrant {VERSION} at {server.url}: no document is indexed"


@pytest.mark.parametrize(
    ("said", "got"),
    [
        ({"title": "qdrant", "version": "1.9.4"}, "Qdrant 1.9.4"),
        ({"title": "qdrant", "version": "1.16.0-dev"}, "Qdrant 1.16.0-dev"),
        ({"title": "a page"}, "says no version"),
        (["a page"], "says no version"),
    ],
)
def test_an_old_server_is_warned_of(installation, server, said, got):
    def instead(asked: Asked) -> bytes | None:
        return json.dumps(said).encode() if asked.path == "/" else None

    server.instead = instead
    state = index(settings(installation, server))
    assert state.status == "warning"
    assert got in state.got
    assert "1.17" in state.expected
