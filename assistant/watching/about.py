"""What is being worked on now, for log lines: ids, and the texts that no line may have."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class About:
    """What a log line is about; empty where there is nothing. said: what people said in it."""

    turn: str = ""
    conversation: str = ""
    pair: str = ""
    night: str = ""
    trace: str = ""
    said: tuple[str, ...] = ()

    @property
    def ids(self) -> dict[str, str]:
        """The ids that there are, by their names."""
        named = {
            "turn": self.turn,
            "conversation": self.conversation,
            "pair": self.pair,
            "night": self.night,
            "trace": self.trace,
        }
        return {name: value for name, value in named.items() if value}


NOTHING: Final = About()
_now: ContextVar[About] = ContextVar("about", default=NOTHING)


def about() -> About:
    """Return what is being worked on now."""
    return _now.get()


@contextmanager
def working_on(what: About) -> Iterator[None]:
    """Say what is being worked on, for the length of the block."""
    token = _now.set(what)
    try:
        yield
    finally:
        _now.reset(token)
