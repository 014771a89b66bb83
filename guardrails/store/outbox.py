"""Messages to people and other programs that are stored with what they tell of. The port.

A message is written in the transaction of what it tells, so none is lost, and none is sent of what
was rolled back. Whoever sends takes it up later: from then on there is one ``Delivery`` for each
channel. The adapter is ``sql_outbox``; nothing here knows how anything is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import uuid4

State = Literal["waiting", "delivered", "given_up"]


def new_id() -> str:
    """Return an id that no other message has; letters, digits and ``_`` alone."""
    return f"msg_{uuid4().hex}"


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message. id: stays the same however often it is sent, so a receiver knows it again.

    topic: what kind it is, words with full stops. body: plain values; ``subject`` and ``text`` are
    for a person. created: when it happened. thread: messages of one thread reach a channel in the
    order in which they were written. recipients: ``channel`` or ``channel:address``; none means
    every channel that is configured.
    """

    topic: str
    body: Mapping[str, Any]
    created: datetime
    thread: str
    recipients: tuple[str, ...] = ()
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a message goes to. address: in the channel; "" is the one that is configured."""

    channel: str
    address: str = ""

    @property
    def name(self) -> str:
        """As ``OutboxMessage.recipients`` has it."""
        return f"{self.channel}:{self.address}" if self.address else self.channel


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message in one channel.

    created: when it was taken up. next_try: when it is sent, or sent again, at the earliest; while
    somebody sends it, when others may; None once it has ended. tries: begun ones. error: kind of
    the last failure; never what another program said.
    """

    number: int
    message: str
    recipient: Recipient
    created: datetime
    next_try: datetime | None
    tries: int
    delivered: datetime | None = None
    given_up: datetime | None = None
    error: str = ""

    @property
    def state(self) -> State:
        """Whether it arrived, will be tried, or will not."""
        if self.delivered is not None:
            return "delivered"
        return "waiting" if self.given_up is None else "given_up"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message and its deliveries. taken_up: None until somebody who sends has seen it."""

    message: OutboxMessage
    taken_up: datetime | None
    deliveries: tuple[Delivery, ...]


class Outbox(Protocol):
    """The messages of one transaction."""

    def put(self, message: OutboxMessage) -> None:
        """Store a message that is to be sent."""
        ...

    def untaken(self, count: int) -> list[OutboxMessage]:
        """Return messages that nobody has taken up, oldest first."""
        ...

    def take_up(self, message_id: str, to: Sequence[Recipient], now: datetime) -> bool:
        """Make the deliveries of a message; False if somebody else has."""
        ...

    def refuse(self, message_id: str, to: Recipient, now: datetime, why: str) -> None:
        """Record that a message is not sent to somebody; after ``take_up``."""
        ...

    def due(self, channel: str, now: datetime) -> Delivery | None:
        """Return the delivery that is next in a channel; none waits for another of its thread."""
        ...

    def claim(self, delivery: Delivery, until: datetime) -> Delivery | None:
        """Return a due delivery as one's own until then; None if somebody else was first.

        It counts as a try, and who dies in it leaves it to others from then on.
        """
        ...

    def message(self, message_id: str) -> OutboxMessage | None:
        """Return a message."""
        ...

    def delivered(self, delivery: Delivery, now: datetime, note: str = "") -> None:
        """Record that a delivery has arrived."""
        ...

    def failed(self, delivery: Delivery, next_try: datetime, error: str) -> None:
        """Record that a claimed delivery failed and is tried again, unless the claim is over."""
        ...

    def give_up(self, delivery: Delivery, now: datetime, error: str) -> None:
        """Record that a claimed delivery failed for good, unless the claim is over."""
        ...

    def stranded(self, channels: Sequence[str], before: datetime, now: datetime) -> list[Delivery]:
        """Return those due in other channels than these, taken up before that moment."""
        ...

    def recent(self, count: int) -> list[Sent]:
        """Return the newest messages, newest first."""
        ...

    def counts(self, since: datetime) -> dict[str, int]:
        """Return how many wait and were given up: ``waiting``, ``given_up``.

        Waiting are deliveries, and messages that nobody has taken up. since: of what was given up.
        """
        ...
