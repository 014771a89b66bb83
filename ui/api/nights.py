"""The eval nights and the cases that people add, over HTTP."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from ui.api.client import Client
from ui.api.types import (
    ApiAddedCasesView,
    ApiAddedCaseView,
    ApiGapsView,
    ApiNewCase,
    ApiNightDetail,
    ApiNightsView,
    ApiTrendView,
)

HEADLINE: Final = "headline"
"""Stands for the metric that stands for the others."""
ALL: Final = "*"
"""Stands for all segments, or all languages."""


@dataclass(frozen=True, slots=True)
class NightsClient:
    """The nights of the API that a client talks to.

    Every method raises ``ApiError`` when the API does not do it; its cause is ``key`` when the
    client's key is not enough.
    """

    client: Client

    def page(self, count: int, offset: int) -> ApiNightsView:
        """Return some nights of the list, newest first. count: from 1 to 1000."""
        query: dict[str, str | int] = {"count": count, "offset": offset}
        return self.client.read("/v1/evals/nights", ApiNightsView, query)

    def night(self, night_id: str) -> ApiNightDetail:
        """Return one night with all that it found."""
        return self.client.read(f"/v1/evals/nights/{quote(night_id, safe='')}", ApiNightDetail)

    def gaps(self, night_id: str) -> ApiGapsView:
        """Return which kinds of real questions the cases of a night missed."""
        return self.client.read(f"/v1/evals/nights/{quote(night_id, safe='')}/gaps", ApiGapsView)

    def trend(self, metric: str, segment: str, language: str, count: int) -> ApiTrendView:
        """Return how the means of all arms moved. count: of the newest nights, from 1 to 1000."""
        query: dict[str, str | int] = {"metric": metric, "segment": segment}
        query |= {"language": language, "count": count}
        return self.client.read("/v1/evals/trend", ApiTrendView, query)

    def cases(self, count: int, offset: int) -> ApiAddedCasesView:
        """Return some of the cases that people added, newest first. count: from 1 to 1000."""
        query: dict[str, str | int] = {"count": count, "offset": offset}
        return self.client.read("/v1/evals/cases", ApiAddedCasesView, query)

    def add(self, case: ApiNewCase) -> ApiAddedCaseView:
        """Add a case: the next night asks it."""
        body = case.model_dump(mode="json")
        return self.client.fetch("POST", "/v1/evals/cases", ApiAddedCaseView, body)

    def remove(self, case_id: str) -> ApiAddedCaseView:
        """Let nights ask a case no more."""
        path = f"/v1/evals/cases/{quote(case_id, safe='')}"
        return self.client.fetch("DELETE", path, ApiAddedCaseView)
