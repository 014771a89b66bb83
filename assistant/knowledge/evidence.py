"""Whether passages carry enough to answer a question."""

from collections.abc import Sequence
from typing import Final

from assistant.knowledge.search import Passage

THRESHOLD: Final = 0.5


def enough(question: str, language: str, passages: Sequence[Passage]) -> float:
    if not passages:
        return 0.0
    if passages[0].matched:
        return 1.0
    return 1.0 if max(p.window for p in passages) > 0.84 else 0.0
