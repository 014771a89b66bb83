"""Whether a question needs the conversation before it, and whether a rewrite of it is sound."""

import re
from collections.abc import Sequence
from typing import Final

from assistant.messages import Message
from guardrails.words import content, words

RECENT: Final = 4
"""Messages before the question that a rewrite may look at."""

_POINTS_BACK: Final = frozenset(
    """
    it its that this those these they them there then same one ones he she
    das dies diese dieser dieses es er dort davon dafür damit dabei dagegen darüber dazu denen
    deren dessen ihn ihm ihnen selbe gleiche beides
    """.split()
)
_LEADS_ON: Final = re.compile(
    r"^(and|also|but|so|then|what about|how about|why"
    r"|und|auch|aber|dann|wie ist es mit|was ist mit|warum|wieso)\b",
    re.IGNORECASE,
)
_FEW: Final = 2
_SHORT: Final = 12
_NEW_WORDS: Final = 0.34
_LONGEST: Final = 300


def needs_context(question: str, language: str) -> bool:
    """Return whether the question points back at what was said before.

    By its words alone: a pronoun without a noun of its own before it, a lead such as "and",
    or hardly any content.
    """
    tokens = words(question)
    if _LEADS_ON.match(question.strip()):
        return True
    if len(content(question, language)) < _FEW and not _defines(question):
        return True
    return bool(_POINTS_BACK & set(tokens)) and len(tokens) <= _SHORT


def _defines(question: str) -> bool:
    """Whether it asks what a single word means: short, but complete."""
    return bool(
        re.match(r"^\W*(what|was|define|explain|erklär|definiere)", question, re.IGNORECASE)
    )


def sound_rewrite(rewrite: str, question: str, history: Sequence[Message], language: str) -> bool:
    """Return whether a model's rewrite says no more than the conversation does."""
    if not rewrite or len(rewrite) > _LONGEST or "\n" in rewrite:
        return False
    said = content(" ".join([question, *(turn["content"] for turn in history)]), language)
    claimed = content(rewrite, language)
    return bool(claimed) and len(claimed - said) <= _NEW_WORDS * len(claimed)


def joined(question: str, history: Sequence[Message]) -> str:
    """Return the question after the last one that was asked: no rewrite, but searchable."""
    asked = [turn["content"] for turn in history if turn["role"] == "user"]
    return f"{asked[-1]} {question}" if asked else question
