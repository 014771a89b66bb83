"""Grounded examples from the knowledge, mixed into training so that a model keeps to passages.

What a fine-tune takes away is mostly the habit of answering from the passage. Showing that habit
again among the new examples ("replay", as in continual learning) kept most of it.
"""

import re
from collections.abc import Sequence
from typing import Final

from assistant.errors import TuningError
from assistant.knowledge.chunk import sentences
from assistant.knowledge.documents import Chunk, Kind
from assistant.tuning.examples import Example
from guardrails import digests
from guardrails.types import Text

PREFIX: Final = "replay-"
"""What the ids of these examples begin with."""
_MOST_SENTENCES: Final = 2
_ASKED: Final = {
    "en": ("What is {}?", "What does {} mean?", "Explain {}."),
    "de": ("Was ist {}?", "Was bedeutet {}?", "Erkläre {}."),
}
_END: Final = re.compile(r"([.!?…]*)$")
_STRONG: Final = re.compile(r"\*\*|__|`")


def count(examples: int, share: float) -> int:
    """Return how many replayed examples make up ``share`` of all when added to ``examples``."""
    return round(examples * share / (1 - share))


def replayed(chunks: Sequence[Chunk], wanted: int, seed: int) -> list[Example]:
    """Return ``wanted`` questions about curated entries, answered from the entry and cited.

    Every entry is asked once before one is asked again in other words. The choice depends on the
    entries and the seed, not on their order.

    Raises:
        TuningError: there are not so many entries and wordings.
    """
    entries = [chunk for chunk in chunks if chunk.kind.curated and chunk.language in _ASKED]
    draws = [
        (turn, _draw(chunk, seed), question, chunk)
        for chunk in entries
        for turn, question in enumerate(_questions(chunk))
    ]
    draws.sort(key=lambda one: one[:3])
    if len(draws) < wanted:
        raise TuningError(
            f"The knowledge holds {len(entries)} entries, enough for {len(draws)} replayed "
            f"examples; {wanted} are wanted.",
            hint="Lower --replay, or add glossary or FAQ entries.",
        )
    return [
        _example(number, question, chunk)
        for number, (_, _, question, chunk) in enumerate(draws[:wanted], start=1)
    ]


def _questions(chunk: Chunk) -> list[str]:
    names = list(dict.fromkeys((*chunk.title_path, *chunk.names)))
    if chunk.kind is Kind.FAQ:
        return names
    wordings = _ASKED[chunk.language]
    return [wording.format(name) for wording in wordings for name in names[:1]]


def _example(number: int, question: str, chunk: Chunk) -> Example:
    text = Text(chunk.text, chunk.language, chunk.title, curated=True)
    lines = sentences(_STRONG.sub("", chunk.text), chunk.language)[:_MOST_SENTENCES]
    answer = " ".join(_END.sub(r" [1]\1", sentence, count=1) for sentence in lines)
    return Example(
        id=f"{PREFIX}{number}",
        line=0,
        language=chunk.language,
        question=question,
        answer=answer,
        passages=(text,),
        segment=chunk.kind.value,
    )


def _draw(chunk: Chunk, seed: int) -> str:
    name = "\0".join((str(seed), chunk.language, *chunk.title_path, chunk.text))
    return digests.of(name)
