"""Reads what ``knowledge add`` is given, and tells what became of it on one screen."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from assistant.errors import LoadError
from assistant.knowledge.documents import Entry
from assistant.knowledge.readers.options import MEND, Item, Note, ReadingLimits, ReadingOptions
from assistant.progress import Progress

_SHOWN: Final = 3
"""Files that are named for each reason."""
_MANY: Final = 20
"""Files from which reading takes long enough to be told."""
_LINES: Final = 12
"""Reasons that are told."""


@dataclass(slots=True)
class Loaded:
    """What a path came to.

    read, passages: items and the number of passages by source. failures: files that cannot be read.
    """

    read: dict[str, tuple[Item, ...]] = field(default_factory=dict)
    passages: dict[str, int] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    failures: list[LoadError] = field(default_factory=list)

    @property
    def items(self) -> list[Item]:
        """All documents and entries."""
        return [item for items in self.read.values() for item in items]


def loaded(
    path: Path, options: ReadingOptions, limits: ReadingLimits, progress: Progress
) -> Loaded:
    """Read a file, or all below a folder, in a process that has limits.

    Raises:
        LoadError: nothing is there, or nothing has a known suffix.
    """
    from assistant.knowledge.isolation import ReadingProcess
    from assistant.knowledge.load import look

    survey = look(path)
    base = path if path.is_dir() else path.parent
    batch = Loaded(notes=list(survey.left_out))
    with ReadingProcess(limits) as process:
        for number, file in enumerate(survey.files, start=1):
            source = printable(str(file.relative_to(base)))
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


def report(found: Loaded) -> Iterator[str]:
    """Yield the lines that say what was taken and left out, and why."""
    kinds = Counter(Path(source).suffix.lower() for source in found.read)
    listed = ", ".join(f"{suffix} {count}" for suffix, count in kinds.most_common())
    yield f"Read: {_counted(found.items)} from {len(found.read)} files ({listed or 'none'})."
    yield from _told("Left out", [note for note in found.notes if note.kind == "left out"])
    yield from _told("Look at", [note for note in found.notes if note.kind == "warning"])


def plan(found: Loaded) -> Iterator[str]:
    """Yield one line for each file: what would become of it."""
    noted = defaultdict(list)
    for note in found.notes:
        noted[note.source].append(note)
    for source, items in found.read.items():
        yield f"{source}: {_counted(items)} in {found.passages[source]} passages"
        yield from (f"  {_phrase(note)}" for note in noted.pop(source, ()))
    for source, notes in sorted(noted.items()):
        yield from (f"{source}: {_phrase(note)}" for note in notes)
    for failure in found.failures:
        yield f"{failure.source}: cannot be read: {failure.message} {failure.hint}".rstrip()


def printable(name: str) -> str:
    """Return a file's name as it can be stored and shown: without bytes and signs that cannot."""
    text = name.encode(errors="replace").decode()
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def refusal(failures: Sequence[LoadError]) -> LoadError:
    """Return one error for all files that cannot be read."""
    if len(failures) == 1:
        return failures[0]
    lines = "".join(f"\n  - {error.message}" for error in failures)
    hints = dict.fromkeys(error.hint for error in failures if error.hint not in {"", MEND})
    return LoadError(
        f"{len(failures)} files cannot be read, nothing was changed:{lines}",
        source=failures[0].source,
        hint="\n".join(["Mend them, or run it again with --skip-unreadable.", *hints]),
    )


def _counted(items: Iterable[Item]) -> str:
    counts = Counter(item.kind.value if isinstance(item, Entry) else "page" for item in items)
    names = {"page": "pages", "faq": "answered questions", "glossary": "glossary entries"}
    singular = {"page": "page", "faq": "answered question", "glossary": "glossary entry"}
    parts = [f"{n} {singular[kind] if n == 1 else names[kind]}" for kind, n in counts.items()]
    return " and ".join(parts) or "nothing"


def _told(heading: str, notes: Sequence[Note]) -> Iterator[str]:
    by_reason: dict[str, list[Note]] = defaultdict(list)
    for note in notes:
        by_reason[note.what].append(note)
    if not by_reason:
        return
    yield f"{heading}:"
    ranked = sorted(by_reason.items(), key=lambda pair: -len(pair[1]))
    for what, same in ranked[:_LINES]:
        named = [n.source + (f": {n.where}" if n.where else "") for n in same[:_SHOWN]]
        more = ", …" if len(same) > _SHOWN else ""
        yield f"  {len(same)} × {what} ({', '.join(named)}{more})"
    if len(ranked) > _LINES:
        yield f"  and {len(ranked) - _LINES} more reasons; --dry-run shows all."


def _phrase(note: Note) -> str:
    kind = "left out" if note.kind == "left out" else "look at"
    return f"{kind}: {note.what}" + (f" ({note.where})" if note.where else "")
