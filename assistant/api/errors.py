"""Errors in the shape that OpenAI clients expect."""

import math
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
    ConversationHeld,
    DatabaseError,
    GuardError,
    KnowledgeError,
    LoadError,
    NotSignedIn,
    QuestionError,
    RosterError,
    RoutebackError,
    TooMany,
    UnknownArm,
    UnknownConversation,
    UnknownName,
    UnknownPerson,
    UnknownSource,
    WeightsError,
)

_STATUS: Final[tuple[tuple[type[RoutebackError], int], ...]] = (
    (QuestionError, 400),
    (LoadError, 400),
    (UnknownName, 404),
    (UnknownPerson, 404),
    (ConversationHeld, 409),
    (UnknownSource, 404),
    (UnknownConversation, 404),
    (GuardError, 400),
    (UnknownArm, 404),
    (NotSignedIn, 401),
    (AccessError, 400),
    (TooMany, 429),
    (RosterError, 400),
    (WeightsError, 400),
    (ArmBusy, 429),
    (ArmNotReady, 503),
    (ArmTimeout, 504),
    (ArmError, 502),
    (KnowledgeError, 503),
    (DatabaseError, 503),
)
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
        where = ".".join(str(part) for part in first["loc"][1:])
        return JSONResponse(body(f"{where}: {first['msg']}", 400, "invalid_value", where), 400)

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse(
            body(str(error.detail), error.status_code, "http_error"), error.status_code
        )
