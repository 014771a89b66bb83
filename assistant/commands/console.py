"""The terminal: notices and progress on stderr, results on stdout."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from assistant.progress import Watcher

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

out = Console()
err = Console(stderr=True)


@contextmanager
def watching() -> Iterator[Watcher]:
    """Yield a watcher that shows notices, and a bar for each long step.

    Without a terminal, each step is one line.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
    )
    bars = Progress(*columns, TimeRemainingColumn(), console=err, transient=True)
    tasks: dict[str, TaskID] = {}

    def progress(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=total)
            if not err.is_terminal:
                err.print(f"{what} …")
        bars.update(tasks[what], completed=done, total=total)

    if not err.is_terminal:
        yield Watcher(lambda text: err.print(text, highlight=False), progress)
        return
    with bars:
        yield Watcher(lambda text: err.print(text, highlight=False), progress)


@contextmanager
def following() -> Iterator[Callable[[str, float | None], None]]:
    """Yield what shows how far one thing is, in one line: (sentence, share in [0, 1] or None).

    Without a terminal, the first sentence and each that is of another kind is a line.
    """
    if not err.is_terminal:
        kinds: set[str] = set()

        def line(text: str, _share: float | None) -> None:
            kind = text.partition(" (")[0].rstrip(".")
            if kind not in kinds:
                kinds.add(kind)
                err.print(text, highlight=False)

        yield line
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, redirect_stdout=False) as bars:
        task = bars.add_task("", total=None)

        def bar(text: str, share: float | None) -> None:
            total = None if share is None else 1.0
            bars.update(task, description=text, completed=share or 0.0, total=total)

        yield bar


def say(text: str, *, style: str = "", to: Console = out) -> None:
    """Print a text as it is, so that a path or a passage can be copied: no markup, no breaks."""
    to.print(text, style=style, markup=False, emoji=False, highlight=False, soft_wrap=True)


def plain_write(text: str) -> None:
    """Write a piece of an answer at once; it gives the terminal no orders, and is no link in it."""
    sys.stdout.write(_CONTROL.sub("", text))
    sys.stdout.flush()
