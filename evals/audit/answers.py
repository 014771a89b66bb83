"""What all parts of the audit need to know of an answer."""

import re
from typing import Final

from assistant.prompts import NO_ANSWER
from guardrails.words import words

_MARKER: Final = re.compile(r"\s*\[\d{1,3}(?:\s*,\s*\d{1,3})*\]")


def refuses(answer: str) -> bool:
    """Return whether an answer is the word with which a model says that there is none."""
    return answer.strip().strip(".") == NO_ANSWER


def plain(answer: str) -> str:
    """Return an answer without citation markers."""
    return _MARKER.sub("", answer)


def cites(answer: str) -> bool:
    """Return whether an answer has a citation marker."""
    return _MARKER.search(answer) is not None


def length(answer: str) -> int:
    """Return the words of an answer."""
    return len(words(plain(answer)))
