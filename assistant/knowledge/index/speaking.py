"""What goes wrong in speaking with a Qdrant server: what is asked again, what is said of it."""

import contextlib
from collections.abc import Iterator
from typing import Final

import httpx
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.http.exceptions import (
    ApiException,
    ResponseHandlingException,
    UnexpectedResponse,
)

from assistant.errors import KnowledgeError
from guardrails.failures import noted

FAILURES: Final = (ApiException, QdrantException, OSError, ValueError, AssertionError)
"""What the client raises: of the server, of the way to it, and of what it made of an answer (where
that has no result, it asserts)."""
_PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
_LATE: Final = (
    "it did not answer in time",
    "See whether it has too much to do; knowledge.qdrant_timeout_s says how long to wait.",
)
_AWAY: Final = (
    "it cannot be reached",
    "Check knowledge.qdrant_url (with the port, also for https: 443) and that it runs.",
)
_OTHER: Final = (
    "what came is no answer of Qdrant's",
    "Check that knowledge.qdrant_url leads to a Qdrant server, of version 1.17 or newer.",
)
_KEY: Final = (
    "it refuses the key",
    "Set knowledge.qdrant_api_key to a key that may read and write collections.",
)
_BY_STATUS: Final = {
    401: _KEY,
    403: _KEY,
    408: _LATE,
    413: ("it takes no request of that size", "Raise its service.max_request_size_mb."),
    507: ("it has no room left", "Give it more disk or memory, then run this again."),
}


@contextlib.contextmanager
def speaking() -> Iterator[None]:
    """Turn what the client raises into a ``KnowledgeError`` that says what to do."""
    try:
        yield
    except FAILURES as error:
        what, hint = _said(error)
        noted(error, "Qdrant")
        raise KnowledgeError(f"The Qdrant server failed: {what}.", hint=hint) from error


def passing(error: Exception) -> bool:
    """Return whether it may be over in a moment: no connection, or a server with too much to do."""
    if isinstance(error, ResponseHandlingException):
        return isinstance(error.source, httpx.TransportError) and not late(error)
    return isinstance(error, ResourceExhaustedResponse) or _status(error) in _PASSING


def late(error: Exception) -> bool:
    """Return whether no answer came in time."""
    source = error.source if isinstance(error, ResponseHandlingException) else error
    return isinstance(source, httpx.TimeoutException | TimeoutError)


def passing_or_late(error: Exception) -> bool:
    """Return whether asking again may help whoever can wait for it."""
    return passing(error) or late(error)


def missing(error: Exception) -> bool:
    """Return whether the server has no collection or alias of that name."""
    return _status(error) == httpx.codes.NOT_FOUND


def taken(error: Exception) -> bool:
    """Return whether the server has a collection of that name already."""
    return _status(error) == httpx.codes.CONFLICT


def advice(error: Exception) -> str:
    """Return what to do about a failure of the server; empty: it is not one."""
    return _said(error)[1] if isinstance(error, FAILURES) else ""


def _status(error: Exception) -> int | None:
    return error.status_code if isinstance(error, UnexpectedResponse) else None


def _said(error: Exception) -> tuple[str, str]:
    """Return what happened, and what to do."""
    status = _status(error)
    if late(error):
        return _LATE
    if status is not None:
        log = "Its log and Routeback's say why."
        return _BY_STATUS.get(status, (f"it answered with status {status}", log))
    return _AWAY if passing(error) else _OTHER
