"""Conversations and tickets on the wire: what who asks sees, and what the team works on."""

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from assistant.language import Language
from assistant.wire import JsonObject, RequestBody, View, visible
from assistant.wire.author import Author
from assistant.wire.turn import (
    HolderName,
    RouteView,
    SentenceView,
    SourceView,
    StandingView,
    TurnView,
)

LONGEST: int = 8000
"""Characters of a message to or from a person."""

Text = Annotated[str, Field(min_length=1, max_length=LONGEST), AfterValidator(visible)]
ClientId = Annotated[str | None, Field(min_length=8, max_length=64)]
"""An id that the client makes for what it sends; sending again with the same adds nothing."""
TicketName = Annotated[str, Field(min_length=1, max_length=64)]
EntryKind = Literal["question", "piece", "answer", "cut", "failed", "user", "team", "note", "moved"]
PriorityWord = Literal["low", "normal", "high", "urgent"]
ChannelWord = Literal["chat", "widget", "api", "desk", "bridge"]
ReasonWord = Literal[
    "asked",
    "missing_knowledge",
    "people_only",
    "low_evidence",
    "rated_down",
    "policy",
    "failure",
    "language",
    "by_hand",
    "again",
]
CauseWord = Literal[
    "solved",
    "returned",
    "withdrawn",
    "merged",
    "timed_out",
    "duplicate",
    "no_answer",
]

UndraftedWord = Literal[
    "nothing_open", "not_found", "which", "not_carried", "unchecked", "withheld", "language", "talk"
]


class MovedView(View):
    """A conversation passed on. ticket: its number. by: a name; empty: who asked, or time.

    to: the name of who was given it. into: the number of the ticket that it was merged into.
    """

    before: HolderName
    after: HolderName
    move: str
    ticket: int | None = None
    reason: ReasonWord | None = None
    cause: CauseWord | None = None
    by: str = ""
    to: str = ""
    into: int | None = None


class EntryView(View):
    """One entry of a conversation, in the order of ``number``; some numbers are missing.

    kind: ``question``: to the assistant; ``piece``: of its answer, until the ``answer`` is there;
    ``cut``: no more of it comes, and its pieces stay; ``failed``: there was none; ``user``,
    ``team``: between people; ``note``: the team's alone; ``moved``: see ``moved``. author: None of
    what who asks wrote. turn: of an answer. turn_id: of a question, and of all that answers it.
    detail: of notes and replies: what the desk keeps beside them.
    """

    number: int
    at: AwareDatetime
    kind: EntryKind
    text: str = ""
    author: Author | None = None
    turn_id: str | None = None
    turn: TurnView | None = None
    moved: MovedView | None = None
    ticket_id: str | None = None
    detail: JsonObject = Field(default={})
    client_id: str | None = None


class ConversationView(View):
    """A conversation: who holds it, and what was said behind a number."""

    conversation_id: str
    standing: StandingView
    continues: str | None = None
    entries: tuple[EntryView, ...] = ()


class ConversationLine(View):
    """A conversation in a list. title: what was said first."""

    conversation_id: str
    began: AwareDatetime
    latest: AwareDatetime
    title: str = ""
    holder: HolderName = "bot"
    ticket: int | None = None


class ConversationsView(View):
    """Somebody's conversations, the latest first."""

    conversations: tuple[ConversationLine, ...]


class ConversationBegun(View):
    """A new conversation."""

    conversation_id: str


class NewMessage(RequestBody):
    """Something to say to the person who holds the conversation."""

    text: Text
    client_id: ClientId = None


class MessageTaken(View):
    """What was said is stored. number: of its entry. conversation_id: where; it may be another."""

    conversation_id: str
    number: int
    standing: StandingView


class NewRating(RequestBody):
    """What who asked thinks of how a ticket was solved. rating: 1 to 5."""

    rating: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, Field(max_length=4000)] = ""


class RatingTaken(View):
    """A rating is stored. number: of the request for a person that it is of."""

    number: int
    rating: int


class TicketView(View):
    """A ticket. person: the same for all of one person, and says nothing else.

    mine: whether who asks has it. overdue: a target is missed. rating: 1 to 5. looking: who else
    looks at it now, by name.
    """

    id: str
    number: int
    conversation_id: str
    status: HolderName
    subject: str = ""
    message: str = ""
    contact: str = ""
    language: str = ""
    segment: str = ""
    arm: str = ""
    reason: ReasonWord = "asked"
    priority: PriorityWord = "normal"
    channel: ChannelWord = "api"
    person: str = ""
    assignee: str = ""
    assigned: bool = False
    mine: bool = False
    cause: CauseWord | None = None
    linked_to: int | None = None
    merged_into: int | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    user_waits_since: AwareDatetime | None = None
    first_reply_due: AwareDatetime | None = None
    first_reply_at: AwareDatetime | None = None
    solve_due: AwareDatetime | None = None
    solved_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    overdue: bool = False
    reopened: int = 0
    rating: int | None = None
    rating_comment: str = ""
    rated_at: AwareDatetime | None = None
    summary: JsonObject = Field(default={})
    looking: tuple[str, ...] = ()


class TicketsView(View):
    """Tickets. total: how many there are of what was asked for; this is a part of them."""

    tickets: tuple[TicketView, ...]
    total: int


class TicketWithLog(View):
    """A ticket, its whole conversation, and the standing of that."""

    ticket: TicketView
    standing: StandingView
    entries: tuple[EntryView, ...]


class PersonHistory(View):
    """Everything of the person of a ticket: their tickets and conversations, the latest first."""

    tickets: tuple[TicketView, ...]
    conversations: tuple[ConversationLine, ...]


class TicketByHand(RequestBody):
    """A ticket that somebody of the team opens, as for a call. conversation_id: None begins one."""

    message: Text
    subject: Annotated[str, Field(max_length=200)] = ""
    contact: Annotated[str, Field(max_length=200)] = ""
    language: Language = "en"
    priority: PriorityWord = "normal"
    conversation_id: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    client_id: ClientId = None


class Claiming(RequestBody):
    """Take a ticket. take_over: also from who has it."""

    take_over: bool = False


class Assigning(RequestBody):
    """Give a ticket to somebody of the team, by the id that ``/v1/desk/agents`` tells."""

    agent: Annotated[str, Field(min_length=1, max_length=128)]


class AgentView(View):
    """Somebody of the team. agent: an id for assigning and mentioning."""

    agent: str
    name: str


class AgentsView(View):
    """Who of the team has been seen, by name."""

    agents: tuple[AgentView, ...]


class Solving(RequestBody):
    """Say that a ticket is solved, or why it is over."""

    cause: Literal["solved", "duplicate", "no_answer"] = "solved"


class NewReply(RequestBody):
    """An answer to who asked. draft_id: of the draft that it was made from, if it was."""

    text: Text
    client_id: ClientId = None
    draft_id: Annotated[str | None, Field(min_length=1, max_length=36)] = None


class NewNote(RequestBody):
    """Something for the team alone. mentions: ids of agents."""

    text: Text
    mentions: Annotated[tuple[str, ...], Field(max_length=20)] = ()


class OtherTicket(RequestBody):
    """Another ticket, by number or id."""

    ticket: TicketName


class TicketChange(RequestBody):
    """What changes of a ticket; None stays."""

    subject: Annotated[str | None, Field(max_length=200)] = None
    priority: PriorityWord | None = None
    contact: Annotated[str | None, Field(max_length=200)] = None
    language: Language | None = None


class EntryAdded(View):
    """A message or note is stored. number: of its entry."""

    number: int
    ticket: TicketView


class PointView(View):
    """One point of a summary. number: of the entry of the log that it is about.

    label: what the kind is called, in the language asked for. text: of the log. titles: of sources,
    or of choices. value: evidence, in [0, 1].
    """

    number: int
    kind: str
    label: str
    text: str
    titles: tuple[str, ...] = ()
    arm: str = ""
    rated_down: bool = False
    value: float | None = None


class SummaryView(View):
    """What a ticket is about, by rules from its log; each list with the oldest first.

    wanted: what was asked. tried: what was answered, and which choices were shown. open: what has
    no answer since a person's last. doubts: what the bot was unsure of. left_out: points that are
    not told. number: of the last entry that this tells of.
    """

    ticket: int
    reason: ReasonWord
    wanted: tuple[PointView, ...]
    tried: tuple[PointView, ...]
    open: tuple[PointView, ...]
    doubts: tuple[PointView, ...]
    left_out: int = 0
    number: int = 0


class DraftWanted(RequestBody):
    """Ask for a draft. hint: what to answer in place of what is open, in your own words."""

    hint: Annotated[str, Field(max_length=2000)] = ""


class ReplyDraftView(View):
    """A draft of a reply, or why there is none. It is not sent by itself.

    draft_id: None: there is none, and ``why`` and ``reason`` say why; ``nearest`` are the entries
    closest to what was asked. text: to edit and send, without markers. sentences: with what each
    cites of ``sources``; of a quotation as it stands in the document. author: whose words it has.
    question: that it answers. evidence: in [0, 1]. audience: who may read all that it is made from.
    number: of the last entry of the log that was looked at.
    """

    draft_id: str | None = None
    text: str = ""
    sentences: tuple[SentenceView, ...] = ()
    sources: tuple[SourceView, ...] = ()
    author: Author | None = None
    route: RouteView | None = None
    question: str = ""
    language: str = ""
    segment: str = ""
    evidence: float | None = None
    audience: Literal["everybody"] = "everybody"
    number: int = 0
    why: UndraftedWord | None = None
    reason: str = ""
    nearest: tuple[SourceView, ...] = ()
