"""What a source came to when it was read, and how a folder of this machine is."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final

from assistant.errors import LoadError, SourceError
from assistant.knowledge.isolation import ReadingProcess
from assistant.knowledge.load import look
from assistant.knowledge.readers.options import Item, Note, ReadingLimits, ReadingOptions
from assistant.progress import Progress
from assistant.records.sources import SourceNote, SourcePage

_MANY: Final = 20
"""Files from which reading takes long enough to be told."""
_POINTER: Final = b"version https://git-lfs.github.com/spec/"
_REASONS: Final = 30
_SPACE: Final = re.compile(r"\s+")


class Stopped(Exception):
    """Whoever reads is to end now; nothing was changed."""


@dataclass(slots=True)
class Loaded:
    """What a path, or another source, came to.

    read, passages: items and the number of passages by source. failures: files that cannot be read.
    keep: sources that were not looked at, and stay as they are. pages: what is known of each page
    from now on, of a web source. version: of what was read, if it has one. unchanged: it is that of
    the last time, and nothing was read.
    """

    read: dict[str, tuple[Item, ...]] = field(default_factory=dict)
    passages: dict[str, int] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    failures: list[LoadError] = field(default_factory=list)
    keep: set[str] = field(default_factory=set)
    pages: list[SourcePage] | None = None
    version: str = ""
    unchanged: bool = False

    @property
    def items(self) -> list[Item]:
        """All documents and entries."""
        return [item for items in self.read.values() for item in items]

    @property
    def kept(self) -> set[str]:
        """The sources that keep what they have."""
        return self.keep | {failure.source for failure in self.failures}


def loaded(
    path: Path,
    options: ReadingOptions,
    limits: ReadingLimits,
    progress: Progress,
    stop: Event | None = None,
    begin: Callable[[ReadingLimits], ReadingProcess] = ReadingProcess,
) -> Loaded:
    """Read a file, or all below a folder, in a process that has limits. begin: makes that.

    Raises:
        LoadError: nothing is there, or nothing has a known suffix.
        Stopped: ``stop`` was set.
    """
    survey = look(path)
    base = path if path.is_dir() else path.parent
    batch = Loaded(notes=list(survey.left_out))
    with begin(limits) as process:
        for number, file in enumerate(survey.files, start=1):
            if stop is not None and stop.is_set():
                raise Stopped
            source = printable(str(file.relative_to(base)))
            if _elsewhere(file):
                batch.notes.append(Note.left_out(source, "a file that is kept elsewhere (LFS)"))
                continue
            try:
                result = process.reading(file, options, source=source)
            except LoadError as error:
                batch.failures.append(error)
            else:
                batch.notes += result.notes
                if result.items:
                    batch.read[source] = result.items
                    batch.passages[source] = result.passages
            if len(survey.files) > _MANY:
                progress("reading", number, len(survey.files))
    return batch


def printable(name: str) -> str:
    """Return a file's name as it can be stored and shown: without bytes and signs that cannot."""
    text = name.encode(errors="replace").decode()
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def below(path: str, roots: Collection[Path]) -> Path:
    """Return a folder of this machine, as it really is, if it is in one of some folders.

    Raises:
        SourceError: it is not, or no folder.
    """
    real = Path(path).expanduser().resolve()
    if not any(real.is_relative_to(root.expanduser().resolve()) for root in roots):
        raise SourceError(
            f"{printable(path)} is not in a folder that sources may be in.",
            hint="Somebody who may set sources.folders has to name it there.",
        )
    if not real.is_dir():
        raise SourceError(f"{printable(path)} is no folder.")
    return real


def told(batch: Loaded) -> tuple[SourceNote, ...]:
    """Return what a person should know of a batch, the most frequent first."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for failure in batch.failures:
        reasons["cannot be read"].append(f"{failure.source}: {failure.message}")
    for note in batch.notes:
        reasons[note.what].append(note.source + (f": {note.where}" if note.where else ""))
    ranked = sorted(reasons.items(), key=lambda pair: -len(pair[1]))
    return tuple(
        SourceNote(what, len(names), _SPACE.sub(" ", names[0])[:300])
        for what, names in ranked[:_REASONS]
    )


def _elsewhere(file: Path) -> bool:
    """Return whether a file only says where its content is kept."""
    try:
        with file.open("rb") as opened:
            return opened.read(len(_POINTER)) == _POINTER
    except OSError:
        return False  # reading it says why
