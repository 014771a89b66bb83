"""A gate that lets everything through: the product's own, over scorers that look at nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from assistant.local.embeddings import TextEmbedder
from assistant.settings import Settings
from guardrails.gate import Gate
from guardrails.scorers.fast import Fast
from guardrails.scorers.groundedness import Claim
from guardrails.scorers.models import Checker
from guardrails.types import Result, Sample, Score, Text

Build = Callable[[Settings, TextEmbedder, Checker], Gate]


@dataclass(frozen=True, slots=True)
class Unlooking:
    """Says of every sentence that the first passage has it."""

    def claim(self, sentence: str, passages: Sequence[Text], *_: Any, **__: Any) -> Claim:
        """Judge one sentence."""
        return Claim(sentence, 1.0, "", weight=1.0, owner=0 if passages else -1)


class Unscoring(Fast):
    """Gives every answer the best score."""

    def __init__(self) -> None:
        super().__init__()
        self.groundedness = cast("Any", Unlooking())

    def measure_all(self, sample: Sample) -> dict[str, Result]:
        """Measure nothing."""
        del sample
        return {}

    def combine(self, results: Mapping[str, Result]) -> Result:
        """Return the best score."""
        del results
        return Score(1.0, "")


def unlocked(build: Build) -> Build:
    """Return what builds such a gate where ``build`` would build another."""

    def gate(settings: Settings, embedder: TextEmbedder, checker: Checker) -> Gate:
        return replace(build(settings, embedder, checker), scorers=Unscoring())

    return gate
