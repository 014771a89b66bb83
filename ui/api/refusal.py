"""What the API says when it does not do something, as the page's one error."""

import math
from collections.abc import Mapping

import httpx

from ui.errors import ApiError


def refusal(status: int, body: object, headers: Mapping[str, str]) -> ApiError:
    """Return the error for OpenAI's error object, whole or already unpacked."""
    fault = body.get("error", body) if isinstance(body, dict) else {}
    fault = fault if isinstance(fault, dict) else {"message": fault}
    kind, message, code = fault.get("type"), fault.get("message"), fault.get("code")
    detail = message if isinstance(message, str) else ""
    if code == "UnknownConversation":
        return ApiError("ended", detail=detail)
    if code == "DeskConflict":
        return ApiError("conflict", detail=detail)
    if status == httpx.codes.TOO_MANY_REQUESTS or kind == "rate_limit_error":
        return ApiError("busy", detail=detail, wait_s=_seconds(headers.get("retry-after")))
    refused = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}
    if status in refused or kind == "authentication_error":
        return ApiError("key", detail=detail)
    return ApiError("refused", detail=detail or (f"HTTP {status}" if status else ""))


def _seconds(header: str | None) -> int | None:
    try:
        return max(1, math.ceil(float(header or "")))
    except (ValueError, OverflowError):
        return None
