"""Where ``routeback guard`` looks: at the server of this data folder, or into its database."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from assistant.errors import (
    GuardError,
    RosterError,
    RoutebackError,
    ServerError,
    UnknownArm,
    UnknownName,
)
from assistant.running import Running, find
from assistant.settings import Settings
from assistant.wire import View
from assistant.wire.guard import (
    AlarmsView,
    AlarmTrial,
    DecisionsView,
    DecisionView,
    GuardStatus,
    MapView,
    ReplayView,
)
from assistant.wire.labels import BlindPairView, LabelTaken, RoundsView

if TYPE_CHECKING:
    import httpx

    from assistant.guarding.oversight import Oversight

_View = TypeVar("_View", bound=View)
_TIMEOUT_S: Final = 120
"""A replay reads all pairs of a decision."""


@contextmanager
def open_desk(settings: Settings) -> "Iterator[Oversight | Served]":
    """Yield the guardrail of the data folder; without a server, no model and no index is opened.

    Raises:
        ServerError: the database cannot be opened.
    """
    if running := find(settings.data_dir):
        yield Served(running)
        return
    from assistant.arms.roster import Roster, rungs
    from assistant.guarding.oversight import Oversight
    from assistant.records.database import open_records
    from assistant.sending.channels import channels
    from assistant.turn.permissions import Writing
    from guardrails.guard import QUOTE
    from guardrails.store.store import Store

    with open_records(settings.data_dir, settings.database_url) as database:
        steps = rungs(Roster(settings, database).entries())
        yield Oversight(
            store=Store(database),
            policy=settings.guard.policy,
            sampling=settings.guard.sampling,
            arms=(*steps, QUOTE),
            rungs=steps,
            writing=Writing(settings.quote, settings.answers.segments),
            segments=lambda: _segments(settings),
            channels=channels(settings.alarms),
        )


def _segments(settings: Settings) -> Iterable[str]:
    from assistant import sample
    from assistant.segments import asking

    return asking(example.segment for example in sample.examples(settings.segments_file))


@dataclass(frozen=True, slots=True)
class Served:
    """The guardrail of a server that runs: does what ``guarding.oversight.Oversight`` does."""

    running: Running

    def status(self) -> GuardStatus:
        """Return candidates, queue, budget and alarms."""
        return self._call(GuardStatus, "GET", "/status")

    def alarms(self, count: int = 20) -> AlarmsView:
        """Return alarms, and what was sent."""
        return self._call(AlarmsView, "GET", "/alarms", params={"count": count})

    def test_alarms(self) -> AlarmTrial:
        """Send a test message through every channel."""
        return self._call(AlarmTrial, "POST", "/alarms/test")

    def map(self) -> MapView:
        """Return the transfer map."""
        return self._call(MapView, "GET", "/map")

    def decisions(
        self, arm: str | None = None, segment: str | None = None, count: int = 20
    ) -> DecisionsView:
        """Return decisions, newest first."""
        filters = {"arm": arm, "segment": segment, "count": count}
        params = {name: value for name, value in filters.items() if value is not None}
        return self._call(DecisionsView, "GET", "/decisions", params=params)

    def show(self, decision_id: str) -> DecisionView:
        """Return one decision."""
        return self._call(DecisionView, "GET", f"/decisions/{quote(decision_id, safe='')}")

    def replay(self, decision_id: str) -> ReplayView:
        """Decide again and compare."""
        return self._call(ReplayView, "GET", f"/decisions/{quote(decision_id, safe='')}/replay")

    def pin(self, arm: str, segment: str, stage: str, by: str, why: str) -> DecisionView:
        """Hold a stage."""
        body = {"arm": arm, "segment": segment, "stage": stage, "by": by, "why": why}
        return self._call(DecisionView, "POST", "/pin", json=body)

    def unpin(self, arm: str, segment: str, by: str, why: str) -> DecisionView:
        """Let go of a stage."""
        body = {"arm": arm, "segment": segment, "by": by, "why": why}
        return self._call(DecisionView, "POST", "/unpin", json=body)

    def write(
        self, arm: str, segment: str, by: str, why: str = "", *, force: bool = False
    ) -> DecisionView:
        """Let an arm write where an entry could be quoted."""
        body = {"arm": arm, "segment": segment, "by": by, "why": why, "force": force}
        return self._call(DecisionView, "POST", "/write", json=body)

    def stop_writing(self, arm: str, segment: str, by: str, why: str = "") -> DecisionView:
        """Quote there again."""
        body = {"arm": arm, "segment": segment, "by": by, "why": why, "off": True}
        return self._call(DecisionView, "POST", "/write", json=body)

    def labels(self) -> RoundsView:
        """Return the rounds of labels."""
        return self._call(RoundsView, "GET", "/labels")

    def next_label(
        self,
        arm: str = "",
        segment: str = "",
        kind: str = "better",
        by: str = "",
        *,
        new: bool = False,
    ) -> BlindPairView:
        """Return the pair to label next."""
        params = {"arm": arm, "segment": segment, "kind": kind, "by": by, "new": new}
        return self._call(BlindPairView, "GET", "/labels/next", params=params)

    def label(self, round_id: int, place: int, choice: str, by: str) -> LabelTaken:
        """Take a label."""
        body = {"round": round_id, "place": place, "choice": choice, "by": by}
        return self._call(LabelTaken, "POST", "/labels", json=body)

    def _call(self, model: type[_View], method: str, path: str, **options: Any) -> _View:
        return ask(model, self.running, method, f"/v1/guard{path}", **options)


def ask(
    model: type[_View],
    running: Running,
    method: str,
    path: str,
    *,
    timeout_s: float = _TIMEOUT_S,
    **options: Any,
) -> _View:
    """Ask a running server; return its answer as a model.

    Raises:
        ServerError: it does not answer, or says something else.
        RoutebackError: it refuses, and says why.
    """
    try:
        return model.model_validate_json(
            reply_of(running, method, path, timeout_s=timeout_s, **options)
        )
    except ValidationError as error:
        raise ServerError(
            f"The server at {running.url} answers in another way than expected.",
            hint="Is it of another version? Stop it and start it again.",
        ) from error


def reply_of(
    running: Running, method: str, path: str, *, timeout_s: float = _TIMEOUT_S, **options: Any
) -> bytes:
    """Ask a running server; return the body of its answer.

    Raises:
        ServerError: it does not answer.
        RoutebackError: it refuses, and says why.
    """
    import httpx  # as in ``assistant.running``

    url, headers = f"{running.url}{path}", running.headers
    try:
        reply = httpx.request(method, url, headers=headers, timeout=timeout_s, **options)
    except httpx.HTTPError as error:
        raise ServerError(
            f"The server at {running.url} does not answer ({error}).",
            hint="Look at what it prints, or stop it: then the database is read directly.",
        ) from error
    if reply.is_error:
        raise _refusal(reply)
    return reply.content


def _refusal(reply: "httpx.Response") -> RoutebackError:
    try:
        error = reply.json()["error"]
        kinds = {kind.__name__: kind for kind in (UnknownName, UnknownArm, RosterError)}
        return kinds.get(error["code"], GuardError)(error["message"])
    except (ValueError, KeyError, TypeError):
        return ServerError(f"The server refused with HTTP {reply.status_code}.")
