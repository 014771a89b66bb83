"""Worlds of which the right numbers are known, because they were made so."""

from datetime import UTC, datetime, timedelta
from itertools import count

from assistant.outcomes.demand import Demands, demands
from assistant.outcomes.rows import Asking, Handover
from assistant.outcomes.summary import durable

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""A Monday."""
LATER = START + timedelta(days=60)
_ids = count()


def asking(
    person: str = "eve", what: str = "reset", days: float = 0.0, end: str = "answered", **more
) -> Asking:
    """Something that somebody asks. what: its words and, if it was answered, its entry."""
    given = {
        "thread": f"{person} {days}",
        "own": what,
        "whole": what,
        "language": "en",
        "segment": "support.account",
        "arm": "base" if end == "answered" else "",
        "entry": what if end == "answered" else "",
    }
    at = START + timedelta(days=days)
    name = more.pop("id", None) or f"t{next(_ids):06}"
    return Asking(name, person, at=at, end=end, **{**given, **more})


def ticket(person: str = "eve", thread: str = "eve 0.0", days: float = 0.1, **more) -> Handover:
    """A ticket."""
    name = f"k{next(_ids):06}"
    return Handover(name, person, thread, START + timedelta(days=days), **more)


def found(askings, tickets=(), *, until: datetime = LATER) -> Demands:
    """Return the demands from the start on."""
    return demands(askings, tickets, START, until)


def causes(askings, tickets=(), *, now: datetime = LATER) -> list[str]:
    """Return what became of each demand, in the order of people and times."""
    own = found(askings, tickets).all
    return ["pending" if demand.pending(now) else demand.cause or "resolved" for demand in own]


def counted(askings, tickets=()) -> tuple[int, int]:
    """Return (resolved, settled demands)."""
    told = durable(found(askings, tickets), LATER)[0].resolved
    return told.hits, told.cases
