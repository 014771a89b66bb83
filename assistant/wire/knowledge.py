"""The documents on the wire: what was added, and passages."""

from typing import Annotated

from pydantic import Field

from assistant.knowledge.documents import Chunk, Document, Entry
from assistant.wire import View


class NewRoot(View):
    """Documents to index under one name. keep: sources that stay as they are."""

    root: Annotated[str, Field(min_length=1, max_length=500)]
    items: list[Entry | Document]
    keep: list[str] = Field(default_factory=list)


class RootView(View):
    """What was added under one name."""

    name: str
    sources: int
    passages: int
    languages: tuple[str, ...]


class StatementView(View):
    """One of several texts of one name. date: ISO 8601, or empty: not known."""

    root: str
    source: str
    date: str
    text: str


class NameContradiction(View):
    """A name under which different things are said. versions: the newest first."""

    name: str
    language: str = ""
    versions: tuple[StatementView, ...]


class KnowledgeView(View):
    """What there is. generation: of the index, raised with every change."""

    generation: int
    roots: tuple[RootView, ...]
    contradictions: tuple[NameContradiction, ...]


class ChangesView(View):
    """What adding or removing did, in passages."""

    added: int
    kept: int
    removed: int


class PassagesView(View):
    """Passages of a source, in reading order."""

    passages: tuple[Chunk, ...]


class FoundPassage(View):
    """A passage for a question; see ``assistant.knowledge.search.Passage``."""

    id: str
    chunk: Chunk
    score: float
    similarity: float
    windows: tuple[float, ...]
    names: tuple[float, ...] = ()
    matched: bool = False
    mentioned: bool = False
    answers: float | None = None


class FoundPassages(View):
    """Passages for a question, as an answer would get them, best first."""

    passages: tuple[FoundPassage, ...]
