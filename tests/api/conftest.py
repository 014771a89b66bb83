"""A real server on loopback, with the whole graph behind it; only the model is scripted."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import httpx
import openai
import pytest

from assistant.knowledge import load
from assistant.running import Running
from assistant.settings import KnowledgeSettings, ServerSettings, Settings
from tests.support.endpoint import Endpoint
from tests.support.server import free_port, in_thread


@pytest.fixture(scope="session")
def _api(
    tmp_path_factory: pytest.TempPathFactory,
    cache_dir: Path,
    documents: Path,
    _endpoint_server: Endpoint,
) -> Iterator[Running]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("api"),
        cache_dir=cache_dir,
        openai_base_url=_endpoint_server.url,
        openai_model="scripted",
        knowledge=KnowledgeSettings(sample=False),
        server=ServerSettings(port=free_port()),
    )
    with in_thread(settings) as running:
        items = [
            asdict(item)
            for path in load.files(documents)
            for item in load.read(path, load.ReadingOptions(), source=path.name)
        ]
        url = f"{running.url}/v1/knowledge"
        body = {"root": "documents", "items": items}
        reply = httpx.post(url, json=body, headers=running.headers, timeout=60)
        assert json.loads(reply.text.splitlines()[-1])["changes"]["added"] == len(items)
        # The first answer is held: see tests.support.endpoint.met.
        first = {"messages": [{"role": "user", "content": "What is a token?"}]}
        httpx.post(f"{running.url}/v1/chat/completions", json=first, timeout=60)
        yield running


@pytest.fixture
def api(_api: Running, endpoint: Endpoint) -> Running:
    assert endpoint.url
    return _api


@pytest.fixture
def client(api: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{api.url}/v1", api_key="none", max_retries=0) as made:
        yield made
