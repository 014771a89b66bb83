"""Which role may call which route: the only place that grants anything.

A route that is not in the table is refused to everybody.
"""

from collections.abc import Mapping
from typing import Final

from assistant.access.identity import Identity, Role

Route = tuple[str, str]
"""Method and path, as the OpenAPI document has it."""

ANYBODY: Final[frozenset[Route]] = frozenset(
    {("GET", "/healthz"), ("GET", "/health"), ("GET", "/readyz")}
)
"""Told to whoever asks: that the process answers."""

_ALL: Final = frozenset(Role)
_KNOWLEDGE: Final = frozenset({Role.EDITOR})
_OWNERS: Final = frozenset({Role.OWNER})
_READERS: Final = frozenset({Role.OWNER, Role.EDITOR, Role.AGENT})
"""Who works on the quality of answers, and sees how it is."""

GRANTS: Final[Mapping[Route, frozenset[Role]]] = {
    ("GET", "/v1/models"): _ALL,
    ("GET", "/v1/models/{name}"): _ALL,
    ("POST", "/v1/chat/completions"): _ALL,
    ("POST", "/v1/feedback"): _ALL,
    ("POST", "/v1/tickets"): _ALL,
    ("GET", "/v1/status"): _ALL,
    ("GET", "/openapi.json"): _ALL,
    ("GET", "/v1/knowledge"): _KNOWLEDGE,
    ("POST", "/v1/knowledge"): _KNOWLEDGE,
    ("DELETE", "/v1/knowledge/roots/{root}"): _KNOWLEDGE,
    ("GET", "/v1/knowledge/passages"): _KNOWLEDGE,
    ("GET", "/v1/knowledge/search"): _KNOWLEDGE,
    ("GET", "/v1/guard/status"): _READERS,
    ("GET", "/v1/guard/alarms"): _READERS,
    ("POST", "/v1/guard/alarms/test"): _OWNERS,
    ("GET", "/v1/guard/map"): _READERS,
    ("GET", "/v1/guard/map.svg"): _READERS,
    ("GET", "/v1/guard/map.png"): _READERS,
    ("GET", "/v1/guard/decisions"): _READERS,
    ("GET", "/v1/guard/decisions/{decision_id}"): _READERS,
    ("GET", "/v1/guard/decisions/{decision_id}/replay"): _READERS,
    ("GET", "/v1/guard/labels"): _READERS,
    ("GET", "/v1/guard/labels/next"): _READERS,
    ("POST", "/v1/guard/labels"): _READERS,
    ("POST", "/v1/guard/pin"): _OWNERS,
    ("POST", "/v1/guard/unpin"): _OWNERS,
    ("POST", "/v1/guard/write"): _OWNERS,
    ("GET", "/v1/evals/nights"): _READERS,
    ("GET", "/v1/evals/nights/{night_id}"): _READERS,
    ("GET", "/v1/evals/trend"): _READERS,
    ("GET", "/v1/evals/arms"): _OWNERS,
    ("POST", "/v1/evals/ask"): _OWNERS,
    ("GET", "/v1/evals/judge"): _OWNERS,
    ("POST", "/v1/evals/judge/chat/completions"): _OWNERS,
    ("GET", "/v1/arms"): _READERS,
    ("GET", "/v1/arms/{name}"): _READERS,
    ("POST", "/v1/arms"): _OWNERS,
    ("DELETE", "/v1/arms/{name}"): _OWNERS,
}


def route_of(method: str, path: str) -> Route:
    """Return the route of a request. path: its template; ``HEAD`` is a ``GET`` without a body."""
    return ("GET" if method == "HEAD" else method, path)


def granted(identity: Identity, route: Route) -> bool:
    """Return whether somebody may call a route."""
    return route in ANYBODY or identity.may(GRANTS.get(route, ()))
