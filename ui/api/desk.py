"""The desk over HTTP: the queue, one ticket, and what people of the team do with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from ui.api.client import Client
from ui.api.types import (
    ApiAgentsView,
    ApiAgentView,
    ApiAuthor,
    ApiDraftView,
    ApiEntryAdded,
    ApiPersonHistory,
    ApiSentenceView,
    ApiSourceView,
    ApiTicketEntry,
    ApiTicketsView,
    ApiTicketView,
    ApiTicketWithLog,
    ApiVersionView,
)

View = Literal["open", "unassigned", "mine", "overdue", "solved", "all"]
"""A part of the queue."""
Priority = Literal["low", "normal", "high", "urgent"]
Cause = Literal["solved", "duplicate", "no_answer"]
"""Why somebody of the team says that a ticket is over."""
Move = Literal["release", "return", "reopen"]

_OPEN: Final = frozenset({"waiting", "person"})
_THINKS_S: Final = 180.0
"""How long a model may take for a draft."""
_FILTERS: Final[Mapping[View, Mapping[str, str]]] = {
    "open": {"open": "true"},
    "unassigned": {"open": "true", "unassigned": "true"},
    "mine": {"open": "true", "mine": "true"},
    "overdue": {"overdue": "true"},
    "solved": {"status": "solved"},
    "all": {},
}
"""What each view asks the API for."""


class _Told(BaseModel):
    """What the API says of what is not in ``ui.api.types`` yet."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class FoundPart(_Told):
    """A part of an excerpt. hit: it is what was looked for."""

    text: str
    hit: bool = False


class FoundTicket(_Told):
    """Where words were found. ticket: its number; None: in a conversation without one."""

    ticket: int | None = None
    subject: str = ""
    excerpt: tuple[FoundPart, ...] = ()


class _Hits(_Told):
    hits: tuple[FoundTicket, ...] = ()


class SummaryPoint(_Told):
    """One point of a summary, in the language asked for. number: of the entry it is about.

    value: in [0, 1], of what is likely or not.
    """

    number: int = 0
    label: str = ""
    text: str = ""
    titles: tuple[str, ...] = ()
    value: float | None = None


class SummaryOfTicket(_Told):
    """What a ticket is about, by rules from its log. left_out: points that are not told."""

    wanted: tuple[SummaryPoint, ...] = ()
    tried: tuple[SummaryPoint, ...] = ()
    left: tuple[SummaryPoint, ...] = Field(default=(), alias="open")
    doubts: tuple[SummaryPoint, ...] = ()
    left_out: int = 0


class Suggestion(_Told):
    """A draft of a reply. draft_id: None: there is none, and ``reason`` says why."""

    draft_id: str | None = None
    text: str = ""
    sources: tuple[ApiSourceView, ...] = ()
    nearest: tuple[ApiSourceView, ...] = ()
    sentences: tuple[ApiSentenceView, ...] = ()
    author: ApiAuthor | None = None
    checked: bool = True
    reason: str = ""

    @property
    def uncarried(self) -> tuple[str, ...]:
        """The sentences that the sources do not hold."""
        return tuple(one.text for one in self.sentences if not one.carried)


class KeptReply(_Told):
    """A text for replies that the team keeps."""

    id: str
    title: str


class _KeptReplies(_Told):
    replies: tuple[KeptReply, ...] = ()


class _Filled(_Told):
    text: str


@dataclass(frozen=True, slots=True)
class DeskClient:
    """The desk of the API that a client talks to.

    Every method raises ``ApiError`` when the API does not do it: ``refused`` when somebody else
    was faster, ``key`` when the client's key is not enough. ticket: a number or an id.
    """

    client: Client

    def queue(self, view: View, offset: int, limit: int) -> ApiTicketsView:
        """Return a part of the tickets of a view, what is late first."""
        asked: dict[str, str | int] = {"order": "due", "limit": limit, "offset": offset}
        asked.update(_FILTERS[view])
        reply = self.client.send("GET", "/v1/desk/tickets", params=asked)
        return self.client.parsed(reply, ApiTicketsView)

    def unassigned(self) -> int:
        """Return how many tickets are open that nobody has."""
        return self.queue("unassigned", 0, 1).total

    def find(self, words: str) -> tuple[FoundTicket, ...]:
        """Return the tickets in which words were said, the best first."""
        reply = self.client.send("GET", "/v1/desk/search", params={"q": words})
        hits = self.client.parsed(reply, _Hits).hits
        return tuple(hit for hit in hits if hit.ticket is not None)

    def ticket(self, ticket: str, language: str) -> ApiTicketWithLog:
        """Return a ticket with its conversation. language: of labels."""
        params = {"language": language}
        reply = self.client.send("GET", _path(ticket), params=params)
        return self.client.parsed(reply, ApiTicketWithLog)

    def person(self, ticket: str) -> ApiPersonHistory:
        """Return everything of the person of a ticket."""
        return self.client.fetch("GET", _path(ticket, "person"), ApiPersonHistory)

    def agents(self) -> Sequence[ApiAgentView]:
        """Return who of the team can be assigned and mentioned."""
        return self.client.fetch("GET", "/v1/desk/agents", ApiAgentsView).agents

    def open(self, values: Mapping[str, object]) -> ApiTicketView:
        """Open a ticket by hand; see ``TicketByHand`` of the API."""
        return self.client.fetch("POST", "/v1/desk/tickets", ApiTicketView, values)

    def change(self, ticket: str, values: Mapping[str, object]) -> ApiTicketView:
        """Change the subject, priority, contact or language."""
        return self.client.fetch("PATCH", _path(ticket), ApiTicketView, values)

    def claim(self, ticket: str, *, take_over: bool = False) -> ApiTicketView:
        """Take a ticket. take_over: also from who has it."""
        return self._do(ticket, "claim", {"take_over": take_over})

    def assign(self, ticket: str, agent: str) -> ApiTicketView:
        """Give a ticket to somebody."""
        return self._do(ticket, "assign", {"agent": agent})

    def move(self, ticket: str, move: Move) -> ApiTicketView:
        """Release a ticket to the queue, return it to the assistant, or open it again."""
        return self._do(ticket, move)

    def solve(self, ticket: str, cause: Cause) -> ApiTicketView:
        """Say that a ticket is over."""
        return self._do(ticket, "solve", {"cause": cause})

    def merge(self, ticket: str, into: str) -> ApiTicketView:
        """Close a ticket as a duplicate of another of the same person; return that one."""
        return self._do(ticket, "merge", {"ticket": into})

    def link(self, ticket: str, to: str) -> ApiTicketView:
        """Note that a ticket belongs together with another."""
        return self._do(ticket, "link", {"ticket": to})

    def reply(self, ticket: str, text: str, client_id: str, draft_id: str | None) -> ApiEntryAdded:
        """Say something to who asked. draft_id: of the draft that it was made from, if it was."""
        body: dict[str, object] = {"text": text, "client_id": client_id}
        if draft_id is not None:
            body["draft_id"] = draft_id
        return self.client.fetch("POST", _path(ticket, "reply"), ApiEntryAdded, body)

    def note(self, ticket: str, text: str, mentions: Sequence[str]) -> ApiEntryAdded:
        """Write something for the team alone. mentions: ids of agents."""
        body = {"text": text, "mentions": list(mentions)}
        return self.client.fetch("POST", _path(ticket, "note"), ApiEntryAdded, body)

    def summary(self, ticket: str, language: str) -> SummaryOfTicket:
        """Return what a ticket is about."""
        params = {"language": language}
        reply = self.client.send("GET", _path(ticket, "summary"), params=params)
        return self.client.parsed(reply, SummaryOfTicket)

    def draft(self, ticket: str, language: str) -> Suggestion:
        """Have a reply drafted. Nothing is sent."""
        path, params = _path(ticket, "draft"), {"language": language}
        reply = self.client.send("POST", path, {}, params=params, longest_s=_THINKS_S)
        return self.client.parsed(reply, Suggestion)

    def kept_replies(self) -> tuple[KeptReply, ...]:
        """Return the texts for replies that the team keeps."""
        return self.client.fetch("GET", "/v1/desk/replies", _KeptReplies).replies

    def filled(self, ticket: str, reply: str) -> str:
        """Return a kept text with its gaps filled for a ticket."""
        path = _path(ticket, f"replies/{quote(reply, safe='')}")
        return self.client.fetch("GET", path, _Filled).text

    def entry(self, ticket: str) -> ApiTicketEntry:
        """Return the entry that was made of a ticket."""
        return self.client.fetch("GET", _path(ticket, "entry"), ApiTicketEntry)

    def entry_draft(self, ticket: str) -> ApiDraftView:
        """Return with what an entry of a ticket that is over begins."""
        return self.client.fetch("GET", _path(ticket, "entry/draft"), ApiDraftView)

    def propose(
        self, ticket: str, language: str, name: str, text: str, aliases: Sequence[str]
    ) -> ApiVersionView:
        """Propose an entry to the editors. name: the question; aliases: other wordings of it."""
        body = {"language": language, "name": name, "text": text, "aliases": list(aliases)}
        return self.client.fetch("POST", _path(ticket, "entry"), ApiVersionView, body)

    def _do(self, ticket: str, what: str, body: Mapping[str, Any] | None = None) -> ApiTicketView:
        return self.client.fetch("POST", _path(ticket, what), ApiTicketView, body)


def is_open(ticket: ApiTicketView) -> bool:
    """Return whether somebody of the team has something to do."""
    return ticket.status in _OPEN


def _path(ticket: str, what: str = "") -> str:
    path = f"/v1/desk/tickets/{quote(ticket, safe='')}"
    return f"{path}/{what}" if what else path
