"""What an eval night found, on the wire, in the store and in its report: the same values.

Nights of older versions lack some fields; what is read then is the default.
"""

from datetime import datetime
from operator import not_
from typing import Annotated, Literal

from pydantic import Field

from assistant.wire import View


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


class FrozenReference(View):
    """What the night was compared with: the nights of the frozen answers, and how many cases."""

    nights: tuple[str, ...] = ()
    cases: int = 0


class NightCounts(View):
    """How many there were. answered_again: from the frozen passages, where they differ.

    judged_once_for_several: scores copied from the same content. taken_over: scores of earlier
    nights. unasked, unjudged: left out, as the time was up.
    """

    cases: int = 0
    arms: int = 0
    answers: int = 0
    failed: int = 0
    unasked: int = 0
    answered_again: int = 0
    judged: int = 0
    judged_once_for_several: int = 0
    taken_over: int = 0
    unjudged: int = 0


class ArmCost(View):
    """What an arm's answers took."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0


class NightCost(View):
    """What the answers of each arm, and the judge, took."""

    arms: dict[str, ArmCost] = Field(default_factory=dict)
    judge_seconds: float = 0.0


class ComparisonView(View):
    """How a metric moved in a segment and language, ``*``: in all. Differences in [-1, 1].

    low, high: an interval of coverage ``level``. mean, left, right: None without a pair; left and
    right are the means before and after. detectable: the difference that would have been found
    with 80 % probability. n: pairs; unscored: share in [0, 1] of pairs that lack a number.
    """

    segment: str
    language: str
    metric: str
    verdict: Literal["better", "worse", "no change", "inconclusive"]
    mean: float | None
    low: float
    high: float
    level: float
    detectable: float
    left: float | None
    right: float | None
    n: int
    unscored: float
    words: str


class GateView(View):
    """A gate, as the settings have it, and what came of it.

    mean: the change in [-1, 1]; highest: what it is at most. None if it could not be measured.
    """

    metric: str
    segment: str
    language: str
    margin: float
    unscored: float
    fewest: int
    detectable: float
    outcome: Literal["pass", "regression", "could not measure"]
    mean: float | None
    highest: float | None
    reason: str


class EffectView(View):
    """How far a cause moved a metric, in [-1, 1]. p: adjusted (Holm). reason: why it is unknown."""

    cause: str
    mean: float | None
    low: float
    high: float
    p: float
    named: bool
    reason: str
    words: str


class SplitView(View):
    """How far an arm moved, in [-1, 1], and what each cause adds; rest: what none explains."""

    arm: str
    total: float | None
    low: float
    high: float
    rest: float
    parts: dict[str, float]


class AttributionView(View):
    """What moved a metric. named: the causes that are shown. outside: see ``Attribution``."""

    status: Literal["no change shown", "named", "unresolved"]
    words: str
    outside: float
    named: tuple[str, ...]
    effects: tuple[EffectView, ...]
    splits: tuple[SplitView, ...]


class TrustView(View):
    """How far the judge agrees with people: Cohen's kappa with its interval, or the reason of none.

    labelled: answers with both; unscored: without the judge. bias: judge minus people, in [-1, 1].
    """

    metric: str
    kappa: float | None
    low: float | None
    high: float | None
    labelled: int
    unscored: int
    bias: float | None
    reason: str


class KindCount(View):
    """How many real questions there were of a kind."""

    segment: str
    language: str
    questions: int


class SideSource(View):
    """A passage that an answer was given."""

    title: str
    text: str
    source: str
    key: str


class SideScore(View):
    """A score of an answer, in [0, 1]; scorer: its version, told of a frozen answer only."""

    value: float | None
    reason: str
    scorer: Annotated[str, Field(exclude_if=not_)] = ""


class AnswerSide(View):
    """An answer with its passages and scores. name: whose, and of which night."""

    name: str
    answer: str
    outcome: str
    standalone: str
    sources: tuple[SideSource, ...]
    scores: dict[str, SideScore]


class WorstAnswer(View):
    """An answer that lost against another. lost: in (0, 1]. behaviour, reference: what is right."""

    case: str
    arm: str
    segment: str
    language: str
    question: str
    reference: str
    behaviour: str
    lost: float
    before: AnswerSide
    after: AnswerSide


class MissingScore(View):
    """A score that should be there, and why it is not."""

    case: str
    arm: str
    metric: str
    reason: str


class UnaskedQuestion(View):
    """A case that an arm was not asked, as the time was up."""

    arm: str
    case: str


class MissingKind(View):
    """A kind of real question that has no case, or too few.

    turns: ids of some of its questions, the one most like all others first. share: of real
    questions, in [0, 1]. questions, cases: how many.
    """

    turns: tuple[str, ...]
    segment: str
    language: str
    share: float
    questions: int
    cases: int


class UnaskedKind(View):
    """A kind that nobody asks. case: the one most like the others; cases: how many."""

    case: str
    segment: str
    language: str
    cases: int


class NightCoverage(View):
    """How well the cases stand for what people asked: see ``evals.cases.coverage``.

    Questions are named by the ids of their turns, so that what is erased there is gone here.
    covered: share in [0, 1] of real questions whose kind is not missing, with its interval.
    missing: the most asked first. to_add: turns to write cases for. reason: why nothing is known.
    """

    covered: float = 0.0
    covered_low: float = 0.0
    covered_high: float = 0.0
    balance: float = 0.0
    questions: int = 0
    cases: int = 0
    missing: tuple[MissingKind, ...] = ()
    unasked: tuple[UnaskedKind, ...] = ()
    to_add: tuple[str, ...] = ()
    reason: str = ""


class ClosedQuestion(View):
    """A question of a gap, as it ended when it was asked, and as it ends tonight.

    case: what an erasure knows it by. closed: it is answered, and from the entry.
    """

    case: str
    language: str
    question: str
    before_outcome: str
    after_outcome: str
    answer: str
    closed: bool


class ClosedGap(View):
    """A gap that an entry closed lately. key, language: of the entry; by: who approved it."""

    gap: str
    key: str
    language: str
    closed_at: datetime
    by: str
    questions: tuple[ClosedQuestion, ...]

    @property
    def closed(self) -> int:
        """How many of its questions are answered from the entry."""
        return sum(question.closed for question in self.questions)


class NightResult(View):
    """All that a night found.

    exit_code: 0 pass, 1 regression, 2 could not measure. headline: the metric that stands for the
    others. arms: revisions; scorers: versions. kinds: segment and language of each case. cells:
    means. since: by arm, against its frozen answers; versus: by candidate, against base. moved:
    what the guardrail did. mix: of real questions. todo: for people, most urgent first.
    coverage: None where it was not looked at.
    closed_gaps: what entries were to answer since lately, before and after.
    """

    night: str = ""
    date: str = ""
    place: str = ""
    exit_code: int = 2
    words: str = ""
    headline: str = ""
    arms: dict[str, str] = Field(default_factory=dict)
    kinds: dict[str, tuple[str, str]] = Field(default_factory=dict)
    scorers: dict[str, str] = Field(default_factory=dict)
    reference: FrozenReference = FrozenReference()
    counts: NightCounts = NightCounts()
    cost: NightCost = NightCost()
    cells: tuple[MeanView, ...] = ()
    since: dict[str, tuple[ComparisonView, ...]] = Field(default_factory=dict)
    versus: dict[str, tuple[ComparisonView, ...]] = Field(default_factory=dict)
    gates: dict[str, tuple[GateView, ...]] = Field(default_factory=dict)
    attributions: dict[str, AttributionView] = Field(default_factory=dict)
    causes: tuple[str, ...] = ()
    unresolved: bool = False
    alarms: tuple[str, ...] = ()
    promotions_frozen: bool = False
    moved: tuple[str, ...] = ()
    trust: tuple[TrustView, ...] = ()
    mix: tuple[KindCount, ...] = ()
    worst: tuple[WorstAnswer, ...] = ()
    unscored: tuple[MissingScore, ...] = ()
    unasked: tuple[UnaskedQuestion, ...] = ()
    todo: tuple[str, ...] = ()
    coverage: NightCoverage | None = None
    closed_gaps: tuple[ClosedGap, ...] = ()


class ArmDifference(View):
    """How an arm moved between two nights. only_before, only_after: scores without a partner.

    revision: before and after.
    """

    cells: tuple[ComparisonView, ...]
    only_before: int
    only_after: int
    revision: tuple[str, str]


class NightDifference(View):
    """Two nights side by side, by arm."""

    before: str
    after: str
    arms: dict[str, ArmDifference]
