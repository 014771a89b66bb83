"""Routing while the embedded engine is still on its way."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Self

from guardrails.guard import BASE, Guard
from guardrails.types import Route


@dataclass(frozen=True, slots=True)
class HeldGuard(Guard):
    """A guard that lets base answer for candidates that cannot be asked yet.

    That is no failure of theirs, so their breaker is not told. loading: their names.
    """

    loading: frozenset[str] = frozenset()

    @classmethod
    def of(cls, guard: Guard, loading: frozenset[str]) -> Self:
        """Return the same guard, for as long as these are being loaded."""
        values = {field.name: getattr(guard, field.name) for field in fields(Guard)}
        return cls(**values, loading=loading)

    def route(self, segment: str, conversation_id: str, now: datetime) -> Route:
        """Choose the arm that answers a question."""
        route = Guard.route(self, segment, conversation_id, now)
        if route.arm not in self.loading:
            return route
        return Route(BASE, segment, f"{route.arm} is still being loaded")
