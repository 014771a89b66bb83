"""Families of harms: what a measure is to notice."""

from typing import Final, Literal

Harming = Literal["facts", "focus", "complete", "form", "refusal", "gaming", "promise"]
Family = Literal[
    "facts", "focus", "complete", "form", "refusal", "gaming", "promise", "improvements"
]
FAMILIES: Final[tuple[Harming, ...]] = (
    "facts",
    "focus",
    "complete",
    "form",
    "refusal",
    "gaming",
    "promise",
)
"""All of them; a policy may name some."""
