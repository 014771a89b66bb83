"""Messages to people and other programs that are stored with what they tell of.

A message is written in the transaction of what it tells, so none is lost, and none is sent of what
was rolled back. Whoever sends takes it up later: from then on there is one ``Delivery`` for each
channel. Nothing here knows how anything is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, Update, func, insert, select, update

from guardrails.clock import SLACK
from guardrails.store import sql_tables as t

LONGEST_WAIT: Final = timedelta(days=1) + SLACK
"""Before a delivery is tried again: as long as a receiver may ask for."""
_KEYS: Final = ("id", "topic", "thread", "body", "created")
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


class Outbox:
    """Messages and their deliveries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, message: OutboxMessage) -> None:
        """Store a message that is to be sent."""
        row = {key: getattr(message, key) for key in _KEYS}
        row |= {"body": dict(message.body), "recipients": list(message.recipients)}
        self._connection.execute(insert(t.outbox).values(row))

    def forget(self, threads: Sequence[str]) -> None:
        """Delete the messages of threads, with what became of them."""
        mine = select(t.outbox.c.id).where(t.outbox.c.thread.in_(threads))
        self._connection.execute(t.deliveries.delete().where(t.deliveries.c.message.in_(mine)))
        self._connection.execute(t.outbox.delete().where(t.outbox.c.thread.in_(threads)))

    def withdraw(self, message_id: str) -> None:
        """Take back a message that this transaction has put."""
        self._connection.execute(t.outbox.delete().where(t.outbox.c.id == message_id))

    def untaken(self, count: int) -> list[OutboxMessage]:
        """Return messages that nobody has taken up, oldest first."""
        query = select(t.outbox).where(t.outbox.c.taken_up.is_(None))
        query = query.order_by(t.outbox.c.number).limit(count)
        return [_message(row) for row in self._connection.execute(query).mappings()]

    def take_up(self, message_id: str, to: Sequence[Recipient], now: datetime) -> bool:
        """Make the deliveries of a message; False if somebody else has."""
        mine = (t.outbox.c.id == message_id) & t.outbox.c.taken_up.is_(None)
        if not self._connection.execute(update(t.outbox).where(mine).values(taken_up=now)).rowcount:
            return False
        self._add(message_id, to, now, next_try=now)
        return True

    def refuse(self, message_id: str, to: Recipient, now: datetime, why: str) -> None:
        """Record that a message is not sent to somebody; after ``take_up``."""
        self._add(message_id, [to], now, given_up=now, error=why)

    def due(self, channel: str, now: datetime) -> Delivery | None:
        """Return the delivery that is next in a channel; none waits for another of its thread.

        One that waits for longer than any does was put off under a wrong clock.
        """
        earlier, clause = t.deliveries.alias("earlier"), t.outbox.alias("told")
        before = (
            select(earlier.c.number)
            .join(clause, clause.c.id == earlier.c.message)
            .where(
                clause.c.thread == t.outbox.c.thread,
                earlier.c.channel == t.deliveries.c.channel,
                earlier.c.address == t.deliveries.c.address,
                earlier.c.next_try.is_not(None),
                earlier.c.number < t.deliveries.c.number,
            )
            .exists()
        )
        waits = (t.deliveries.c.next_try > now) & (t.deliveries.c.next_try <= now + LONGEST_WAIT)
        query = (
            select(t.deliveries)
            .join(t.outbox, t.outbox.c.id == t.deliveries.c.message)
            .where(t.deliveries.c.channel == channel, ~waits, ~before)
            .order_by(t.deliveries.c.number)
            .limit(1)
        )
        row = self._connection.execute(query).mappings().first()
        return _delivery(row) if row else None

    def claim(self, delivery: Delivery, until: datetime) -> Delivery | None:
        """Return a due delivery as one's own until then; None if somebody else was first.

        It counts as a try, and who dies in it leaves it to others from then on.
        """
        tries = delivery.tries + 1
        change = self._held(delivery).values(next_try=until, tries=tries)
        if not self._connection.execute(change).rowcount:
            return None
        query = select(t.deliveries).where(t.deliveries.c.number == delivery.number)
        return _delivery(self._connection.execute(query).mappings().one())

    def message(self, message_id: str) -> OutboxMessage | None:
        """Return a message."""
        query = select(t.outbox).where(t.outbox.c.id == message_id)
        row = self._connection.execute(query).mappings().first()
        return _message(row) if row else None

    def delivered(self, delivery: Delivery, now: datetime, note: str = "") -> None:
        """Record that a delivery has arrived."""
        change = update(t.deliveries).where(t.deliveries.c.number == delivery.number)
        ended = {"next_try": None, "delivered": now, "given_up": None, "error": note}
        self._connection.execute(change.values(ended))

    def failed(self, delivery: Delivery, next_try: datetime, error: str) -> None:
        """Record that a claimed delivery failed and is tried again, unless the claim is over."""
        self._connection.execute(self._held(delivery).values(next_try=next_try, error=error))

    def give_up(self, delivery: Delivery, now: datetime, error: str) -> None:
        """Record that a claimed delivery failed for good, unless the claim is over."""
        ended = {"next_try": None, "given_up": now, "error": error}
        self._connection.execute(self._held(delivery).values(ended))

    def stranded(self, channels: Sequence[str], before: datetime, now: datetime) -> list[Delivery]:
        """Return those due in other channels than these, taken up before that moment."""
        query = select(t.deliveries).where(
            t.deliveries.c.next_try <= now,
            t.deliveries.c.created < before,
            t.deliveries.c.channel.not_in(channels),
        )
        return [_delivery(row) for row in self._connection.execute(query).mappings()]

    def recent(self, count: int, without: str = "") -> list[Sent]:
        """Return the newest messages, newest first. without: what no topic of them begins with."""
        query = select(t.outbox).order_by(t.outbox.c.number.desc()).limit(count)
        if without:
            query = query.where(~t.outbox.c.topic.startswith(without, autoescape=True))
        rows = self._connection.execute(query).mappings().all()
        of = t.deliveries.c.message.in_([row["id"] for row in rows])
        query = select(t.deliveries).where(of).order_by(t.deliveries.c.number)
        deliveries = [_delivery(row) for row in self._connection.execute(query).mappings()]
        return [
            Sent(
                _message(row),
                row["taken_up"],
                tuple(d for d in deliveries if d.message == row["id"]),
            )
            for row in rows
        ]

    def counts(self, since: datetime) -> dict[str, int]:
        """Return how many wait and were given up: ``waiting``, ``given_up``.

        Waiting are deliveries, and messages that nobody has taken up. since: of what was given up.
        """
        collection = t.deliveries.c
        waiting = select(func.count()).where(collection.next_try.is_not(None))
        untaken = select(func.count()).where(t.outbox.c.taken_up.is_(None))
        lost = select(func.count()).where(
            collection.given_up.is_not(None), collection.created >= since
        )
        scalar = self._connection.scalar
        return {
            "waiting": (scalar(waiting) or 0) + (scalar(untaken) or 0),
            "given_up": scalar(lost) or 0,
        }

    def _held(self, delivery: Delivery) -> Update:
        """Return a change of a delivery that happens only if it is as it was read."""
        collection = t.deliveries.c
        return update(t.deliveries).where(
            collection.number == delivery.number,
            collection.next_try == delivery.next_try,
            collection.tries == delivery.tries,
        )

    def _add(self, message_id: str, to: Sequence[Recipient], now: datetime, **values: Any) -> None:
        rows = [
            {
                "message": message_id,
                "channel": recipient.channel,
                "address": recipient.address,
                "created": now,
                "tries": 0,
                "error": "",
                **values,
            }
            for recipient in to
        ]
        if rows:
            self._connection.execute(insert(t.deliveries), rows)


def _message(row: RowMapping) -> OutboxMessage:
    return OutboxMessage(**{key: row[key] for key in _KEYS}, recipients=tuple(row["recipients"]))


def _delivery(row: RowMapping) -> Delivery:
    values = dict(row)
    recipient = Recipient(values.pop("channel"), values.pop("address"))
    return Delivery(recipient=recipient, **values)
