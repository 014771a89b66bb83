"""Questions over the sample knowledge, worded unlike its entries; the documents answer most."""

from pathlib import Path
from typing import Any

from benchmarks import data


def questions() -> list[dict[str, Any]]:
    """Return all: question, language, behaviour (answer or abstain), and more."""
    return list(data.lines(Path(__file__).parent / "questions.jsonl"))
