"""The guardrail on the wire: the transfer map, the state, decisions, alarms, and orders."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from assistant.sending.channels import ChannelTrial
from assistant.wire import RequestBody, View
from guardrails.types import Pin

VerdictName = Literal["better", "equal", "worse", "unproven"]
StageName = Literal["shadow", "canary", "serving", "routed_back"]
_Name = Annotated[str, Field(min_length=1, max_length=100)]
_Sentence = Annotated[str, Field(min_length=1, max_length=1000)]


class MetricView(View):
    """What the pairs say of one metric.

    mean, lower, upper: of score(candidate) - score(base), in [-1, 1]; mean is None without a
    scored pair. evidence: that the candidate is worse; it is routed back from ``threshold`` on.
    proof: that it is not worse by more than ``tolerance``; it may rise from ``needed`` on.
    distinct: pairs of different questions, which a proof rests on. spread: standard deviation.
    """

    metric: str
    pairs: int
    unscored: int
    mean: float | None
    lower: float
    upper: float
    evidence: float
    threshold: float
    tolerance: float | None = None
    proof: float | None = None
    needed: float | None = None
    distinct: int | None = None
    spread: float | None = None


class PromiseView(View):
    """What readers are promised. tolerated, worse: losses of mean score, in [0, 1].

    chance: that a candidate worse than tolerated ever answers, in (0, 1). answers: about how many
    one that is worse by ``worse`` gives before it is taken back; None: no end by pairs.
    """

    tolerated: float
    chance: float
    worse: float
    answers: int | None = None
    words: str = ""


class PeopleView(View):
    """What people say: mean label over all pairs, in [-1, 1]; mean is None without a label."""

    mean: float | None
    lower: float
    upper: float
    labels: int
    pairs: int
    kind: str = ""


class MapCellView(MetricView):
    """An arm in a segment, by the metric that matters; ``metrics`` has all of them.

    stage: None for a segment above others, which gathers their evidence and has no stage.
    fresh_pairs: since the last start of evidence. shown_from: the decision that the numbers are
    of, where fresh pairs say nothing yet. held: the segment above that got worse, while base
    answers here. below: of a segment above others, how many below it are routed back, and how
    many there are. evidence_share, proof_share: how near a route-back and a rise are, in [0, 1].
    lacking: what a rise still lacks beside the proof. people: what they say, where they labelled.
    """

    arm: str
    candidate: str = ""
    strength: float = 1.0
    segment: str
    verdict: VerdictName
    words: str = ""
    below: tuple[int, int] | None = None
    stage: StageName | None = None
    since: datetime | None = None
    until: datetime | None = None
    route_backs: int = 0
    pin: Pin | None = None
    evidence_share: float = 0.0
    proof_share: float | None = None
    lacking: str = ""
    held: str = ""
    promise: PromiseView | None = None
    fresh_pairs: int = 0
    shown_from: str | None = None
    reason: str | None = None
    decision: str | None = None
    metrics: tuple[MetricView, ...] = ()
    people: PeopleView | None = None


class WriterView(MetricView):
    """An arm against the document's own words in a segment: score(arm) - score(quotation).

    writes: the owner lets it, where an entry could be quoted; by, why, since, forced: who, why,
    when, and whether without evidence. refusal: why the owner cannot let it without force; empty
    if nothing is in the way. suggested: it is shown to write better. policy: of quoting there.
    """

    arm: str
    segment: str
    verdict: VerdictName
    words: str = ""
    writes: bool = False
    forced: bool = False
    since: datetime | None = None
    by: str = ""
    why: str = ""
    decision: str | None = None
    refusal: str = ""
    suggested: bool = False
    policy: str = ""
    command: str = ""


class MapView(View):
    """Candidates x segments. false_route_backs_per_month: to expect at most, over all.

    writing: who writes in place of the document's own words, and who might.
    """

    candidates: tuple[str, ...]
    cells: tuple[MapCellView, ...]
    false_route_backs_per_month: float
    writing: tuple[WriterView, ...] = ()


class AlarmView(View):
    """Something that people should look at. cleared: when it was over; None while it is not."""

    kind: str
    arm: str
    at: datetime
    message: str
    cleared: datetime | None = None


class BreakerView(View):
    """Whether calls go through: ``closed`` if they do, ``open`` or ``half-open`` else.

    failures: of the last ``calls``.
    """

    state: str
    opened: datetime | None = None
    failures: int
    calls: int


class SightView(View):
    """How many recent pairs lack a score. share: in [0, 1] of ``pairs``. blind: too many."""

    share: float
    pairs: int
    window: int = 0
    blind: bool


class SegmentStandingView(View):
    """Where a candidate stands in a segment. words: the same for a person."""

    segment: str
    stage: StageName
    held: str = ""
    words: str = ""


class CandidateView(View):
    """A candidate. configured: whether the settings still name it. strengths: how many it has."""

    arm: str
    configured: bool
    candidate: str = ""
    strength: float = 1.0
    strengths: int = 1
    breaker: BreakerView
    unscored: SightView
    segments: tuple[SegmentStandingView, ...] = ()


class QueueView(View):
    """Pairs by what has become of them."""

    waiting: int = 0
    done: int = 0
    failed: int = 0
    void: int = 0


class PairTokensView(View):
    """What pairs cost in tokens: of the last 24 hours, and at most."""

    last_24_hours: int = 0
    ceiling: int = 0


class OutboxView(View):
    """Messages of alarms that wait, and that were given up in the last 7 days."""

    waiting: int = 0
    given_up: int = 0


class GuardedView(View):
    """A guarded metric and the loss of it that is tolerated, in [0, 1)."""

    metric: str
    tolerance: float


class BudgetView(View):
    """How often a candidate may be routed back or rise wrongly. tolerance: loss of score, [0, 1).

    words, promise: the same for a person: of a candidate that is as good as base, and to readers.
    """

    false_alarms: float
    false_promotions: float = 0.0
    horizon: int
    tolerance: float
    metrics: tuple[str, ...]
    guarded: tuple[GuardedView, ...] = ()
    threshold: float = 0.0
    words: str = ""
    promise: str = ""


class NoticeView(View):
    """A harm or improvement. noticed: ``noticed``, ``undecided``, ``missed``, ``not measured``."""

    name: str
    family: str
    noticed: str


class MeasureLanguageView(View):
    """What the measure notices in a language. rises: whether candidates may rise in it."""

    language: str
    rises: bool
    why: str = ""
    changes: tuple[NoticeView, ...]


class MeasureView(View):
    """What the measure was shown to notice. origin: whose cases it was attacked with."""

    id: str = ""
    at: datetime
    origin: str
    languages: tuple[MeasureLanguageView, ...]


class GuardStatus(View):
    """How the guardrail is at the moment. measure: None where it was not attacked."""

    candidates: tuple[CandidateView, ...]
    queue: QueueView
    pair_tokens: PairTokensView = Field(default_factory=PairTokensView)
    alarms: tuple[AlarmView, ...]
    messages: OutboxView = Field(default_factory=OutboxView)
    budget: BudgetView
    measure: MeasureView | None = None
    false_route_backs_per_month: float = 0.0
    writing: tuple[WriterView, ...] = ()


class DeliveryView(View):
    """A message on one channel. state: waiting, delivered or given_up; error: the last one."""

    to: str
    state: str
    tries: int
    ended: datetime | None
    next_try: datetime | None
    error: str


class MessageView(View):
    """A message of the outbox. taken_up: when it was first looked at."""

    id: str
    topic: str
    subject: str
    at: datetime
    taken_up: datetime | None
    deliveries: tuple[DeliveryView, ...]


class AlarmsView(View):
    """The newest alarms, and what was sent of them and of decisions."""

    channels: tuple[str, ...]
    alarms: tuple[AlarmView, ...]
    messages: tuple[MessageView, ...]


class AlarmTrial(View):
    """A test message through every channel."""

    id: str
    channels: tuple[ChannelTrial, ...]


class PolicyView(View):
    """The policy that decided, as it is on record; see ``guardrails.rules.policy``."""

    model_config = ConfigDict(frozen=True, extra="allow")

    false_alarms: float
    horizon: int
    tolerance: float
    min_pairs: int
    metrics: tuple[str, ...]
    rule: int = 1


class DecisionInputs(View):
    """What was decided from, as it is on record.

    span: the segment whose pairs were looked at (None: all), and the first and last number.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    policy: PolicyView | None = None
    span: tuple[str | None, int, int] | None = None


class DecisionView(View):
    """What moved, when, by whom (``guard`` or a name), and why.

    inputs: what it was decided from, as it is on record. summary: of the evidence. sha256: of the
    record. promise: to readers, by the policy that decided; empty where nothing was promised.
    """

    id: str
    at: datetime
    arm: str
    segment: str
    before: str
    after: str
    cause: str
    reason: str
    by: str
    inputs: DecisionInputs | None = None
    summary: tuple[MetricView, ...] = ()
    sha256: str = ""
    promise: str = ""


class DecisionsView(View):
    """Decisions, newest first."""

    decisions: tuple[DecisionView, ...]


class ReplayView(View):
    """Whether the same was decided again from the stored pairs, and if not, what differs.

    record, replayed: the bytes as text; ``replayed`` is None if nothing would be decided.
    """

    id: str
    same: bool
    sha256: str
    replayed_sha256: str | None = None
    differences: tuple[str, ...] = ()
    record: str = ""
    replayed: str | None = None


class Unpin(RequestBody):
    """Where a candidate is let go of, by whom and why."""

    arm: _Name
    segment: _Name
    by: _Sentence
    why: _Sentence


class NewPin(Unpin):
    """Where a candidate is held, in which stage, by whom and why."""

    stage: _Name


class NewPermission(RequestBody):
    """Where an arm is let write although an entry could be quoted, by whom and why.

    force: also without evidence. off: to take it back.
    """

    arm: _Name
    segment: _Name
    by: _Sentence
    why: Annotated[str, Field(max_length=1000)] = ""
    force: bool = False
    off: bool = False
