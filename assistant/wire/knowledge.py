"""The documents on the wire: what is added, and passages; the rest are the library's own types."""

from typing import Annotated

from pydantic import Field

from assistant.knowledge.documents import Chunk, Document, Entry
from assistant.knowledge.search import Passage
from assistant.wire import View


class NewRoot(View):
    """Documents to index under one name. keep: sources that stay as they are."""

    root: Annotated[str, Field(min_length=1, max_length=500)]
    items: list[Entry | Document]
    keep: list[str] = Field(default_factory=list)


class PassagesView(View):
    """Passages of a source, in reading order."""

    passages: tuple[Chunk, ...]


class FoundPassages(View):
    """Passages for a question, as an answer would get them, best first."""

    passages: tuple[Passage, ...]
