"""Somebody who calls: a person, a machine, or the user of this machine."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal


class Role(StrEnum):
    """What somebody may do; each is for itself, and none contains another."""

    USER = "user"
    """Ask, rate, open tickets, read what is one's own."""
    AGENT = "agent"
    """Take over conversations: the tickets of everybody."""
    EDITOR = "editor"
    """Read and change the knowledge."""
    OWNER = "owner"
    """Arms, the guardrail, the nights."""
    ADMIN = "admin"
    """People and keys."""


EVERY: Final = frozenset(Role)
Kind = Literal["local", "person", "key", "session"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls.

    id: by which what belongs to them is found; never shown to others. name: what records of
    decisions say. kind: ``local``: the user of this machine; ``person``: signed in; ``key``: a
    machine; ``session``: nobody is known, and a secret says that it is the same one. groups: by
    which documents may be meant for them.
    """

    id: str
    name: str
    kind: Kind
    roles: frozenset[Role] = field(default=frozenset({Role.USER}))
    groups: frozenset[str] = frozenset()

    def may(self, wanted: Iterable[Role]) -> bool:
        """Return whether one of some roles is theirs."""
        return not self.roles.isdisjoint(wanted)
