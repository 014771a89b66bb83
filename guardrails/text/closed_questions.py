"""Whether a question wants a yes or a no.

More may be answered by one: ``guardrails.text.reading.is_closed`` leaves out only what opens
with what, why, how and the like.
"""

import re
from typing import Final

from guardrails.text.function_words import QUESTION_WORDS, one_of

_LEADS: Final = r"^\W*(?:(?:and|but|so|und|aber|oder)\s+)?"
_CLOSED_EN: Final = re.compile(
    rf"{_LEADS}(?:"
    r"(?:is|are|am|were|do|does|did|can|could|will|would|may|might|must|shall|should|has|have"
    r"|had)(?:n't|n’t)?\b"
    r"|was(?:n't|n’t)?\s+(?:it|he|she|i|there|the|this|that|my|our|your)\b)",
    re.IGNORECASE,
)
_CLOSED_DE: Final = re.compile(
    rf"{_LEADS}(?:ist|sind|bin|war|hat|kann|könnt|darf|muss|soll|wird|gibt|geht|gilt"
    r"|(?!we[lmnrs]|wie|wo|wa)\w+(?:t|en|e|st))\s+"
    r"(?:ich|du|er|sie|es|wir|ihr|man|sich|das|dies\w*|der|die|ein\w*|mein\w*|unser\w*|eure?\w*"
    r"|ihre?\w*|jede\w*|alle)\b",
    re.IGNORECASE,
)
"""Begins with its verb. In German any word may be one, so a question mark is needed there."""
_POLITE: Final = re.compile(
    rf"{_LEADS}(?:can|could|will|would|kannst|könntest|können|könnten|könnt|würden)"
    r"\s+(?:you|du|sie|ihr)\b(?=.*\b(?:tell|explain|show|describe|help|define|sagen|erklären|zeigen"
    r"|beschreiben|helfen|verraten)\b)"
    rf"|{_LEADS}(?:(?:do|did) you know|weißt du|wissen sie|wisst ihr)\b"
    rf"(?=\s*$|.*\b{one_of([*QUESTION_WORDS['en'], *QUESTION_WORDS['de']])}\b)",
    re.IGNORECASE,
)
"""Asks for something else than the yes that it seems to ask for."""


def asks_yes_or_no(text: str) -> bool:
    """Return whether a text asks something that yes or no would answer."""
    parts = re.split(r"(?<=[.!?])\s+|[,;:]\s+", text)
    asks = "?" in text
    return any(
        _CLOSED_EN.match(part) or (asks and _CLOSED_DE.match(part))
        for part in parts
        if not _POLITE.match(part)
    )
