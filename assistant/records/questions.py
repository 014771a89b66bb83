"""What people asked: the stored turns of the last days; small talk is no question."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Engine, Select, func, select

from assistant.records.turns import Turn, turns
from assistant.segments import SMALLTALK
from guardrails.clock import SLACK, now

DAYS: Final = 30
"""Days of real questions that eval cases are compared with."""


def asked(database: Engine, days: int, most: int) -> list[Turn]:
    """Return the turns of the last days, newest first, and at most so many; none that is erased."""
    query = (
        _since(select(turns).where(turns.c.question != ""), days)
        .order_by(turns.c.created_at.desc())
        .limit(most)
    )
    with database.connect() as connection:
        return [Turn(**row) for row in connection.execute(query).mappings()]


def mix(database: Engine, days: int = DAYS) -> dict[tuple[str, str], int]:
    """Return how many questions of the last days were of each segment and language."""
    kind = (turns.c.segment, turns.c.language)
    query = _since(select(*kind, func.count()), days).group_by(*kind)
    with database.connect() as connection:
        return {(row[0], row[1]): row[2] for row in connection.execute(query)}


def _since(query: Select[Any], days: int) -> Select[Any]:
    moment = now()
    days_ago, soon = moment - timedelta(days=days), moment + SLACK
    return query.where(
        turns.c.created_at.between(days_ago, soon), turns.c.segment.not_in(list(SMALLTALK))
    )
