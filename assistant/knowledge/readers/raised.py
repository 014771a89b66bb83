"""Raised and lowered signs in plain text, so that they are no part of the number before them."""

from typing import Final

_RAISED: Final = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_LOWERED: Final = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")


def raised(text: str) -> str:
    """Return raised text: 2 and ``16`` are 2¹⁶; letters alone stay, as in ``1st``."""
    signs = text.translate(_RAISED)
    if not any(character.isdigit() for character in text):
        return text if any(character.isascii() for character in signs) else signs
    return f"^{text}" if any(character.isascii() for character in signs) else signs


def lowered(text: str) -> str:
    """Return lowered text: H, ``2``, O are H₂O; what cannot be lowered stays."""
    signs = text.translate(_LOWERED)
    return text if any(character.isascii() for character in signs) else signs
