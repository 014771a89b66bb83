"""What people really asked: counted from the stored turns."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, select

from assistant.records import turns
from assistant.segments import SMALLTALK
from evals.night import Kind


def asked(records: Engine, days: int) -> dict[Kind, int]:
    """Return how many questions of the last days were of each segment and language.

    Greetings, thanks and other small talk are no questions.
    """
    since = datetime.now(UTC) - timedelta(days=days)
    query = (
        select(turns.c.segment, turns.c.language, func.count())
        .where(turns.c.created_at >= since, turns.c.segment.not_in(list(SMALLTALK)))
        .group_by(turns.c.segment, turns.c.language)
    )
    with records.connect() as connection:
        return {(row[0], row[1]): row[2] for row in connection.execute(query)}
