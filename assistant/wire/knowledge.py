"""The documents on the wire: what is added, and passages; the rest are the library's own types."""

from typing import Annotated

from pydantic import Field, field_validator

from assistant.knowledge.documents import Chunk, Document, Entry
from assistant.knowledge.search import Passage
from assistant.wire import View


class NewRoot(View):
    """Documents to index under one name. keep: sources that stay as they are."""

    root: Annotated[str, Field(min_length=1, max_length=500)]
    items: list[Entry | Document]
    keep: list[str] = Field(default_factory=list)

    @field_validator("items")
    @classmethod
    def _no_others_place(cls, items: list[Entry | Document]) -> list[Entry | Document]:
        """Let nothing that comes from outside take the place of another entry."""
        for item in items:
            if isinstance(item, Entry) and item.replaces:
                raise ValueError(
                    f"{item.name!r:.80} takes another's place (replaces); entries that are written "
                    "at /v1/entries do"
                )
        return items


class PassagesView(View):
    """Passages of a source, in reading order."""

    passages: tuple[Chunk, ...]


class FoundPassages(View):
    """Passages for a question, as an answer would get them, best first."""

    passages: tuple[Passage, ...]
