"""Where the story plays: API, pages and provider in processes of their own, and a company's page.

Only the model and whoever vouches for people are made up.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from assistant.access.identity import Role
from assistant.access.keys import Keys
from assistant.assistant import Assistant
from assistant.commands.operating.page_secrets import page_secrets
from assistant.records.database import open_records
from assistant.settings import (
    ArmSettings,
    EvalSettings,
    GuardSettings,
    KnowledgeSettings,
    ServerSettings,
    Settings,
    SignInSettings,
)
from guardrails import clock
from guardrails.types import Pair, Score
from tests.api.widget.company import Company
from tests.support.documents import fill
from tests.support.endpoint import Endpoint
from tests.support.server import environment, free_port, in_thread, process
from tests.ui.test_browser import ROOT, command, healthy, wait_for

TONE: Final = "support-tone"
TEAM: Final = ("agent", "editor", "owner")
CLAIM: Final = "How is a claim reported?"
CLAIM_ANSWER: Final = (
    "A claim is reported with the form that lies in the app under Claims. Pictures of the damage "
    "are added before it is sent."
)
KNOWN: Final = (
    ("claim", CLAIM, CLAIM_ANSWER),
    (
        "theft",
        "Is a bicycle insured against theft?",
        "A bicycle is insured against theft where it was locked, and if the police is told.",
    ),
    (
        "premium",
        "When is the premium due?",
        "The premium is due on the first day of each quarter.",
    ),
)
"""Key, question and answer of all that the documents know."""


@dataclass
class Stage:
    """What is there to be visited. pages: of the team; api: that can be stopped and started."""

    settings: Settings
    env: dict[str, str]
    firm: Company
    pages: str
    _serving: ExitStack

    def start(self) -> None:
        """Start the API."""
        self._serving.enter_context(process("serve", env=self.env))

    def stop(self) -> None:
        """Stop the API as Ctrl-C does."""
        self._serving.close()


@contextmanager
def staged(
    folder: Path, cache_dir: Path, firm: Company, endpoint: Endpoint, provider: str
) -> Iterator[Stage]:
    """Set it up until the block ends."""
    pages_port = free_port()
    settings = _settings(folder, cache_dir, firm, endpoint, provider, pages_port)
    _write(folder / "known" / "faq.jsonl", [_entry(*row) for row in KNOWN])
    _write(folder / "cases.jsonl", [_case(*row) for row in KNOWN])
    fill(settings.data_dir, folder / "known")
    with open_records(settings.data_dir) as engine:
        keys = Keys(engine)
        firm.given = {"key": keys.add("widget", [Role.USER], "test", None, front=True)}
        page_key = keys.add("page", [Role.USER], "test", None, front=True)
    firm.api = f"http://127.0.0.1:{settings.server.port}"
    env = _environment(settings, cache_dir, endpoint)
    with ExitStack() as stack:
        stack.enter_context(_pages(settings, pages_port, page_key))  # they start meanwhile
        with in_thread(settings, _worse_in_the_glossary):
            pass
        serving = stack.enter_context(ExitStack())
        stage = Stage(settings, env, firm, settings.sign_in.page_url, serving)
        stage.start()
        wait_for(lambda: healthy(f"http://127.0.0.1:{pages_port}"))
        yield stage


def _settings(
    folder: Path, cache_dir: Path, firm: Company, endpoint: Endpoint, provider: str, pages_port: int
) -> Settings:
    return Settings(
        data_dir=folder / "data",
        cache_dir=cache_dir,
        openai_base_url=endpoint.url,
        openai_model="scripted",
        offline=True,
        arms=(ArmSettings(name=TONE, base_url=endpoint.url, model="scripted", revision="1"),),
        answers={"quote": "first"},
        knowledge=KnowledgeSettings(sample=False),
        guard=GuardSettings(
            metrics=("fast",),
            min_pairs=20,
            min_days=0,
            min_conversations=0,
            families=(),
            pair_rate=0.0,
        ),
        evals=EvalSettings(schedule="off", cases=folder / "cases.jsonl", judge_minutes=0),
        server=ServerSettings(
            port=free_port(), widget_origins=(firm.url,), widget_keys=("widget",)
        ),
        sign_in=SignInSettings(
            issuer=provider,
            client_id="routeback",
            client_secret="secret",
            page_url=f"http://localhost:{pages_port}",
            roles={f"group-{name}": (name,) for name in TEAM},
        ),
    )


def _environment(settings: Settings, cache_dir: Path, endpoint: Endpoint) -> dict[str, str]:
    """Return what ``routeback`` reads the same settings from."""
    guard, server, sign_in = settings.guard, settings.server, settings.sign_in
    arm = {"name": TONE, "base_url": endpoint.url, "model": "scripted", "revision": "1"}
    return environment(
        settings.data_dir,
        cache_dir,
        OPENAI_BASE_URL=endpoint.url,
        OPENAI_API_KEY="x",
        OPENAI_MODEL="scripted",
        ROUTEBACK_ARMS=json.dumps([arm]),
        ROUTEBACK_ANSWERS__QUOTE="first",
        ROUTEBACK_KNOWLEDGE__SAMPLE="false",
        ROUTEBACK_GUARD__METRICS=json.dumps(guard.metrics),
        ROUTEBACK_GUARD__MIN_PAIRS=str(guard.min_pairs),
        ROUTEBACK_GUARD__MIN_DAYS="0",
        ROUTEBACK_GUARD__MIN_CONVERSATIONS="0",
        ROUTEBACK_GUARD__FAMILIES="[]",
        ROUTEBACK_GUARD__PAIR_RATE="0",
        ROUTEBACK_EVALS__SCHEDULE="off",
        ROUTEBACK_EVALS__CASES=str(settings.evals.cases),
        ROUTEBACK_EVALS__JUDGE_MINUTES="0",
        ROUTEBACK_SERVER__PORT=str(server.port),
        ROUTEBACK_SERVER__WIDGET_ORIGINS=json.dumps(server.widget_origins),
        ROUTEBACK_SERVER__WIDGET_KEYS=json.dumps(server.widget_keys),
        ROUTEBACK_SIGN_IN__ISSUER=str(sign_in.issuer),
        ROUTEBACK_SIGN_IN__CLIENT_ID=sign_in.client_id,
        ROUTEBACK_SIGN_IN__CLIENT_SECRET=sign_in.client_secret.get_secret_value(),
        ROUTEBACK_SIGN_IN__PAGE_URL=sign_in.page_url,
        ROUTEBACK_SIGN_IN__ROLES=json.dumps(sign_in.roles),
    )


def _worse_in_the_glossary(assistant: Assistant) -> None:
    """Show the guard pairs in which the candidate is worse, until it takes the segment back."""
    random = np.random.default_rng(3)
    for number in range(60):
        value = float(np.clip(-0.4 + random.normal(0, 0.1), -1, 1))
        pair = Pair(
            id=f"{TONE}-{number}",
            arm=TONE,
            segment="glossary/en",
            at=clock.now() - timedelta(minutes=20 * (60 - number)),
            version=assistant.guard.versions[TONE],
            base={"fast": Score(0.5 - value / 2)},
            candidate={"fast": Score(0.5 + value / 2)},
        )
        assistant.guard.monitor.observe(pair, {})


@contextmanager
def _pages(settings: Settings, port: int, key: str) -> Iterator[None]:
    secrets = ("--secrets.files", str(page_secrets(settings)))
    url = f"http://127.0.0.1:{settings.server.port}"
    child = subprocess.Popen(
        [*command(port), *secrets],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "ROUTEBACK_API_URL": url, "ROUTEBACK_API_KEY": key},
    )
    try:
        yield
    finally:
        child.terminate()
        assert child.stdin
        child.stdin.close()
        child.wait(15)


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _entry(key: str, question: str, answer: str) -> dict[str, Any]:
    url = f"https://help.example.com/{key}"
    values = {"key": key, "question": question, "answer": answer, "url": url}
    return {**values, "alternatives": [], "language": "en"}


def _case(key: str, question: str, answer: str) -> dict[str, Any]:
    return {
        "id": key,
        "segment": "support.billing",
        "language": "en",
        "question": question,
        "reference": answer,
        "sources": [key],
    }
