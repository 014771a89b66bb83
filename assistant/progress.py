"""Who is told what goes on while long things happen."""

from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, done, total)."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told what goes on while things are built.

    notice: a sentence for a person. progress: (what, done, total).
    """

    notice: Callable[[str], None] = lambda _: None
    progress: Progress = silent
