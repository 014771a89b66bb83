"""Decides which arm may answer. Knows nothing of graphs, web or pages.

What other programs may import is in ``__all__``, and docs/library.md describes it. A name is
loaded when it is first asked for: ``import guardrails`` alone loads neither numpy nor SQLAlchemy.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guardrails.decisions import Decision, replay
    from guardrails.guard import Guard
    from guardrails.map import TransferMap, transfer_map
    from guardrails.monitor import Monitor
    from guardrails.pairs import Sampling, scored
    from guardrails.rules.policy import Policy
    from guardrails.scorers.fast import Fast
    from guardrails.scorers.models import Embedder
    from guardrails.scorers.scorer import Scorer
    from guardrails.statistics.confidence import ConfidenceSequence
    from guardrails.statistics.detector import Budget, Detector
    from guardrails.statistics.proof import Proof
    from guardrails.store.sql_tables import metadata
    from guardrails.store.store import Store
    from guardrails.types import (
        BASE,
        QUOTE,
        Pair,
        Pin,
        Result,
        Route,
        Sample,
        Score,
        Stage,
        Standing,
        Text,
        Unscored,
        Verdict,
    )

__all__ = [
    "BASE",
    "QUOTE",
    "Budget",
    "ConfidenceSequence",
    "Decision",
    "Detector",
    "Embedder",
    "Fast",
    "Guard",
    "Monitor",
    "Pair",
    "Pin",
    "Policy",
    "Proof",
    "Result",
    "Route",
    "Sample",
    "Sampling",
    "Score",
    "Scorer",
    "Stage",
    "Standing",
    "Store",
    "Text",
    "TransferMap",
    "Unscored",
    "Verdict",
    "metadata",
    "replay",
    "scored",
    "transfer_map",
]

_HOMES = {
    "decisions": ("Decision", "replay"),
    "guard": ("Guard",),
    "map": ("TransferMap", "transfer_map"),
    "monitor": ("Monitor",),
    "pairs": ("Sampling", "scored"),
    "rules.policy": ("Policy",),
    "scorers.fast": ("Fast",),
    "scorers.models": ("Embedder",),
    "scorers.scorer": ("Scorer",),
    "statistics.confidence": ("ConfidenceSequence",),
    "statistics.proof": ("Proof",),
    "statistics.detector": ("Budget", "Detector"),
    "store.sql_tables": ("metadata",),
    "store.store": ("Store",),
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load a public name from the module where it lives: of ``types`` unless said above."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = next((home for home, names in _HOMES.items() if name in names), "types")
        value = getattr(import_module(f"{__name__}.{home}"), name)
        globals()[name] = value
        return value
