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
    {("GET", "/healthz"), ("GET", "/health"), ("GET", "/readyz"), ("GET", "/widget.js")}
)
"""Told to whoever asks: that the process answers, and the widget's script."""
LOADED: Final[frozenset[Route]] = frozenset({("GET", "/widget.js")})
"""What pages of all other sites may load."""

KNOWN: Final[frozenset[Route]] = frozenset(
    {("GET", "/v1/me"), ("POST", "/v1/sessions"), ("DELETE", "/v1/sessions")}
)
"""For every caller who is known, whatever their role: who they are, and signing in and out."""
_ALL: Final = frozenset(Role)
_KNOWLEDGE: Final = frozenset({Role.EDITOR})
_OWNERS: Final = frozenset({Role.OWNER})
_AGENTS: Final = frozenset({Role.AGENT})
_ADMINS: Final = frozenset({Role.ADMIN})
_READERS: Final = frozenset({Role.OWNER, Role.EDITOR, Role.AGENT})
"""Who works on the quality of answers, and sees how it is."""
_WATCHERS: Final = frozenset({Role.OWNER, Role.AGENT, Role.ADMIN})
"""Who may look at metrics: a key for a scraper has one of these roles."""
_CASES: Final = frozenset({Role.OWNER, Role.EDITOR})
"""Who says what a right answer is."""

GRANTS: Final[Mapping[Route, frozenset[Role]]] = {
    ("GET", "/v1/models"): _ALL,
    ("GET", "/v1/models/{name:path}"): _ALL,
    ("POST", "/v1/chat/completions"): _ALL,
    ("POST", "/v1/feedback"): _ALL,
    ("POST", "/v1/tickets"): _ALL,
    ("GET", "/v1/conversations"): _ALL,
    ("POST", "/v1/conversations"): _ALL,
    ("GET", "/v1/conversations/{conversation_id}"): _ALL,
    ("GET", "/v1/conversations/{conversation_id}/events"): _ALL,
    ("POST", "/v1/conversations/{conversation_id}/messages"): _ALL,
    ("POST", "/v1/conversations/{conversation_id}/stop"): _ALL,
    ("POST", "/v1/conversations/{conversation_id}/bot"): _ALL,
    ("POST", "/v1/conversations/{conversation_id}/rating"): _ALL,
    ("GET", "/v1/desk/tickets"): _AGENTS,
    ("POST", "/v1/desk/tickets"): _AGENTS,
    ("GET", "/v1/desk/agents"): _AGENTS,
    ("GET", "/v1/desk/tickets/{ticket}"): _AGENTS,
    ("PATCH", "/v1/desk/tickets/{ticket}"): _AGENTS,
    ("GET", "/v1/desk/tickets/{ticket}/events"): _AGENTS,
    ("GET", "/v1/desk/tickets/{ticket}/person"): _AGENTS,
    ("POST", "/v1/desk/tickets/{ticket}/claim"): _AGENTS,
    ("POST", "/v1/desk/tickets/{ticket}/assign"): _AGENTS,
    ("POST", "/v1/desk/tickets/{ticket}/release"): _AGENTS,
    ("POST", "/v1/desk/tickets/{ticket}/return"): _AGENTS,
    ("POST", "/v1/desk/tickets/{ticket}/solve"): _AGENTS,
    ("POST", "/v1/desk/tickets/{ticket}/reopen"): _AGENTS,
    ("POST", "/v1/desk/tickets/{ticket}/reply"): _AGENTS,
    ("POST", "/v1/desk/tickets/{ticket}/note"): _AGENTS,
    ("POST", "/v1/desk/tickets/{ticket}/merge"): _AGENTS,
    ("POST", "/v1/desk/tickets/{ticket}/link"): _AGENTS,
    ("GET", "/v1/desk/tickets/{ticket}/summary"): _AGENTS,
    ("POST", "/v1/desk/tickets/{ticket}/draft"): _AGENTS,
    ("GET", "/v1/desk/tickets/{ticket}/entry"): _AGENTS,
    ("POST", "/v1/desk/tickets/{ticket}/entry"): _AGENTS,
    ("GET", "/v1/desk/tickets/{ticket}/entry/draft"): _AGENTS,
    ("POST", "/v1/conversations/{conversation_id}/attachments"): _ALL,
    ("GET", "/v1/conversations/{conversation_id}/attachments/{attachment}"): _ALL,
    ("GET", "/v1/desk/tickets.csv"): _AGENTS,
    ("GET", "/v1/desk/search"): _AGENTS,
    ("GET", "/v1/desk/views"): _AGENTS,
    ("POST", "/v1/desk/views"): _AGENTS,
    ("PUT", "/v1/desk/views/{view}"): _AGENTS,
    ("DELETE", "/v1/desk/views/{view}"): _AGENTS,
    ("GET", "/v1/desk/replies"): _AGENTS,
    ("POST", "/v1/desk/replies"): _AGENTS,
    ("PUT", "/v1/desk/replies/{reply}"): _AGENTS,
    ("DELETE", "/v1/desk/replies/{reply}"): _AGENTS,
    ("GET", "/v1/desk/news"): _AGENTS,
    ("POST", "/v1/desk/news/seen"): _AGENTS,
    ("GET", "/v1/desk/tickets/{ticket}/replies/{reply}"): _AGENTS,
    ("POST", "/v1/desk/tickets/{ticket}/looking"): _AGENTS,
    ("POST", "/v1/desk/tickets/{ticket}/attachments"): _AGENTS,
    ("GET", "/v1/desk/tickets/{ticket}/attachments/{attachment}"): _AGENTS,
    ("POST", "/v1/bridge/events"): _AGENTS,
    ("POST", "/v1/bridge/zammad"): _AGENTS,
    ("GET", "/v1/desk/numbers"): frozenset({Role.AGENT, Role.OWNER}),
    ("GET", "/v1/status"): _ALL,
    ("GET", "/metrics"): _WATCHERS,
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
    ("GET", "/v1/knowledge/health"): _KNOWLEDGE,
    ("POST", "/v1/knowledge/uploads"): _KNOWLEDGE,
    ("GET", "/v1/knowledge/sources"): _KNOWLEDGE,
    ("POST", "/v1/knowledge/sources"): _KNOWLEDGE,
    ("GET", "/v1/knowledge/sources/{name}"): _KNOWLEDGE,
    ("PATCH", "/v1/knowledge/sources/{name}"): _KNOWLEDGE,
    ("DELETE", "/v1/knowledge/sources/{name}"): _KNOWLEDGE,
    ("POST", "/v1/knowledge/sources/{name}/refresh"): _KNOWLEDGE,
    ("POST", "/v1/knowledge/sources/{name}/confirm"): _KNOWLEDGE,
    ("GET", "/v1/knowledge/sources/{name}/files"): _KNOWLEDGE,
    ("DELETE", "/v1/knowledge/sources/{name}/files/{file}"): _KNOWLEDGE,
    ("GET", "/v1/entries"): _READERS,
    ("GET", "/v1/entries/history"): _READERS,
    ("GET", "/v1/entries/edit"): _KNOWLEDGE,
    ("POST", "/v1/entries"): _KNOWLEDGE,
    ("POST", "/v1/entries/approve"): _KNOWLEDGE,
    ("POST", "/v1/entries/undo"): _KNOWLEDGE,
    ("POST", "/v1/entries/retire"): _KNOWLEDGE,
    ("POST", "/v1/entries/preview"): _KNOWLEDGE,
    ("POST", "/v1/entries/translate"): _KNOWLEDGE,
    ("GET", "/v1/gaps"): _READERS,
    ("GET", "/v1/gaps/{gap_id}"): _READERS,
    ("POST", "/v1/gaps/{gap_id}"): _KNOWLEDGE,
    ("GET", "/v1/gaps/{gap_id}/draft"): _KNOWLEDGE,
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
    ("GET", "/v1/guard/drafts"): _READERS,
    ("POST", "/v1/guard/pin"): _OWNERS,
    ("POST", "/v1/guard/unpin"): _OWNERS,
    ("POST", "/v1/guard/write"): _OWNERS,
    ("GET", "/v1/evals/nights"): _READERS,
    ("GET", "/v1/evals/nights/{night_id}"): _READERS,
    ("GET", "/v1/evals/nights/{night_id}/gaps"): _READERS,
    ("GET", "/v1/evals/trend"): _READERS,
    ("GET", "/v1/evals/cases"): _READERS,
    ("POST", "/v1/evals/cases"): _CASES,
    ("DELETE", "/v1/evals/cases/{case_id}"): _CASES,
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
    {
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/evals/ask"),
        ("POST", "/v1/desk/tickets/{ticket}/draft"),
        ("POST", "/v1/entries/translate"),
    }
)
"""What keeps a model busy: only so many at a time."""
FOLLOWED: Final[frozenset[Route]] = frozenset(
    {("GET", "/v1/conversations/{conversation_id}/events")}
)
"""What stays open for as long as its reader likes: only so many of each."""
UPLOADS: Final[frozenset[Route]] = frozenset(
    {("POST", "/v1/knowledge"), ("POST", "/v1/knowledge/uploads")}
)
"""What may be large."""
FILES: Final[frozenset[Route]] = frozenset(
    {
        ("POST", "/v1/conversations/{conversation_id}/attachments"),
        ("POST", "/v1/desk/tickets/{ticket}/attachments"),
    }
)
"""What may be as large as a file of a conversation."""


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
