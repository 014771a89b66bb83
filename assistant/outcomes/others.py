"""What others call resolved, on the same rows: to show how far that is from what stays so.

In the words of this house, after what the vendors say of it in public; docs/numbers.md names where.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from assistant.outcomes.demand import WINDOW
from assistant.outcomes.rows import Asking, Handover

DAY: Final = timedelta(hours=24)
"""Within which one definition looks; after which, in the other, a silent thread is done."""

Verdict = Literal["pending", "resolved", "unresolved"]


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation with all that continues it. said: to the bot, oldest first."""

    said: Sequence[Asking]
    asked_for: Sequence[datetime] = field(default_factory=tuple)
    """When a person was asked for."""

    @property
    def person(self) -> str:
        """Whose it is."""
        return self.said[0].person

    @property
    def at(self) -> datetime:
        """When it began."""
        return self.said[0].at


def talks(
    askings: Iterable[Asking], handovers: Iterable[Handover], since: datetime, until: datetime
) -> list[Talk]:
    """Return the conversations of known people that began within these moments."""
    said: dict[str, list[Asking]] = {}
    for asking in askings:
        if asking.person and asking.own:
            said.setdefault(asking.thread, []).append(asking)
    tickets: dict[str, list[datetime]] = {}
    for handover in handovers:
        tickets.setdefault(handover.thread, []).append(handover.at)
    found = []
    for name, own in said.items():
        own.sort(key=lambda asking: (asking.at, asking.id))
        if since <= own[0].at < until:
            found.append(Talk(own, tuple(sorted(tickets.get(name, ())))))
    return sorted(found, key=lambda talk: (talk.at, talk.said[0].id))


def within_a_day(talk: Talk, now: datetime) -> Verdict | None:
    """Return whether a conversation is resolved as Intercom counts it; None: it does not count.

    The bot gave an answer in it, and within 24 hours of the last one nobody asked there for a
    person, nor anything that got no answer. What is said in other conversations is not looked at.
    """
    asked = [one for one in talk.said if not one.talk]
    if not asked:
        return None
    answers = [one for one in asked if one.end == "answered"]
    if not answers:
        return "unresolved" if now >= asked[-1].at + DAY else "pending"
    last = answers[-1].at
    if now < last + DAY:
        return "pending"
    more = any(last < one.at < last + DAY for one in asked)
    handed = any(at < last + DAY for at in talk.asked_for) or any(one.for_person for one in asked)
    return "unresolved" if more or handed else "resolved"


def within_the_thread(talk: Talk, now: datetime) -> Verdict:
    """Return whether a conversation is resolved as Chatwoot counts it.

    The bot said something in it, it went silent for a day, so that it was taken as done, no person
    was asked for, and nobody came back to it within seven days.
    """
    done = next(
        (
            one.at
            for one, after in zip(talk.said, [*talk.said[1:], None], strict=True)
            if after is None or after.at - one.at >= DAY
        ),
        talk.at,
    )
    if now < done + WINDOW:
        return "pending"
    again = any(done < one.at < done + WINDOW for one in talk.said)
    handed = any(at < done + WINDOW for at in talk.asked_for)
    return "unresolved" if again or handed else "resolved"


DEFINITIONS: Final[Mapping[str, str]] = {
    "intercom": "Fin AI Agent resolutions",
    "chatwoot": "Captain: auto-resolution and reopen rate",
}
"""What they call it, by who."""
