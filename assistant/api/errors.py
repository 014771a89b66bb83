"""Errors in the shape that OpenAI clients expect."""

import logging
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from assistant.errors import (
    AccessError,
    ArmBusy,
    ArmError,
    ArmNotReady,
    ArmTimeout,
    CaseError,
    ConversationHeld,
    DatabaseError,
    DeskConflict,
    EntryChanged,
    EntryRefused,
    GuardError,
    KnowledgeError,
    LoadError,
    NotSignedIn,
    QuestionError,
    RosterError,
    RoutebackError,
    ServerStopping,
    SourceBusy,
    SourceError,
    TooMany,
    UnknownArm,
    UnknownConversation,
    UnknownEntry,
    UnknownName,
    UnknownPerson,
    UnknownSource,
    UnknownTicket,
    WeightsError,
)

log = logging.getLogger(__name__)

_STATUS: Final[tuple[tuple[type[RoutebackError], int], ...]] = (
    (QuestionError, 400),
    (LoadError, 400),
    (UnknownName, 404),
    (UnknownPerson, 404),
    (ConversationHeld, 409),
    (DeskConflict, 409),
    (UnknownTicket, 404),
    (EntryChanged, 409),
    (EntryRefused, 400),
    (UnknownEntry, 404),
    (UnknownSource, 404),
    (UnknownConversation, 404),
    (GuardError, 400),
    (UnknownArm, 404),
    (NotSignedIn, 401),
    (AccessError, 400),
    (TooMany, 429),
    (RosterError, 400),
    (CaseError, 400),
    (WeightsError, 400),
    (ArmBusy, 429),
    (ArmNotReady, 503),
    (ArmTimeout, 504),
    (ArmError, 502),
    (SourceBusy, 409),
    (SourceError, 400),
    (KnowledgeError, 503),
    (DatabaseError, 503),
    (ServerStopping, 503),
)
_UNEXPECTED: Final = "Something went wrong on the server; its log says what."
_NOT_JSON: Final = "The body must be JSON, and its Content-Type application/json."
_NO_ROUTE: Final = (
    "There is no {method} {path} here: of OpenAI's API there are POST /v1/chat/completions and "
    "GET /v1/models."
)
_SHOWN: Final = 200
_CODES: Final = {"unsupported_value"}
_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    429: "rate_limit_error",
}


def status_of(error: RoutebackError) -> int:
    """Return the HTTP status of an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def body(message: str, status: int, code: str, param: str | None = None) -> dict[str, Any]:
    """Return OpenAI's error object."""
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")  # noqa: PLR2004
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def of(error: RoutebackError) -> dict[str, Any]:
    """Return OpenAI's error object for one of our errors."""
    text = f"{error.message} {error.hint}".strip()
    return body(text, status_of(error), type(error).__name__)


def told(error: Exception) -> dict[str, Any]:
    """Return OpenAI's error object for any error; what was not expected is in the log alone."""
    if isinstance(error, RoutebackError):
        return of(error)
    log.error("Unexpected failure.", exc_info=error)
    return body(_UNEXPECTED, 500, "internal")


def place(location: Sequence[int | str], given: object) -> str:
    """Return which field of a request is wrong, as OpenAI names it: ``messages[0].content``.

    location: as pydantic has it, with names of types in between. given: what was sent.
    """
    name = ""
    for number, part in enumerate(location):
        if isinstance(given, Mapping) and part in given:
            given = given[part]
        elif isinstance(given, Sequence) and isinstance(part, int) and part < len(given):
            given = given[part]
            name += f"[{part}]"
            continue
        elif not isinstance(given, Mapping) or number < len(location) - 1:
            continue  # a kind of value, not a field
        name += f".{part}" if name else str(part)
    return name


def response(error: RoutebackError) -> JSONResponse:
    """Return one of our errors as a response, with when to come again if it says so."""
    headers = {}
    if isinstance(error, ArmBusy | TooMany):
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    return JSONResponse(of(error), status_of(error), headers=headers)


def install(app: FastAPI) -> None:
    """Make every error of the app one of OpenAI's error objects."""

    @app.exception_handler(RoutebackError)
    async def _expected(_request: Request, error: RoutebackError) -> JSONResponse:
        return response(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        from_body, *location = first["loc"]
        if from_body == "body" and isinstance(error.body, bytes):
            return JSONResponse(body(_NOT_JSON, 400, "invalid_value"), 400)
        given = error.body if from_body == "body" else dict.fromkeys(location)
        where = place(location, given)
        code = first["type"] if first["type"] in _CODES else "invalid_value"
        text = f"{where or 'body'}: {first['msg']}"
        return JSONResponse(body(text, 400, code, where or None), 400)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        status, text = error.status_code, str(error.detail)
        if text == HTTPStatus(status).phrase:
            text = _NO_ROUTE.format(method=request.method, path=request.url.path[:_SHOWN])
        return JSONResponse(body(text, status, "http_error"), status, headers=error.headers)

    @app.exception_handler(Exception)
    async def _unexpected(_request: Request, _error: Exception) -> JSONResponse:
        # The server that runs the app logs it.
        return JSONResponse(body(_UNEXPECTED, 500, "internal"), 500)
