"""Notes when who asks was last in their conversation. Blocking; call it from a thread."""

import threading
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Engine, or_, select, update

from assistant.records.desk.tables import threads, tickets
from guardrails import clock
from guardrails.store.store import Store

EVERY_S: Final = 20.0
"""Between two notes of one conversation: well within what counts as being there."""
_REMEMBERED: Final = 10_000


@dataclass(frozen=True)
class Presence:
    """When who asks was last seen. Safe in any thread."""

    engine: Engine
    _noted: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def seen(self, conversation_id: str) -> None:
        """Note that who asks is there, in a conversation and in that in which it goes on.

        From then on they may get a mail again, once they have left.
        """
        now = clock.now()
        with self._lock:
            last = self._noted.get(conversation_id)
            if last is not None and 0 <= now.timestamp() - last < EVERY_S:
                return
            if len(self._noted) >= _REMEMBERED:
                self._noted.clear()
            self._noted[conversation_id] = now.timestamp()
        own = threads.c.conversation_id == conversation_id
        on = select(threads.c.goes_on_in).where(own).scalar_subquery()
        with Store(self.engine).transaction() as ledger:
            there = or_(own, threads.c.conversation_id == on)
            ledger.connection.execute(update(threads).where(there).values(seen=now))
            mine = select(threads.c.ticket_id).where(there)
            told = tickets.c.id.in_(mine), tickets.c.notified
            ledger.connection.execute(update(tickets).where(*told).values(notified=False))
