"""Questions and cases drawn from CLINC150, with their embeddings."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import report
from numpy.typing import NDArray

from assistant.local.embeddings import E5, remembered_queries

FILE = report.DATA / "support_intents" / "clinc150_train.jsonl"
CACHE = Path(gettempdir()) / "routeback-benchmarks"
INTENTS = 60
EACH = 24
SEED = 20261124


@dataclass(frozen=True, slots=True)
class Intents:
    """The same number of texts for each of some intents. vectors: shape (intents, each, 384)."""

    names: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    vectors: NDArray[np.float64]


def drawn() -> Intents | None:
    """Draw intents and texts of CLINC150 (Larson et al. 2019), seeded; None without the file.

    The intents that the thresholds of ``evals.cases.coverage`` were chosen on are left out.
    """
    if not FILE.exists():
        return None
    known: dict[str, list[str]] = defaultdict(list)
    for line in FILE.read_text().splitlines():
        row = json.loads(line)
        if row["in_scope"]:
            known[row["intent"]].append(row["text"])
    random = np.random.default_rng(SEED)
    names = sorted(known)
    seen = set(random.choice(len(names), INTENTS, replace=False).tolist())  # thresholds: on these
    rest = [name for i, name in enumerate(names) if i not in seen]
    chosen = tuple(rest[i] for i in sorted(random.choice(len(rest), INTENTS, replace=False)))
    texts = tuple(
        tuple(known[name][i] for i in random.choice(len(known[name]), EACH, replace=False))
        for name in chosen
    )
    flat = [text for some in texts for text in some]
    vectors = remembered_queries(flat, E5(), CACHE).astype(np.float64)
    return Intents(chosen, texts, vectors.reshape(INTENTS, EACH, -1))


if __name__ == "__main__":
    drawn()
