"""The eval nights on the wire, and what evals ask of a running server."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from assistant.language import Language
from assistant.wire import JsonObject, RequestBody, View
from assistant.wire.night_result import MeanView, NightResult


class NightView(View):
    """One night of a list. state: running, done or failed. exit_code: 0, 1, 2; None while it runs.

    words: the outcome in a sentence. cases: how many were planned. arms: that were measured.
    """

    id: str
    at: datetime
    ended: datetime | None
    kind: str
    state: str
    exit_code: int | None
    words: str
    causes: tuple[str, ...]
    cases: int
    arms: tuple[str, ...]


class NightsView(View):
    """Nights, newest first. missed: that one is overdue, as a sentence; else empty.

    total: how many there are.
    """

    nights: tuple[NightView, ...]
    missed: str
    total: int = 0


class NightOptions(View):
    """What was asked for. count: cases, 0: all. minutes: for answers, 0: no limit."""

    count: int = 0
    minutes: float = 0.0
    judge_minutes: float = 0.0
    segments: tuple[str, ...] = ()
    against: str = ""


class PlanView(View):
    """What a night sets out to do. cases, arms, scorers: versions. judged: metrics of the judge."""

    date: str = ""
    place: str = ""
    options: NightOptions = NightOptions()
    cases: dict[str, str] = Field(default_factory=dict)
    arms: dict[str, str] = Field(default_factory=dict)
    scorers: dict[str, str] = Field(default_factory=dict)
    judged: tuple[str, ...] = ()


class NightDetail(NightView):
    """One night with all that it set out to do and found; no result until it is done."""

    plan: PlanView
    result: NightResult | None


class TrendNight(View):
    """How a night ended."""

    night: str
    at: datetime
    exit_code: int | None
    words: str
    causes: tuple[str, ...]


class TrendPoint(MeanView):
    """A mean of one night."""

    night: str
    at: datetime


class TrendKind(View):
    """A kind of question that means are told of; ``*``: of all."""

    segment: str
    language: str


class TrendView(View):
    """How the means moved over the nights, oldest first.

    headline: the metric that stands for the others; metrics, kinds: what there is to choose from;
    all of the newest night.
    """

    nights: tuple[TrendNight, ...]
    points: tuple[TrendPoint, ...]
    headline: str = ""
    metrics: tuple[str, ...] = ()
    kinds: tuple[TrendKind, ...] = ()


class MeasurableArms(View):
    """Arms that can be measured, with their revisions."""

    arms: dict[str, str]


class PriorMessage(RequestBody):
    """One message of what was said before."""

    role: Literal["user", "assistant"]
    content: str


class ProbeRequest(RequestBody):
    """A question to one arm. passages: what is found instead of searching."""

    arm: Annotated[str, Field(min_length=1, max_length=100)]
    question: str
    history: Annotated[list[PriorMessage], Field(max_length=100, default_factory=list)]
    interface: Language = "en"
    passages: Annotated[list[JsonObject], Field(max_length=20)] | None = None


class JudgePrompt(RequestBody):
    """One message to the judge."""

    role: Literal["system", "user"]
    content: Annotated[str, Field(max_length=100_000)]


class JudgeRequest(RequestBody):
    """What a judge is asked; sampling fields go on to the engine. max_tokens: of the reply."""

    model_config = ConfigDict(extra="allow")

    model: Annotated[str, Field(min_length=1, max_length=100)]
    messages: Annotated[list[JudgePrompt], Field(min_length=1, max_length=4)]
    response_format: JsonObject
    max_tokens: Annotated[int, Field(ge=1, le=4096)]
    n: Literal[1] = 1
    stream: Literal[False] = False
