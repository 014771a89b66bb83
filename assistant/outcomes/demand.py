"""Durable resolution: of what people wanted to know, how much was settled, and stayed so.

The unit is a demand: what one person asks, in whatever thread, until it has been answered and seven
days have gone by. Threads, and who closed them, play no part in it, so that nothing is gained by
closing early or by beginning anew.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, Literal

from assistant.outcomes.rows import Asking, Handover

WINDOW: Final = timedelta(days=7)
"""Within which a demand must not come back; what comes exactly after it is a new one."""
AT_ONCE_S: Final = 3.0
"""Who leaves sooner, and saw nothing, has not waited for an answer."""
_LOOKED_AT: Final = 300
"""Askings of one person that a new one is compared with at most, the latest first."""
_RECORDED: Final = timedelta(minutes=1)
"""A ticket that is opened within a turn is stored before the turn is."""

Exclusion = Literal["erased", "no_person", "small_talk", "language", "left_at_once"]
Cause = Literal["person", "asked_again", "rated_down", "failed", "left", "no_answer"]
"""Why a demand is not resolved: the first of these that is true of it."""
State = Literal["pending", "resolved", "unresolved"]


def exclusion(asking: Asking) -> Exclusion | None:
    """Return why something that was said is no question to be answered; None: it is one."""
    if not asking.own:
        return "erased"
    if not asking.person:
        return "no_person"
    if asking.talk:
        return "small_talk"
    if asking.foreign:
        return "language"
    if asking.end == "left" and not asking.shown and asking.waited_s < AT_ONCE_S:
        return "left_at_once"
    return None


@dataclass(slots=True)
class Demand:
    """What one person wanted to know.

    askings: those that ask it, oldest first. at: when it was asked first. over: from when on it is
    settled: seven days after the first answer, or else the first question. answered_at: when it was
    answered first, and arm: by whom. again: it was asked after that. person: somebody of the team
    was asked for. rated: an answer was.
    """

    askings: list[Asking]
    at: datetime
    over: datetime
    answered_at: datetime | None = None
    arm: str = ""
    again: bool = False
    person: bool = False
    rated: bool = False

    @classmethod
    def opened(cls, asking: Asking) -> "Demand":
        """Begin with a question."""
        demand = cls([], asking.at, asking.at + WINDOW)
        demand.add(asking)
        return demand

    def add(self, asking: Asking) -> None:
        """Let somebody ask it once more."""
        if self.answered_at is not None and not asking.for_person:
            self.again = True
        self.askings.append(asking)
        if asking.end == "answered" and self.answered_at is None:
            self.answered_at, self.arm = asking.at, asking.arm
            self.over = asking.at + WINDOW
        self.rated |= bool(asking.ratings)
        self.person |= asking.for_person or asking.end in {"handed_off", "taken_over"}

    @property
    def owner(self) -> str:
        """Who asks it."""
        return self.askings[0].person

    def pending(self, now: datetime) -> bool:
        """Return whether nothing can be said of it yet.

        Also where it is lost already: else the latest days would show their failures before their
        successes.
        """
        return now < self.over

    def state(self, now: datetime) -> State:
        """Return what has become of it."""
        if self.pending(now):
            return "pending"
        return "resolved" if self.cause is None else "unresolved"

    @property
    def cause(self) -> Cause | None:
        """Why it is not resolved; None: nothing speaks against it."""
        if self.person:
            return "person"
        if self.again:
            return "asked_again"
        if self.rated and any(asking.rated_down(self.over) for asking in self.askings):
            return "rated_down"
        if self.answered_at is not None:
            return None
        last = self.askings[-1].end
        return last if last in {"failed", "left"} else "no_answer"


@dataclass(frozen=True, slots=True)
class Demands:
    """The demands of a time, and what else was said in it.

    asked: all that was said to the bot. excluded: of that, what was no question, by why. straight:
    tickets of people who had asked nothing before. days: from when to when demands were opened.
    """

    all: Sequence[Demand]
    asked: int = 0
    excluded: Mapping[Exclusion, int] = field(default_factory=dict)
    straight: int = 0


def demands(
    askings: Iterable[Asking],
    handovers: Iterable[Handover],
    since: datetime,
    until: datetime,
) -> Demands:
    """Return the demands that were opened from ``since`` on and before ``until``.

    askings, handovers: from well before ``since``, as what was asked then may be asked again.
    """
    said = sorted(askings, key=lambda asking: (asking.person, asking.at, asking.id))
    within = [asking for asking in said if since <= asking.at < until]
    left_out = Counter(why for asking in within if (why := exclusion(asking)))
    tickets: dict[str, list[Handover]] = {}
    for handover in sorted(handovers, key=lambda handover: (handover.at, handover.id)):
        if handover.person and not handover.by_hand:
            tickets.setdefault(handover.person, []).append(handover)
    found: list[Demand] = []
    straight = 0
    asking_people = set[str]()
    for person, own in groupby(said, key=lambda asking: asking.person):
        if not person:
            continue
        asking_people.add(person)
        theirs = _of_person(list(own))
        for handover in tickets.get(person, ()):
            known = _handed_over(theirs, handover)
            straight += not known and since <= handover.at < until
        found += theirs
    straight += sum(
        since <= handover.at < until
        for person, theirs_ in tickets.items()
        if person not in asking_people
        for handover in theirs_
    )
    opened = [demand for demand in found if since <= demand.at < until]
    return Demands(opened, len(within), dict(left_out), straight)


def _of_person(said: list[Asking]) -> list[Demand]:
    """Return the demands of one person; said: all that they said, oldest first."""
    reasons = [(asking, exclusion(asking)) for asking in said]
    real = [asking for asking, why in reasons if why is None or why == "left_at_once"]
    if len(real) == 1:
        return [Demand.opened(one) for one, why in reasons if why is None]
    opened: list[Demand] = []
    of: list[Demand | None] = []
    last_in: dict[str, int] = {}
    for number, asking in enumerate(real):
        demand = _gone_on(asking, number, real, of, last_in)
        if demand is None:
            demand = _asked_before(asking, number, real, of)
        if demand is not None:
            demand.add(asking)
        elif exclusion(asking) is None:
            demand = Demand.opened(asking)
            opened.append(demand)
        of.append(demand)
        last_in[asking.thread] = number
    return opened


def _gone_on(
    asking: Asking,
    number: int,
    real: Sequence[Asking],
    of: Sequence[Demand | None],
    last_in: Mapping[str, int],
) -> Demand | None:
    """Return the demand that an asking goes on with by where it stands.

    What answers a question back or takes one of the offered entries, and the wish for a person.
    """
    before = last_in.get(asking.thread)
    if before is None or before == number:
        return None
    demand = of[before]
    if demand is None or asking.at >= demand.over:
        return None
    left_open = real[before].end in {"asked", "abstained"} and asking.leans
    return demand if left_open or asking.for_person else None


def _asked_before(
    asking: Asking, number: int, real: Sequence[Asking], of: Sequence[Demand | None]
) -> Demand | None:
    """Return the latest demand of the person that is not over and asks the same."""
    if asking.for_person:
        return None
    for earlier in range(number - 1, max(-1, number - 1 - _LOOKED_AT), -1):
        demand = of[earlier]
        if demand is not None and asking.at < demand.over and asking.asks_again(real[earlier]):
            return demand
    return None


def _handed_over(theirs: Sequence[Demand], handover: Handover) -> bool:
    """Count a ticket against the demand that it is for; return whether there is one.

    It is the last one that was asked in the ticket's thread; where nothing was, the last one of the
    person in any: in doubt it counts against the bot.
    """
    moment = handover.at + _RECORDED
    asked = [
        (asking.thread == handover.thread, asking.at, demand)
        for demand in theirs
        for asking in demand.askings
        if asking.at <= moment and handover.at < demand.over
    ]
    if not asked:
        return False
    max(asked, key=lambda one: one[:2])[2].person = True
    return True
