"""Rows copied from one database to another, whatever engines they are, and compared one by one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Column, Connection, Engine, Table, func, insert, select, text, tuple_

from assistant.errors import DatabaseError
from assistant.progress import Progress
from assistant.records.database import filling, metadata
from assistant.records.processes import tables as processes
from assistant.records.queue.tables import findable, looking
from guardrails.store import sql_tables

_AT_ONCE: Final = 200
_DERIVED: Final = frozenset(
    table.name
    for table in (
        findable,  # kept by triggers of each database
        looking,
        *(processes.leases, processes.answering, processes.holds, processes.places),
        processes.rates,
        filling,
    )
)
"""What belongs to a moment, or is made of the rest by the database itself."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not as it is in the source. column: empty where the whole row is missing."""

    table: str
    key: tuple[Any, ...]
    column: str = ""


def tables() -> list[Table]:
    """Return the tables whose rows are kept, each behind those that it refers to."""
    every = [*metadata.sorted_tables, *sql_tables.metadata.sorted_tables]
    return [table for table in every if table.name not in _DERIVED]


def counted(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has; those that have none are left out."""
    counts = {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in tables()
    }
    return {name: count for name, count in counts.items() if count}


def copied(source: Connection, target: Engine, progress: Progress) -> dict[str, int]:
    """Copy what the target lacks; return how many rows each table has in the source.

    What was copied is committed batch by batch, so that another run goes on from there.

    Raises:
        DatabaseError: a row is not taken; the message says of which table.
    """
    counts: dict[str, int] = {}
    for table in tables():
        total = source.scalar(select(func.count()).select_from(table)) or 0
        done = 0
        for batch in batches(source, table):
            with target.begin() as connection:
                there = {_key(table, row) for row in _same(connection, table, batch)}
                missing = [row for row in batch if _key(table, row) not in there]
                if missing:
                    plain = [{k: _plain(v) for k, v in row.items()} for row in missing]
                    connection.execute(insert(table), plain)
            done += len(batch)
            progress(table.name, done, total)
        if total:
            counts[table.name] = total
            with target.begin() as connection:
                _count_on(connection, table)
    return counts


def differences(source: Connection, target: Connection, progress: Progress) -> list[Difference]:
    """Return the rows of the source that are missing in the target or not the same there.

    And, for tables in which the target has more, one without a key.
    """
    found: list[Difference] = []
    for table in tables():
        total, done = source.scalar(select(func.count()).select_from(table)) or 0, 0
        if (target.scalar(select(func.count()).select_from(table)) or 0) > total:
            found.append(Difference(table.name, ()))
        for batch in batches(source, table):
            there = {_key(table, row): row for row in _same(target, table, batch)}
            for row in batch:
                found += _differing(table, row, there.get(_key(table, row)))
            done += len(batch)
            progress(f"{table.name}, compared", done, total)
    return found


def check_same(source: Connection, target: Connection, progress: Progress) -> None:
    """Compare every row.

    Raises:
        DatabaseError: some are not the same.
    """
    if found := differences(source, target, progress):
        first = found[0]
        where = f"{first.table} {first.key or '(more rows than there were)'} {first.column}".strip()
        raise DatabaseError(
            f"{len(found)} rows are not as they were, the first: {where}.",
            hint="Nothing of the source was changed: go on using it. If it was used since an "
            "earlier run, empty the target and begin anew: what was erased here meanwhile is still "
            "there. Else report this.",
        )


def batches(connection: Connection, table: Table) -> Iterator[list[Row]]:
    """Yield all rows of a table in the order of their keys."""
    keys = list(table.primary_key.columns)
    query, last = select(table).order_by(*keys).limit(_AT_ONCE), None
    while True:
        following = query if last is None else query.where(_behind(keys, last))
        rows: list[Row] = [dict(row) for row in connection.execute(following).mappings()]
        if not rows:
            return
        yield rows
        last = _key(table, rows[-1])


def _behind(keys: Sequence[Column[Any]], last: tuple[Any, ...]) -> Any:
    return keys[0] > last[0] if len(keys) == 1 else tuple_(*keys) > tuple_(*last)


def _same(connection: Connection, table: Table, batch: Sequence[Row]) -> list[Row]:
    """Return the rows of a database that have the keys of a batch."""
    keys, wanted = list(table.primary_key.columns), [_key(table, row) for row in batch]
    among = keys[0].in_([key[0] for key in wanted])
    if len(keys) > 1:
        among = tuple_(*keys).in_(wanted)
    return [dict(row) for row in connection.execute(select(table).where(among)).mappings()]


def _key(table: Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key.columns)


def _differing(table: Table, row: Row, other: Row | None) -> list[Difference]:
    key = _key(table, row)
    if other is None:
        return [Difference(table.name, key)]
    return [
        Difference(table.name, key, name)
        for name, value in row.items()
        if _plain(value) != _plain(other[name])
    ]


def _plain(value: Any) -> Any:
    """Return a value as every engine can hold it.

    PostgreSQL has no NUL in a text, and SQLite no time zone: there, it is always UTC.
    """
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _count_on(connection: Connection, table: Table) -> None:
    """Let a server number the next row behind those that were copied."""
    numbered = table.autoincrement_column
    if connection.dialect.name != "postgresql" or numbered is None:
        return
    sequence = connection.scalar(
        text("SELECT pg_get_serial_sequence(:table, :column)"),
        {"table": table.name, "column": numbered.name},
    )
    if sequence is None:
        return
    highest = connection.scalar(select(func.max(numbered)))
    if highest is not None:
        connection.execute(
            text("SELECT setval(CAST(:name AS regclass), :last)"),
            {"name": sequence, "last": highest},
        )
    else:
        raise DatabaseError(f"{table.name} has no rows, though some were copied.")
