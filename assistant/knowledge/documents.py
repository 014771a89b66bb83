"""What a loader reads and what the index holds."""

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self
from uuid import UUID, uuid5

_NAMESPACE = UUID("5b0f6c0e-6f0a-4f43-9a5c-0c7a6f2f7d11")


class Kind(StrEnum):
    """What a passage is. Glossary and FAQ entries are curated: a person wrote them to be quoted."""

    GLOSSARY = "glossary"
    FAQ = "faq"
    PAGE = "page"

    @property
    def curated(self) -> bool:
        """Whether an entry of this kind wins over prose when its name matches."""
        return self is not Kind.PAGE


@dataclass(frozen=True, slots=True)
class Document:
    """Prose as Markdown.

    language: ISO 639-1 code. date: ISO 8601, or empty: not known. places: (line, place), ascending:
    from this line of the Markdown on, counted from 0, the text stands at that place of the file,
    such as ``page 3``; empty where a file has no such places. tags: words it is found by, too.
    """

    source: str
    title: str
    markdown: str
    language: str
    audience: str = "public"
    url: str = ""
    date: str = ""
    tags: tuple[str, ...] = ()
    places: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One curated row: a glossary term or an answered question.

    name: the term or the question. aliases: other names or wordings of the same.
    key: the same in every language of the entry; empty if the file has none. date: as a
    document's. replaces: root, key and name of the entry whose place it takes in its language;
    empty: of none.
    """

    source: str
    kind: Kind
    name: str
    text: str
    language: str
    aliases: tuple[str, ...] = ()
    key: str = ""
    audience: str = "public"
    url: str = ""
    date: str = ""
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """One passage as it is indexed, retrieved and quoted.

    root: what was added (a file or folder name); re-adding it replaces its chunks.
    title_path: document title, then headings, or the entry's name.
    names: for curated entries, the name and its aliases. place: where in the source, such as
    ``page 3``; empty if it has no such places. number: of the passage in its document, from 1; 0
    for an entry, which stands by itself. replaces: as an entry's.
    """

    root: str
    source: str
    title_path: tuple[str, ...]
    text: str
    language: str
    kind: Kind
    audience: str
    url: str = ""
    key: str = ""
    names: tuple[str, ...] = ()
    date: str = ""
    tags: tuple[str, ...] = ()
    place: str = ""
    number: int = field(default=0, compare=False)
    replaces: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The title path as one line."""
        return " › ".join(self.title_path)

    @property
    def searchable(self) -> str:
        """The text that is embedded: titles and aliases carry as much meaning as the body."""
        head = " / ".join(dict.fromkeys((*self.title_path, *self.names, *self.tags)))
        return f"{head}\n{self.text}"

    def id(self, revision: str) -> str:
        """Return the UUID of this content under one embedding revision."""
        values = asdict(self)
        if not self.replaces:  # as it was before there were entries that replace others
            del values["replaces"]
        return str(uuid5(_NAMESPACE, json.dumps([revision, values], ensure_ascii=False)))

    def payload(self) -> dict[str, Any]:
        """Return the chunk as plain JSON values."""
        return {**asdict(self), "kind": self.kind.value}

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Self:
        """Rebuild a chunk from ``payload``; fields that an index added are ignored."""
        fields = {name: payload[name] for name in cls.__dataclass_fields__ if name in payload}
        fields["title_path"] = tuple(fields["title_path"])
        fields["names"] = tuple(fields["names"])
        fields["tags"] = tuple(fields.get("tags", ()))
        fields["replaces"] = tuple(fields.get("replaces", ()))
        fields["kind"] = Kind(fields["kind"])
        return cls(**fields)
