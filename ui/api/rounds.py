"""What the API says of people's labels: a pair to label, and what rounds have come to."""

from datetime import datetime
from typing import Literal

from ui.api.wire import Wire

Kind = Literal["better", "right"]


class Offer(Wire):
    """A pair to label, blind: a and b are the answers. labels: used ones of ``pairs``."""

    arm: str
    round: int
    place: int
    kind: Kind
    segment: str
    question: str
    passages: tuple[str, ...]
    a: str
    b: str
    choices: tuple[str, ...]
    labels: int
    pairs: int


class Taken(Wire):
    """How far a round has come."""

    labels: int
    pairs: int


class People(Wire):
    """Mean label over all pairs, in [-1, 1]; mean is None without a label."""

    mean: float | None
    lower: float
    upper: float
    labels: int
    pairs: int


class Corrected(Wire):
    """What people say of a metric. mean: of its differences, all in [-1, 1].

    bias_lower, bias_upper: how far it is off.
    """

    metric: str
    mean: float
    bias_lower: float
    bias_upper: float
    contradicted: bool


class Labeller(Wire):
    """Who labelled how many."""

    by: str
    labels: int


class Agreement(Wire):
    """How far two people agree; same in [0, 1], kappa in [-1, 1]; None where not defined."""

    pairs: int
    same: float | None
    kappa: float | None


class Round(Wire):
    """A round of labels. current: whether its pairs are of the version that there is now."""

    round: int
    arm: str
    segment: str
    kind: Kind
    at: datetime
    current: bool
    people: People
    by: tuple[Labeller, ...]
    metrics: tuple[Corrected, ...]
    contradicts: bool
    underrated: tuple[str, ...]
    agreement: Agreement


class Contradiction(Wire):
    """A language in which nobody rises since people contradict the measure."""

    language: str
    why: str


class Rounds(Wire):
    """All rounds, newest first."""

    rounds: tuple[Round, ...]
    contradictions: tuple[Contradiction, ...] = ()
