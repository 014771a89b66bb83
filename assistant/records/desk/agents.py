"""Who of the team there is: who has been at the desk, or signed in as an agent."""

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    String,
    Table,
    column,
    func,
    insert,
    select,
    table,
    update,
)

from assistant.records.database import metadata
from assistant.records.desk.events import Worker
from assistant.records.desk.tables import messages
from guardrails import clock
from guardrails.store.sql_tables import Moment
from guardrails.store.store import Store

_AGENT: Final = "agent"
_SESSIONS: Final = table(
    "sessions", column("person"), column("name"), column("roles", JSON), column("latest", Moment())
)
"""As ``assistant.access.sessions`` has it, which stands above."""
agents = Table(
    "desk_agents",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("seen", Moment(), nullable=False),
)
"""Who of the team has been at the desk, and when last."""
_EVERY: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Attendance:
    """Notes who comes to the desk, now and then. Safe in any thread."""

    engine: Engine
    _noted: dict[str, tuple[str, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def come(self, worker: Worker) -> None:
        """Note that somebody of the team is there."""
        now = clock.now()
        with self._lock:
            name, last = self._noted.get(worker.id, ("", 0.0))
            if name == worker.name and 0 <= now.timestamp() - last < _EVERY.total_seconds():
                return
            self._noted[worker.id] = (worker.name, now.timestamp())
        with Store(self.engine).transaction() as ledger:
            mine, values = agents.c.id == worker.id, {"name": worker.name, "seen": now}
            if not ledger.connection.execute(update(agents).where(mine).values(values)).rowcount:
                ledger.connection.execute(insert(agents).values(id=worker.id, **values))


def known(connection: Connection) -> list[Worker]:
    """Return who of the team has been seen, by name; of each the name that was seen last.

    They have been at the desk, have written something there, or have signed in as an agent.
    """
    names: dict[str, tuple[float, str]] = {}
    written = select(messages.c.by, messages.c.name, func.max(messages.c.at).label("at")).where(
        messages.c.name != "", messages.c.by != ""
    )
    came = select(agents.c.id, agents.c.name, agents.c.seen)
    seen = [tuple(row) for row in connection.execute(came)]
    seen += [tuple(row) for row in connection.execute(written.group_by("by", "name"))]
    signed = select(_SESSIONS).where(_SESSIONS.c.name != "")
    for row in connection.execute(signed):
        if _AGENT in row.roles:
            seen.append((row.person, row.name, row.latest))
    for one, name, at in seen:
        names[one] = max(names.get(one, (0.0, "")), (at.timestamp(), name))
    workers = [Worker(one, name) for one, (_, name) in names.items()]
    return sorted(workers, key=lambda one: (one.name, one.id))
