"""Whether questions are put together that ask the same, and none that are only near.

Made questions in families of two intents that share nearly all their words, in both languages:
``fit`` chose the threshold, ``held`` and ``fresh`` were looked at and changed the rules, and
``last`` was written when the rules stood, and changed nothing.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from assistant.curation.clusters import AskedText, grouped
from assistant.local.embeddings import E5
from benchmarks.results import Table, percent, table

OWN = Path(__file__).parent / "questions.jsonl"
PARTS = ("fit", "held", "fresh", "last")
Rows = Sequence[Mapping[str, Any]]


def texts(rows: Rows, embedder: E5) -> list[AskedText]:
    """Return questions with their vectors, in the order given."""
    vectors = embedder.queries([row["question"] for row in rows])
    return [
        AskedText(str(number), row["question"], row["language"], vector)
        for number, (row, vector) in enumerate(zip(rows, vectors, strict=True))
    ]


def purity(rows: Rows, groups: Mapping[str, str]) -> float:
    """Return the share of questions that are of the intent that most of their group are of."""
    members: defaultdict[str, list[str]] = defaultdict(list)
    for number, row in enumerate(rows):
        members[groups[str(number)]].append(row["intent"])
    return sum(max(Counter(group).values()) for group in members.values()) / len(rows)


def line(rows: Rows, embedder: E5) -> list[object]:
    """Return counts, purity, and precision and recall over pairs of questions."""
    groups = grouped(texts(rows, embedder), {})
    pairs = [
        (groups[str(i)] == groups[str(j)], rows[i]["intent"] == rows[j]["intent"])
        for i, j in combinations(range(len(rows)), 2)
    ]
    right = sum(together and same for together, same in pairs)
    return [
        *(len(rows), len({row["intent"] for row in rows}), len(set(groups.values()))),
        purity(rows, groups),
        right / max(1, sum(together for together, _ in pairs)),
        right / sum(same for _, same in pairs),
    ]


def measure(*, quick: bool = False) -> list[Table]:
    """Group each part; seconds."""
    lines = OWN.read_text("utf-8").splitlines()
    rows, embedder = [json.loads(one) for one in lines], E5()
    parts = PARTS[-1:] if quick else PARTS
    found = [[part, *line([r for r in rows if r["fold"] == part], embedder)] for part in parts]
    columns = ("questions of", "questions", "intents", "gaps")
    shares = [percent(name) for name in ("purity", "pairs right", "pairs found")]
    return [table("groups", (*columns, *shares), found)]
