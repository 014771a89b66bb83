"""Families of harms: what a measure is to notice."""

from typing import Final, Literal

Harming = Literal["facts", "focus", "complete", "form", "refusal", "gaming"]
Family = Literal["facts", "focus", "complete", "form", "refusal", "gaming", "improvements"]
FAMILIES: Final[tuple[Harming, ...]] = (
    "facts",
    "focus",
    "complete",
    "form",
    "refusal",
    "gaming",
)
"""All of them; a policy may name some."""
