"""A small world that is served: knowledge, nights, pairs, questions and people, all made up.

What the pages show of it is looked at by people (``make screens``) and by axe.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from sqlalchemy import Engine, insert

from assistant.assistant import Assistant
from assistant.records.cases import AddedCase, AddedCases, Expected
from assistant.records.conversations import LOCAL
from assistant.records.database import open_database
from assistant.records.nights import nights
from assistant.records.turns import Records, Turn
from assistant.settings import ArmSettings, EvalSettings, GuardSettings, ServerSettings, Settings
from guardrails import clock
from guardrails.types import Pair, Score
from tests.evals import made
from tests.support.endpoint import serving
from tests.support.server import free_port, in_thread
from tests.ui.support import team

ROOT = Path(__file__).parents[3]
TONE = "support-tone"
GAPS: dict[tuple[str, str], tuple[str, ...]] = {
    ("support.technical", "en"): (
        "How do I verify the signature of a webhook?",
        "Which header holds the webhook signature?",
        "My webhook signature does not match, what now?",
    ),
    ("support.billing", "de"): (
        "Kann ich die Rechnung auf eine andere Firma ausstellen lassen?",
        "Wie ändere ich den Namen auf der Rechnung?",
    ),
    ("glossary", "en"): ("What is a holdout group?", "Explain holdout groups, please"),
}
PAIRS = (
    ("glossary/en", -0.4, 60),
    ("support.billing/en", 0.3, 90),
    ("support.account/en", 0.02, 80),
    ("support.account/de", 0.01, 30),
    ("glossary/de", -0.05, 25),
)
"""Segment, mean difference to base, and how many."""
WORST = {
    "glossary": (
        "What is negative transfer?",
        "Knowledge from one task that makes a model worse at another.",
        "Great question! Negative transfer unlocks *amazing* synergies across all of your tasks.",
        "Negative transfer is knowledge that makes a model worse at the task at hand [1].",
    ),
    "support.account": (
        "How long is the link for a new password valid?",
        "60 minutes, and it works once.",
        "Simply follow the link at any time.",
        "The link is valid for 60 minutes and works once [1].",
    ),
    "support.billing": (
        "Can I get my first payment back?",
        "Yes, within 14 days.",
        "Our friendly team always finds a solution.",
        "The first payment is refunded within 14 days [1].",
    ),
}


@dataclass(frozen=True, slots=True)
class World:
    """Where it is served. url: of the pages; api: of the API, which takes the headers.

    agent: the headers of one of the team; empty where there is none.
    """

    url: str
    api: str
    headers: dict[str, str]
    agent: dict[str, str]


@contextmanager
def world(
    folder: Path, count: int = 24, *, pages: bool = True, desk: bool = False
) -> Iterator[World]:
    """Serve it until the block ends. count: of nights. pages: whether they are served, too.

    desk: whether a team works in it.
    """
    with ExitStack() as stack:
        base, tuned = stack.enter_context(serving()), stack.enter_context(serving())
        arms = [
            ArmSettings(name=name, base_url=endpoint.url, model="scripted", revision="1")
            for name, endpoint in (("base", base), (TONE, tuned))
        ]
        settings = Settings(
            data_dir=folder / "data",
            cache_dir=folder / "cache",
            arms=tuple(arms),
            server=ServerSettings(port=free_port()),
            evals=EvalSettings(schedule="off"),
            guard=GuardSettings(
                metrics=("fast",), min_pairs=20, min_days=0, min_conversations=0, families=()
            ),
            offline=True,
            desk=team.DESK,
        )
        settings.data_dir.mkdir(parents=True)
        engine = open_database(settings.data_dir / "routeback.sqlite")
        turns = _asked(engine)
        _nights(engine, count, turns)
        _cases(engine, turns)
        if desk:
            team.past(engine)
        engine.dispose()
        running = stack.enter_context(in_thread(settings, _pairs))
        for name, roles in (("help-desk", ["agent"]), ("website", ["user"])):
            body = {"name": name, "roles": roles, "groups": [], "days": 90}
            httpx.post(f"{running.url}/v1/keys", json=body, headers=running.headers, timeout=60)
        agent = team.today(running.url, running.headers) if desk else {}
        key = running.headers["Authorization"].removeprefix("Bearer ")
        url = stack.enter_context(_pages(running.url, key)) if pages else ""
        yield World(url, running.url, running.headers, agent)


@contextmanager
def _pages(api: str, key: str) -> Iterator[str]:
    port = free_port()
    child = subprocess.Popen(
        [sys.executable, "-m", "ui", "--server.address", "127.0.0.1", "--server.port", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "ROUTEBACK_API_URL": api, "ROUTEBACK_API_KEY": key},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 60
        while not _healthy(url):
            assert time.monotonic() < end, "the pages did not start"
            time.sleep(0.1)
        yield url
    finally:
        child.terminate()
        assert child.stdin
        child.stdin.close()
        child.wait(15)


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_stcore/health", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _asked(engine: Engine) -> dict[tuple[str, str], list[Turn]]:
    """Ask what no case asks; return the turns by kind."""
    records = Records(engine)
    turns: dict[tuple[str, str], list[Turn]] = {}
    for (segment, language), questions in GAPS.items():
        for number, question in enumerate(questions):
            outcome = "handed_off" if number == 1 else "abstained"
            turn = Turn(
                records.begin(LOCAL), question, question, language, segment, outcome,
                "I found no answer.", "p", "1",
                created_at=clock.now() - timedelta(hours=5 + 20 * number),
            )  # fmt: skip
            records.add(turn)
            turns.setdefault((segment, language), []).append(turn)
    return turns


def _cases(engine: Engine, turns: dict[tuple[str, str], list[Turn]]) -> None:
    turn = turns["glossary", "en"][-1]
    right = Expected("write", "", "Customers whom a campaign leaves out, to be compared with.")
    case = AddedCase.made("Ada", turn.question, "en", "glossary", right, turn=turn)
    AddedCases(engine).add(case)


def _nights(engine: Engine, count: int, turns: dict[tuple[str, str], list[Turn]]) -> None:
    """Write nights: most passed, some moved by a candidate or the judge, one could not measure."""
    ability = made.ability(7)
    first = made.night(ability, {})
    frozen = made.freeze(first)
    worse = made.lower(made.lower(ability, 0.35, TONE, "glossary"), 0.05, TONE, "support.billing")
    stricter = made.lower(ability, 0.08)
    tonights = {
        "first": (first, {}),
        "passed": (made.night(ability, frozen), frozen),
        "candidate": (made.night(worse, frozen, again=ability, reanswered=worse), frozen),
        "judge": (made.night(stricter, frozen, again=stricter, reanswered=stricter), frozen),
    }
    results = {}
    for name, (tonight, held) in tonights.items():
        told = made.told(tonight, made.judged(tonight, held), held).model_dump(mode="json")
        results[name] = {**told, "worst": [_readable(one) for one in told["worst"]]}
    coverage = _coverage(turns)
    random = np.random.default_rng(11)
    rows = []
    over = clock.now() - timedelta(hours=3)  # the newest night is over, whatever the hour
    newest = over.replace(hour=2, minute=0, second=0)
    for number in range(count):
        age = count - 1 - number
        kind = {0: "candidate", 5: "judge", 9: "candidate"}.get(age, "passed")
        kind = "first" if number == 0 else kind
        at = newest - timedelta(days=age)
        result: dict[str, Any] = {**results[kind], "night": f"{at:%Y-%m-%d}", "coverage": coverage}
        cells = [_wobbly(cell, random) for cell in result["cells"]]
        failed = age == 13
        rows.append(
            {
                "id": f"{at:%Y-%m-%d}",
                "at": at,
                "ended": at + timedelta(minutes=38 + number % 9),
                "kind": "nightly",
                "state": "failed" if failed else "done",
                "fingerprint": "f",
                "plan": {"cases": dict.fromkeys(result["kinds"], "1"), "arms": made.ARMS},
                "result": {} if failed else {**result, "cells": cells},
                "exit_code": 2 if failed else result["exit_code"],
                "words": "Could not measure: the judge cannot be reached."
                if failed
                else result["words"],
            }
        )
    with engine.begin() as connection:
        connection.execute(insert(nights), rows)


def _readable(worst: dict[str, Any]) -> dict[str, Any]:
    question, reference, bad, good = WORST[worst["segment"]]
    told = {"question": question, "reference": reference, "language": "en"}
    sides = {"after": {**worst["after"], "answer": bad}, "before": {**worst["before"]}}
    sides["before"]["answer"] = good
    return {**worst, **told, **sides}


def _wobbly(cell: dict[str, Any], random: np.random.Generator) -> dict[str, Any]:
    if cell["mean"] is None:
        return cell
    shift = float(random.normal(0, 0.012))
    moved = {
        name: min(1.0, max(0.0, cell[name] + shift))
        for name in ("mean", "low", "high")
        if cell[name] is not None
    }
    return {**cell, **moved}


def _coverage(turns: dict[tuple[str, str], list[Turn]]) -> dict[str, Any]:
    shares = (0.11, 0.06, 0.03)
    missing = [
        {
            "turns": [turn.id for turn in some], "segment": segment, "language": language,
            "share": share, "questions": round(420 * share), "cases": 0,
        }
        for ((segment, language), some), share in zip(turns.items(), shares, strict=True)
    ]  # fmt: skip
    return {
        "covered": 0.8, "covered_low": 0.76, "covered_high": 0.84, "balance": 0.7,
        "questions": 420, "cases": 48, "missing": missing, "unasked": [],
        "to_add": [one["turns"][0] for one in missing], "reason": "",
    }  # fmt: skip


def _pairs(assistant: Assistant) -> None:
    """Make the candidate worse in the glossary, and good enough for a canary in support."""
    guard = assistant.guard
    random = np.random.default_rng(3)
    number = 0
    for segment, difference, count in PAIRS:
        for _ in range(count):
            number += 1
            value = float(np.clip(difference + random.normal(0, 0.1), -1, 1))
            pair = Pair(
                id=f"{TONE}-{number}",
                arm=TONE,
                segment=segment,
                at=clock.now() - timedelta(minutes=20 * (sum(n for *_, n in PAIRS) - number)),
                version=guard.versions[TONE],
                base={"fast": Score(0.5 - value / 2)},
                candidate={"fast": Score(0.5 + value / 2)},
            )
            guard.monitor.observe(pair, {})
