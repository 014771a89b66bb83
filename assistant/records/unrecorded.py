"""Records that keep nothing: for answers that are no turn of anybody, as in evals and drafts."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from assistant.desk.states import Holder
from assistant.records.conversations import FirstSaid
from assistant.records.desk.log import LogEntry, Thread
from assistant.records.desk.threads import Taken, Threads
from assistant.records.turns import Records, Turn
from guardrails import clock


class Unrecorded(Records):
    """Keeps nothing. What would be written beside a turn, as evidence, is not either."""

    def __init__(self) -> None:
        self.threads = _Unlogged()

    def begin(
        self, owner: str, conversation_id: str | None = None, first: FirstSaid | None = None
    ) -> str:
        """Return an id that nothing is kept under."""
        del owner, first
        return conversation_id or str(uuid4())

    def add(
        self, turn: Turn, also: Callable[..., None] = lambda _: None, *, shown: bool = True
    ) -> int:
        """Do nothing."""
        del turn, also, shown
        return 0


class _Unlogged(Threads):
    """Keeps no log: the bot holds what nobody else will see."""

    def __init__(self) -> None:
        pass

    def take(self, conversation_id: str, turn_id: str, text: str, **_options: Any) -> Taken:
        """Return that the bot is to answer."""
        now = clock.now()
        entry = LogEntry(conversation_id, "question", text, turn_id=turn_id)
        return Taken(Thread(conversation_id, Holder.BOT, now, now), entry)

    def thread(self, conversation_id: str) -> Thread:
        """Return that the bot holds it."""
        now = clock.now()
        return Thread(conversation_id, Holder.BOT, now, now)

    def say(self, conversation_id: str, turn_id: str, text: str) -> int:
        """Do nothing."""
        del conversation_id, turn_id, text
        return 0

    def fail(self, conversation_id: str, turn_id: str, why: str) -> None:
        """Do nothing."""

    def forget(self, turn_id: str) -> None:
        """Do nothing."""

    def pieces(self, turn_id: str) -> str:
        """Return nothing."""
        del turn_id
        return ""
