"""The real API, a company's page that may carry the widget, and what lies between them."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.access.identity import Role
from assistant.access.keys import Keys
from assistant.records.database import open_records
from assistant.running import Running
from assistant.settings import (
    GuardSettings,
    KnowledgeSettings,
    LimitSettings,
    ServerSettings,
    Settings,
)
from tests.api.widget.company import Company, company
from tests.api.widget.cutting import Cutter, cutting
from tests.support.documents import fill
from tests.support.endpoint import Endpoint
from tests.support.server import free_port, in_thread

SENTENCES = [
    "A claim is reported with the form that lies in the app under Claims",
    "The form asks for the day, the place and what was broken",
    "Pictures of the damage are added before it is sent",
    "A number of the claim comes by e-mail within ten minutes",
    "An expert calls within three working days",
    "The money is paid to the account that pays the premium",
]
HOW = "How is a claim reported?"
ATTACK = "<img src=x onerror=alert(1)> <b>bold</b>"


@dataclass
class Served:
    """The API, the model behind it, and the keys of the page and of somebody of the team."""

    settings: Settings
    endpoint: Endpoint
    key: str
    agent: str
    stack: ExitStack
    running: Running | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.server.port}"

    def start(self) -> None:
        self.running = self.stack.enter_context(in_thread(self.settings))

    def stop(self) -> None:
        self.stack.pop_all().close()

    def desk(self, way: str, path: str, **body: Any) -> Any:
        """Do what somebody of the team does."""
        given = {"Authorization": f"Bearer {self.agent}"}
        url = f"{self.url}/v1/desk/{path}"
        reply = httpx.request(way, url, headers=given, json=body or None, timeout=60)
        assert reply.is_success, reply.text
        return reply.json()


def written(messages: list[dict[str, str]]) -> str:
    """Answer with all of the passage, sentence by sentence."""
    return " ".join(f"{sentence}. [1]" for sentence in SENTENCES)


@pytest.fixture(scope="session")
def firm() -> Iterator[Company]:
    with company() as made:
        yield made


@pytest.fixture(scope="session")
def _served(
    tmp_path_factory: pytest.TempPathFactory,
    cache_dir: Path,
    firm: Company,
    _endpoint_server: Endpoint,
) -> Iterator[Served]:
    import json

    folder = tmp_path_factory.mktemp("claims")
    rows = [
        {
            "key": "claim",
            "question": HOW,
            "alternatives": ["report a claim"],
            "answer": ". ".join(SENTENCES) + ".",
            "language": "en",
            "url": "https://help.example.com/claims",
        },
        {
            "key": "attack",
            "question": f"What is the policy on hail? {ATTACK}",
            "alternatives": [],
            "answer": f"Hail is covered by the policy. {ATTACK} [here](javascript:alert(1)) "
            "[there](https://evil.example/x) ![it](https://evil.example/i.png)",
            "language": "en",
            "url": "javascript:alert(1)",
        },
        *(
            {
                "key": f"bike-{number}",
                "question": f"Is a bicycle of kind {number} insured against theft?",
                "alternatives": [],
                "answer": f"A bicycle of kind {number} is insured where it was locked.",
                "language": "en",
            }
            for number in (1, 2)
        ),
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "faq.jsonl").write_text(lines, encoding="utf-8")
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("widget"),
        cache_dir=cache_dir,
        openai_base_url=_endpoint_server.url,
        openai_model="scripted",
        knowledge=KnowledgeSettings(sample=False),
        guard=GuardSettings(pair_rate=0.0),
        server=ServerSettings(port=free_port(), widget_origins=(firm.url,), api_keys="k"),
        limits=LimitSettings(requests_per_minute=10_000, address_requests_per_minute=10_000),
    )
    fill(settings.data_dir, folder)
    with open_records(settings.data_dir) as engine:
        keys = Keys(engine)
        key = keys.add("widget", [Role.USER], "test", None, front=True)
        agent = keys.add("Anna", [Role.AGENT], "test", None)
    with ExitStack() as stack:
        served = Served(settings, _endpoint_server, key, agent, stack)
        served.start()
        yield served


@pytest.fixture
def served(_served: Served, endpoint: Endpoint) -> Served:
    """The API; an answer of the model takes a second or so."""
    endpoint.script = written
    endpoint.pause_s = 0.008
    return _served


@pytest.fixture
def between(served: Served) -> Iterator[Cutter]:
    """What can cut the connections of a page."""
    with cutting(served.settings.server.port) as cutter:
        yield cutter
