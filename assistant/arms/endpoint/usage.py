"""What an answer cost in tokens: as its endpoint counted, within what its texts can cost.

Pure functions. An endpoint may say nothing, or what cannot be; ceilings hold all the same.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from assistant.conversation import Message

CHARACTERS_A_TOKEN: Final = 3
"""A cautious estimate, for texts that nobody has counted."""

_MOST_CHARACTERS_A_TOKEN: Final = 12
"""No text of words takes fewer tokens than one in so many characters."""

_UNSEEN: Final = 32_768
"""Tokens beyond one a byte that an endpoint may have used without our seeing them: its template
around a prompt, its thinking before an answer."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, 0 or more each: as the endpoint counted them, or as estimated."""

    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Prompt and answer together."""
        return self.prompt_tokens + self.completion_tokens


def estimated(text: str) -> int:
    """Return about how many tokens a text is; rather too many than too few."""
    return math.ceil(len(text) / CHARACTERS_A_TOKEN)


def prompt_of(messages: Iterable[Message]) -> str:
    """Return all that an arm is sent, as one text."""
    return "\n".join(message["content"] for message in messages)


def counted(prompt: str, answer: str, said: Any = None) -> Usage:
    """Return what an answer cost.

    said: the endpoint's ``usage``, if it sent one; anything, as nobody checked it.
    """
    return Usage(
        _credible(prompt, getattr(said, "prompt_tokens", None)),
        _credible(answer, getattr(said, "completion_tokens", None)),
    )


def _credible(text: str, said: Any) -> int:
    """Return the tokens of a text: the estimate where the number said is none or too low to be.

    One that is too high to be is the highest that can be: it bounds what we cannot see.
    """
    if not isinstance(said, int) or isinstance(said, bool):
        return estimated(text)
    if said < math.ceil(len(text) / _MOST_CHARACTERS_A_TOKEN):
        return estimated(text)
    return min(said, len(text.encode(errors="replace")) + _UNSEEN)
