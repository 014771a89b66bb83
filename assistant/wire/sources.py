"""Sources and the health of the knowledge on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from assistant.wire import RequestBody, View

SourceWord = Literal["folder", "upload", "web", "git"]
_Name = Annotated[str, Field(min_length=1, max_length=100)]
_Short = Annotated[str, Field(max_length=200)]


class SourceOptionsBody(RequestBody):
    """How a source is read: see ``assistant.records.sources.SourceOptions``."""

    audience: Annotated[str, Field(min_length=1, max_length=100)] = "public"
    language: Annotated[str, Field(max_length=40)] = ""
    columns: Annotated[dict[_Short, _Short], Field(max_length=40)] = Field(default_factory=dict)
    branch: _Short = ""
    folder: Annotated[str, Field(max_length=500)] = ""
    hosts: Annotated[list[_Short], Field(max_length=50)] = Field(default_factory=list)
    depth: Annotated[int, Field(ge=0, le=20)] = 3
    pages: Annotated[int, Field(ge=1, le=50_000)] = 500


class NewSource(RequestBody):
    """A source to be read. address: of a folder, a web page or sitemap, or a git folder."""

    name: _Name
    kind: Literal["folder", "web", "git"]
    address: Annotated[str, Field(min_length=1, max_length=2000)]
    schedule: Annotated[str, Field(max_length=40)] = "off"
    options: SourceOptionsBody = Field(default_factory=SourceOptionsBody)


class ChangedSource(RequestBody):
    """What is to be another way; the rest stays."""

    schedule: Annotated[str, Field(max_length=40)] | None = None
    options: SourceOptionsBody | None = None


class SourceOptionsView(View):
    """How a source is read."""

    audience: str
    language: str
    columns: dict[str, str]
    branch: str
    folder: str
    hosts: tuple[str, ...]
    depth: int
    pages: int


class SourceNoteView(View):
    """What a person should know of the last refresh. count: of files; example: one of them."""

    what: str
    count: int
    example: str


class KnowledgeSourceView(View):
    """One source, and how its last refresh went.

    passages: in the index now. running: whether it is being refreshed. last: when that was last
    tried; succeeded: when it went well; changed: when it last changed the index; next: when it is
    due. outcome ``held``: added, kept and removed are what would be, and a person has to confirm.
    """

    name: str
    kind: SourceWord
    address: str
    options: SourceOptionsView
    schedule: str
    passages: int = 0
    running: bool = False
    last: datetime | None
    succeeded: datetime | None
    changed: datetime | None
    next: datetime | None
    outcome: Literal["never", "done", "failed", "held"]
    added: int
    kept: int
    removed: int
    error: str
    notes: tuple[SourceNoteView, ...]


class KnowledgeSourcesView(View):
    """All sources, by name."""

    sources: tuple[KnowledgeSourceView, ...]


class UploadedFileView(View):
    """A file that somebody sent. size: in bytes."""

    name: str
    size: int
    at: datetime


class UploadedFilesView(View):
    """The files of a source of uploads, by name."""

    files: tuple[UploadedFileView, ...]


class RefreshedView(View):
    """What became of a refresh: passages that were added, kept and removed, or would be."""

    outcome: Literal["done", "held"]
    added: int
    kept: int
    removed: int


HealthWord = Literal[
    "contradiction", "held", "overdue", "failing", "gone", "superseded", "unfetched", "old"
]


class ExhibitView(View):
    """A text that a finding rests on. date: ISO 8601, or empty."""

    root: str
    source: str
    date: str
    url: str


class FindingView(View):
    """One thing that somebody should look at. since: ISO 8601, or empty: it is not known."""

    kind: HealthWord
    what: str
    where: str
    why: str
    since: str
    evidence: tuple[ExhibitView, ...]


class KnowledgeHealthView(View):
    """What is stale or contradicts itself. counts: of all, by kind; items: the first of them."""

    items: tuple[FindingView, ...]
    counts: dict[HealthWord, int]
