"""Entries that are written here, and the gaps that they close, on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from assistant.language import Language
from assistant.wire import MOST, Number, View

EntryKind = Literal["glossary", "faq"]
Key = Annotated[str, Field(min_length=1, max_length=128)]


class EntryText(View):
    """What an entry says. name: the term or the question; aliases: other wordings of it.

    replaces: root, key and name of the entry of a file whose place it takes; empty: of none.
    """

    name: Annotated[str, Field(max_length=2000)]
    text: Annotated[str, Field(max_length=20_000)]
    aliases: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    url: Annotated[str, Field(max_length=2000)] = ""
    audience: Annotated[str, Field(max_length=100)] = "public"
    replaces: Annotated[tuple[str, ...], Field(max_length=3)] = ()


class WrittenEntry(View):
    """An entry as somebody has written it. based_on: the version they have seen; 0: of none.

    key: empty: one is made of the name.
    """

    language: Language
    kind: EntryKind
    content: EntryText
    key: Annotated[str, Field(max_length=128)] = ""
    based_on: Number = 0
    reason: Annotated[str, Field(max_length=500)] = ""
    from_gap: Annotated[str | None, Field(max_length=36)] = None
    from_ticket: Annotated[str | None, Field(max_length=36)] = None


class NamedVersion(View):
    """A version of an entry. version: for an undo, the one to go back to; None: the one before."""

    key: Key
    language: Language
    version: Annotated[int | None, Field(ge=1, le=MOST)] = None
    reason: Annotated[str, Field(max_length=500)] = ""


class VersionView(View):
    """A version. state: draft, approved or retired. erased: its words are gone with a person's."""

    key: str
    language: str
    version: int
    kind: EntryKind
    content: EntryText
    state: Literal["draft", "approved", "retired"]
    by: str
    at: datetime
    reason: str
    from_gap: str | None
    from_ticket: str | None
    erased: bool


class FieldChange(View):
    """What one version says otherwise than the one before it."""

    field: str
    before: str
    after: str


class VersionChange(View):
    """A version, and what changed with it. serving: it is what people are answered with."""

    version: VersionView
    changes: tuple[FieldChange, ...]
    serving: bool


class EntryHistory(View):
    """All versions of an entry, the newest first."""

    versions: tuple[VersionChange, ...]


class EntryRow(View):
    """An entry in a list. state: ``file``: it comes from one, and nobody has edited it here.

    pending: a draft waits on top of what serves. version: the newest; 0: of a file. root: where it
    comes from.
    """

    key: str
    language: str
    kind: EntryKind
    content: EntryText
    state: Literal["file", "draft", "approved", "retired"]
    pending: bool
    version: int
    root: str
    source: str


class EntryPage(View):
    """Entries, and how many there are in all."""

    entries: tuple[EntryRow, ...]
    total: int


class Rehearsed(View):
    """An entry that nobody has approved, and the questions to see it with."""

    entry: WrittenEntry
    questions: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=4000)], ...],
        Field(min_length=1, max_length=10),
    ]


class GivenPassage(View):
    """A passage that an answer quotes, an arm would write from, or that is offered."""

    title: str
    text: str
    source: str
    language: str


class RehearsedAnswer(View):
    """How a question is answered. mode: quote, write, ask or abstain; empty: it is small talk.

    probability: that the passages answer, in [0, 1].
    """

    mode: str
    reason: str
    probability: float
    text: str
    passages: tuple[GivenPassage, ...]


class RehearsalView(View):
    """One question, as it is answered now and as it would be with the entry.

    used: the entry is among what would be given.
    """

    question: str
    now: RehearsedAnswer
    then: RehearsedAnswer
    used: bool
    changes: bool


class RehearsalsView(View):
    """What would change for some questions."""

    answers: tuple[RehearsalView, ...]


class DraftView(View):
    """A draft that nobody has saved. flags: why to look twice, see ``DraftFlag``."""

    language: Language
    kind: EntryKind
    content: EntryText
    key: str
    flags: tuple[str, ...]


class ProposedEntry(View):
    """An entry as somebody of the desk proposes it. name: the question; aliases: other wordings."""

    language: Language
    name: Annotated[str, Field(max_length=2000)]
    text: Annotated[str, Field(max_length=20_000)]
    aliases: Annotated[tuple[str, ...], Field(max_length=100)] = ()


class TicketEntry(View):
    """The entry that was made of a ticket; None: none was. serving: people are answered with it."""

    entry: VersionView | None = None
    serving: bool = False


class Translated(View):
    """What is to be put into the other language."""

    entry: WrittenEntry
    language: Language


class GapView(View):
    """What several people asked and nobody was told. askers: distinct owners of conversations.

    standing: open, drafted, closed, dismissed, or open again: asked since an entry closed it.
    """

    id: str
    question: str
    language: str
    languages: tuple[str, ...]
    askers: int
    questions: int
    signs: tuple[str, ...]
    last: datetime
    standing: Literal["open", "drafted", "closed", "dismissed", "open again"]
    key: str
    by: str


class GapPage(View):
    """Gaps, those of most askers first. waiting: questions that were not looked at yet."""

    gaps: tuple[GapView, ...]
    total: int
    waiting: int


class GapQuestion(View):
    """A question of a gap. sign: why it counts."""

    question: str
    language: str
    segment: str
    outcome: str
    sign: str
    at: datetime


class NearEntry(View):
    """An entry near a gap. likely: that it answers, in [0, 1]."""

    title: str
    text: str
    language: str
    source: str
    key: str
    root: str
    likely: float


class NearGap(View):
    """Another gap that may ask the same. cosine: of the questions that stand for them."""

    id: str
    question: str
    askers: int
    cosine: float


class GapDetail(View):
    """A gap with its questions, the newest first, and what is near it, the nearest first."""

    gap: GapView
    questions: tuple[GapQuestion, ...]
    entries: tuple[NearEntry, ...]
    gaps: tuple[NearGap, ...]


class GapMove(View):
    """What becomes of a gap. into: of a merge, the gap that takes its questions."""

    state: Literal["dismissed", "opened", "merged"]
    into: Annotated[str | None, Field(max_length=36)] = None
