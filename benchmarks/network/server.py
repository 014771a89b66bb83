"""A server to attack: ``routeback serve`` on all addresses, with keys and a scripted model."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from assistant.access.identity import Role
from assistant.access.keys import Keys
from assistant.records.database import open_records

ROUTEBACK: Final = Path(sys.executable).parent / "routeback"
PEOPLE: Final = 20
_START_S: Final = 120.0


@dataclass
class Model:
    """A model at an endpoint, for the base. pause_s: between two pieces. left: who did not wait."""

    url: str = ""
    pause_s: float = 0.0
    left: list[float] = field(default_factory=list)
    asked: int = 0


@dataclass(frozen=True)
class Target:
    """A running server. keys: of people who do not know each other, by name; owner: its owner's."""

    url: str
    keys: Mapping[str, str]
    owner: str
    model: Model
    folder: Path

    def client(self, name: str | None = None, **headers: str) -> httpx.Client:
        """Return a client of one of the people; None: of nobody."""
        known = {"Authorization": f"Bearer {self.keys[name]}"} if name else {}
        return httpx.Client(
            base_url=self.url, headers={**known, **headers}, timeout=60, trust_env=False
        )

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        url = httpx.URL(self.url)
        return url.host, url.port or 80


@contextmanager
def running(**settings: str) -> Iterator[Target]:
    """Run a server with keys on all addresses until the block ends."""
    with tempfile.TemporaryDirectory() as name, _model() as model:
        folder, port = Path(name), _free_port()
        env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("ROUTEBACK_", "OPENAI_"))},
            "ROUTEBACK_DATA_DIR": str(folder),
            "ROUTEBACK_SERVER__HOST": "0.0.0.0",  # noqa: S104 - what is attacked
            "ROUTEBACK_SERVER__PORT": str(port),
            "ROUTEBACK_SERVER__API_KEYS": "configured",
            "ROUTEBACK_EVALS__SCHEDULE": "off",
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": "none",
            "OPENAI_MODEL": "scripted",
            **settings,
        }
        keys = _keys(folder)
        log = (folder / "serve.log").open("w")
        server = subprocess.Popen([ROUTEBACK, "serve"], env=env, stdout=log, stderr=log)
        url = f"http://127.0.0.1:{port}"
        try:
            _until_it_answers(url, server)
            owner = json.loads((folder / "server.json").read_text())["owner_key"]
            yield Target(url, keys, owner, model, folder)
        finally:
            server.terminate()
            server.wait(60)
            log.close()


def _keys(folder: Path) -> dict[str, str]:
    """Make keys of users, an agent and an editor."""
    names = [f"person-{number:02}" for number in range(PEOPLE)]
    roles = {**dict.fromkeys(names, Role.USER), "agent": Role.AGENT, "editor": Role.EDITOR}
    with open_records(folder) as engine:
        keys = Keys(engine)
        return {name: keys.add(name, [role], "attack", None) for name, role in roles.items()}


def _until_it_answers(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pass
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the server that was to be attacked did not start")
        time.sleep(0.2)


@contextmanager
def _model() -> Iterator[Model]:
    model, app = Model(), FastAPI()

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": "scripted", "object": "model"}]}

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> StreamingResponse:
        model.asked += 1
        body = await request.json()
        return StreamingResponse(_said(model, body), media_type="text/event-stream")

    port = _free_port()
    config = uvicorn.Config(app, port=port, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    model.url = f"http://127.0.0.1:{port}/v1"
    try:
        yield model
    finally:
        server.should_exit = True
        thread.join(10)


async def _said(model: Model, body: Mapping[str, Any]) -> AsyncIterator[str]:
    """Say the first sentence of the first passage, a few letters at a time, ten times over."""
    _, _, passages = body["messages"][-1]["content"].partition("[1] ")
    text = passages.partition("\n")[2].split(". ")[0].split("\n")[0].strip() or "Yes"
    whole = f"{text.rstrip('.')}. " * (10 if model.pause_s else 1)
    frame = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
    try:
        for start in range(0, len(whole), 6):
            await asyncio.sleep(model.pause_s)
            delta = {"content": whole[start : start + 6]}
            choice = {"index": 0, "delta": delta, "finish_reason": None}
            yield f"data: {json.dumps({**frame, 'choices': [choice]})}\n\n"
        choice = {"index": 0, "delta": {}, "finish_reason": "stop"}
        yield f"data: {json.dumps({**frame, 'choices': [choice]})}\n\ndata: [DONE]\n\n"
    except (asyncio.CancelledError, GeneratorExit):
        model.left.append(time.monotonic())
        raise


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
