"""The state of one turn, and what nodes may use.

Only ``messages``, ``offer``, ``topic`` and ``waited`` outlive a turn; everything else is untracked,
so that no passage, vector or raw question is written to the checkpoint.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, NotRequired, TypedDict

from langgraph.channels import UntrackedValue

from assistant.arms.arm import Arm
from assistant.arms.endpoint.usage import Usage
from assistant.conversation import Message
from assistant.desk.states import Reason
from assistant.knowledge.search import Passage, Search
from assistant.knowledge.selection import Selected
from assistant.local.tokens import TokenStates
from assistant.records.desk.desk import Desk
from assistant.records.turns import Outcome, Records, Turn
from assistant.segments import Segmenter
from assistant.turn.answer.citations import Sentence
from assistant.turn.answer.quotations import Quotation
from assistant.turn.answer.speech import Briefing, SpeechLimits
from assistant.turn.modes import Choice
from assistant.turn.permissions import Writing
from assistant.turn.question.followup import Topic
from assistant.turn.question.offers import Answer, Named, Offer
from assistant.watching.watch import TurnWatch
from guardrails.gate import Gate
from guardrails.guard import Guard
from guardrails.rules.costs import Cost
from guardrails.types import Result, Route


@dataclass(slots=True)
class Spoken:
    """What an arm has said in this turn; it fills up while the arm speaks.

    text: what passed, as it is or will be shown. whole: all of it, also what was withheld;
    None unless the arm spoke to the end. shown: some of it has reached the reader. unchecked:
    why it could not be checked, if so. withheld: of each sentence that did not pass, why. cost: of
    what ``whole`` is, or of the failure to say it; None until it is over. cut: there was more than
    a limit of tokens or of time allowed. filtered: the arm's provider withheld it.
    """

    text: str = ""
    whole: str | None = None
    usage: Usage = field(default_factory=Usage)
    shown: bool = False
    unchecked: str = ""
    withheld: tuple[str, ...] = ()
    cost: Cost | None = None
    cut: bool = False
    filtered: bool = False


class Said(TypedDict):
    """What ends a wait for a person. ticket: its id. messages: what was said meanwhile."""

    ticket: str
    messages: list[Message]


class TurnInput(TypedDict):
    """What starts a turn. interface: the language of the page, for texts that do not tell.

    ticket: for which a person is asked; the thread waits until they give it back, and nothing is
    answered.
    """

    question: Annotated[str, UntrackedValue]
    interface: Annotated[str, UntrackedValue]
    messages: Annotated[list[Message], operator.add]
    ticket: NotRequired[Annotated[str | None, UntrackedValue]]


class State(TurnInput, total=False):
    """A turn as it grows from node to node.

    offer: what the last reply left open, then what this one does. taken: what this message takes of
    it. standalone: the question as it is searched for. follow_up: it leans on ``topic``; rewritten:
    a model has made it stand alone. generation: of the index that was searched. why: a person is
    asked for. waited: the last ticket that the thread has waited for.
    """

    offer: Offer | None
    topic: Topic | None
    waited: str
    why: Annotated[Reason, UntrackedValue]
    taken: Annotated[Answer | Named | None, UntrackedValue]
    follow_up: Annotated[bool, UntrackedValue]
    rewritten: Annotated[bool, UntrackedValue]

    language: Annotated[str | None, UntrackedValue]
    segment: Annotated[str, UntrackedValue]
    standalone: Annotated[str, UntrackedValue]
    passages: Annotated[list[Passage], UntrackedValue]
    found: Annotated[tuple[tuple[str, Selected], ...], UntrackedValue]
    generation: Annotated[int, UntrackedValue]
    choice: Annotated[Choice, UntrackedValue]
    unanswered: Annotated[tuple[str, ...], UntrackedValue]
    quotations: Annotated[tuple[Quotation, ...], UntrackedValue]
    lead: Annotated[str, UntrackedValue]
    asked: Annotated[Briefing, UntrackedValue]
    route: Annotated[Route, UntrackedValue]
    speaker: Annotated[str, UntrackedValue]
    spoken: Annotated[Spoken, UntrackedValue]
    fell_back: Annotated[str, UntrackedValue]
    failure: Annotated[str, UntrackedValue]
    lost: Annotated[Cost | None, UntrackedValue]
    scores: Annotated[Mapping[str, Result], UntrackedValue]
    answer: Annotated[str, UntrackedValue]
    outcome: Annotated[Outcome, UntrackedValue]
    sentences: Annotated[tuple[Sentence, ...], UntrackedValue]
    usage: Annotated[Usage, UntrackedValue]
    timings_s: Annotated[Mapping[str, float], UntrackedValue]
    turn: Annotated[Turn, UntrackedValue]


@dataclass(frozen=True, slots=True)
class Context:
    """What nodes work with; the composition root fills it.

    arms: by name; ``base`` is among them. rewriter: makes follow-ups stand alone. passages: how
    many an answer may use. writing: which arm may write where. deadline_s: for an answer, fall-back
    included. desk: where a person is asked for; None: nowhere. people_only: whether people alone
    answer in a segment. watch: what is told of it to those who run this.
    """

    conversation_id: str
    turn_id: str
    arms: Mapping[str, Arm]
    rewriter: Arm
    search: Search
    states: TokenStates
    segmenter: Segmenter
    records: Records
    guard: Guard
    gate: Gate
    limits: SpeechLimits
    passages: int
    writing: Writing
    deadline_s: float
    desk: Desk | None = None
    people_only: Callable[[str], bool] = lambda _: False
    watch: TurnWatch = field(default_factory=TurnWatch)
