"""What editors do with entries: write, approve, undo, retire; each step a version.

An approved entry is served at once, closes the gap it was made for, and becomes an eval case.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from assistant.curation.drafts import LONGEST_NAME, LONGEST_TEXT, key_of
from assistant.curation.gaps import GapFinder
from assistant.curation.shelf import EntryShelf
from assistant.errors import EntryRefused, UnknownEntry
from assistant.knowledge.documents import Chunk, Kind
from assistant.language import LANGUAGES
from assistant.privacy import redact
from assistant.records.entries import (
    EntryContent,
    EntryVersion,
    EntryVersions,
    NewVersion,
    undone,
)
from assistant.records.entry_cases import EntryCase, EntryCases, case_name
from assistant.records.gaps import GapStore, OpenQuestion
from assistant.segments import UNKNOWN, Segmenter, is_talk
from guardrails import digests

_KEY: Final = re.compile(r"[^\s\x00-\x1f][^\x00-\x1f]{0,127}")
_MOST_ALIASES: Final = 50
_TERM: Final = {"en": "What is {name}?", "de": "Was ist {name}?"}
_GLOSSARY: Final = "glossary"


@dataclass(frozen=True, slots=True)
class Curation:
    """The editors' desk. Blocking; call it from a thread."""

    shelf: EntryShelf
    finder: GapFinder
    cases: EntryCases
    segmenter: Segmenter

    @property
    def versions(self) -> EntryVersions:
        """The versions of all entries."""
        return self.shelf.versions

    @property
    def gaps(self) -> GapStore:
        """What became of gaps."""
        return self.finder.store

    def reconcile(self) -> None:
        """Finish what a process that ended half-way had begun; else change nothing.

        Raises:
            KnowledgeError: the index could not be written.
        """
        self.shelf.publish()
        known, events = {case.id for case in self.cases.all()}, self.gaps.latest()
        for served in self.versions.serving():
            event = events.get(served.from_gap or "")
            waits = event is not None and event.state == "drafted" and event.key == served.key
            if waits or _own_case(served) not in known:
                self._learn(served, served.by)

    def free_key(self, key: str, language: str, content: EntryContent) -> str:
        """Return a key that no other entry has, for one that takes the place of a file's.

        Two files may call different things by one key.
        """
        for version in self.versions.newest():
            if (version.key, version.language) != (key, language):
                continue
            if version.content.replaces != content.replaces:
                return f"{key[:115]}-{digests.of(repr(content.replaces))[:8]}"
        return key

    def save(self, new: NewVersion) -> EntryVersion:
        """Store a draft; nothing is served otherwise than before.

        What it says nothing of it keeps from the version that it is based on: the gap and the
        ticket that it was made of.

        Raises:
            EntryRefused: it cannot be an entry; says why.
            EntryChanged: somebody else has changed it meanwhile.
        """
        new = self._made_of(new)
        version = self.versions.add(replace(new, content=checked(new), state="draft"))
        if new.from_gap:
            self.gaps.note(new.from_gap, "drafted", new.by, new.key, new.language)
        return version

    def approve(
        self, key: str, language: str, version: int, by: str, reason: str = ""
    ) -> EntryVersion:
        """Serve the newest version of an entry; it must be the one that the editor has read.

        Raises:
            UnknownEntry: there is no such version.
            EntryChanged: there is a newer one.
            EntryRefused: there is nothing in it, or it is served already.
            KnowledgeError: it is approved, and the index could not be written: it is served from
                the next change or start on.
        """
        draft = self._version(key, language, version)
        if draft.state == "approved":
            raise EntryRefused(f"Version {version} of {key!r} ({language}) is approved already.")
        return self._settle(draft, draft.content, version, by, reason)

    def undo(self, key: str, language: str, by: str, to: int | None = None) -> EntryVersion:
        """Serve again what was served before, as a new version; an undo can be undone.

        to: a version to go back to; None: the one before. Where nothing was served before, the
        entry is retired: that of a file in whose place it stood is there again.

        Raises:
            UnknownEntry: there is no such entry or version.
            EntryRefused: nothing of it was ever served, or the text of that version was erased.
            EntryChanged, KnowledgeError: as ``approve``.
        """
        history = self.versions.history(key, language)
        newest = history[-1]
        if to is not None:
            past = self._version(key, language, to)
            return self._settle(past, past.content, newest.version, by, f"back to version {to}")
        if not any(version.state != "draft" for version in history):
            raise EntryRefused(f"Nothing of {key!r} ({language}) was served yet; nothing changed.")
        before = undone(history)
        if before is None or before.state == "retired":
            return self._retire(newest, by, "undone")
        reason = f"back to version {before.version}"
        return self._settle(before, before.content, newest.version, by, reason)

    def retire(self, key: str, language: str, by: str, reason: str = "") -> EntryVersion:
        """Serve an entry no more; that of a file in whose place it stood is there again.

        Raises:
            UnknownEntry: there is no such entry.
            EntryChanged, KnowledgeError: as ``approve``.
        """
        return self._retire(self.versions.history(key, language)[-1], by, reason)

    def _retire(self, newest: EntryVersion, by: str, reason: str) -> EntryVersion:
        new = _next(newest, newest.content, newest.version, by, reason, "retired")
        stored = self.versions.add(new)
        self.shelf.publish()
        self._reopen(newest, by)
        return stored

    def _settle(
        self, source: EntryVersion, content: EntryContent, on: int, by: str, reason: str
    ) -> EntryVersion:
        new = _next(source, content, on, by, reason, "approved")
        stored = self.versions.add(replace(new, content=checked(new)))
        self.shelf.publish()
        self._learn(stored, by)
        return stored

    def _learn(self, served: EntryVersion, by: str) -> None:
        """Close the gap, and let the nights ask what the entry must answer from now on."""
        name = served.content.name
        question = name
        if served.kind is Kind.GLOSSARY:
            question = _TERM[served.language].format(name=name)
        own = EntryCase(
            id=_own_case(served),
            key=served.key,
            language=served.language,
            segment=self._segment(served, question),
            question=question,
        )
        cases = [own]
        if served.from_gap:
            self.finder.all()  # what was asked since somebody looked
            members = self.gaps.questions(self.gaps.turns_of(served.from_gap))
            self.gaps.note(served.from_gap, "closed", by, served.key, served.language)
            cases += _asked(served, members, question)
        self.cases.add(cases)

    def _reopen(self, gone: EntryVersion, by: str) -> None:
        """Open the gaps again that an entry had closed."""
        for event in self.gaps.latest().values():
            mine = (event.key, event.language) == (gone.key, gone.language)
            if event.state in {"closed", "drafted"} and mine:
                self.gaps.note(event.gap, "opened", by, gone.key, gone.language)

    def _segment(self, served: EntryVersion, question: str) -> str:
        if served.kind is Kind.GLOSSARY:
            return _GLOSSARY
        vector = self.finder.embed(question)
        segment = self.segmenter.segment(question, vector)
        return UNKNOWN if is_talk(segment) else segment

    def _made_of(self, new: NewVersion) -> NewVersion:
        if not new.based_on:
            return new
        before = self._version(new.key, new.language, new.based_on)
        return replace(
            new,
            from_gap=new.from_gap or before.from_gap,
            from_ticket=new.from_ticket or before.from_ticket,
        )

    def _version(self, key: str, language: str, version: int) -> EntryVersion:
        history = self.versions.history(key, language)
        found = next((one for one in history if one.version == version), None)
        if found is None:
            raise UnknownEntry(
                f"{key!r} ({language}) has no version {version}.",
                hint=f"It has versions 1 to {history[-1].version}.",
            )
        return found


def checked(new: NewVersion) -> EntryContent:
    """Return the content of a version as it may be stored. Pure.

    Raises:
        EntryRefused: it cannot be an entry; says why.
    """
    content = new.content
    name, text = " ".join(content.name.split()), content.text.strip()
    aliases = tuple(dict.fromkeys(a for a in (" ".join(a.split()) for a in content.aliases) if a))
    faults = [
        (not _KEY.fullmatch(new.key), f"the key has 1 to 128 characters, got {new.key!r:.60}"),
        (new.language not in LANGUAGES, f"the language is en or de, got {new.language!r}"),
        (not new.kind.curated, f"the kind is glossary or faq, got {new.kind.value!r}"),
        (not any(c.isalnum() for c in name), "it has no name"),
        (not any(c.isalnum() for c in text), "it has no text"),
        (len(name) > LONGEST_NAME, f"its name has {len(name):,} characters of {LONGEST_NAME:,}"),
        (len(text) > LONGEST_TEXT, f"its text has {len(text):,} characters of {LONGEST_TEXT:,}"),
        (len(aliases) > _MOST_ALIASES, f"it has {len(aliases)} other names of {_MOST_ALIASES}"),
        (any(len(a) > LONGEST_NAME for a in aliases), "one of its other names is too long"),
        (len(content.replaces) not in {0, 3}, "what it replaces is not root, key and name"),
        (content.url and not re.match(r"https?://", content.url), "its address is no http address"),
        (not content.audience.strip(), "it has no audience"),
    ]
    if said := [why for wrong, why in faults if wrong]:
        raise EntryRefused(f"This cannot be an entry: {said[0]}.", hint="Nothing was stored.")
    return replace(content, name=name, text=text, aliases=aliases)


def editable(chunk: Chunk) -> tuple[str, EntryContent]:
    """Return the key and the content with which an entry of a file begins to be edited here."""
    content = EntryContent(
        name=chunk.title_path[-1],
        text=chunk.text,
        aliases=chunk.names[1:],
        url=chunk.url,
        audience=chunk.audience,
        replaces=(chunk.root, chunk.key, "" if chunk.key else chunk.title),
    )
    return chunk.key or key_of(chunk.title), content


def _asked(served: EntryVersion, members: Iterable[OpenQuestion], known: str) -> list[EntryCase]:
    """Return what was asked in an entry's language as cases, each wording once."""
    seen, cases = {known.casefold()}, list[EntryCase]()
    for one in members:
        text = redact(one.text)
        if one.language != served.language or text.casefold() in seen:
            continue
        seen.add(text.casefold())
        name = case_name(one.turn_id)
        cases.append(EntryCase(name, served.key, served.language, one.segment, text, one.turn_id))
    return cases


def _own_case(served: EntryVersion) -> str:
    return f"entry-{served.language}-{served.key}"


def _next(
    source: EntryVersion, content: EntryContent, on: int, by: str, reason: str, state: str
) -> NewVersion:
    return NewVersion(
        key=source.key,
        language=source.language,
        kind=source.kind,
        content=content,
        by=by,
        based_on=on,
        state="retired" if state == "retired" else "approved",
        reason=reason,
        from_gap=source.from_gap,
        from_ticket=source.from_ticket,
    )
