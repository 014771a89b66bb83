"""All that is kept of people in one place: counted, exported, erased. Blocking; from a thread.

The records, by which all else is found, are erased last; and a file says from the first step to the
last that an erasure is under way. So what was begun and ended by a crash is finished by doing it
again, and where only the cleaning of files is left, within a minute of the start.
"""

import base64
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, Table, select

from assistant.errors import UnknownPerson
from assistant.folders import PRIVATE_FILE, private_file
from assistant.records.cases import forget, ids_of_turns, rows_of
from assistant.records.changes import ChangeLog
from assistant.records.conversations import Conversations
from assistant.records.desk.drafts import draft_labels
from assistant.records.desk.tables import messages, tickets
from assistant.records.entries import entries_versions
from assistant.records.queue.tables import attachments
from assistant.records.turns import feedback, turns
from assistant.retention import leavings, receipts, texts, work
from assistant.retention.selection import Selection, known, parts
from assistant.retention.threads import FILE, Memory
from assistant.retention.wiping import wipe
from assistant.settings import RetentionSettings, Settings
from assistant.wire.privacy import Act, HoldingsView, ReceiptView
from guardrails import clock
from guardrails.store.sql_tables import pairs
from guardrails.store.store import Store

_UNDER_WAY: Final = "erasing"
_FOLLOWED: Final = "erasures"
"""How many erasures the files of this process were cleaned after."""


def nobody(_person: str) -> Sequence[str]:
    """Return the conversations of a person, where nobody knows whose they are."""
    return ()


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is kept of people.

    data, cache: the folders. records, nights: the databases, which may be one. reports: of nights.
    cases: a team's own eval cases, which are looked at and left alone. owned: ids of a person's
    conversations.
    """

    data: Path
    cache: Path
    records: Engine
    nights: Engine
    reports: Path
    cases: Path | None = None
    owned: Callable[[str], Sequence[str]] = field(default=nobody)

    @classmethod
    def of(cls, settings: Settings, records: Engine, nights: Engine) -> Self:
        """Return what is kept where the settings say."""
        return cls(
            data=settings.data_dir,
            cache=settings.cache_dir,
            records=records,
            nights=nights,
            reports=settings.evals.reports or settings.data_dir / "evals",
            cases=settings.evals.cases,
            owned=Conversations(records).of_person,
        )

    def conversations(self, people: Collection[str]) -> frozenset[str]:
        """Return the conversations of people, or those that have such ids.

        Raises:
            UnknownPerson: nothing is kept of one of them.
        """
        names = set(people)
        with self.records.connect() as connection:
            found = known(connection, names)
        found |= self._memory.known(names)
        owned = {name: self.owned(name) for name in names - found}
        if missing := sorted(name for name, theirs in owned.items() if not theirs):
            raise UnknownPerson(
                f"Nothing is kept of {', '.join(repr(name) for name in missing)}.",
                hint="Name a person, or a conversation by its id. Nothing was done.",
            )
        return frozenset(found).union(*owned.values())

    def preview(self, people: Collection[str]) -> HoldingsView:
        """Return how much is kept of people.

        Raises:
            UnknownPerson: see ``conversations``.
        """
        mine = self.conversations(people)
        with self.records.connect() as connection:
            chosen = Selection.of(connection, mine)
            said = _said(connection, chosen)
        with self.nights.connect() as connection:
            made = ids_of_turns(connection, chosen.turns) | chosen.cases
            nights = texts.held(connection, made)
            added = len(rows_of(connection, made))
        counts = {
            **chosen.counts,
            "cases": added,
            "night_answers": nights,
            "audits": len(leavings.audits_with(self.data, said)),
            "logs": len(leavings.logs_with(self.data, said)),
            "judge_cache": leavings.scored(self._caches) if chosen.turns else 0,
        }
        elsewhere = tuple(leavings.case_files(self.cases, chosen.cases))
        return HoldingsView(counts=counts, elsewhere=elsewhere, digest=receipts.about(mine))

    def export(self, people: Collection[str], by: str) -> tuple[ReceiptView, dict[str, Any]]:
        """Return all that is kept of people, as it is stored, and the receipt.

        Raises:
            UnknownPerson: see ``conversations``.
        """
        mine = self.conversations(people)
        with self.records.connect() as connection:
            chosen = Selection.of(connection, mine)
            kept: dict[str, Any] = {
                "turns": _rows(connection, turns, chosen.turns),
                "ratings": _rows(connection, feedback, chosen.turns, "turn_id"),
                "tickets": _rows(connection, tickets, chosen.tickets),
                "messages": _rows(connection, messages, chosen.messages),
                "drafts": _rows(connection, draft_labels, chosen.drafts),
                "attachments": _files(connection, chosen.attachments),
                "pairs": _rows(connection, pairs, chosen.pairs),
                "entry_drafts": _rows(
                    connection, entries_versions, [*map(int, chosen.entry_drafts)]
                ),
            }
        with self.nights.connect() as connection:
            made = ids_of_turns(connection, chosen.turns) | chosen.cases
            kept["cases"] = rows_of(connection, made)
        memory = {name: self._memory.remembered(name) for name in sorted(mine)}
        kept["remembered"] = {name: values for name, values in memory.items() if values}
        counts = {kind: len(rows) for kind, rows in kept.items()}
        return self._receipt("export", _some(counts), receipts.about(mine), by), kept

    def receipts(self) -> tuple[ReceiptView, ...]:
        """Return the receipts, newest first."""
        return receipts.read(self._log, self.data)

    def begin(self, conversations: Collection[str]) -> Selection:
        """Let nobody begin a pair of conversations any more; return what is to be erased."""
        (self.data / _UNDER_WAY).touch(PRIVATE_FILE)
        with Store(self.records).transaction() as ledger:
            chosen = Selection.of(ledger.connection, conversations)
            texts.void(ledger.connection, chosen.jobs)
        return chosen

    def finish(self, conversations: Collection[str], by: str) -> ReceiptView:
        """Erase what was said in conversations, after ``begin``, and every byte of it from files.

        Raises:
            DatabaseError: a file could not be cleaned; do it again.
        """
        with self.records.connect() as connection:
            chosen = Selection.of(connection, conversations)
            said = _said(connection, chosen)
        with self.nights.connect() as connection:
            made = ids_of_turns(connection, chosen.turns)  # in whose words ever
        beside, nights = self._beside(chosen, said, made)
        counts = {**chosen.counts, **beside}
        counts["judge_cache"] = leavings.empty_caches(self._caches) if chosen.turns else 0
        counts["logs"] = leavings.remove(leavings.logs_with(self.data, said))
        with Store(self.records).transaction() as ledger:
            texts.forget_sessions(ledger.connection, chosen)
            texts.erase(ledger.connection, Selection.of(ledger.connection, conversations))
        return self._cleaned("erase", counts, chosen.conversations, by, nights)

    def complete(self) -> ReceiptView | None:
        """Clean the files after an erasure that was interrupted; return its receipt, if it has one.

        Raises:
            DatabaseError: see ``finish``.
        """
        marker = self.data / _UNDER_WAY
        if not marker.exists():
            return None
        wipe(self._databases())
        noted = marker.read_text("utf-8")
        receipt = self._receipt(**json.loads(noted)) if noted else None
        marker.unlink()
        return receipt

    def overdue(self, ages: RetentionSettings, now: datetime) -> Selection:
        """Return what has been kept for longer than its kind may be."""
        with self.records.connect() as connection:
            chosen = Selection.older(connection, ages, now)
        if not ages.conversations:
            return chosen
        old = self._memory.older(now - timedelta(days=ages.conversations))
        names = sorted(old | self._memory.known(chosen.conversations))
        return Selection(**{**_values(chosen), "conversations": tuple(names)})

    def void(self, chosen: Selection) -> None:
        """Let nobody begin a pair of what was selected any more."""
        with Store(self.records).transaction() as ledger:
            texts.void(ledger.connection, chosen.jobs)

    def expire(self, ages: RetentionSettings, now: datetime) -> ReceiptView | None:
        """Erase what is overdue; None if that is nothing.

        Raises:
            DatabaseError: see ``finish``.
        """
        chosen = self.overdue(ages, now)
        counts, nights = chosen.counts, list[str]()
        if any(counts.values()):
            (self.data / _UNDER_WAY).touch(PRIVATE_FILE)
            with self.records.connect() as connection:
                said = _said(connection, chosen)
            beside, nights = self._beside(chosen, said)
            counts |= beside
            with Store(self.records).transaction() as ledger:
                texts.erase(ledger.connection, chosen)
                if days := ages.conversations:
                    texts.forget_owners(ledger.connection, now - timedelta(days=days))
        counts["judge_cache"] = counts["logs"] = 0
        if days := ages.judge_cache:
            counts["judge_cache"] = leavings.thin_caches(self._caches, now - timedelta(days=days))
        if days := ages.logs:
            counts["logs"] = leavings.old_logs(self.data, now - timedelta(days=days))
        if not any(counts.values()):
            return None
        return self._cleaned("retention", counts, chosen.conversations, "retention", nights)

    def follow(self, ages: RetentionSettings) -> int:
        """Clean this process's own files after erasures; return after how many, for the first time.

        Each process has caches and reports of its own, and only one of them did the erasing.

        Raises:
            DatabaseError: see ``finish``.
        """
        if self._server is None:
            return 0
        path = self.data / _FOLLOWED
        done = int(path.read_text("utf-8")) if path.is_file() else 0
        new = self._log.of("erased")[done:]
        if new:
            if receipts.asked_for(new):
                leavings.empty_caches(self._caches)
            elif days := ages.judge_cache:
                leavings.thin_caches(self._caches, clock.now() - timedelta(days=days))
            leavings.remove_reports(self.reports, receipts.reports(new))
            wipe(self._caches)
            path.write_text(str(done + len(new)), "utf-8")
        return len(new)

    @property
    def _log(self) -> ChangeLog:
        return ChangeLog(self.records)

    @property
    def _server(self) -> Engine | None:
        return None if self.records.dialect.name == "sqlite" else self.records

    @property
    def _memory(self) -> Memory:
        return Memory(self.data / FILE, self._server)

    @property
    def _work(self) -> Path:
        return self.data / work.FILE

    @property
    def _caches(self) -> list[Path]:
        return leavings.caches(self.data, self.cache)

    def _databases(self) -> Iterator[Path]:
        """Yield the SQLite files; what lies in another database is cleaned by that."""
        for engine in dict.fromkeys((self.records, self.nights)):
            if engine.dialect.name == "sqlite" and engine.url.database:
                yield Path(engine.url.database)
        yield from (self._memory.path, self._work, *self._caches)

    def _beside(
        self, chosen: Selection, said: Collection[str], made: Collection[str] = ()
    ) -> tuple[dict[str, int], list[str]]:
        """Erase what is found by records, while they are there. made: cases that go as well.

        Returns how many of each kind, and the nights whose reports are gone.
        """
        self._memory.forget(chosen.conversations)
        work.forget(self._work, self._server, chosen.jobs)
        counts = {
            "audits": leavings.remove(leavings.audits_with(self.data, said)),
            "copies": leavings.remove_copies(self.data) if chosen.conversations or said else 0,
        }
        cases = chosen.cases.union(made)
        if not cases:
            return counts, []
        with _writing(self.nights) as connection:
            counts["night_answers"] = texts.held(connection, cases)
            nights = sorted(texts.erase_cases(connection, cases))
            counts["cases"] = forget(connection, cases, chosen.turns)
        counts["reports"] = leavings.remove_reports(self.reports, nights)
        return counts, nights

    def _receipt(
        self, act: Act, counts: dict[str, int], about: str, by: str, reports: Sequence[str] = ()
    ) -> ReceiptView:
        return receipts.write(self._log, act, counts, about, by, clock.now(), reports)

    def _cleaned(
        self,
        act: Act,
        counts: dict[str, int],
        conversations: Collection[str],
        by: str,
        reports: Sequence[str],
    ) -> ReceiptView:
        """Note what the receipt is to say, leave no byte of it in the files, and write it."""
        note = {"act": act, "counts": _some(counts), "by": by, "reports": reports}
        note["about"] = receipts.about(conversations)
        private_file(self.data / _UNDER_WAY).write_text(json.dumps(note), "utf-8")
        receipt = self.complete()
        assert receipt is not None  # noqa: S101  (noted above)
        return receipt


def _some(counts: dict[str, int]) -> dict[str, int]:
    return {kind: count for kind, count in counts.items() if count}


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    with Store(engine).transaction() as ledger:
        yield ledger.connection


def _said(connection: Connection, chosen: Selection) -> set[str]:
    """Return the questions of a selection, as they were asked and as they were searched for."""
    said: set[str] = set()
    for part in parts(chosen.turns):
        query = select(turns.c.question, turns.c.standalone).where(turns.c.id.in_(part))
        said.update(text for row in connection.execute(query) for text in row if text.strip())
    return said


def _rows(
    connection: Connection, table: Table, ids: Sequence[Any], column: str = "id"
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for part in parts(ids):
        found = connection.execute(select(table).where(table.c[column].in_(part))).mappings()
        rows += [{k: v for k, v in row.items() if not isinstance(v, bytes)} for row in found]
    return rows


def _files(connection: Connection, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return files, their bytes as base64."""
    rows: list[dict[str, Any]] = []
    for part in parts(ids):
        query = select(attachments).where(attachments.c.id.in_(part))
        rows += map(dict, connection.execute(query).mappings())
    return [{**row, "content": base64.b64encode(row["content"]).decode()} for row in rows]


def _values(chosen: Selection) -> dict[str, Any]:
    return {name: getattr(chosen, name) for name in chosen.counts}
