"""What a ticket is about, by rules: all its texts are those of the log, and no model is asked.

What was said before the last answer of a person is not listed as open: they alone know what it has
settled. Where there is more than can be taken in at a glance, the latest is told.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from guardrails.rules.costs import CUT, EMPTY, LATE

MOST: Final = 12
"""Points of each kind that are told."""
SURE: Final = 0.8
"""Evidence from which the bot was sure of what it answered."""

PointKind = Literal[
    "asked_bot",
    "told_team",
    "merged",
    "quoted",
    "written",
    "offered",
    "abstained",
    "nothing_named",
    "passed_on",
    "broken_off",
    "failed",
    "person",
    "not_found",
    "unsure",
    "withheld",
    "which",
    "left_open",
    "rated_down",
    "for_people",
    "foreign",
    "no_answer",
    "waits",
    "evidence",
    "not_carried",
    "unchecked",
    "no_score",
    "did_not_pass",
    "found_nothing",
    "late",
    "arm_failed",
    "too_long",
]
"""Of a point: see ``assistant.desk.wording`` for what each is called."""

_NEVER: Final = -(10**9)
_NOT_PASSED: Final = ("a sentence did not pass", "the answer did not pass", "no passage carries")


@dataclass(frozen=True, slots=True)
class BotExchange:
    """A question to the bot, and what became of it.

    number: of the question in the log. outcome: of the turn; ``failed``: there was none; empty: not
    yet. talk: a greeting, thanks, or that a person is wanted. sources: titles of what was quoted or
    given to the arm. choices: titles that were shown. evidence: in [0, 1]. not_carried: sentences.
    unscored: why there is no score. left_open: questions of the message that were not answered.
    """

    number: int
    question: str
    outcome: str
    mode: str = ""
    arm: str = ""
    talk: bool = False
    sources: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    rated_down: bool = False
    evidence: float | None = None
    not_carried: tuple[str, ...] = ()
    checked: bool = True
    unscored: tuple[str, ...] = ()
    fell_back: str = ""
    finish: str = "stop"
    left_open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """What a person said. by: ``merged``: in another ticket. talk: see ``BotExchange``."""

    number: int
    by: Literal["user", "team", "merged"]
    text: str
    talk: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a summary.

    number: of the entry of the log that it is about. text: of the log. titles: of sources, or of
    choices. value: in [0, 1], of evidence.
    """

    number: int
    kind: PointKind
    text: str
    titles: tuple[str, ...] = ()
    arm: str = ""
    rated_down: bool = False
    value: float | None = None


@dataclass(frozen=True, slots=True)
class TicketSummary:
    """What is wanted, what was tried, what is open, and what the bot was unsure of; oldest first.

    left_out: points that are not told.
    """

    wanted: tuple[Point, ...] = ()
    tried: tuple[Point, ...] = ()
    open: tuple[Point, ...] = ()
    doubts: tuple[Point, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class _Talk:
    """A conversation, in its order."""

    said: Sequence[BotExchange | Remark]
    exchanges: Sequence[BotExchange] = field(init=False)
    replied: int = field(init=False)

    def __post_init__(self) -> None:
        exchanges = [one for one in self.said if isinstance(one, BotExchange) and not one.talk]
        replies = [one.number for one in self.said if isinstance(one, Remark) and one.by == "team"]
        object.__setattr__(self, "exchanges", exchanges)
        object.__setattr__(self, "replied", max(replies, default=_NEVER))


def summarized(said: Iterable[BotExchange | Remark]) -> TicketSummary:
    """Return the summary of a conversation. said: all of it, in any order."""
    talk = _Talk(sorted(said, key=lambda one: one.number))
    wanted, tried, open_ = _once(_wanted(talk)), list(_tried(talk)), _once(_open(talk))
    doubts = [point for one in talk.exchanges for point in _doubts(one)]
    return TicketSummary(
        tuple(wanted[-MOST:]),
        tuple(tried[-MOST:]),
        tuple(open_[-MOST:]),
        tuple(doubts[-MOST:]),
        sum(max(0, len(points) - MOST) for points in (wanted, tried, open_, doubts)),
    )


def _wanted(talk: _Talk) -> Iterator[Point]:
    for one in talk.said:
        if one.talk:
            continue
        if isinstance(one, BotExchange):
            yield Point(one.number, "asked_bot", one.question)
        elif one.by != "team":
            yield Point(one.number, "merged" if one.by == "merged" else "told_team", one.text)


def _tried(talk: _Talk) -> Iterator[Point]:
    for one in talk.said:
        if isinstance(one, Remark):
            if one.by == "team":
                yield Point(one.number, "person", one.text)
        elif not one.talk and one.outcome:
            kind = _tried_kind(one)
            shown = one.sources if one.outcome == "answered" else one.choices
            yield Point(one.number, kind, one.question, shown, one.arm, one.rated_down)


def _tried_kind(one: BotExchange) -> PointKind:
    if one.outcome == "answered":
        return "quoted" if one.mode == "quote" else "written"
    kinds: dict[str, PointKind] = {
        "asked": "offered",
        "abstained": "abstained" if one.choices else "nothing_named",
        "handed_off": "passed_on",
        "left": "broken_off",
        "taken_over": "broken_off",
    }
    return kinds.get(one.outcome, "failed")


def _open(talk: _Talk) -> Iterator[Point]:
    settled = {
        _same(one.question): one.number
        for one in talk.exchanges
        if one.outcome == "answered" and not one.rated_down
    }
    last = talk.exchanges[-1].number if talk.exchanges else 0
    for one in talk.said:
        if one.talk or one.number <= talk.replied:
            continue
        if isinstance(one, Remark):
            yield Point(one.number, "waits", one.text)
            continue
        for kind, text, shown in _left(one):
            chosen = kind == "which" and one.number != last
            if not chosen and settled.get(_same(text), 0) <= one.number:
                yield Point(one.number, kind, text, shown, value=one.evidence)


def _left(one: BotExchange) -> Iterator[tuple[PointKind, str, tuple[str, ...]]]:
    """Yield what an exchange leaves open: of which kind, in what words, and what was near."""
    if one.outcome == "answered":
        if one.rated_down:
            yield "rated_down", one.question, one.sources
        for text in one.left_open:
            yield "left_open", text, ()
    elif one.outcome == "asked":
        yield "which", one.question, one.choices
    elif one.outcome == "abstained":
        kind: PointKind = "unsure" if one.fell_back else "not_found"
        yield "withheld" if one.finish == "content_filter" else kind, one.question, one.choices
    elif one.outcome == "handed_off":
        yield "for_people", one.question, ()
    elif one.outcome == "replied":
        yield "foreign", one.question, ()
    else:
        yield "no_answer", one.question, ()


def _doubts(one: BotExchange) -> Iterator[Point]:
    weak = one.outcome in {"abstained", "asked"} or (one.evidence or 0.0) < SURE
    if one.evidence is not None and weak:
        yield Point(one.number, "evidence", one.question, value=one.evidence)
    for text in one.not_carried:
        yield Point(one.number, "not_carried", text)
    if not one.checked:
        yield Point(one.number, "unchecked", one.question)
    for text in one.unscored:
        yield Point(one.number, "no_score", text)
    if one.fell_back:
        yield Point(one.number, _why(one.fell_back), one.fell_back, arm=one.arm)
    if one.finish == "length":
        yield Point(one.number, "too_long", one.question)


def _why(fell_back: str) -> PointKind:
    """Return why another answered in place of an arm, from the words of the record."""
    reason = fell_back.removeprefix("base: ").removeprefix("base's answer did not pass: ")
    if reason != fell_back.removeprefix("base: ") or reason.startswith(_NOT_PASSED):
        return "did_not_pass"
    if reason.startswith("it found no answer"):
        return "found_nothing"
    if reason == CUT:
        return "too_long"
    return "late" if reason == LATE else "found_nothing" if reason == EMPTY else "arm_failed"


def _once(points: Iterable[Point]) -> list[Point]:
    """Keep the first of the points that have the same words."""
    firsts: dict[str, Point] = {}
    for point in points:
        firsts.setdefault(_same(point.text), point)
    return list(firsts.values())


def _same(text: str) -> str:
    return " ".join(text.casefold().split())
