"""A model with rules of its own in place of the product's: a new prompt as a candidate."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from assistant.arms.arm import Arm, Piece
from assistant.conversation import Message
from assistant.local.admission import Priority
from guardrails import digests

_SHORT: Final = 12


@dataclass(frozen=True, slots=True)
class InstructedArm:
    """An arm that is told other rules. What is shown as examples, passages and question stay."""

    arm: Arm
    rules: str = field(repr=False)

    @property
    def name(self) -> str:
        """The arm's name."""
        return self.arm.name

    @property
    def revision(self) -> str:
        """The exact model, and the digest of what it is told."""
        return f"{self.arm.revision}#{digests.of(self.rules)[:_SHORT]}"

    @property
    def queues(self) -> bool:
        """Whether it waits in a queue of ours."""
        return self.arm.queues

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        priority: Priority = Priority.PERSON,
        fresh: bool = False,
    ) -> AsyncGenerator[Piece]:
        """Answer, piece by piece, by its own rules."""
        told: list[Message] = [
            {"role": "system", "content": self.rules} if m["role"] == "system" else m
            for m in messages
        ]
        pieces = self.arm.stream(told, max_tokens=max_tokens, priority=priority, fresh=fresh)
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece
