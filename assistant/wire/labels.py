"""People's labels on the wire: a pair to label, and what rounds have come to."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from assistant.wire import Number, RequestBody, View
from assistant.wire.guard import PeopleView
from guardrails.store.rounds import Agreement

LabelKind = Literal["better", "right"]
_Name = Annotated[str, Field(min_length=1, max_length=100)]


class BlindPairView(View):
    """A pair to label, blind: a and b are the answers. labels: used ones of ``pairs``."""

    arm: str
    round: int
    place: int
    kind: LabelKind
    segment: str
    question: str
    passages: tuple[str, ...]
    a: str
    b: str
    choices: tuple[str, ...]
    labels: int
    pairs: int


class NewLabel(RequestBody):
    """What a person says of a pair: of which round and draw, and who."""

    round: Number
    place: Number
    choice: _Name
    by: _Name


class LabelTaken(View):
    """How far a round has come."""

    round: int = 0
    place: int = 0
    labels: int
    pairs: int


class CorrectionView(View):
    """What people say of a metric. mean: of its differences, all in [-1, 1].

    bias_lower, bias_upper: how far it is off.
    """

    metric: str
    mean: float
    bias_lower: float
    bias_upper: float
    contradicted: bool


class LabellerView(View):
    """Who labelled how many."""

    by: str
    labels: int


class RoundView(View):
    """A round of labels. current: whether its pairs are of the version that there is now.

    same_words: pairs that needed no label. contradicts: people say that the measure is wrong.
    underrated: metrics of which people say better.
    """

    round: int
    arm: str
    segment: str
    kind: LabelKind
    at: datetime
    current: bool
    people: PeopleView
    same_words: int = 0
    by: tuple[LabellerView, ...]
    metrics: tuple[CorrectionView, ...]
    contradicts: bool
    underrated: tuple[str, ...]
    agreement: Agreement


class LanguageContradiction(View):
    """A language in which nobody rises since people contradict the measure."""

    language: str
    why: str


class RoundsView(View):
    """All rounds, newest first."""

    rounds: tuple[RoundView, ...]
    contradictions: tuple[LanguageContradiction, ...] = ()


class ShareView(View):
    """A share with its interval at 95 % (Wilson), all in [0, 1]. value: None: of none."""

    value: float | None
    low: float
    high: float
    hits: int
    of: int


class DraftLabelView(View):
    """What people did with the drafts of an arm in a segment, which is with its language.

    as_is, edited, rewritten: how many were sent so; discarded: were not used, and their ticket is
    over; open: may be used yet. used: sent as they were or edited, of all that are not open.
    unchanged: as they were, of those sent. facts_changed: with another number, address or denial,
    of those used. similarity: mean over those sent, in [0, 1]; None: none was.
    """

    arm: str
    revision: str
    segment: str
    latest: datetime
    as_is: int
    edited: int
    rewritten: int
    discarded: int
    open: int
    used: ShareView
    unchanged: ShareView
    facts_changed: ShareView
    similarity: float | None = None


class DraftLabelsView(View):
    """Labels of arms from drafts of replies; no stage moves by them."""

    drafts: tuple[DraftLabelView, ...]
