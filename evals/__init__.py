"""Offline evals: nightly runs over the eval cases. Nothing here is on the way to an answer.

What a team's own tests may import is in ``__all__``, and docs/library.md describes it; a name is
loaded when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evals.cases.cases import Case
    from evals.testing.cases import Asker, ScoredAnswer, asking

__all__ = ["Asker", "Case", "ScoredAnswer", "asking"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load a public name; the module of the tests has them all."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module("evals.testing.cases"), name)
        globals()[name] = value
        return value
