"""The guardrail over HTTP: read it, replay a decision, hold a stage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from ui import moments
from ui.api.client import Client
from ui.api.transfer import SegmentMap, Stage
from ui.api.types import (
    ApiBlindPairView,
    ApiDecisionView,
    ApiDraftLabelsView,
    ApiDraftLabelView,
    ApiGuardStatus,
    ApiLabelTaken,
    ApiReplayView,
    ApiRoundsView,
)
from ui.errors import ApiError

Kind = Literal["better", "right"]
"""What is asked of a pair: which answer is better, or which are right."""
_Seen = TypeVar("_Seen")
_MANY: Final = 200
"""Decisions that are read to tell the newest reasons of all cells."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The guardrail at one moment. decisions: the newest of all arms, newest first."""

    map: SegmentMap
    status: ApiGuardStatus
    decisions: tuple[ApiDecisionView, ...]
    at: datetime

    def decision(self, decision_id: str | None) -> ApiDecisionView | None:
        """Return a decision if it is among those that were read."""
        return next((view for view in self.decisions if view.id == decision_id), None)


@dataclass(frozen=True, slots=True)
class GuardClient:
    """The guardrail of the API that a client talks to.

    Every method raises ``ApiError`` when the API does not do it; its cause is ``key`` when the
    client's key is not enough.
    """

    client: Client

    def look(self) -> Seen:
        """Return how it is now."""
        chart = self._get("/map", SegmentMap.model_validate)
        status = self._get("/status", ApiGuardStatus.model_validate)
        return Seen(chart, status, self._decisions({"count": _MANY}), moments.now())

    def decisions(self, arm: str, segment: str, count: int) -> tuple[ApiDecisionView, ...]:
        """Return an arm's decisions in a segment, newest first. count: at most, from 1 to 1000."""
        return self._decisions({"arm": arm, "segment": segment, "count": count})

    def replay(self, decision_id: str) -> ApiReplayView:
        """Have a decision made again from the stored pairs."""
        return self._get(
            f"/decisions/{quote(decision_id, safe='')}/replay", ApiReplayView.model_validate
        )

    def pin(self, arm: str, segment: str, stage: Stage, by: str, why: str) -> ApiDecisionView:
        """Hold an arm's stage in a segment. by: who. why: the reason, for those who come later."""
        return self._order("/pin", {"stage": stage}, arm, segment, by, why)

    def unpin(self, arm: str, segment: str, by: str, why: str) -> ApiDecisionView:
        """Let go of a stage; the arm begins in shadow again."""
        return self._order("/unpin", {}, arm, segment, by, why)

    def rounds(self) -> ApiRoundsView:
        """Return what people say of pairs."""
        return self._get("/labels", ApiRoundsView.model_validate)

    def drafts(self) -> tuple[ApiDraftLabelView, ...]:
        """Return what people did with drafts of replies, by arm and segment."""
        return tuple(self._get("/drafts", ApiDraftLabelsView.model_validate).drafts)

    def next_pair(self, arm: str, segment: str, kind: Kind, by: str) -> ApiBlindPairView:
        """Return the pair to label next. by: who asks."""
        query = {"arm": arm, "segment": segment, "kind": kind, "by": by}
        return self._get("/labels/next", ApiBlindPairView.model_validate, query)

    def label(self, round_id: int, place: int, choice: str, by: str) -> ApiLabelTaken:
        """Say what a person says of a pair."""
        body: dict[str, str | int] = {"round": round_id, "place": place}
        body |= {"choice": choice, "by": by}
        return _read(
            self.client.send("POST", "/v1/guard/labels", body), ApiLabelTaken.model_validate
        )

    def _order(
        self, path: str, more: Mapping[str, str], arm: str, segment: str, by: str, why: str
    ) -> ApiDecisionView:
        body = {"arm": arm, "segment": segment, "by": by, "why": why, **more}
        return _read(
            self.client.send("POST", f"/v1/guard{path}", body), ApiDecisionView.model_validate
        )

    def _decisions(self, params: Mapping[str, str | int]) -> tuple[ApiDecisionView, ...]:
        def read(said: Any) -> tuple[ApiDecisionView, ...]:
            listed = said.get("decisions")
            if not isinstance(listed, list):
                raise ApiError("strange")
            return tuple(ApiDecisionView.model_validate(view) for view in listed)

        return self._get("/decisions", read, params)

    def _get(
        self,
        path: str,
        read: Callable[[Any], _Seen],
        params: Mapping[str, str | int] | None = None,
    ) -> _Seen:
        return _read(self.client.send("GET", f"/v1/guard{path}", params=params), read)


def _read(said: Mapping[str, Any], read: Callable[[Any], _Seen]) -> _Seen:
    try:
        return read(said)
    except ValidationError as error:
        raise ApiError("strange") from error
