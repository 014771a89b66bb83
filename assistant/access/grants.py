"""Which role may call which route: the only place that grants anything.

A route that is not in the table is refused to everybody.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from starlette.routing import compile_path

from assistant.access.identity import Identity, Role

Route = tuple[str, str]
"""Method and path, as the route is declared."""

ANYBODY: Final[frozenset[Route]] = frozenset(
    {("GET", "/healthz"), ("GET", "/health"), ("GET", "/readyz")}
)
"""Told to whoever asks: that the process answers."""

KNOWN: Final[frozenset[Route]] = frozenset(
    {("GET", "/v1/me"), ("POST", "/v1/sessions"), ("DELETE", "/v1/sessions")}
)
"""For every caller who is known, whatever their role: who they are, and signing in and out."""
_ALL: Final = frozenset(Role)
_KNOWLEDGE: Final = frozenset({Role.EDITOR})
_OWNERS: Final = frozenset({Role.OWNER})
_ADMINS: Final = frozenset({Role.ADMIN})
_READERS: Final = frozenset({Role.OWNER, Role.EDITOR, Role.AGENT})
"""Who works on the quality of answers, and sees how it is."""

GRANTS: Final[Mapping[Route, frozenset[Role]]] = {
    ("GET", "/v1/models"): _ALL,
    ("POST", "/v1/chat/completions"): _ALL,
    ("POST", "/v1/feedback"): _ALL,
    ("POST", "/v1/tickets"): _ALL,
    ("GET", "/v1/status"): _ALL,
    ("GET", "/v1/log"): frozenset({Role.ADMIN, Role.OWNER}),
    ("GET", "/v1/people"): _ADMINS,
    ("DELETE", "/v1/people/{person:path}"): _ADMINS,
    ("GET", "/v1/keys"): _ADMINS,
    ("POST", "/v1/keys"): _ADMINS,
    ("POST", "/v1/keys/{name}/rotate"): _ADMINS,
    ("DELETE", "/v1/keys/{name}"): _ADMINS,
    ("GET", "/openapi.json"): _ALL,
    ("GET", "/v1/knowledge"): _KNOWLEDGE,
    ("POST", "/v1/knowledge"): _KNOWLEDGE,
    ("DELETE", "/v1/knowledge/roots/{root:path}"): _KNOWLEDGE,
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
    ("POST", "/v1/privacy/preview"): _ADMINS,
    ("POST", "/v1/privacy/export"): _ADMINS,
    ("POST", "/v1/privacy/erase"): _ADMINS,
    ("GET", "/v1/privacy/receipts"): _ADMINS,
}


QUESTIONS: Final[frozenset[Route]] = frozenset(
    {("POST", "/v1/chat/completions"), ("POST", "/v1/evals/ask")}
)
"""What keeps a model busy: only so many at a time."""
UPLOADS: Final[frozenset[Route]] = frozenset({("POST", "/v1/knowledge")})
"""What may be large."""


def matched(method: str, path: str) -> Route | None:
    """Return the route that a request is for; None: it is none that anything is granted for.

    path: as it was asked for, decoded.
    """
    for route, pattern in _patterns():
        if route[0] == method and pattern.match(path):
            return route
    return None


@cache
def _patterns() -> list[tuple[Route, re.Pattern[str]]]:
    return [(route, compile_path(route[1])[0]) for route in (*ANYBODY, *KNOWN, *GRANTS)]


def granted(identity: Identity, route: Route) -> bool:
    """Return whether somebody may call a route."""
    return route in ANYBODY | KNOWN or identity.may(GRANTS.get(route, ()))
