"""A real server on loopback, with the whole graph behind it; only the model is scripted."""

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from assistant.running import Running
from assistant.settings import KnowledgeSettings, ServerSettings, Settings
from tests.support.documents import fill
from tests.support.endpoint import Endpoint
from tests.support.server import free_port, in_thread


@pytest.fixture(scope="session")
def _server(
    tmp_path_factory: pytest.TempPathFactory,
    cache_dir: Path,
    documents: Path,
    _endpoint_server: Endpoint,
) -> Iterator[Running]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("conformance"),
        cache_dir=cache_dir,
        openai_base_url=_endpoint_server.url,
        openai_model="scripted",
        knowledge=KnowledgeSettings(sample=False),
        server=ServerSettings(port=free_port()),
    )
    fill(settings.data_dir, documents)
    with in_thread(settings) as running:
        yield running


@pytest.fixture
def server(_server: Running, endpoint: Endpoint) -> Running:
    assert endpoint.url
    return _server


@pytest.fixture
def client(server: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as made:
        yield made
