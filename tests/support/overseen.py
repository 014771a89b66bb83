"""A data folder with scored pairs in it: what the guardrail's commands and routes look at."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, update

from assistant.records.database import open_database
from guardrails import digests
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


_FED: dict[tuple[str, object], tuple[bytes, list[Decision]]] = {}
"""What became of a database, by its digest and what was fed: the same is fed once in a process."""


def _once(folder: Path, fed: object, feed: Callable[[Engine], list[Decision]]) -> list[Decision]:
    path = folder / "routeback.sqlite"
    used = path.with_name(f"{path.name}-wal").exists()  # by somebody who has it open
    key = (digests.of(path.read_bytes()) if path.exists() else "", fed)
    if used or key not in _FED:
        with database(folder) as engine:
            decided = feed(engine)
        if not used:
            _FED[key] = (path.read_bytes(), decided)
        return decided
    folder.mkdir(parents=True, exist_ok=True)
    content, decided = _FED[key]
    path.write_bytes(content)
    return list(decided)


def feed(folder: Path) -> list[Decision]:
    """Make ``tuned`` worse in the glossary, and good enough for a canary in support."""

    def fed(engine: Engine) -> list[Decision]:
        stream = Stream(Monitor(Store(engine), POLICY))
        decided = stream.feed("glossary/en", -0.3)
        return decided + stream.feed("support.billing/en", 0.2)

    return _once(folder, "tuned", fed)


QUOTING = '{"base":"b","candidate":"quote-1"}'


def feed_quote(folder: Path, segment: str, difference: float, pairs: int = 80) -> None:
    """Compare the quotation with base; its mean difference to base is given."""

    def fed(engine: Engine) -> list[Decision]:
        stream = Stream(Monitor(Store(engine), POLICY), "quote", QUOTING)
        with stream.monitor.store.reading() as ledger:
            stream.count = 100_000 + ledger.last_number()
        return [one for _ in range(pairs) for one in stream.feed(segment, difference, until=1)]

    _once(folder, (segment, difference, pairs), fed)


def tamper(folder: Path, number: int, value: float) -> None:
    """Change the candidate's score in one stored pair."""
    with database(folder) as engine, engine.begin() as connection:
        other = {"quality": {"value": value, "reason": ""}}
        connection.execute(
            update(t.pairs).where(t.pairs.c.number == number).values(candidate=other)
        )
