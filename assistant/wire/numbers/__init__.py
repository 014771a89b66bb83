"""The numbers on the wire: what became of what people asked (docs/numbers.md)."""

from typing import Literal

from pydantic import AwareDatetime, Field

from assistant.wire import View

NumberGroup = Literal["segment", "language", "arm", "none"]
UnresolvedWord = Literal["person", "asked_again", "rated_down", "failed", "left", "no_answer"]
ExclusionWord = Literal["erased", "no_person", "small_talk", "language", "left_at_once"]
PilotWord = Literal["reached", "missed", "open", "too_few"]
PilotMetricWord = Literal[
    "durable_resolution", "pleased", "reopened", "first_reply_minutes", "solution_minutes"
]


class PeopleShareView(View):
    """A share of cases that belong to people. value, low, high: in [0, 1], a 95 % interval.

    too_few: there are fewer than 20 cases or people, and nothing is told. low and high are None,
    too, where it is a count of all there is and no sample.
    """

    hits: int
    cases: int
    people: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    too_few: bool = False


class QuantileView(View):
    """A quantile in business minutes with a 95 % interval; None: too few, or not known yet."""

    cases: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


class DemandView(View):
    """What there was to answer. asked: all that was said to the assistant.

    eligible, excluded: of that, what was a question to be answered, and what was not, by why.
    demands: what people wanted to know; people: of how many. pending: younger than seven days.
    sessions: share of the demands whose person is known by a browser alone. straight: tickets
    without a question in the seven days before.
    """

    asked: int
    eligible: int
    excluded: dict[ExclusionWord, int]
    demands: int
    people: int
    pending: int
    sessions: float | None = None
    straight: int = 0


class DurableView(View):
    """Durable resolution of a group. group: empty: all. by_person: if each person counts once.

    causes: of what is not resolved.
    """

    group: str
    resolved: PeopleShareView
    by_person: float | None = None
    pending: int = 0
    causes: dict[UnresolvedWord, int] = Field(default={})


class OtherDefinitionView(View):
    """What another product would call resolved, on the same data. page: where it says so."""

    name: Literal["intercom", "chatwoot"]
    page: str
    resolved: PeopleShareView
    pending: int


class WaitedView(View):
    """How long people waited, in business minutes. waiting: who waits still."""

    median: QuantileView
    most: QuantileView
    waiting: int


class ServiceView(View):
    """How tickets went. ratings: how many of each, 1 to 5. rated: of those that could be.

    pleased: of the ratings, 4 and 5. drafted: of the replies, made from a draft; unchanged: of
    those, sent as it was.
    """

    tickets: int
    first_reply: WaitedView
    solution: WaitedView
    reopened: PeopleShareView
    ratings: dict[int, int]
    rated: PeopleShareView
    pleased: PeopleShareView
    drafted: PeopleShareView
    unchanged: PeopleShareView


class AnswerCostView(View):
    """What an answer of an arm takes on average; seconds: the median. money: only with prices."""

    arm: str
    answers: int
    prompt_tokens: float
    completion_tokens: float
    seconds: float
    money: float | None = None


class PilotView(View):
    """Where a number stands to a target of the team. needed: about how many cases decide it."""

    metric: PilotMetricWord
    segment: str
    at_least: float | None = None
    at_most: float | None = None
    standing: PilotWord
    cases: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    needed: int | None = None


class NumbersView(View):
    """What became of what was asked from ``since`` on and before ``until``, as of ``now``."""

    since: AwareDatetime
    until: AwareDatetime
    now: AwareDatetime
    time_zone: str
    by: NumberGroup
    demand: DemandView
    durable: tuple[DurableView, ...]
    others: tuple[OtherDefinitionView, ...]
    service: ServiceView
    costs: tuple[AnswerCostView, ...]
    pilot: tuple[PilotView, ...]
