"""Eval cases that people added to those in files: what is asked, and what is right.

They are kept where the nights are, so that every machine that runs one reads the same.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal, Self
from uuid import uuid4

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Engine,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from assistant.errors import CaseError, UnknownName
from assistant.privacy import redact
from assistant.records.database import metadata
from assistant.records.turns import Turn
from guardrails import clock
from guardrails.store.sql_tables import Moment

CaseKind = Literal["quote", "write", "abstain"]
"""What is right. quote: an entry in its own words; write: an answer; abstain: none is given."""

VERBATIM: Final = "turn-"
"""Begins the id of a case that asks as the person did: what is erased of the turn goes with it."""
_OWN_WORDS: Final = "added-"
_DIGITS: Final = 8
_AT_ONCE: Final = 500

added = Table(
    "eval_cases_added",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("by", String(200), nullable=False),
    Column("question", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("segment", String(64), nullable=False),
    Column("expected", JSON, nullable=False),
    Column("from_turn", String(36), nullable=False, index=True),
    Column("from_entry", String(200), nullable=False, index=True),
    Column("active", Boolean, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What is right. entry: key or file of the entry that holds it; empty: any.

    reference: a right answer in people's own words; empty where none is to be given.
    """

    kind: CaseKind
    entry: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class AddedCase:
    """One case that somebody added. segment: without its language.

    by: who. from_turn: id of the turn in which it was asked; from_entry: name of the entry that was
    written for it; both may be empty. active: whether nights ask it.
    """

    by: str
    question: str
    language: str
    segment: str
    expected: Expected
    from_turn: str = ""
    from_entry: str = ""
    active: bool = True
    id: str = field(default_factory=lambda: f"{_OWN_WORDS}{uuid4().hex[:_DIGITS]}")
    at: datetime = field(default_factory=clock.now)

    @classmethod
    def made(
        cls,
        by: str,
        question: str,
        language: str,
        segment: str,
        expected: Expected,
        *,
        turn: Turn | None = None,
        from_entry: str = "",
    ) -> Self:
        """Return a case as it may be stored: redacted, and with the id that erasure knows it by.

        turn: in which it was asked.

        Raises:
            CaseError: nothing is asked, or there is no right answer where one is expected.
        """
        asked = redact(question).strip()
        right = replace(expected, reference=redact(expected.reference).strip())
        if not asked:
            raise CaseError("A case needs a question; got none.", hint="Say what is asked.")
        if right.kind != "abstain" and not right.reference:
            raise CaseError(
                f"A case of kind {right.kind} needs a right answer; got none.",
                hint="Say what a right answer says, or that none is to be given.",
            )
        case = cls(by, asked, language, segment, right, turn.id if turn else "", from_entry)
        if turn and _plain(asked) in {_plain(turn.question), _plain(turn.standalone)}:
            return replace(case, id=f"{VERBATIM}{turn.id[:_DIGITS]}")
        return case


class AddedCases:
    """Stores them. Blocking; call it from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, case: AddedCase) -> None:
        """Store a case; one that was taken out comes back as it is said now.

        Raises:
            CaseError: the question is asked by a case already.
        """
        row = _row(case)
        with self._engine.begin() as connection:
            for other in map(_case, connection.execute(select(added)).mappings()):
                same = _plain(other.question) == _plain(case.question)
                if same and other.language == case.language and other.active:
                    raise CaseError(
                        f"The case {other.id} asks this already.",
                        hint="Take it out first, if another answer is right now.",
                    )
            gone = delete(added).where(added.c.id == case.id, ~added.c.active)
            connection.execute(gone)
            try:
                connection.execute(insert(added).values(**row))
            except IntegrityError as error:
                raise CaseError(
                    f"There is a case {case.id} already.", hint="Take it out first."
                ) from error

    def all(self, *, active: bool = False) -> list[AddedCase]:
        """Return the cases, newest first. active: only those that nights ask."""
        query = select(added).order_by(added.c.at.desc(), added.c.id)
        if active:
            query = query.where(added.c.active)
        with self._engine.connect() as connection:
            return [_case(row) for row in connection.execute(query).mappings()]

    def of_entry(self, name: str) -> list[AddedCase]:
        """Return the cases that an entry was written for, newest first."""
        return [case for case in self.all() if case.from_entry == name]

    def remove(self, case_id: str) -> AddedCase:
        """Let nights ask a case no more, and return it; what they found of it stays.

        Raises:
            UnknownName: there is no such case.
        """
        with self._engine.begin() as connection:
            found = select(added).where(added.c.id == case_id, added.c.active)
            row = connection.execute(found).mappings().first()
            if row is None:
                raise UnknownName(
                    f"There is no added case {case_id!r}.", hint="GET /v1/evals/cases lists them."
                )
            connection.execute(update(added).where(added.c.id == case_id).values(active=False))
        return replace(_case(row), active=False)


def ids_of_turns(connection: Connection, turns: Collection[str]) -> frozenset[str]:
    """Return the ids of the cases that were made of turns, in whose words ever."""
    names: set[str] = set()
    for part in _parts(turns):
        names.update(connection.scalars(select(added.c.id).where(added.c.from_turn.in_(part))))
    return frozenset(names)


def forget(connection: Connection, cases: Collection[str], turns: Collection[str]) -> int:
    """Delete cases by their ids, and let the others name none of the turns; return how many went.

    turns: of which nothing is kept any more.
    """
    count = 0
    for part in _parts(cases):
        count += connection.execute(delete(added).where(added.c.id.in_(part))).rowcount
    for part in _parts(turns):
        named = update(added).where(added.c.from_turn.in_(part))
        connection.execute(named.values(from_turn=""))
    return count


def rows_of(connection: Connection, cases: Collection[str]) -> list[dict[str, Any]]:
    """Return the cases of these ids, as they are stored."""
    rows: list[dict[str, Any]] = []
    for part in _parts(cases):
        found = connection.execute(select(added).where(added.c.id.in_(part))).mappings()
        rows += [{**row} for row in found]
    return rows


def _parts(names: Collection[str]) -> list[list[str]]:
    listed = sorted(names)
    return [listed[i : i + _AT_ONCE] for i in range(0, len(listed), _AT_ONCE)]


def _plain(text: str) -> str:
    """Return a question by which the same one is known: its letters and digits."""
    return "".join(character for character in text.casefold() if character.isalnum())


def _row(case: AddedCase) -> dict[str, Any]:
    return asdict(case)


def _case(row: Mapping[Any, Any]) -> AddedCase:
    return AddedCase(**{**row, "expected": Expected(**row["expected"])})
