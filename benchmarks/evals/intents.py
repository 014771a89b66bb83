"""Questions and cases drawn from CLINC150, with their embeddings."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.local.embeddings import E5, remembered_queries
from benchmarks import data
from benchmarks.results import KEPT

INTENTS = 60
EACH = 24
SEED = 20261124


@dataclass(frozen=True, slots=True)
class Intents:
    """The same number of texts for each of some intents. vectors: shape (intents, each, 384)."""

    names: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    vectors: NDArray[np.float64]


def drawn() -> Intents:
    """Draw intents and texts of CLINC150 (Larson et al. 2019), seeded.

    The intents that the thresholds of ``evals.cases.coverage`` were chosen on are left out.
    """
    known: dict[str, list[str]] = defaultdict(list)
    for row in data.lines("support_intents/clinc150_train.jsonl"):
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
    vectors = remembered_queries(flat, E5(), KEPT).astype(np.float64)
    return Intents(chosen, texts, vectors.reshape(INTENTS, EACH, -1))
