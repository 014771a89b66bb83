"""How the team serves: times in business minutes, ratings, drafts, and what answers cost."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from assistant.desk.hours import OfficeHours
from assistant.outcomes.rows import Handover
from assistant.outcomes.share import Quantile, Share, quantile_of, share

_HALF, _MOST = 0.5, 0.9


@dataclass(frozen=True, slots=True)
class Waited:
    """How long people waited, in business minutes. waiting: who waits still."""

    median: Quantile
    most: Quantile
    waiting: int


@dataclass(frozen=True, slots=True)
class DeskService:
    """How tickets went. ratings: how many of each, 1 to 5. rated: of those that could be."""

    tickets: int
    first_reply: Waited
    solution: Waited
    reopened: Share
    ratings: Mapping[int, int]
    rated: Share
    pleased: Share


@dataclass(frozen=True, slots=True)
class Replied:
    """A reply of the team. drafted: it was made from a draft. same: it is the draft as it was."""

    by: str
    drafted: bool
    same: bool


@dataclass(frozen=True, slots=True)
class DraftsUsed:
    """How drafts are used. used: of the replies, those made from one; same: sent as it was."""

    used: Share
    same: Share


@dataclass(frozen=True, slots=True)
class AnswerSpending:
    """What one answer took. arm: who wrote it."""

    arm: str
    prompt_tokens: int
    completion_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class AnswerCost:
    """What an answer of an arm takes on average. seconds: the median. money: None: no prices."""

    arm: str
    answers: int
    prompt_tokens: float
    completion_tokens: float
    seconds: float
    money: float | None = None


def service(tickets: Sequence[Handover], office: OfficeHours, now: datetime) -> DeskService:
    """Return how tickets went; office: when the team works.

    Tickets that ended without anybody's work are in no time. A ticket that waits counts as longer
    than all others.
    """
    own = [ticket for ticket in tickets if not ticket.gone]
    people = [ticket.person or f"ticket {ticket.id}" for ticket in own]
    over = [ticket for ticket in own if ticket.rateable]
    rated = [ticket for ticket in over if ticket.rating is not None]

    def names(some: Sequence[Handover]) -> list[str]:
        return [ticket.person or f"ticket {ticket.id}" for ticket in some]

    return DeskService(
        tickets=len(tickets),
        first_reply=_waited([(t.at, t.replied_at) for t in own if not t.by_hand], office, now),
        solution=_waited([(t.at, t.solved_at) for t in own], office, now),
        reopened=share([ticket.reopened > 0 for ticket in own], people),
        ratings={n: sum(ticket.rating == n for ticket in rated) for n in range(1, 6)},
        rated=share([ticket.rating is not None for ticket in over], names(over)),
        pleased=share([(ticket.rating or 0) >= 4 for ticket in rated], names(rated)),  # noqa: PLR2004
    )


def _waited(
    spans: Sequence[tuple[datetime, datetime | None]], office: OfficeHours, now: datetime
) -> Waited:
    done = [office.minutes(start, end) for start, end in spans if end is not None and end <= now]
    waiting = len(spans) - len(done)
    return Waited(quantile_of(done, _HALF, waiting), quantile_of(done, _MOST, waiting), waiting)


def drafts(replies: Sequence[Replied]) -> DraftsUsed:
    """Return how drafts are used; replies of one of the team are like each other."""
    drafted = [reply for reply in replies if reply.drafted]
    return DraftsUsed(
        of_team([reply.drafted for reply in replies], [reply.by for reply in replies]),
        of_team([reply.same for reply in drafted], [reply.by for reply in drafted]),
    )


def of_team(hits: Sequence[bool], by: Sequence[str]) -> Share:
    """Return a share of all that the team did: it is no sample, so there is no interval."""
    if not hits:
        return Share(0, 0, 0)
    return Share(sum(hits), len(hits), len(set(by)), sum(hits) / len(hits))


def costs(
    spent: Sequence[AnswerSpending], prices: Mapping[str, tuple[float, float]]
) -> list[AnswerCost]:
    """Return what answers take by arm, the most used first.

    prices: by arm, of a million tokens of prompt and of answer; none given, no money is told.
    """
    counts = Counter(one.arm for one in spent)
    found = []
    for arm, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        own = [one for one in spent if one.arm == arm]
        prompt = sum(one.prompt_tokens for one in own) / count
        completion = sum(one.completion_tokens for one in own) / count
        price = prices.get(arm)
        money = (prompt * price[0] + completion * price[1]) / 1e6 if price else None
        seconds = median(one.seconds for one in own)
        found.append(AnswerCost(arm, count, prompt, completion, seconds, money))
    return found
