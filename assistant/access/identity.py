"""Somebody who calls: a person, a machine, or the user of this machine."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Literal

from assistant.errors import AccessError
from guardrails import digests

SESSION_HEADER: Final = "Routeback-Session"
"""In which a page says which of its visitors asks: a secret of that visitor's."""
_SECRET: Final = re.compile(r"[\w-]{22,128}", re.ASCII)


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
    which documents may be meant for them. front: whether it stands for many people who are told
    apart by their sessions, as a page does. payer: whom requests are counted for; the holder of a
    key cannot get more by inventing sessions. public: whether the key stands in pages that
    everybody can read.
    """

    id: str
    name: str
    kind: Kind
    roles: frozenset[Role] = field(default=frozenset({Role.USER}))
    groups: frozenset[str] = frozenset()
    front: bool = False
    payer: str = ""
    public: bool = False

    @property
    def counted_as(self) -> str:
        """By which their requests and questions are counted."""
        return self.payer or self.id

    @property
    def limited(self) -> bool:
        """Whether requests are counted: not of who runs the whole thing."""
        return self.kind != "local" and Role.OWNER not in self.roles

    def in_session(self, secret: str) -> "Identity":
        """Return who this is, apart from others who come with the same key.

        Raises:
            AccessError: ``secret`` is too short or long to be one, or not printable ASCII.
        """
        if self.kind != "key":
            return self
        if not _SECRET.fullmatch(secret):
            raise AccessError(
                f"{SESSION_HEADER} is 22 to 128 letters, digits, - or _, "
                f"got {len(secret)} characters.",
                hint="Make one with secrets.token_urlsafe(32), and keep it secret.",
            )
        digest = digests.of(f"{self.id} {secret}")
        payer = "" if self.front else self.counted_as
        return replace(self, id=f"session:{digest}", kind="session", payer=payer)

    def may(self, wanted: Iterable[Role]) -> bool:
        """Return whether one of some roles is theirs."""
        return not self.roles.isdisjoint(wanted)
