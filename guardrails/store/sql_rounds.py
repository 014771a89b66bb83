"""Rounds, draws and labels on SQLAlchemy; part of ``guardrails.store.store``."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, RowMapping, insert, select, update

from guardrails.statistics.prediction import PeopleEstimate
from guardrails.store import sql_tables as t
from guardrails.store.packing import pack, unpack
from guardrails.store.rounds import Drawn, Label, Round
from guardrails.store.sql_rows import to_pair
from guardrails.types import Pair

_AT_ONCE: Final = 500


class Rounds:
    """The rounds on one connection. Whoever opened it commits."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, begun: Round) -> int:
        """Store a round; return its id."""
        row = {
            "arm": begun.arm,
            "segment": begun.segment,
            "kind": begun.kind,
            "version": begun.version,
            "at": begun.at,
            "alpha": begun.alpha,
            "population": {
                "metrics": list(begun.metrics),
                "numbers": list(begun.numbers),
                "differences": pack(begun.differences.tolist()),
            },
            "found": asdict(begun.found),
        }
        returned = insert(t.rounds).values(row).returning(t.rounds.c.id)
        stored: int = self._connection.execute(returned).scalar_one()
        return stored

    def round(self, round_id: int) -> Round | None:
        """Return a round."""
        query = select(t.rounds).where(t.rounds.c.id == round_id)
        row = self._connection.execute(query).mappings().first()
        return _to_round(row) if row else None

    def rounds(self, arm: str | None = None, segment: str | None = None) -> list[Round]:
        """Return rounds, oldest first."""
        query = select(t.rounds).order_by(t.rounds.c.id)
        if arm is not None:
            query = query.where(t.rounds.c.arm == arm)
        if segment is not None:
            query = query.where(t.rounds.c.segment == segment)
        return [_to_round(row) for row in self._connection.execute(query).mappings()]

    def found(self, round_id: int, people: PeopleEstimate) -> None:
        """Store what people say so far."""
        change = update(t.rounds).where(t.rounds.c.id == round_id)
        self._connection.execute(change.values(found=asdict(people)))

    def draws(self, round_id: int) -> list[Drawn]:
        """Return what was drawn, in order."""
        collection = t.draws.c
        query = select(
            collection.place, collection.number, collection.probability, collection.tilts
        )
        rows = self._connection.execute(
            query.where(collection.round == round_id).order_by(collection.place)
        )
        return [Drawn(r.place, r.number, r.probability, tuple(r.tilts)) for r in rows]

    def add_draw(self, round_id: int, drawn: Drawn) -> None:
        """Store the next draw."""
        row = {**asdict(drawn), "tilts": list(drawn.tilts), "round": round_id}
        self._connection.execute(insert(t.draws).values(row))

    def labels(self, round_id: int) -> list[Label]:
        """Return what was said, by the order in which people first said it."""
        collection = t.labels.c
        query = select(collection.place, collection.said, collection.by, collection.at)
        rows = self._connection.execute(
            query.where(collection.round == round_id).order_by(collection.id)
        )
        return [Label(**row) for row in rows.mappings()]

    def put_label(self, round_id: int, label: Label) -> None:
        """Store a label in place of what the same person said of the same draw before."""
        collection = t.labels.c
        where = (
            collection.round == round_id,
            collection.place == label.place,
            collection.by == label.by,
        )
        values = {"said": label.said, "at": label.at}
        if not self._connection.execute(update(t.labels).where(*where).values(values)).rowcount:
            row = {**asdict(label), "round": round_id}
            self._connection.execute(insert(t.labels).values(row))

    def scored(self, arm: str, segment: str, version: str) -> list[tuple[Pair, dict[str, Any]]]:
        """Return the pairs of one version by number, with what was asked and answered."""
        collection = t.pairs.c
        query = (
            select(t.pairs)
            .where(
                collection.arm == arm, collection.segment == segment, collection.version == version
            )
            .order_by(collection.number)
        )
        rows = self._connection.execute(query).mappings()
        return [(to_pair(row), row["answers"]) for row in rows]

    def kept(self, number: int) -> tuple[str, Mapping[str, Any]]:
        """Return the id of a pair, and what was asked and answered in it."""
        query = select(t.pairs.c.id, t.pairs.c.answers).where(t.pairs.c.number == number)
        row = self._connection.execute(query).first()
        return (row[0], row[1]) if row else ("", {})

    def erased(self, numbers: Sequence[int]) -> set[int]:
        """Return the pairs whose texts have been erased, of these."""
        collection, found = t.pairs.c, set[int]()
        for start in range(0, len(numbers), _AT_ONCE):
            part = numbers[start : start + _AT_ONCE]
            query = select(collection.number).where(
                collection.number.in_(part), collection.answers["answers"].as_string().is_(None)
            )
            found |= set(self._connection.scalars(query))
        return found


def _to_round(row: RowMapping) -> Round:
    population = row["population"]
    return Round(
        id=row["id"],
        arm=row["arm"],
        segment=row["segment"],
        kind=row["kind"],
        version=row["version"],
        at=row["at"],
        alpha=row["alpha"],
        metrics=tuple(population["metrics"]),
        numbers=tuple(population["numbers"]),
        differences=np.array(unpack(population["differences"]), np.float64),
        found=PeopleEstimate(**row["found"]),
    )
