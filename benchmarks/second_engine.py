"""A remote candidate from its address to a decision: a second engine here, real commands.

``routeback serve`` runs with the embedded base and the demo's policy; an engine of its own serves
a tuned model, the same base under the marketing-copy adapter, and ``routeback arms add`` names it
by its address, as a team would whose tuned model runs elsewhere. Then the sample's glossary
questions are asked as a person would, until the guardrail has decided or ``SECOND_MINUTES`` (15)
are over.
Usage: ``python benchmarks/second_engine.py``.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import report

from assistant import environment
from assistant.arms.arm import only_model, remote_client
from assistant.local import catalogue
from assistant.local.engine import Endpoint, Engine, EngineSpec
from assistant.local.weights import WeightsStore
from assistant.running import Running, find
from assistant.settings import Settings
from evals.cases.cases import load
from evals.demo import folder
from evals.demo.show import questions

MINUTES = float(os.environ.get("SECOND_MINUTES", "15"))
ROUTEBACK = Path(sys.executable).parent / "routeback"
PORT = 8347
START_S, PAIR_S = 240.0, 180.0
KEY = "ENGINE_KEY"
SEGMENT = "glossary"
TUNED = "marketing-copy"


def environment_of(place: Path, key: str) -> dict[str, str]:
    """Return the settings of the server, as a person would set them."""
    guard = folder.GUARD
    return {
        **os.environ,
        "ROUTEBACK_DATA_DIR": str(place),
        "ROUTEBACK_BASE": "embedded",
        "ROUTEBACK_ENGINE__MODEL": folder.MODEL,
        "ROUTEBACK_ANSWER_TOKENS": str(folder.ANSWER_TOKENS),
        "ROUTEBACK_KNOWLEDGE__PASSAGES": str(folder.KNOWLEDGE.passages),
        "ROUTEBACK_SERVER__PORT": str(PORT),
        "ROUTEBACK_EVALS__SCHEDULE": "off",
        "ROUTEBACK_GUARD__HORIZON": str(guard.horizon),
        "ROUTEBACK_GUARD__MIN_PAIRS": str(guard.min_pairs),
        KEY: key,
    }


@contextmanager
def server(place: Path, env: dict[str, str]) -> Iterator[Running]:
    """Run ``routeback serve`` until the block ends."""
    with (place / "serve.log").open("w") as log:
        child = subprocess.Popen([ROUTEBACK, "serve"], env=env, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + START_S
            while (running := find(place)) is None:
                if child.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit((place / "serve.log").read_text())
                time.sleep(0.5)
            yield running
        finally:
            child.terminate()
            child.wait(60)


def command(env: dict[str, str], *arguments: str) -> dict[str, Any]:
    """Run ``routeback … --json`` and return what it prints."""
    done = subprocess.run(
        [ROUTEBACK, *arguments, "--json"], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def ask(running: Running, question: str) -> None:
    """Ask as a person does, and wait until the pair of it is made and scored."""
    body = {"model": "routeback", "messages": [{"role": "user", "content": question}]}
    url, headers = running.url, running.headers
    httpx.post(
        f"{url}/v1/chat/completions", json=body, headers=headers, timeout=PAIR_S
    ).raise_for_status()
    deadline = time.monotonic() + PAIR_S
    while time.monotonic() < deadline:
        queue = httpx.get(f"{url}/v1/guard/status", headers=headers, timeout=PAIR_S).json()["queue"]
        if not queue["waiting"]:
            return
        time.sleep(0.5)


async def applied(at: Endpoint) -> None:
    """Have the second engine answer every request under its adapter, as its owner would."""
    url, headers = at.base_url.removesuffix("/v1"), {"Authorization": f"Bearer {at.api_key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        scale = [{"id": 0, "scale": 1.0}]
        (await client.post("/lora-adapters", json=scale)).raise_for_status()
        said = (await client.get("/lora-adapters")).json()
        if said[0]["scale"] != 1.0:
            raise SystemExit(f"The second engine does not apply its adapter: {said}")


async def run(place: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int, float]:
    """Return decisions, cells of the transfer map, questions asked, and minutes."""
    settings = Settings()
    store = WeightsStore.of(settings.cache_dir, offline=settings.offline)
    weights = store.ready(catalogue.find(folder.MODEL))
    spec = EngineSpec(weights, {TUNED: folder.adapters()[TUNED]}, threads=1)
    asked = 0
    found: dict[str, Any] = {"decisions": []}
    async with Engine(spec, place / "second.log") as engine:
        at = await engine.endpoint()
        await applied(at)
        async with remote_client(at.base_url, at.api_key, 30) as client:
            model = await only_model(client)
        env = environment_of(place, at.api_key)
        with server(place, env) as running:
            add = ("arms", "add", "second", "--base-url", at.base_url, "--model", model)
            added = await asyncio.to_thread(command, env, *add, "--api-key-env", KEY)
            print(f"added: {added['about']['check']}", flush=True)
            started = time.monotonic()
            for case in questions(load(), (SEGMENT,))[SEGMENT]:
                if time.monotonic() - started > 60 * MINUTES:
                    break
                await asyncio.to_thread(ask, running, case.question)
                asked += 1
                found = await asyncio.to_thread(command, env, "guard", "decisions")
                print(f"{time.monotonic() - started:6.0f} s {asked:3} {case.question}", flush=True)
                if found["decisions"]:
                    break
            cells = (await asyncio.to_thread(command, env, "guard", "map"))["cells"]
            return found["decisions"], cells, asked, (time.monotonic() - started) / 60


def publish(
    decided: list[dict[str, Any]], cells: list[dict[str, Any]], asked: int, minutes: float
) -> None:
    """Write what came of it."""
    reasons: dict[str, list[str]] = {}
    for d in decided:
        move = f"{d['before']} → **{d['after']}** ({d['cause']}). {d['reason']}"
        reasons.setdefault(move, []).append(f"`{d['segment']}`")
    said = "".join(f"- {', '.join(names)}: {move}\n" for move, names in reasons.items())
    shown = [
        (
            *(cell["segment"], cell["stage"] or "–", cell["pairs"]),
            f"{cell['mean']:+.2f} [{cell['lower']:+.2f}, {cell['upper']:+.2f}]",
            cell["words"],
        )
        for cell in cells
    ]
    text = f"""`routeback serve` with {folder.MODEL} as base; the same weights under the {TUNED}
adapter in another engine on loopback, a tuned model as a team would serve it, added by
`routeback arms add second --base-url … --model …`. {asked} glossary questions
(English and German) in {minutes:.0f} minutes, each answered by both from the same passage; the
demo's policy ({folder.GUARD.false_alarms:.0%} in {folder.GUARD.horizon} pairs, at least
{folder.GUARD.min_pairs}).

{said or "Not decided by then."}

The transfer map at the end (candidate − base, with its confidence interval):

{report.table(("segment", "stage", "pairs", "fast", "shows"), shown)}

What it does not show: another kind of server than ours at the other end (vLLM, Ollama). A run
before this one, with SmolLM2 135M as the remote candidate, was not decided after 87 pairs.
"""
    report.publish("second_engine", "A second engine as a remote candidate", text)


def main() -> None:
    """Run it and publish."""
    environment.prepare()
    with tempfile.TemporaryDirectory(prefix="routeback-second-") as place:
        publish(*asyncio.run(run(Path(place))))


if __name__ == "__main__":
    main()
