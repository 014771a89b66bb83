"""A data folder with scored pairs in it: what the guardrail's commands and routes look at."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, update

from assistant.records.database import open_database
from guardrails.decisions import Decision
from guardrails.monitor import Monitor
from guardrails.rules.policy import Policy
from guardrails.store import sql_tables as t
from guardrails.store.store import Store
from tests.guardrails.conftest import Stream

POLICY = Policy(metrics=("quality",), min_pairs=20, wait_s=3600)


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def database(folder: Path) -> Iterator[Engine]:
    engine = open_database(folder / "routeback.sqlite")
    try:
        yield engine
    finally:
        engine.dispose()


def feed(folder: Path) -> list[Decision]:
    """Make ``tuned`` worse in the glossary, and good enough for a canary in support."""
    with database(folder) as engine:
        stream = Stream(Monitor(Store(engine), POLICY))
        decided = stream.feed("glossary/en", -0.3)
        return decided + stream.feed("support.billing/en", 0.2)


QUOTING = '{"base":"b","candidate":"quote-1"}'


def feed_quote(folder: Path, segment: str, difference: float, pairs: int = 80) -> None:
    """Compare the quotation with base; its mean difference to base is given."""
    with database(folder) as engine:
        stream = Stream(Monitor(Store(engine), POLICY), "quote", QUOTING)
        with stream.monitor.store.reading() as ledger:
            stream.count = 100_000 + ledger.last_number()
        for _ in range(pairs):
            stream.feed(segment, difference, until=1)


def tamper(folder: Path, number: int, value: float) -> None:
    """Change the candidate's score in one stored pair."""
    with database(folder) as engine, engine.begin() as connection:
        other = {"quality": {"value": value, "reason": ""}}
        connection.execute(
            update(t.pairs).where(t.pairs.c.number == number).values(candidate=other)
        )
