"""What the API says of the guardrail: the transfer map, its state, and the decisions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from ui.api.wire import Wire

Verdict = Literal["better", "equal", "worse", "unproven"]
Stage = Literal["shadow", "canary", "serving", "routed_back"]
Key = tuple[str, str]
"""An arm and a segment: what names a cell."""

WHOLE = "*"
"""The segment of all questions together."""
QUOTE = "quote"
"""The arm that is the document's own words: compared with base, and never routed to."""
VOICES = frozenset({"quoted", "writing"})
"""What decisions about who may write move between, as those about stages do between stages."""


class Pin(Wire):
    """A person holds the stage. by: who. why: the reason given."""

    by: str
    why: str


class Measured(Wire):
    """What the pairs say of one metric.

    mean, lower, upper: of score(candidate) - score(base), in [-1, 1]; mean is None without a
    scored pair. evidence: that the candidate is worse; it is routed back from ``threshold`` on.
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


class Promise(Wire):
    """What readers are promised: ``guardrails.rules.promise``. answers: None: no end by pairs."""

    tolerated: float
    chance: float
    worse: float
    answers: int | None = None


class Cell(Measured):
    """An arm in a segment, by the metric that matters; ``metrics`` has all of them.

    stage: None for a segment above others, which gathers their evidence and has no stage.
    fresh_pairs: since the last start of evidence. shown_from: the decision that the numbers are
    of, where fresh pairs say nothing yet. candidate, strength: None where the API does not say.
    held: the segment above that got worse, while base answers here. promise: to readers.
    below: of a segment above others, how many below it are routed back, and how many there are.
    """

    arm: str
    segment: str
    verdict: Verdict
    stage: Stage | None = None
    since: datetime | None = None
    until: datetime | None = None
    route_backs: int = 0
    pin: Pin | None = None
    fresh_pairs: int = 0
    shown_from: str | None = None
    reason: str | None = None
    decision: str | None = None
    metrics: tuple[Measured, ...] = ()
    held: str = ""
    promise: Promise | None = None
    below: tuple[int, int] | None = None

    @property
    def key(self) -> Key:
        """What names the cell."""
        return self.arm, self.segment


class Writer(Measured):
    """An arm against the document's own words in a segment: score(arm) - score(quotation).

    writes: the owner lets it, where an entry could be quoted; by, why, since, forced: who, why,
    when, and whether without evidence. refusal: why the owner cannot let it without force; empty
    if nothing is in the way. suggested: it is shown to write better. policy: of quoting there.
    """

    arm: str
    segment: str
    verdict: Verdict
    writes: bool = False
    forced: bool = False
    since: datetime | None = None
    by: str = ""
    why: str = ""
    refusal: str = ""
    suggested: bool = False
    policy: str = ""
    command: str = ""


class TransferMap(Wire):
    """Candidates x segments. false_route_backs_per_month: to expect at most, over all.

    writing: who writes in place of the document's own words, and who might.
    """

    candidates: tuple[str, ...]
    cells: tuple[Cell, ...]
    false_route_backs_per_month: float
    writing: tuple[Writer, ...] = ()

    @property
    def arms(self) -> list[str]:
        """The candidates, each before its own lower strengths, strongest first.

        The document's own words come last.
        """
        return sorted(
            self.candidates, key=lambda arm: (arm == QUOTE, name(arm), -strength(arm), arm)
        )

    @property
    def tuned(self) -> list[str]:
        """The candidates that are models."""
        return [arm for arm in self.arms if arm != QUOTE]

    @property
    def own(self) -> list[str]:
        """The segments that have a stage."""
        return sorted({cell.segment for cell in self.cells if cell.stage})

    @property
    def above(self) -> list[str]:
        """The segments that only gather evidence, and have some; nearest first."""
        own = set(self.own)
        found = (cell.segment for cell in self.cells if not cell.stage and cell.pairs)
        return [segment for segment in dict.fromkeys(found) if segment not in own]

    def cell(self, arm: str, segment: str) -> Cell | None:
        """Return what is known of an arm in a segment."""
        return next((cell for cell in self.cells if cell.key == (arm, segment)), None)

    def curve(self, arm: str, segment: str) -> list[Cell]:
        """Return the strengths of the arm's candidate that have pairs in a segment, lowest first.

        Nothing if there are not at least two strengths.
        """
        same = [one for one in self.arms if name(one) == name(arm)]
        cells = [cell for one in reversed(same) if (cell := self.cell(one, segment))]
        scored = [cell for cell in cells if cell.pairs]
        return scored if len(same) > 1 and len(scored) > 1 else []


class Alarm(Wire):
    """Something that people should look at."""

    kind: str
    arm: str
    at: datetime
    message: str


class Breaker(Wire):
    """Whether calls go through: ``closed`` if they do."""

    state: str
    failures: int
    calls: int


class Unscored(Wire):
    """How many recent pairs lack a score. share: in [0, 1] of ``pairs``."""

    share: float
    pairs: int
    blind: bool


class Candidate(Wire):
    """A candidate's health. configured: whether the settings still name it."""

    arm: str
    configured: bool
    breaker: Breaker
    unscored: Unscored


class Budget(Wire):
    """How often a candidate may be routed back wrongly. tolerance: loss of score, in [0, 1)."""

    false_alarms: float
    horizon: int
    tolerance: float
    metrics: tuple[str, ...]


class Queue(Wire):
    """Pairs by what has become of them."""

    waiting: int = 0
    done: int = 0
    failed: int = 0


class Noticed(Wire):
    """One harm or improvement.

    noticed: ``noticed``, ``undecided``, ``missed`` or ``not measured``.
    """

    name: str
    family: str
    noticed: str


class Sight(Wire):
    """What the measure notices in a language. rises: whether candidates may rise in it."""

    language: str
    rises: bool
    changes: tuple[Noticed, ...]


class Measure(Wire):
    """What the measure was shown to notice. origin: whose cases it was attacked with."""

    at: datetime
    origin: str
    languages: tuple[Sight, ...]


class Status(Wire):
    """How the guardrail is at the moment. measure: None where it was not attacked."""

    candidates: tuple[Candidate, ...]
    queue: Queue
    alarms: tuple[Alarm, ...]
    budget: Budget
    measure: Measure | None = None


class Decision(Wire):
    """What moved, when, by whom (``guard`` or a name), and why."""

    id: str
    at: datetime
    arm: str
    segment: str
    before: str
    after: str
    cause: str
    reason: str
    by: str


class Replay(Wire):
    """Whether the same was decided again from the stored pairs, and if not, what differs."""

    id: str
    same: bool
    sha256: str
    differences: tuple[str, ...] = ()


def name(arm: str) -> str:
    """Return the candidate that an arm is a strength of; the arm itself if it names none."""
    return arm.rpartition("@")[0] if _at(arm) is not None else arm


def strength(arm: str) -> float:
    """Return the strength of an arm in (0, 1]; 1 if its name says none."""
    at = _at(arm)
    return 1.0 if at is None else at


def _at(arm: str) -> float | None:
    candidate, _, said = arm.rpartition("@")
    try:
        value = float(said) if candidate else 0.0
    except ValueError:
        return None
    return value if 0.0 < value <= 1.0 else None


def most_urgent(found: TransferMap) -> Cell | None:
    """Return the cell that people should look at first: what is worse, then what is unproven."""
    ranks: Sequence[Verdict] = ("worse", "unproven", "better", "equal")
    shown = [cell for cell in found.cells if cell.stage]
    return min(
        shown,
        key=lambda cell: (
            cell.arm == QUOTE,
            ranks.index(cell.verdict),
            not cell.pairs,
            -(cell.since.timestamp() if cell.since else 0.0),
            cell.key,
        ),
        default=None,
    )
