"""A remote candidate from its address to a decision: a second engine here, real commands.

``routeback serve`` runs with the embedded base and the demo's policy; an engine of its own runs
SmolLM2, and ``routeback arms add`` names it by its address. Then the sample's glossary questions
are asked as a person would, until the guardrail has decided or ``SECOND_MINUTES`` (15) are over.
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
from assistant.local.catalogue import SMOLLM
from assistant.local.engine import Engine, EngineSpec
from assistant.local.weights import WeightsStore
from assistant.running import Running, find
from assistant.settings import Settings
from evals.cases import load
from evals.demo import folder
from evals.demo.show import questions

MINUTES = float(os.environ.get("SECOND_MINUTES", "15"))
ROUTEBACK = Path(sys.executable).parent / "routeback"
PORT = 8347
START_S, PAIR_S = 240.0, 180.0
KEY = "ENGINE_KEY"
SEGMENT = "glossary"


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


async def run(place: Path) -> tuple[list[dict[str, Any]], int, float]:
    """Return decisions, questions asked, and minutes."""
    settings = Settings()
    store = WeightsStore.of(settings.cache_dir, offline=settings.offline)
    asked = 0
    found: dict[str, Any] = {"decisions": []}
    async with Engine(EngineSpec(store.ready(SMOLLM), threads=1), place / "second.log") as engine:
        at = await engine.endpoint()
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
            return found["decisions"], asked, (time.monotonic() - started) / 60


def publish(decided: list[dict[str, Any]], asked: int, minutes: float) -> None:
    """Write what came of it."""
    said = "".join(
        f"- `{d['segment']}`: {d['before']} → **{d['after']}** ({d['cause']}). {d['reason']}\n"
        for d in decided
    )
    text = f"""`routeback serve` with {folder.MODEL} as base; {SMOLLM.title} in another engine on
loopback, added by `routeback arms add second --base-url … --model …`. {asked} glossary questions
(English and German) in {minutes:.0f} minutes, each answered by both from the same passage; the
demo's policy ({folder.GUARD.false_alarms:.0%} in {folder.GUARD.horizon} pairs, at least
{folder.GUARD.min_pairs}).

{said or "Not decided by then."}

What it does not show: a candidate anyone would field. It shows the way that a remote one goes.
"""
    report.publish("second_engine", "A second engine as a remote candidate", text)


def main() -> None:
    """Run it and publish."""
    environment.prepare()
    with tempfile.TemporaryDirectory(prefix="routeback-second-") as place:
        publish(*asyncio.run(run(Path(place))))


if __name__ == "__main__":
    main()
