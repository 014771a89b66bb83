"""The language model that judges: where it is, which one it is, and what it has said already."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from guardrails.judge.flights import Flights

if TYPE_CHECKING:
    from openai import AsyncOpenAI


@dataclass(frozen=True, slots=True)
class Replies:
    """What the judge has said, by hash of what it was asked, and what it is being asked."""

    said: dict[str, Any] = field(default_factory=dict)
    flights: Flights[Any] = field(default_factory=Flights)

    async def get(self, key: str, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Return the reply under ``key``; ask unless that was asked, or is being asked."""
        if key not in self.said:
            self.said[key] = await self.flights.run(key, ask)
        return self.said[key]


REPLIES: Final[ContextVar[Replies | None]] = ContextVar("replies", default=None)
"""The replies within ``asked_once``."""


class TooMuch(Exception):
    """The answer says more than the judge takes; a part of it would go unjudged."""


@dataclass(frozen=True, slots=True)
class JudgeModel:
    """The language model that judges.

    client: decides where requests go and who waits for whom. revision: the exact weights.
    timeout_s: of one request, once it has its turn. max_tokens: of one reply. engine_body: sent
    along as well, but changes no reply (which adapters to leave off), so that evidence outlives it.
    """

    client: "AsyncOpenAI"
    model: str
    revision: str
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    timeout_s: float = 60.0
    max_tokens: int = 1024
    engine_body: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def asked_once() -> Iterator[None]:
    """Within the block, ask the judge the same thing once.

    The claims of a reference are then found once for all arms. A night is one block: a judge that
    has changed its mind is noticed between blocks, not within one.
    """
    token = REPLIES.set(Replies())
    try:
        yield
    finally:
        REPLIES.reset(token)
