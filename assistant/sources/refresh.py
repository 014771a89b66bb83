"""Refreshes a source: reads it, and lets the index hold exactly that, in one step or not at all."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, Literal, Self

from sqlalchemy import Engine
from tzlocal import get_localzone

from assistant.errors import RoutebackError
from assistant.knowledge.library import Changes, Library
from assistant.progress import Progress
from assistant.records.sources import LEASE, KnowledgeSource, Sources
from assistant.settings import Settings
from assistant.sources.batch import Loaded, Stopped, told
from assistant.sources.reading import Before, SourceReader
from assistant.sources.register import SourceRegister
from assistant.sources.schedule import after_failure, following
from guardrails import clock

log = logging.getLogger(__name__)

MOST_REMOVED: Final = 0.5
"""Share of a source's passages whose text a refresh may take away without being asked about."""
_RENEW_S: Final = LEASE.total_seconds() / 4
_ERROR: Final = 1000
_ENDING_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of a refresh.

    outcome: ``done``: the index is as the source is; ``held``: nothing was changed, and a person
    has to say that the changes are meant. changes: that were made, or would be.
    """

    outcome: Literal["done", "held"]
    changes: Changes


class _Held(Exception):
    def __init__(self, changes: Changes) -> None:
        super().__init__()
        self.changes = changes


@dataclass(frozen=True, slots=True)
class Refresher:
    """Refreshes sources. zone: of the times in schedules. Blocking; call it from a thread.

    stop: when it is set, what is under way ends, and is gone on with by another one.
    """

    store: Sources
    library: Library
    reader: SourceReader
    zone: tzinfo = UTC
    now: Callable[[], datetime] = clock.now
    stop: threading.Event = field(default_factory=threading.Event)
    _running: set[str] = field(default_factory=set)
    _idle: threading.Condition = field(default_factory=threading.Condition)

    @classmethod
    def of(cls, settings: Settings, records: Engine, library: Library) -> Self:
        """Return what refreshes the sources that are kept in some records; times are local."""
        return cls(Sources(records), library, SourceReader(settings), get_localzone())

    @property
    def register(self) -> SourceRegister:
        """Which sources there are."""
        settings = self.reader.settings
        return SourceRegister(self.store, self.library, settings, self.zone, self.now)

    def close(self) -> None:
        """End what is under way, and wait for that."""
        self.stop.set()
        with self._idle:
            self._idle.wait_for(lambda: not self._running, _ENDING_S)

    def refresh(self, name: str, progress: Progress, *, confirmed: bool = False) -> Refreshed:
        """Read a source again, and swap the index if something has changed.

        confirmed: what the last refresh was held for is meant; one that would remove still more is
        held again.

        Raises:
            UnknownSource, SourceBusy: it cannot be taken.
            RoutebackError: it cannot be read; what it had stays.
            Stopped: this process is to end; it goes on with it later.
        """
        source = self.store.claim(name, self.now())
        may_remove = source.removed if confirmed and source.outcome == "held" else 0
        with self._idle:
            self._running.add(source.claim)
        try:
            with self._renewed(source) as stop:
                return self._refresh(source, _stoppable(progress, stop), may_remove, stop)
        except Stopped:
            self.store.finish(source)
            raise
        except RoutebackError as error:
            if self.stop.is_set():
                self.store.finish(source)
                raise Stopped from error
            self._failed(source, f"{error.message} {error.hint}".strip())
            raise
        except BaseException:
            self._failed(source, "It failed unexpectedly; the server's log says why.")
            raise
        finally:
            with self._idle:
                self._running.discard(source.claim)
                self._idle.notify_all()

    def _refresh(
        self,
        source: KnowledgeSource,
        progress: Progress,
        may_remove: int,
        stop: threading.Event,
    ) -> Refreshed:
        held = dict(self.library.passages_of(source.name))
        before = Before(self.store.pages(source), held, self.library.revision)
        now = self.now()
        batch = self.reader.read(source, before, now, progress, stop)
        if stop.is_set():
            raise Stopped
        try:
            changes = self._applied(source, batch, held, progress, may_remove)
        except _Held as error:
            self._finish(source, batch, "held", error.changes)
            return Refreshed("held", error.changes)
        self._finish(source, batch, "done", changes)
        return Refreshed("done", changes)

    def _applied(
        self,
        source: KnowledgeSource,
        batch: Loaded,
        held: dict[str, int],
        progress: Progress,
        may_remove: int,
    ) -> Changes:
        total = sum(held.values())

        def check(changes: Changes, lost: int) -> None:
            meant = source.kind == "upload"  # what is sent or taken out, a person did
            if not meant and lost > max(may_remove, MOST_REMOVED * total):
                raise _Held(replace(changes, removed=lost))

        if batch.unchanged:
            return Changes(0, total, 0)
        if batch.items or batch.kept:
            return self.library.add(
                source.name, batch.items, progress, keep=batch.kept, check=check
            )
        check(Changes(0, 0, total), total)
        return self.library.remove(source.name) if total else Changes(0, 0, 0)

    def _finish(
        self,
        source: KnowledgeSource,
        batch: Loaded,
        outcome: Literal["done", "held"],
        changes: Changes,
    ) -> None:
        now, done = self.now(), outcome == "done"
        values: dict[str, Any] = {"error": "", "notes": told(batch), "outcome": outcome}
        if done:
            values |= {"succeeded": now, "version": batch.version}
            if changes.added or changes.removed:
                values["changed"] = now
        self.store.finish(
            source,
            batch.pages if done else None,
            last=now,
            next=following(source.schedule, now, self.zone),
            added=changes.added,
            kept=changes.kept,
            removed=changes.removed,
            **values,
        )

    def _failed(self, source: KnowledgeSource, why: str) -> None:
        now = self.now()
        self.store.finish(
            source,
            last=now,
            next=after_failure(source.schedule, now, self.zone),
            error=why[:_ERROR],
            outcome="failed",
        )

    @contextmanager
    def _renewed(self, source: KnowledgeSource) -> Iterator[threading.Event]:
        """Renew a claim until the block ends; yields what is set when the block is to end early."""
        ended, lost = threading.Event(), _Either(self.stop)

        def renew() -> None:
            while not ended.wait(_RENEW_S):
                try:
                    if not self.store.renew(source, self.now()):
                        lost.set()
                        return
                except Exception:
                    log.exception("the claim of a source could not be renewed; trying again")

        thread = threading.Thread(target=renew, daemon=True)
        thread.start()
        try:
            yield lost
        finally:
            ended.set()
            thread.join()


def _stoppable(progress: Progress, stop: threading.Event) -> Progress:
    """Return what tells progress, and ends what tells it once it is to end."""

    def told_on(what: str, done: int, total: int) -> None:
        if stop.is_set():
            raise Stopped
        progress(what, done, total)

    return told_on


class _Either(threading.Event):
    """Is set when it is set, and when another one is."""

    def __init__(self, other: threading.Event) -> None:
        super().__init__()
        self._other = other

    def is_set(self) -> bool:
        return super().is_set() or self._other.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        return self._other.wait(timeout) or self.is_set()
