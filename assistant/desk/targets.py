"""By when a ticket is to be answered and solved."""

from collections.abc import Callable
from datetime import datetime

from assistant.desk.settings import DeskSettings, PriorityName

Due = tuple[datetime | None, datetime | None]


def targets_of(settings: DeskSettings) -> Callable[[datetime, PriorityName], Due]:
    """Return what says when the first reply and the solution are due; None: there is no target."""

    def due(at: datetime, priority: PriorityName) -> Due:
        office = settings.office(at)
        first = settings.first_reply_minutes.get(priority)
        solve = settings.solve_minutes.get(priority)
        return (
            office.due(at, first) if first is not None else None,
            office.due(at, solve) if solve is not None else None,
        )

    return due
