"""Two scripted arms behind real OpenAI-compatible servers, and the API that routes to them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.support.endpoint import Endpoint

GOOD = "A token is the smallest piece of text that a language model reads."
BAD = "Bananas are yellow fruit that grow in 12 warm countries."


def questions() -> Iterator[str]:
    """Yield questions that all mean the same, and none of which repeats another."""
    rng = Random(2)

    def word() -> str:
        return "".join(rng.choice("bdfgklmnprst") + rng.choice("aeiou") for _ in range(4))

    while True:
        yield f"What does the term token mean, {' '.join(word() for _ in range(4))}?"


def configuration(folder: Path, base: Endpoint, tuned: Endpoint, **guard: object) -> Path:
    """Write a routeback.toml with both arms."""
    values = {
        "min_pairs": 10,
        "tolerance": 0.2,
        "canary_share": 1.0,
        "wait_s": 1.0,
        "false_alarms": 0.5,
        "horizon": 10,
        "breaker_failures": 3,
        "breaker_pause_s": 0.5,
        "families": [],
        "min_conversations": 0,
        "min_days": 0,
        "false_promotions": 0.5,
        "catastrophe": 0,
        "margins": {},
    } | guard
    lines = [
        *("[[arms]]", 'name = "base"', f'base_url = "{base.url}"', 'model = "scripted"'),
        *("[[arms]]", 'name = "tuned"', f'base_url = "{tuned.url}"', 'model = "scripted"'),
        'revision = "1"',
        "[guard]",
        *(f"{name} = {json.dumps(value)}" for name, value in values.items()),
    ]
    path = folder / "routeback.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


@dataclass
class Degrading:
    """Answers well until told otherwise."""

    bad: bool = False

    def __call__(self, _messages: list[dict[str, str]]) -> str:
        return BAD if self.bad else GOOD
