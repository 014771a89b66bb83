"""The tree of segments: a small segment borrows evidence from the ones above it."""

from typing import Final

WHOLE: Final = "*"
"""All segments and languages together."""


def lineage(segment: str) -> tuple[str, ...]:
    """Return a segment and those above it, nearest first, :data:`WHOLE` last.

    ``support.billing/en`` has ``support/en`` above it, and that has the whole.
    """
    kind, slash, language = segment.partition("/")
    parts = kind.split(".")
    above = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
    return (*(f"{name}{slash}{language}" for name in above), WHOLE)
