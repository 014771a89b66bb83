"""Views of the queue: those that are built in, and those that somebody keeps. Blocking."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from sqlalchemy import Engine, RowMapping, delete, func, insert, or_, select, update

from assistant.errors import DeskConflict, UnknownTicket
from assistant.records.desk.events import Worker
from assistant.records.queue.listing import Listing
from assistant.records.queue.tables import views
from assistant.wire.queue import NewSavedView, SavedView, TicketFilter
from guardrails import clock
from guardrails.store.store import Store

BUILT_IN: Final = (
    SavedView(id="mine", name="My open", filter=TicketFilter(open=True, mine=True)),
    SavedView(id="unassigned", name="Unassigned", filter=TicketFilter(open=True, unassigned=True)),
    SavedView(id="overdue", name="Overdue", filter=TicketFilter(overdue=True)),
    SavedView(id="waiting", name="Waiting for us", filter=TicketFilter(open=True, user_waits=True)),
    SavedView(id="solved", name="Solved", filter=TicketFilter(status=("solved",)), order="updated"),
    SavedView(id="all", name="All", filter=TicketFilter(), order="newest"),
)
MOST: Final = 100
"""Views that one of the team may keep."""


@dataclass(frozen=True, slots=True)
class Views:
    """The views of one of the team."""

    engine: Engine
    by: Worker

    def all(self) -> list[SavedView]:
        """Return the views that they see, those that are built in first, each with its count.

        What a filter names that is gone finds nothing.
        """
        query = select(views).where(or_(views.c.agent == self.by.id, views.c.shared))
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(views.c.name, views.c.id)).mappings()
            kept = [self._view(row) for row in rows]
        seen = [view.model_copy(update={"built_in": True}) for view in BUILT_IN] + kept
        counts = self._counts(seen)
        return [view.model_copy(update={"count": counts.get(view.id, 0)}) for view in seen]

    def get(self, view_id: str) -> SavedView:
        """Return a view that they see.

        Raises:
            UnknownTicket: there is none.
        """
        for view in BUILT_IN:
            if view.id == view_id:
                return view
        mine = or_(views.c.agent == self.by.id, views.c.shared)
        with self.engine.connect() as connection:
            query = select(views).where(views.c.id == view_id, mine)
            row = connection.execute(query).mappings().first()
        if row is None:
            raise UnknownTicket(f"There is no view {view_id!r} of yours.", hint="List them.")
        return self._view(row)

    def add(self, new: NewSavedView) -> SavedView:
        """Keep a view.

        Raises:
            DeskConflict: they keep too many.
        """
        name = str(uuid4())
        row = {"id": name, "agent": self.by.id, **_values(new, self.by)}
        with Store(self.engine).transaction() as ledger:
            count = select(func.count()).where(views.c.agent == self.by.id)
            if (ledger.connection.scalar(count) or 0) >= MOST:
                raise DeskConflict(f"You keep {MOST} views, which is all.", hint="Remove one.")
            ledger.connection.execute(insert(views).values(row))
        return self.get(name)

    def change(self, view_id: str, new: NewSavedView) -> SavedView:
        """Put another in place of a view of one's own.

        Raises:
            UnknownTicket: there is none of theirs.
        """
        with Store(self.engine).transaction() as ledger:
            change = update(views).where(views.c.id == view_id, views.c.agent == self.by.id)
            if not ledger.connection.execute(change.values(_values(new, self.by))).rowcount:
                raise _none(view_id)
        return self.get(view_id)

    def remove(self, view_id: str) -> None:
        """Keep a view of one's own no more.

        Raises:
            UnknownTicket: there is none of theirs.
        """
        with Store(self.engine).transaction() as ledger:
            mine = delete(views).where(views.c.id == view_id, views.c.agent == self.by.id)
            if not ledger.connection.execute(mine).rowcount:
                raise _none(view_id)

    def _counts(self, seen: Sequence[SavedView]) -> dict[str, int]:
        listing, filters = Listing(self.engine, self.by.id), {v.id: v.filter for v in seen}
        try:
            return listing.counts(filters)
        except UnknownTicket:  # a person was erased whose tickets a view is of
            plain = {name: one for name, one in filters.items() if one.person_of is None}
            return listing.counts(plain)

    def _view(self, row: RowMapping) -> SavedView:
        own = row["agent"] == self.by.id
        return SavedView.model_validate({**row, "own": own})


def _values(new: NewSavedView, by: Worker) -> dict[str, object]:
    kept = new.filter.model_dump(mode="json", exclude_defaults=True)
    values = {"name": new.name, "filter": kept, "order": new.order, "shared": new.shared}
    return {**values, "by": by.name, "at": clock.now()}


def _none(view_id: str) -> UnknownTicket:
    return UnknownTicket(
        f"There is no view {view_id!r} that you have made.", hint="Others' cannot be changed."
    )
