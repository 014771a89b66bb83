"""Texts that the team keeps, with gaps as in ``Hello {{name|there}}, about {{ticket}}``."""

import re
from collections.abc import Mapping
from typing import Final

VARIABLES: Final = ("agent", "contact", "link", "name", "subject", "ticket")
"""agent: who replies. contact: as it was given. link: of the chat page. name: of who asks, if they
signed in. ticket: its number, as ``#12``."""
_GAP: Final = re.compile(r"\{\{\s*([^{}|]*?)\s*(?:\|([^{}]*))?\}\}")
_BRACES: Final = re.compile(r"\{\{|\}\}")


def checked(text: str) -> str:
    """Return a text as it is.

    Raises:
        ValueError: a gap names no variable, or is not closed; says which there are.
    """
    there = ", ".join(f"{{{{{name}}}}}" for name in VARIABLES)
    for match in _GAP.finditer(text):
        if match[1] not in VARIABLES:
            raise ValueError(f"{match[0]} is no variable; there are {there}")
    if stray := _BRACES.search(_GAP.sub("", text)):
        raise ValueError(
            f"{stray[0]} stands alone: a variable is written as {{{{name}}}} or {{{{name|there}}}}"
        )
    return text


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its gaps filled, once: what a value says is text and no gap.

    Where there is no value it is what stands behind ``|``, or nothing.
    """

    def value(match: re.Match[str]) -> str:
        given = " ".join(values.get(match[1], "").split())
        return given or (match[2] or "").strip()

    return _GAP.sub(value, text)
