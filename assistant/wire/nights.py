"""The eval nights on the wire, and what evals ask of a running server."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from assistant.language import Language
from assistant.wire import JsonObject, RequestBody, View


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
    """Nights, newest first. missed: that one is overdue, as a sentence; else empty."""

    nights: tuple[NightView, ...]
    missed: str


class NightDetail(NightView):
    """One night with all that it set out to do and found, as its report has it (docs/nights.md)."""

    plan: JsonObject
    result: JsonObject


class TrendNight(View):
    """How a night ended."""

    night: str
    at: datetime
    exit_code: int | None
    words: str
    causes: tuple[str, ...]


class MeanView(View):
    """A mean of a metric of an arm in a segment and language; ``*``: of all. In [0, 1].

    low, high: its interval. n: scores; unscored: cases that have none. None without a score.
    """

    arm: str
    metric: str
    segment: str
    language: str
    n: int
    unscored: int
    mean: float | None
    low: float | None
    high: float | None


class TrendPoint(MeanView):
    """A mean of one night."""

    night: str
    at: datetime


class TrendView(View):
    """How the means moved over the nights, oldest first."""

    nights: tuple[TrendNight, ...]
    points: tuple[TrendPoint, ...]


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
