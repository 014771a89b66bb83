"""What another desk says to this one."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from assistant.wire import RequestBody, View
from assistant.wire.desk import LONGEST

Said = Literal["claimed", "released", "replied", "noted", "solved", "reopened"]
Became = Literal["waiting", "done", "nothing", "late", "kept"]
_SPOKEN = frozenset({"replied", "noted"})


class OutsidePerson(RequestBody):
    """Who of the other desk did something. id: there; name: as who asked is told."""

    id: Annotated[str, Field(min_length=1, max_length=80)]
    name: Annotated[str, Field(min_length=1, max_length=200)]


class BridgeEvent(RequestBody):
    """Something that a person of another desk did with a ticket.

    source: of which desk, always the same. id: of the event, there: sent again it changes nothing.
    ticket: its number or id, here. number: from 1, of this source and ticket, without gaps: what
    comes too early waits for those before it; None: it is done as it comes. text: of a reply or a
    note.
    """

    source: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=32)]
    id: Annotated[str, Field(min_length=1, max_length=100)]
    ticket: Annotated[str, Field(min_length=1, max_length=64)]
    kind: Said
    by: OutsidePerson
    text: Annotated[str, Field(max_length=LONGEST)] = ""
    number: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.kind in _SPOKEN) != bool(self.text.strip()):
            raise ValueError("text is what was said in a reply or a note, and of nothing else")
        return self


class BridgeEventTaken(View):
    """What became of an event. again: it was known already, and nothing was done.

    result: ``done``; ``waiting``: for those before it; ``nothing``: it was so already, or cannot be
    any more; ``late``: overtaken by a later one, so not done; ``kept``: as a note, since the ticket
    is closed.
    """

    result: Became
    again: bool = False


class ZammadTicketId(RequestBody, extra="ignore"):
    """The ticket of a webhook of Zammad; all else in it is left alone."""

    id: Annotated[int, Field(ge=1, le=2**31 - 1)]


class ZammadWebhook(RequestBody, extra="ignore"):
    """A webhook of Zammad. It only says where to look."""

    ticket: ZammadTicketId


class ZammadHeard(View):
    """Whether the ticket is one of ours, and will be looked at."""

    known: bool
