"""A place where knowledge grows: the real graph, index and database, and a scripted model."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from assistant.assistant import Assistant
from assistant.background.preview import Preview
from assistant.background.probe import Probe
from assistant.curation.curation import Curation
from assistant.knowledge.documents import Kind
from assistant.records.entries import EntryContent, EntryVersion, NewVersion
from assistant.records.turns import Turn


@dataclass(frozen=True)
class Desk:
    """What editors and askers do in a test."""

    assistant: Assistant

    @property
    def curation(self) -> Curation:
        return self.assistant.curation

    @property
    def preview(self) -> Preview:
        return Preview(self.assistant, Probe(self.assistant))

    async def ask(self, question: str, owner: str = "person:anna", **more: object) -> Turn:
        events = self.assistant.answer(question, owner=owner, **more)
        return [event async for event in events if isinstance(event, Turn)][-1]

    def write(self, name: str, text: str, key: str = "", **more: object) -> EntryVersion:
        """Write and approve an entry."""
        draft = self.curation.save(new(name, text, key, **more))
        return self.curation.approve(draft.key, draft.language, draft.version, "eva")


def new(
    name: str,
    text: str,
    key: str = "",
    language: str = "en",
    based_on: int = 0,
    aliases: Sequence[str] = (),
    kind: Kind = Kind.FAQ,
    **more: object,
) -> NewVersion:
    content = {k: more.pop(k) for k in ("replaces", "audience", "url") if k in more}
    return NewVersion(
        key=key or "-".join(name.casefold().split()[:4]),
        language=language,
        kind=kind,
        content=EntryContent(name=name, text=text, aliases=tuple(aliases), **content),
        by="eva",
        based_on=based_on,
        **more,
    )


@pytest.fixture
async def desk(place, endpoint):
    async with place.opened(endpoint, answers={"quote": "first"}) as assistant:
        yield Desk(assistant)
