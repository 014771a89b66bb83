"""Who looks at a ticket now. Blocking; call it from a thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine, delete, insert, select

from assistant.records.desk.events import Worker
from assistant.records.desk.tickets import Ticket
from assistant.records.queue.tables import looking
from guardrails import clock
from guardrails.store.store import Store

LASTS: Final = timedelta(seconds=30)
"""After which it is over, unless it is said again."""


@dataclass(frozen=True, slots=True)
class Lookers:
    """Who looks at which ticket."""

    engine: Engine

    def look(self, ticket: Ticket, by: Worker) -> tuple[dict[str, str], datetime]:
        """Note that somebody looks at a ticket; return who else does, and until when this holds."""
        now = clock.now()
        until = now + LASTS
        mine = (looking.c.ticket_id == ticket.id) & (looking.c.agent == by.id)
        row = {"ticket_id": ticket.id, "agent": by.id, "name": by.name, "until": until}
        with Store(self.engine).transaction() as ledger:
            ledger.connection.execute(delete(looking).where(mine | (looking.c.until <= now)))
            ledger.connection.execute(insert(looking).values(**row))
            all_of_it = lookers(ledger.connection, [ticket], now).get(ticket.id, {})
        return {agent: name for agent, name in all_of_it.items() if agent != by.id}, until

    def of(self, ticket: Ticket) -> dict[str, str]:
        """Return who looks at a ticket: agents and names."""
        with self.engine.connect() as connection:
            return lookers(connection, [ticket], clock.now()).get(ticket.id, {})


def lookers(
    connection: Connection, found: Sequence[Ticket], now: datetime
) -> dict[str, dict[str, str]]:
    """Return who looks at some tickets: by the ticket's id, agents and names."""
    query = select(looking).where(
        looking.c.ticket_id.in_([ticket.id for ticket in found]), looking.c.until > now
    )
    told: dict[str, dict[str, str]] = {}
    for row in connection.execute(query.order_by(looking.c.name)):
        told.setdefault(row.ticket_id, {})[row.agent] = row.name
    return told
