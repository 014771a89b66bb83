"""The queue on the wire: filters, views, search, kept replies, files and news."""

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from assistant.desk.canned import checked
from assistant.language import Language
from assistant.wire import Number, RequestBody, View
from assistant.wire.desk import (
    LONGEST,
    ChannelWord,
    PriorityWord,
    ReasonWord,
    TicketName,
)
from assistant.wire.turn import HolderName

OrderName = Literal["due", "newest", "oldest", "updated", "waiting", "priority"]
"""due: overdue first, then by what is due next, then by who waits longest."""
NewsKind = Literal["new", "assigned", "mentioned", "written", "reopened"]
FoundKind = Literal["ticket", "message", "turn"]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class TicketFilter(RequestBody):
    """Which tickets: those for which all of this holds; nothing: all.

    open: whether somebody of the team has something to do. mine, unassigned: alone if true. agent:
    id of who has it. segment: with those below it. overdue: a target is missed. user_waits: nobody
    has answered what was said last. person_of: a ticket; all tickets of its person.
    """

    status: Annotated[tuple[HolderName, ...], Field(max_length=5)] = ()
    open: bool | None = None
    mine: bool = False
    unassigned: bool = False
    agent: Annotated[str | None, Field(max_length=128)] = None
    segment: Annotated[str | None, Field(max_length=64)] = None
    language: Annotated[str | None, Field(max_length=8)] = None
    reason: Annotated[tuple[ReasonWord, ...], Field(max_length=10)] = ()
    priority: Annotated[tuple[PriorityWord, ...], Field(max_length=4)] = ()
    channel: Annotated[tuple[ChannelWord, ...], Field(max_length=5)] = ()
    overdue: bool | None = None
    user_waits: bool | None = None
    created_from: AwareDatetime | None = None
    created_until: AwareDatetime | None = None
    person_of: TicketName | None = None


class TicketQuery(TicketFilter):
    """Tickets of a list. view: of a saved or built-in view, whose filter holds as well."""

    view: Annotated[str | None, Field(max_length=36)] = None
    order: OrderName | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class TicketTable(TicketFilter):
    """Tickets of a CSV file. bom: begin with a byte order mark, which some spreadsheets want."""

    view: Annotated[str | None, Field(max_length=36)] = None
    order: OrderName | None = None
    bom: bool = False


class SavedView(View):
    """A view of the queue. built_in: there for everybody; own: of who asks. count: of its tickets.

    by: who of the team has made it.
    """

    id: str
    name: str
    filter: TicketFilter
    order: OrderName = "due"
    built_in: bool = False
    own: bool = False
    shared: bool = False
    by: str = ""
    count: int = 0


class SavedViews(View):
    """The views that somebody sees, those that are built in first."""

    views: tuple[SavedView, ...]


class NewSavedView(RequestBody):
    """A filter to be kept. shared: the team sees it, and who made it changes it."""

    name: Name
    filter: TicketFilter = TicketFilter()
    order: OrderName = "due"
    shared: bool = False


class Removed(View):
    """It is not kept any more."""

    id: str


class PartView(View):
    """A part of an excerpt. hit: whether it is what was looked for."""

    text: str
    hit: bool = False


class SearchHit(View):
    """A ticket, or a conversation with the assistant, in which something was found.

    kind: where: the ticket itself, what was said between people, or a question and its answer.
    ticket: its number; None: of no ticket. excerpt: of the best place, as plain text. more: further
    places in it.
    """

    kind: FoundKind
    ticket: int | None = None
    ticket_id: str | None = None
    status: HolderName | None = None
    subject: str = ""
    conversation_id: str
    at: AwareDatetime
    excerpt: tuple[PartView, ...]
    more: int = 0


class SearchHits(View):
    """What was found, the best first."""

    hits: tuple[SearchHit, ...]


Kept = Annotated[str, Field(min_length=1, max_length=LONGEST), AfterValidator(checked)]


class NewCannedReply(RequestBody):
    """A text for replies, with gaps as ``{{name}}`` or ``{{name|there}}``. language: None: any."""

    title: Name
    text: Kept
    language: Language | None = None


class CannedReply(View):
    """A text for replies that the team keeps. by: who changed it last."""

    id: str
    title: str
    text: str
    language: Language | None = None
    by: str = ""
    at: AwareDatetime


class CannedReplies(View):
    """The texts for replies, by title."""

    replies: tuple[CannedReply, ...]


class FilledReply(View):
    """A text for a reply with its gaps filled for one ticket."""

    text: str


class AttachmentView(View):
    """A file of a conversation. number: of the entry that shows it. type: by its bytes."""

    id: str
    number: int
    name: str
    type: str
    bytes: int


class NewsItem(View):
    """Something an agent is told.

    kind: a new ticket, one that was assigned to them, a mention in a note, or what was written or
    reopened in one of theirs. entry: number in the log. by: a name.
    """

    number: int
    kind: NewsKind
    ticket: int
    ticket_id: str
    subject: str = ""
    entry: int
    by: str = ""
    at: AwareDatetime
    seen: bool = False


class NewsList(View):
    """What an agent is told, the newest first. unseen: how many of all they have not seen."""

    news: tuple[NewsItem, ...]
    unseen: int


class NewsSeen(RequestBody):
    """Which news are seen: all up to a number, those of one ticket, or both; none: all."""

    until: Number | None = None
    ticket: TicketName | None = None


class Looking(View):
    """Who else looks at a ticket now, by name. until: when this is over unless it is said again."""

    others: tuple[str, ...]
    until: AwareDatetime
