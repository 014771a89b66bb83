"""The language model that judges: where it is, which one it is, and what it has said already."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from openai import AsyncOpenAI

REPLIES: Final[ContextVar[dict[str, Any] | None]] = ContextVar("replies", default=None)
"""Replies by hash of what was asked, within ``asked_once``."""


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
    token = REPLIES.set({})
    try:
        yield
    finally:
        REPLIES.reset(token)
