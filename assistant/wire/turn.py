"""An answered question on the wire: the field ``routeback`` of an answer (docs/api.md)."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from assistant.wire import View
from assistant.wire.author import Author

OutcomeName = Literal[
    "answered",
    "asked",
    "abstained",
    "replied",
    "handed_off",
    "left",
    "taken_over",
    "passed_on",
]
"""taken_over: a person began to speak before the answer ended. passed_on: a person holds the
conversation, and what was said is theirs to answer."""
HolderName = Literal["bot", "waiting", "person", "solved", "closed"]
ModeName = Literal["quote", "write", "ask", "abstain"]


class SourceView(View):
    """A passage that was looked at. number: what its markers in the answer say. date: ISO 8601.

    id: of the passage. key: of a curated entry. place: where in the source it stands, such as
    ``page 3 – page 4``; empty if nowhere special.
    """

    number: int
    id: str = ""
    title: str
    text: str
    url: str | None = None
    source: str | None = None
    language: str | None = None
    kind: str | None = None
    key: str = ""
    date: str = ""
    place: str = ""


class QuotationView(View):
    """What is quoted of a source. number: the source's. whole: whether ``text`` is all of it.

    date: ISO 8601, or empty.
    """

    number: int
    title: str
    text: str
    whole: bool = True
    language: str = ""
    date: str = ""


class ChoiceView(View):
    """An entry that may be meant. Its title as the next question chooses it."""

    number: int
    title: str
    id: str = ""


class SentenceView(View):
    """One sentence of the answer. carried: whether the passages it cites hold what it says."""

    text: str
    cited: tuple[int, ...] = ()
    carried: bool = True


class RouteView(View):
    """Which arm answered, and why that one."""

    arm: str
    revision: str | None = None
    reason: str | None = None


class ScoreView(View):
    """A fast score of the answer, in [0, 1]; None if there is none. reason: why."""

    value: float | None = None
    reason: str = ""


class StandingView(View):
    """Who holds a conversation. ticket: its number, None before anybody was asked for.

    assignee: who of the team has it. number: of the last entry of its log that this tells of; what
    comes behind it is at ``/v1/conversations/{id}/events?after=``. expected: when somebody answers
    next, at the latest; None if that is not known. open_now: whether it is office hours.
    """

    holder: HolderName = "bot"
    ticket: int | None = None
    ticket_id: str = ""
    assignee: str = ""
    number: int = 0
    expected: AwareDatetime | None = None
    open_now: bool | None = None


class TurnView(View):
    """An answered question: the field ``routeback`` of an answer.

    mode: None where nothing was searched for. mode_reason: why this mode. evidence: the probability
    in [0, 1] that what is shown answers, None if nothing was searched. lead: what is said apart
    from the list of choices. checked: whether the answer could be held against the sources.
    fell_back: why base answered in place of another model. timings_s: seconds by step. author: who
    wrote what is shown. link_hosts: the hosts that links in it may lead to; ``*``: all, ``*.a.b``:
    all below ``a.b``. standing: who holds the conversation, after this.
    """

    turn_id: Annotated[str, Field(min_length=1)]
    conversation_id: str = ""
    outcome: OutcomeName
    language: str = ""
    segment: str = ""
    standalone: str = ""
    evidence: float | None = None
    route: RouteView | None = None
    sources: tuple[SourceView, ...] = ()
    sentences: tuple[SentenceView, ...] = ()
    checked: bool = True
    fell_back: str | None = None
    scores: dict[str, ScoreView] = Field(default={})
    timings_s: dict[str, float] = Field(default={})
    mode: ModeName | None = None
    mode_reason: str = ""
    lead: str = ""
    choices: tuple[ChoiceView, ...] = ()
    quotations: tuple[QuotationView, ...] = ()
    author: Author | None = None
    link_hosts: tuple[str, ...] = ()
    standing: StandingView | None = None
