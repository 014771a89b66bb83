"""The arms that were added by command: kept in the database, beside those of the settings.

A secret is never kept: only the name of the environment variable that holds it. An arm of the
settings wins over one of the same name that was added.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import JSON, Column, Connection, Engine, String, Table, Text, delete, insert, select

from assistant.arms.endpoint.dialect import Dialect
from assistant.arms.identity import Sight
from assistant.errors import RosterError
from assistant.records.database import metadata
from assistant.settings import PREFIX, ArmSettings, Settings, config_file
from guardrails.failures import without_keys
from guardrails.guard import BASE
from guardrails.rules.strengths import Rung, grouped
from guardrails.store.sql_tables import Moment
from guardrails.store.store import Store

Kind = Literal["adapter", "remote", "weights", "rules"]
ADDED: Final = "routeback arms add"

arms = Table(
    "arms",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("about", JSON, nullable=False),
    Column("sha256", String(64)),
    Column("created_by", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)
sights = Table(
    "arm_sights",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("sight", JSON, nullable=False),
    Column("epoch", Text, nullable=False),
)
dialects = Table(
    "arm_dialects",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("pinned", Text, nullable=False),
    Column("dialect", JSON, nullable=False),
)


@dataclass(frozen=True, slots=True)
class AddedArm:
    """An arm that was added. about: its card and what the checks found, as plain values.

    sha256: of the adapter's file; None for a remote one.
    """

    arm: ArmSettings
    about: dict[str, Any]
    sha256: str | None
    by: str
    at: datetime

    @property
    def kind(self) -> Kind:
        """What it is."""
        return kind_of(self.arm)


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """An arm as it is configured. source: where. kept: if it was added by command."""

    arm: ArmSettings
    source: str
    kept: AddedArm | None = None


class Roster:
    """The arms of one data folder. Blocking."""

    def __init__(self, settings: Settings, database: Engine) -> None:
        self.settings = settings
        self._database = database

    def kept(self) -> list[AddedArm]:
        """Return the arms that were added, by name."""
        with self._database.connect() as connection:
            rows = connection.execute(select(arms).order_by(arms.c.name)).mappings().all()
        return [
            AddedArm(
                arm=ArmSettings(**row["settings"]),
                about=row["about"],
                sha256=row["sha256"],
                by=row["created_by"],
                at=row["created_at"],
            )
            for row in rows
        ]

    def entries(self) -> list[RosterEntry]:
        """Return all arms: those of the settings, then those that were added and do not clash."""
        where = source()
        entries = [RosterEntry(arm, where) for arm in self.settings.arms]
        names = {name for arm in self.settings.arms for name in (arm.name, *arm.strengths)}
        free = (k for k in self.kept() if not names & {k.arm.name, *k.arm.strengths})
        return entries + [RosterEntry(record.arm, ADDED, record) for record in free]

    def hidden(self) -> list[str]:
        """Return the names that were added, and that the settings have too."""
        shown = {entry.arm.name for entry in self.entries() if entry.kept}
        return [arm.arm.name for arm in self.kept() if arm.arm.name not in shown]

    def refuse_clash(self, arm: ArmSettings) -> None:
        """Refuse an arm whose name, or that of one of its strengths, is taken.

        Raises:
            RosterError: it is; says where the other one is.
        """
        if BASE in (arm.name, *arm.strengths):
            raise RosterError(
                "`base` is the trusted arm; candidates are added beside it.",
                hint="Choose another name; what base is, is a setting: docs/settings.md.",
            )
        names = {arm.name, *arm.strengths}
        for entry in [
            *self.entries(),
            *(RosterEntry(record.arm, ADDED, record) for record in self.kept()),
        ]:
            if both := sorted(names & {entry.arm.name, *entry.arm.strengths}):
                hint = (
                    f"Remove it first: routeback arms remove {entry.arm.name}"
                    if entry.kept
                    else "Choose another name, or take it out there."
                )
                where = "it was added by command" if entry.kept else f"it is in {entry.source}"
                raise RosterError(f"There is an arm {both[0]} already: {where}.", hint=hint)

    def put(self, connection: Connection, kept: AddedArm) -> None:
        """Keep an arm, within a transaction."""
        row = {
            "name": kept.arm.name,
            "kind": kept.kind,
            "settings": kept.arm.model_dump(
                mode="json", exclude={"api_key"}, exclude_defaults=True
            ),
            "about": kept.about,
            "sha256": kept.sha256,
            "created_by": kept.by,
            "created_at": kept.at,
        }
        connection.execute(insert(arms).values(row))
        self._forget(connection, kept.arm.name)

    def drop(self, connection: Connection, name: str) -> None:
        """Forget an arm, within a transaction; what was decided about it stays."""
        connection.execute(delete(arms).where(arms.c.name == name))
        self._forget(connection, name)

    def sight(self, name: str) -> Sight | None:
        """Return what is known of the model behind a remote arm."""
        with self._database.connect() as connection:
            row = connection.scalar(select(sights.c.sight).where(sights.c.name == name))
        return Sight.of(row) if row else None

    def put_sight(self, connection: Connection, name: str, sight: Sight) -> None:
        """Keep what is known of a model, within a transaction."""
        connection.execute(delete(sights).where(sights.c.name == name))
        row = {"name": name, "sight": sight.plain(), "epoch": sight.epoch}
        connection.execute(insert(sights).values(row))

    def dialect(self, name: str, pinned: str | None = None) -> Dialect | None:
        """Return what the endpoint of an arm was found to take.

        pinned: what the settings say of the model; where they said otherwise, nothing is known.
        """
        with self._database.connect() as connection:
            query = select(dialects.c.pinned, dialects.c.dialect).where(dialects.c.name == name)
            row = connection.execute(query).first()
        return Dialect.of(row.dialect) if row and pinned in {None, row.pinned} else None

    def put_dialect(self, connection: Connection, name: str, pinned: str, dialect: Dialect) -> None:
        """Keep what an endpoint takes, within a transaction."""
        connection.execute(delete(dialects).where(dialects.c.name == name))
        row = {"name": name, "pinned": pinned, "dialect": dialect.plain()}
        connection.execute(insert(dialects).values(row))

    def keep_dialect(self, name: str, pinned: str, dialect: Dialect) -> None:
        """Keep what an endpoint takes."""
        with Store(self._database).transaction() as ledger:
            self.put_dialect(ledger.connection, name, pinned, dialect)

    def stamp(self) -> tuple[Sequence[Any], Sequence[Any]]:
        """Return what differs when another process has changed arms or seen a model change."""
        with self._database.connect() as connection:
            additions = select(arms.c.name, arms.c.created_at).order_by(arms.c.name)
            epochs = select(sights.c.name, sights.c.epoch).order_by(sights.c.name)
            changed = epochs.where(sights.c.epoch != "")
            return connection.execute(additions).all(), connection.execute(changed).all()

    @staticmethod
    def _forget(connection: Connection, name: str) -> None:
        for table in (sights, dialects):
            connection.execute(delete(table).where(table.c.name == name))


def kind_of(arm: ArmSettings) -> Kind:
    """Return what an arm is; rules of its own alone: base's model with them."""
    if arm.adapter:
        return "adapter"
    if arm.weights:
        return "weights"
    return "remote" if arm.model or not arm.instructions else "rules"


def rungs(entries: Sequence[RosterEntry]) -> dict[str, Rung]:
    """Return the candidates that arms are, with their strengths, in order."""
    strengths: dict[str, tuple[str, float]] = {}
    for entry in entries:
        if entry.arm.name != BASE:
            strengths |= entry.arm.strengths
    return grouped(strengths)


def endpoint_of(arm: ArmSettings) -> str:
    """Return which model at which endpoint the settings name."""
    return f"{arm.model} at {without_keys(arm.base_url or 'the default')}, {arm.revision}"


def source() -> str:
    """Return where arms of the settings are configured."""
    variable = f"{PREFIX}ARMS"
    return f"the variable {variable}" if variable in os.environ else str(config_file())
