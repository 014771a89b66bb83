"""All the numbers of a time, from rows."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from assistant.desk.hours import OfficeHours
from assistant.desk.settings import PilotTarget
from assistant.outcomes.demand import Cause, Demand, Demands
from assistant.outcomes.others import Talk, Verdict, within_a_day, within_the_thread
from assistant.outcomes.pilot import Progress, progress
from assistant.outcomes.rows import Handover
from assistant.outcomes.service import service
from assistant.outcomes.share import Quantile, Share, mean_share, share

Grouping = Literal["segment", "language", "arm", "none"]
_NOBODY = "none"


@dataclass(frozen=True, slots=True)
class Durable:
    """Durable resolution of a group of demands."""

    group: str
    resolved: Share
    by_person: float | None
    pending: int
    causes: Mapping[Cause, int]


@dataclass(frozen=True, slots=True)
class Claimed:
    """What another definition says."""

    resolved: Share
    pending: int


_KEYS: Mapping[Grouping, Callable[[Demand], str]] = {
    "segment": lambda demand: demand.askings[0].segment,
    "language": lambda demand: demand.askings[0].language,
    "arm": lambda demand: demand.arm or _NOBODY,
}


def durable(found: Demands, now: datetime, by: Grouping = "none") -> list[Durable]:
    """Return durable resolution of all, then of each group, by name.

    The arm of a demand is the one that answered first, so that who answers later takes nothing off
    its account; its segment and language are those of its first question.
    """
    judged = [(demand, "pending" if demand.pending(now) else demand.cause) for demand in found.all]
    rows = [_durable("", judged)]
    if by == "none":
        return rows
    groups: dict[str, list[_Judged]] = {}
    for one in judged:
        groups.setdefault(_KEYS[by](one[0]), []).append(one)
    return rows + [_durable(name, groups[name]) for name in sorted(groups)]


_Judged = tuple[Demand, Cause | Literal["pending"] | None]


def _durable(group: str, of: Sequence[_Judged]) -> Durable:
    settled = [(demand, cause) for demand, cause in of if cause != "pending"]
    causes = [cause for _, cause in settled]
    hits, people = [cause is None for cause in causes], [demand.owner for demand, _ in settled]
    told = Counter(cause for cause in causes if cause is not None)
    return Durable(
        group, share(hits, people), mean_share(hits, people), len(of) - len(settled), dict(told)
    )


def claimed(
    talks: Sequence[Talk], verdict: Callable[[Talk, datetime], Verdict | None], now: datetime
) -> Claimed:
    """Return what a definition says of conversations."""
    told = [(talk, verdict(talk, now)) for talk in talks]
    over = [(talk.person, said) for talk, said in told if said in {"resolved", "unresolved"}]
    hits = share([said == "resolved" for _, said in over], [person for person, _ in over])
    return Claimed(hits, sum(said == "pending" for _, said in told))


def others(talks: Sequence[Talk], now: datetime) -> dict[Literal["intercom", "chatwoot"], Claimed]:
    """Return what others would say, by who."""
    return {
        "intercom": claimed(talks, within_a_day, now),
        "chatwoot": claimed(talks, within_the_thread, now),
    }


def pilot(
    targets: Sequence[PilotTarget],
    found: Demands,
    tickets: Sequence[Handover],
    office: OfficeHours,
    now: datetime,
) -> list[Progress]:
    """Return where the numbers stand to the targets of a team, in their order."""
    return [progress(target, _number(target, found, tickets, office, now)) for target in targets]


def _number(
    target: PilotTarget,
    found: Demands,
    tickets: Sequence[Handover],
    office: OfficeHours,
    now: datetime,
) -> Share | Quantile:
    def meant(segment: str) -> bool:
        wanted = target.segment
        return not wanted or segment == wanted or segment.startswith(f"{wanted}.")

    if target.metric == "durable_resolution":
        own = [demand for demand in found.all if meant(demand.askings[0].segment)]
        return durable(replace(found, all=own), now)[0].resolved
    told = service([ticket for ticket in tickets if meant(ticket.segment)], office, now)
    numbers: Mapping[str, Share | Quantile] = {
        "pleased": told.pleased,
        "reopened": told.reopened,
        "first_reply_minutes": told.first_reply.median,
        "solution_minutes": told.solution.median,
    }
    return numbers[target.metric]
