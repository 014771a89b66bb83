"""What scorers need of models: vectors of texts, and what is wrong in a near-copy. Ports only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from guardrails.arrays import Vectors


@dataclass(frozen=True, slots=True)
class Wrong:
    """Characters ``start`` to ``end`` of a sentence that the passage does not carry.

    probability: in (0, 1], the highest of the pieces in it.
    """

    start: int
    end: int
    probability: float


@dataclass(frozen=True, slots=True)
class Check:
    """What was found in one sentence.

    supported: in [0, 1], 1 for what the passage says. wrong: in order, apart from each other.
    """

    supported: float
    wrong: tuple[Wrong, ...]


class Checker(Protocol):
    """Holds a sentence against one passage."""

    @property
    def version(self) -> str:
        """Changes whenever the same texts would get another answer."""
        ...

    def check(self, question: str, sentence: str, passage: str, language: str) -> Check:
        """Judge a sentence; with a bare yes or no in it, as the answer to the question.

        language: of the sentence, ``en`` or ``de``. Any text can be read; an empty sentence says
        nothing and is supported, and nothing is supported by an empty passage.
        """
        ...


class Embedder(Protocol):
    """Turns texts into unit vectors whose dot product is their cosine."""

    @property
    def revision(self) -> str:
        """Changes whenever the same text would get another vector."""
        ...

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions. Shape (len(texts), dimensions)."""
        ...

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Embed statements. Shape (len(texts), dimensions)."""
        ...
