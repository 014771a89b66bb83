"""Tells on one screen what became of what ``knowledge add`` was given."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from assistant.errors import LoadError
from assistant.knowledge.documents import Entry
from assistant.knowledge.readers.options import MEND, Item, Note
from assistant.sources.batch import Loaded

_SHOWN: Final = 3
"""Files that are named for each reason."""
_LINES: Final = 12
"""Reasons that are told."""


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
