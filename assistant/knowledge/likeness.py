"""How much of a question is said in a passage, token by token.

Each token of the question counts as much as its best cosine among the passage's tokens: late
interaction (ColBERT, Khattab & Zaharia 2020, arXiv:2004.12832), here with states of a model that
was not trained for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from assistant.knowledge.chunk import parts
from assistant.knowledge.documents import Chunk
from assistant.local.tokens import Tokens

WINDOW: Final = 48
"""Tokens of a window; windows begin every half of it."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Mean cosines in [-1, 1].

    whole: of the question's tokens, rare ones counting more. window: as whole, in the passage's
    best window. reverse: of the passage's tokens.
    """

    whole: float
    window: float
    reverse: float


def read_as(chunk: Chunk) -> str:
    """Return what is read of a passage: its names, then its text."""
    first, *others = chunk.names or chunk.title_path[-1:] or (chunk.source,)
    also = f" ({', '.join(others)})" if others else ""
    return f"{first}{also}. {chunk.text.replace('**', '')}"


def row_read_as(chunk: Chunk, windows: Sequence[float]) -> str:
    """Return what is read of the row that matches best, if that is part of a table; else nothing.

    windows: cosines of the question and each window of the passage.
    """
    first = 0
    best = max(range(len(windows)), key=windows.__getitem__, default=0)
    for part in parts(chunk.text, chunk.language):
        if part.rows and first <= best < first + len(part.windows):
            return f"{(chunk.title_path or (chunk.source,))[-1]}. {part.windows[best - first]}"
        first += len(part.windows)
    return ""


def between(one: Likeness, other: Likeness) -> Likeness:
    """Return the mean of two."""
    return Likeness(
        whole=(one.whole + other.whole) / 2,
        window=(one.window + other.window) / 2,
        reverse=(one.reverse + other.reverse) / 2,
    )


def likeness(question: Tokens, passage: Tokens) -> Likeness:
    """Compare a question with a passage."""
    cosines = question.states @ passage.states.T
    weights = question.weights / question.weights.sum()
    starts = range(0, max(1, cosines.shape[1] - WINDOW // 2), WINDOW // 2)
    windows = [float(weights @ cosines[:, at : at + WINDOW].max(axis=1)) for at in starts]
    return Likeness(
        whole=float(weights @ cosines.max(axis=1)),
        window=max(windows),
        reverse=float(cosines.max(axis=0).mean()),
    )
