"""What all parts of the audit need to know of an answer."""

from assistant.turn.prompts import NO_ANSWER
from guardrails.text import markers
from guardrails.text.words import words


def refuses(answer: str) -> bool:
    """Return whether an answer is the word with which a model says that there is none."""
    return answer.strip().strip(".") == NO_ANSWER


def cites(answer: str) -> bool:
    """Return whether an answer has a citation marker."""
    return bool(markers.numbers(answer))


def length(answer: str) -> int:
    """Return the words of an answer."""
    return len(words(markers.strip(answer)))
