"""Two scripted arms behind real OpenAI-compatible servers, and the API that routes to them."""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.endpoint import Endpoint

GOOD = "A token is the smallest piece of text that a language model reads."
BAD = "Bananas are yellow fruit that grow in 12 warm countries."


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
        "breaker_window": 3,
        "breaker_pause_s": 0.5,
        "families": [],
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
