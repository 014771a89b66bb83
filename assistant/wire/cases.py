"""Eval cases that people added, on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from assistant.language import Language
from assistant.wire import RequestBody, View

_Name = Annotated[str, Field(max_length=200)]


class ExpectedAnswer(RequestBody):
    """What is right. quote: the entry in its own words; write: an answer; abstain: none.

    entry: key or file of the entry that holds it; empty: any. reference: a right answer, in
    people's own words; where it is empty and an entry is quoted, the entry's words are.
    """

    kind: Literal["quote", "write", "abstain"]
    entry: _Name = ""
    reference: Annotated[str, Field(max_length=8000)] = ""


class NewCase(RequestBody):
    """A case to add. segment: without its language. from_turn: id of the turn it was asked in."""

    question: Annotated[str, Field(min_length=1, max_length=4000)]
    language: Language
    segment: Annotated[str, Field(min_length=1, max_length=64)]
    expected: ExpectedAnswer
    from_turn: Annotated[str, Field(max_length=36)] = ""
    from_entry: _Name = ""


class RightAnswer(View):
    """What is right, as it is stored: see ``ExpectedAnswer``."""

    kind: Literal["quote", "write", "abstain"]
    entry: str = ""
    reference: str = ""


class CaseRun(View):
    """What became of a case in a night.

    outcome: ``answered``, ``abstained``, …; empty if there was no answer. right: whether it behaved
    as expected, None if that was not measured. value: the first score that says how good the answer
    is, in [0, 1], with its metric's name.
    """

    night: str
    at: datetime
    arm: str
    outcome: str
    right: bool | None
    metric: str
    value: float | None


class AddedCaseView(View):
    """A case that somebody added.

    before: outcome of the turn it was asked in; empty if there is none. runs: of the newest two
    nights that asked it, newest first, base first in each.
    """

    id: str
    at: datetime
    by: str
    question: str
    language: str
    segment: str
    expected: RightAnswer
    from_turn: str
    from_entry: str
    active: bool
    before: str = ""
    runs: tuple[CaseRun, ...] = ()


class AddedCasesView(View):
    """Added cases, newest first. total: how many there are."""

    cases: tuple[AddedCaseView, ...]
    total: int


class UncoveredQuestion(View):
    """A real question of a kind that has no case. outcome: how its turn ended; answer: with what.

    entry: key or file of the entry that was found first. added: id of the case it was made to;
    empty: none yet.
    """

    turn: str
    at: datetime
    question: str
    segment: str
    language: str
    outcome: str
    answer: str
    entry: str
    added: str


class UncoveredKindView(View):
    """A kind of question that has no case, or too few. share: of real questions, in [0, 1].

    questions, cases: how many. like: some of its questions, the one most like all others first;
    none of which nothing is kept any more.
    """

    segment: str
    language: str
    share: float
    questions: int
    cases: int
    like: tuple[UncoveredQuestion, ...]


class GapsView(View):
    """Which kinds of real questions the cases of a night missed.

    covered: share in [0, 1] of real questions whose kind has cases, with its interval; questions,
    cases: how many were compared. to_add: real questions to write cases for, the most useful first.
    unasked: how many kinds have cases that nobody asks. reason: why nothing is known.
    """

    night: str
    covered: float = 0.0
    covered_low: float = 0.0
    covered_high: float = 0.0
    questions: int = 0
    cases: int = 0
    unasked: int = 0
    missing: tuple[UncoveredKindView, ...] = ()
    to_add: tuple[UncoveredQuestion, ...] = ()
    reason: str = ""
