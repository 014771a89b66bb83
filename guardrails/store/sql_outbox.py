"""The outbox on one connection. Whoever opened it commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Update, func, insert, select, update

from guardrails.store import sql_tables as t
from guardrails.store.outbox import Delivery, Outbox, OutboxMessage, Recipient, Sent

_KEYS: Final = ("id", "topic", "thread", "body", "created")


class SqlOutbox(Outbox):
    """Messages and their deliveries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, message: OutboxMessage) -> None:
        row = {key: getattr(message, key) for key in _KEYS}
        row |= {"body": dict(message.body), "recipients": list(message.recipients)}
        self._connection.execute(insert(t.outbox).values(row))

    def withdraw(self, message_id: str) -> None:
        """Take back a message that this transaction has put."""
        self._connection.execute(t.outbox.delete().where(t.outbox.c.id == message_id))

    def untaken(self, count: int) -> list[OutboxMessage]:
        query = select(t.outbox).where(t.outbox.c.taken_up.is_(None))
        query = query.order_by(t.outbox.c.number).limit(count)
        return [_message(row) for row in self._connection.execute(query).mappings()]

    def take_up(self, message_id: str, to: Sequence[Recipient], now: datetime) -> bool:
        mine = (t.outbox.c.id == message_id) & t.outbox.c.taken_up.is_(None)
        if not self._connection.execute(update(t.outbox).where(mine).values(taken_up=now)).rowcount:
            return False
        self._add(message_id, to, now, next_try=now)
        return True

    def refuse(self, message_id: str, to: Recipient, now: datetime, why: str) -> None:
        self._add(message_id, [to], now, given_up=now, error=why)

    def due(self, channel: str, now: datetime) -> Delivery | None:
        earlier, told = t.deliveries.alias("earlier"), t.outbox.alias("told")
        before = (
            select(earlier.c.number)
            .join(told, told.c.id == earlier.c.message)
            .where(
                told.c.thread == t.outbox.c.thread,
                earlier.c.channel == t.deliveries.c.channel,
                earlier.c.address == t.deliveries.c.address,
                earlier.c.next_try.is_not(None),
                earlier.c.number < t.deliveries.c.number,
            )
            .exists()
        )
        query = (
            select(t.deliveries)
            .join(t.outbox, t.outbox.c.id == t.deliveries.c.message)
            .where(t.deliveries.c.channel == channel, t.deliveries.c.next_try <= now, ~before)
            .order_by(t.deliveries.c.number)
            .limit(1)
        )
        row = self._connection.execute(query).mappings().first()
        return _delivery(row) if row else None

    def claim(self, delivery: Delivery, until: datetime) -> Delivery | None:
        tries = delivery.tries + 1
        change = self._held(delivery).values(next_try=until, tries=tries)
        if not self._connection.execute(change).rowcount:
            return None
        query = select(t.deliveries).where(t.deliveries.c.number == delivery.number)
        return _delivery(self._connection.execute(query).mappings().one())

    def message(self, message_id: str) -> OutboxMessage | None:
        query = select(t.outbox).where(t.outbox.c.id == message_id)
        row = self._connection.execute(query).mappings().first()
        return _message(row) if row else None

    def delivered(self, delivery: Delivery, now: datetime, note: str = "") -> None:
        change = update(t.deliveries).where(t.deliveries.c.number == delivery.number)
        ended = {"next_try": None, "delivered": now, "given_up": None, "error": note}
        self._connection.execute(change.values(ended))

    def failed(self, delivery: Delivery, next_try: datetime, error: str) -> None:
        self._connection.execute(self._held(delivery).values(next_try=next_try, error=error))

    def give_up(self, delivery: Delivery, now: datetime, error: str) -> None:
        ended = {"next_try": None, "given_up": now, "error": error}
        self._connection.execute(self._held(delivery).values(ended))

    def stranded(self, channels: Sequence[str], before: datetime, now: datetime) -> list[Delivery]:
        query = select(t.deliveries).where(
            t.deliveries.c.next_try <= now,
            t.deliveries.c.created < before,
            t.deliveries.c.channel.not_in(channels),
        )
        return [_delivery(row) for row in self._connection.execute(query).mappings()]

    def recent(self, count: int) -> list[Sent]:
        query = select(t.outbox).order_by(t.outbox.c.number.desc()).limit(count)
        rows = self._connection.execute(query).mappings().all()
        of = t.deliveries.c.message.in_([row["id"] for row in rows])
        query = select(t.deliveries).where(of).order_by(t.deliveries.c.number)
        found = [_delivery(row) for row in self._connection.execute(query).mappings()]
        return [
            Sent(_message(row), row["taken_up"], tuple(d for d in found if d.message == row["id"]))
            for row in rows
        ]

    def counts(self, since: datetime) -> dict[str, int]:
        held = t.deliveries.c
        waiting = select(func.count()).where(held.next_try.is_not(None))
        untaken = select(func.count()).where(t.outbox.c.taken_up.is_(None))
        lost = select(func.count()).where(held.given_up.is_not(None), held.created >= since)
        scalar = self._connection.scalar
        return {
            "waiting": (scalar(waiting) or 0) + (scalar(untaken) or 0),
            "given_up": scalar(lost) or 0,
        }

    def _held(self, delivery: Delivery) -> Update:
        """Return a change of a delivery that happens only if it is as it was read."""
        held = t.deliveries.c
        return update(t.deliveries).where(
            held.number == delivery.number,
            held.next_try == delivery.next_try,
            held.tries == delivery.tries,
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
