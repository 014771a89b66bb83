"""Entries and versions as an editor sees them. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from assistant.knowledge.documents import Chunk
from assistant.knowledge.replacements import WRITTEN
from assistant.records.entries import SOURCE, EntryContent, EntryVersion
from assistant.wire.curation import (
    EntryHistory,
    EntryRow,
    EntryText,
    FieldChange,
    VersionChange,
    VersionView,
)
from guardrails.text.words import words


def listed(
    curated: Iterable[Chunk], newest: Sequence[EntryVersion], serving: Sequence[EntryVersion]
) -> list[EntryRow]:
    """Return all entries by name: those of files that serve, and the newest of those from here.

    A draft that was erased is none.
    """
    rows = [
        EntryRow.model_validate(
            {
                "key": chunk.key,
                "language": chunk.language,
                "kind": chunk.kind.value,
                "content": EntryText(
                    name=chunk.title_path[-1],
                    text=chunk.text,
                    aliases=chunk.names[1:],
                    url=chunk.url,
                    audience=chunk.audience,
                ),
                "state": "file",
                "pending": False,
                "version": 0,
                "root": chunk.root,
                "source": chunk.source,
            }
        )
        for chunk in curated
        if chunk.root != WRITTEN
    ]
    served = {(version.key, version.language) for version in serving}
    rows += [
        EntryRow.model_validate(
            {
                "key": version.key,
                "language": version.language,
                "kind": version.kind.value,
                "content": EntryText.model_validate(asdict(version.content)),
                "state": version.state,
                "pending": version.state == "draft" and (version.key, version.language) in served,
                "version": version.version,
                "root": WRITTEN,
                "source": SOURCE,
            }
        )
        for version in newest
        if not version.erased
    ]
    return sorted(rows, key=lambda row: (row.content.name.casefold(), row.language, row.root))


def matching(
    rows: Iterable[EntryRow], query: str, language: str | None, state: str | None
) -> list[EntryRow]:
    """Return the rows that have all words of a query, in a language and a state."""
    wanted = words(query)

    def holds(row: EntryRow) -> bool:
        content = row.content
        text = "\n".join((row.key, content.name, *content.aliases, content.text)).casefold()
        return all(word in text for word in wanted)

    return [
        row
        for row in rows
        if language in {None, row.language} and state in {None, row.state} and holds(row)
    ]


def shown_history(history: Sequence[EntryVersion]) -> EntryHistory:
    """Return versions, the newest first. history: oldest first."""
    settled = [version for version in history if version.state != "draft"]
    serving = settled[-1].version if settled and settled[-1].state == "approved" else 0
    shown = [
        VersionChange(
            version=VersionView.model_validate({**asdict(version), "erased": version.erased}),
            changes=changes(history[at - 1].content if at else None, version.content),
            serving=version.version == serving,
        )
        for at, version in enumerate(history)
    ]
    return EntryHistory(versions=tuple(reversed(shown)))


def changes(before: EntryContent | None, after: EntryContent) -> tuple[FieldChange, ...]:
    """Return what one content says otherwise than another."""
    old = _lines(before) if before else {}
    return tuple(
        FieldChange(field=name, before=old.get(name, ""), after=value)
        for name, value in _lines(after).items()
        if old.get(name, "") != value
    )


def _lines(content: EntryContent) -> dict[str, str]:
    values = asdict(content)
    del values["replaces"]
    return {k: "\n".join(v) if isinstance(v, tuple) else str(v) for k, v in values.items()}
