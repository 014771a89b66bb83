from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, create_engine, event

from guardrails.monitor import Monitor
from guardrails.rules.policy import Policy
from guardrails.store import sql_tables
from guardrails.store.store import Store
from guardrails.types import Pair, Result, Score, Unscored

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'guard.sqlite'}")
    event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA synchronous=OFF"))
    sql_tables.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store(database: Engine) -> Store:
    return Store(database)


class Stream:
    """Feeds a monitor with pairs of given differences, one a minute."""

    def __init__(self, monitor: Monitor, arm: str = "tuned", version: str = '{"v":1}') -> None:
        self.monitor = monitor
        self.arm = arm
        self.version = version
        self.count = 0
        self.lacking = "candidate"
        self.rng = np.random.default_rng(0)

    began = START

    @property
    def now(self) -> datetime:
        return START + timedelta(minutes=self.count)

    def pair(self, segment: str, difference: float | None) -> Pair:
        self.count += 1
        missing = Unscored("no")
        base: Result = missing if self.lacking == "both" else Score(0.5)
        other: Result = missing if difference is None else Score(0.5 + difference / 2)
        base = base if difference is None else Score(0.5 - difference / 2)
        return Pair(
            id=f"{self.arm}-{self.count}",
            arm=self.arm,
            segment=segment,
            at=self.now,
            version=self.version,
            base={"quality": base},
            candidate={"quality": other},
        )

    def feed(self, segment: str, difference: float | None, *, noise: float = 0.1, until=None):
        """Feed at most 3,000 pairs, until one decides something; return the decisions."""
        for _ in range(3000 if until is None else until):
            noisy = (
                None
                if difference is None
                else float(np.clip(difference + self.rng.normal(0, noise), -1, 1))
            )
            if decisions := self.monitor.observe(self.pair(segment, noisy), {}):
                return decisions
        return []


@pytest.fixture
def policy() -> Policy:
    return Policy(min_pairs=20, wait_s=3600)


@pytest.fixture
def monitor(store: Store, policy: Policy) -> Monitor:
    return Monitor(store, policy)


@pytest.fixture
def stream(monitor: Monitor) -> Stream:
    return Stream(monitor)
