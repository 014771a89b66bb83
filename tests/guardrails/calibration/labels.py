"""Labels files made for tests."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def row(number: int, label: Any, **fields: Any) -> dict[str, Any]:
    """An answer whose words stand in the passage as far as it is good."""
    words = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"]
    shown = label if isinstance(label, float) else sum(label) / len(label)
    kept = round(shown * 6) + number % 2
    answer = [*words[:kept], *(f"stray{number}x{i}" for i in range(8 - kept))]
    return {
        "question": f"What is {number}?",
        "language": "en" if number % 3 else "de",
        "passages": [" ".join(words)],
        "answer": " ".join(answer),
        "label": label,
        **fields,
    }


def some(count: int, people: int = 0) -> list[dict[str, Any]]:
    """Answers, two of three accepted; with several people, one of five rows is disputed."""
    rows = []
    for number in range(count):
        label: Any = float(number % 3 != 0)
        if people:
            label = [label] * people
            if number % 5 == 0:
                label[0] = 1.0 - label[0]
        rows.append(row(number, label))
    return rows


def write(path: Path, rows: Sequence[Any]) -> Path:
    lines = [line if isinstance(line, str) else json.dumps(line) for line in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
