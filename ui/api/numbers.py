"""The numbers over HTTP."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from ui import moments
from ui.api.client import Client
from ui.api.types import ApiNumbersView

Group = Literal["none", "segment", "language", "arm"]
"""What the numbers are told apart by."""
DAYS: Final = 28
"""What the API tells of where no days are named."""


@dataclass(frozen=True, slots=True)
class NumbersClient:
    """The numbers of the API that a client talks to."""

    client: Client

    def read(self, days: int, by: Group, until: date | None) -> ApiNumbersView:
        """Return them. days: so many, today the last. until: the team's next day, if it is known.

        Raises:
            ApiError: the API does not tell; its cause is ``key`` when the key is not enough.
        """
        query: dict[str, str | int] = {"by": by}
        if days != DAYS:
            end = until or moments.now().date() + timedelta(days=1)
            query |= {"from": f"{end - timedelta(days=days)}", "until": f"{end}"}
        return self.client.read("/v1/desk/numbers", ApiNumbersView, query)
