"""Scores kept by content, so that no answer is judged twice.

A table of our own and not ``diskcache``: that was last released in 2023 and unpickles what it
reads, so that whoever can write the file can run code, while a row here is plain text under a
checksum.
"""

import contextlib
import json
import logging
import os
import sqlite3
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final, Self

from guardrails import digests
from guardrails.judge.flights import Flights
from guardrails.scorers.scorer import Scorer
from guardrails.types import Result, Sample, Score

log = logging.getLogger(__name__)

_WAIT_S: Final = 10.0
_CREATE: Final = (
    "CREATE TABLE IF NOT EXISTS scores "
    "(key TEXT PRIMARY KEY, value REAL NOT NULL, reason TEXT NOT NULL, checksum TEXT NOT NULL, "
    "at REAL NOT NULL DEFAULT 0)"
)
_COLUMNS: Final = ["key", "value", "reason", "checksum", "at"]
"""at: when a score was kept, in seconds since 1970; files of older versions have none."""
_PUT: Final = "INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?, ?)"
_MODE: Final = 0o600
_FILES: Final = ("", "-wal", "-shm")


def key_of(scorer: Scorer, sample: Sample) -> str:
    """Return a hash of the scorer's name and version and of every field of the sample."""
    fields = asdict(sample)
    fields["passages"] = [asdict(passage) for passage in sample.passages]
    content = json.dumps([scorer.name, scorer.version, fields], sort_keys=True)
    return digests.of(content)


class ScoreCache:
    """Scores in one SQLite file; several processes may share it.

    A file that is no database is set aside with a warning and begun anew. A row that is not as
    it was written is dropped with a warning, and the answer is scored again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._database = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def get(self, key: str) -> Score | None:
        """Return the score kept under ``key``, if there is one that is sound."""
        with self._lock:
            try:
                row = self._database.execute(
                    "SELECT value, reason, checksum FROM scores WHERE key = ?", (key,)
                ).fetchone()
            except sqlite3.DatabaseError as error:
                self._failed(error)
                return None
            if row is None:
                return None
            value, reason, checksum = row
            if checksum == _checksum(key, value, reason):
                with contextlib.suppress(ValueError):
                    return Score(value, reason)
            log.warning("a kept score in %s was damaged; it is dropped and made again", self.path)
            with contextlib.suppress(sqlite3.DatabaseError), self._database:
                self._database.execute("DELETE FROM scores WHERE key = ?", (key,))
            return None

    def put(self, key: str, score: Score) -> None:
        """Keep a score. A cache that cannot be written is a warning and no failure."""
        checksum = _checksum(key, score.value, score.reason)
        row = (key, score.value, score.reason, checksum, time.time())
        with self._lock:
            try:
                with self._database:
                    self._database.execute(
                        "INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?, ?)", row
                    )
            except sqlite3.DatabaseError as error:
                self._failed(error)

    def _failed(self, error: sqlite3.DatabaseError) -> None:
        if isinstance(error, sqlite3.OperationalError):  # locked, full, read-only
            log.warning("the score cache %s cannot be used now: %s", self.path, error)
            return
        self._database.close()
        self._set_aside(error)
        self._database = self._open()

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._connect()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            self._set_aside(error)
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        self.path.touch(_MODE)  # what judges say of an answer is for its owner alone
        database = sqlite3.connect(self.path, timeout=_WAIT_S, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            with database:
                database.execute(_CREATE)
            _check_columns(database)
        except BaseException:
            database.close()
            raise
        return database

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        name = f"{self.path.name}.damaged-{time.time_ns()}-{os.getpid()}"
        for suffix in _FILES:
            part = self.path.with_name(self.path.name + suffix)
            with contextlib.suppress(FileNotFoundError):
                part.rename(self.path.with_name(name + suffix))
        log.warning(
            "the score cache %s is damaged (%s); it was moved to %s and is begun anew: "
            "answers are scored again",
            *(self.path, error, name),
        )


class Cached:
    """A scorer whose scores are kept; an answer asked for twice at a time is judged once.

    ``Unscored`` is not kept: what failed may succeed later. Those who waited for a failure get
    that failure; if the one who was judging is cancelled, the next in line judges.
    Only for use within one event loop.
    """

    def __init__(self, scorer: Scorer, cache: ScoreCache) -> None:
        self._scorer = scorer
        self._cache = cache
        self._flights = Flights[Result]()

    @property
    def name(self) -> str:
        """The scorer's name."""
        return self._scorer.name

    @property
    def version(self) -> str:
        """The scorer's version."""
        return self._scorer.version

    async def score(self, sample: Sample) -> Result:
        """Return the kept score, or make one."""
        key = key_of(self._scorer, sample)

        async def make() -> Result:
            score = self._cache.get(key)
            if score is not None:
                return score
            result = await self._scorer.score(sample)
            if isinstance(result, Score):
                self._cache.put(key, result)
            return result

        return await self._flights.run(key, make)


def _checksum(key: str, value: object, reason: object) -> str:
    return digests.of(json.dumps([key, repr(value), str(reason)]))[:16]


def _check_columns(database: sqlite3.Connection) -> None:
    columns = [row[1] for row in database.execute("PRAGMA table_info(scores)")]
    if columns == _COLUMNS[:-1]:  # of an older version: kept from now on
        with database:
            database.execute("BEGIN IMMEDIATE")
            if len(database.execute("PRAGMA table_info(scores)").fetchall()) == len(_COLUMNS):
                return  # another process has been here
            database.execute("ALTER TABLE scores ADD COLUMN at REAL NOT NULL DEFAULT 0")
            database.execute("UPDATE scores SET at = ?", (time.time(),))
        return
    if columns != _COLUMNS:
        raise sqlite3.DatabaseError(f"its table has the columns {', '.join(columns)}")
