"""Raised and lowered signs in plain text, so that they are no part of the number before them."""

from typing import Final

_RAISED: Final = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_LOWERED: Final = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")


def raised(text: str) -> str:
    """Return raised text: 2 and ``16`` are 2¹⁶; letters alone stay, as in ``1st``."""
    told = text.translate(_RAISED)
    if not any(character.isdigit() for character in text):
        return text if any(character.isascii() for character in told) else told
    return f"^{text}" if any(character.isascii() for character in told) else told


def lowered(text: str) -> str:
    """Return lowered text: H, ``2``, O are H₂O; what cannot be lowered stays."""
    told = text.translate(_LOWERED)
    return text if any(character.isascii() for character in told) else told
