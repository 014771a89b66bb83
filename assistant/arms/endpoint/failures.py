"""What went wrong with an endpoint, in words of ours, and what to do about it.

What the endpoint said of it is logged: it may repeat a key.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from assistant.arms.endpoint.complaints import accused, complaint, withheld
from assistant.arms.endpoint.events import Unreadable
from assistant.arms.endpoint.reply import Endless, Filtered, Unopened
from assistant.errors import ArmBusy, ArmError, ArmFiltered, ArmTimeout
from guardrails.failures import noted

_BUSY_RETRY_S: Final = 5.0
_NO_QUOTA: Final = ("insufficient_quota", "exceeded_current_quota_error")
"""Codes for it; the status is that of a rate limit, but waiting does not help."""
_KEYS: Final = frozenset({401, 403})
_NO_CREDIT: Final = 402
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_NO_METHOD: Final = 405
_LATE: Final = 408
_LARGE: Final = 413
_TOO_MANY: Final = 429
_REDIRECTS: Final = range(300, 400)
_OVERLOADED: Final = frozenset({503, 529})
_FILTERING: Final = frozenset({400, 403, 422, 451})
_TOO_LONG: Final = re.compile(
    r"context[_ ](?:length|window|size)|maximum context|prompt is too long|request too large"
)
_NO_MODEL: Final = re.compile(
    r"model_not_found|(?:invalid|unknown) model|no such model|model\b[^.]{0,80}\b(?:does not exist"
    r"|not found|do(?:es)? not have access)"
)
_WRONG_KEY: Final = re.compile(
    r"(?:api[ _-]?key|token)\b[^.]{0,20}\b(?:not valid|invalid|expired)"
    r"|(?:invalid|incorrect) (?:api[ _-]?key|token|authentication)"
)
_PLACE: Final = re.compile(r"\b(?:country|region|territory|location)\b")


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: int
    code: str
    body: Any
    headers: Mapping[str, str]


def failure(error: Exception, arm: str, extra_body: Mapping[str, Any]) -> ArmError:
    """Return what went wrong in words of ours; what the endpoint said is logged."""
    import httpx2
    import openai

    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        return ArmTimeout(f"{arm} took too long to answer.", arm=arm, hint="Ask again.")
    refusal = _refusal_of(error)
    if refusal and refusal.status == _LATE:
        return ArmTimeout(f"{arm} took too long to answer.", arm=arm, hint="Ask again.")
    if refusal and (busy := _busy(refusal)):
        noted(error, arm)
        return ArmBusy(f"{arm} {busy}.", arm=arm, retry_after_s=_retry_after(refusal.headers))
    if isinstance(error, Filtered) or (
        refusal and refusal.status in _FILTERING and withheld(refusal.body)
    ):
        return ArmFiltered(
            f"The provider of {arm} withheld the answer.", arm=arm, hint="Ask in other words."
        )
    what, hint = "stopped answering", "Ask again."
    if isinstance(error, Unopened):
        what = "had its reasoning in the place of the answer; from now on it is left out"
    elif isinstance(error, Endless):
        what = "went on without a word of the answer"
    else:
        why = kind(error, arm)
        if refusal:
            what, hint = _refusal(refusal, arm, extra_body)
        what = f"{what} ({why})"
    return ArmError(f"{arm} {what}.", arm=arm, hint=hint)


def _refusal_of(error: Exception) -> _Refusal | None:
    """Return the refusal that a failure is, by its status or as an event of a reply."""
    import openai

    if isinstance(error, openai.APIStatusError):
        headers = error.response.headers
        return _Refusal(error.status_code, str(error.code or ""), error.body, headers)
    if isinstance(error, Unreadable) and isinstance(error.event, Mapping):
        details = error.event.get("error") or error.event
        details = details if isinstance(details, Mapping) else {}
        code = str(details.get("code") or details.get("status") or "")
        if re.fullmatch("[45][0-9]{2}", code):
            return _Refusal(int(code), code, error.event, {})
    return None


def _busy(refusal: _Refusal) -> str:
    """Return how an endpoint is too busy for now; empty if that is not why it refuses."""
    if refusal.status == _TOO_MANY and not _without_quota(refusal):
        return "is over its rate limit"
    waits = "retry-after" in refusal.headers or "retry-after-ms" in refusal.headers
    return "is overloaded" if refusal.status in _OVERLOADED and waits else ""


def _without_quota(refusal: _Refusal) -> bool:
    """Return whether waiting does not help. Some say the same of a limit by the minute."""
    text = complaint(refusal.body)[1]
    if refusal.code in _NO_QUOTA or any(code in text for code in _NO_QUOTA):
        return True
    soon = "retry-after" in refusal.headers or re.search(r"retry (?:in|after)|try again", text)
    return not soon and bool(re.search(r"check your plan and billing", text))


def _refusal(refusal: _Refusal, arm: str, extra_body: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a refusal means, and what to do about it."""
    status, text = refusal.status, complaint(refusal.body)[1]
    name = accused(refusal.body, extra_body)
    model = ("knows no such model", f"Check the model and the base_url of {arm}.")
    large = "Lower knowledge.passage_characters or answer_tokens."
    spent = status == _NO_CREDIT or (status == _TOO_MANY and _without_quota(refusal))
    unknown = _NO_MODEL.search(f"{refusal.code} {text}")
    meanings = (
        (status in _REDIRECTS, f"redirects {_to(refusal)}", f"Set the base_url of {arm} to that."),
        (spent, "has no quota left", "Add credit at its provider."),
        (unknown, *model),
        (
            status == _FORBIDDEN and _PLACE.search(text),
            *("is not offered in this country or region", "Take another provider."),
        ),
        (
            status in _KEYS or _WRONG_KEY.search(text),
            *("refused the key", "Check its key where the server runs."),
        ),
        (
            name,
            *(f"refused `{name}`, which extra_body sets", f"Take it out of extra_body of {arm}."),
        ),
        (
            status == _LARGE or _TOO_LONG.search(text),
            *("takes no prompt and answer of this length", large),
        ),
        (status == _NOT_FOUND, *model),
        (status == _NO_METHOD, "is no chat endpoint", f"Check the base_url of {arm}."),
        (status >= 500, "refused the request", "Ask again later."),  # noqa: PLR2004
        (True, "refused the request", "The log says why."),
    )
    return next((what, hint) for met, what, hint in meanings if met)


def _to(refusal: _Refusal) -> str:
    """Return where a redirect leads, by the host alone."""
    try:
        host = urlsplit(refusal.headers.get("location", "")).hostname
    except ValueError:
        host = None
    return f"to {host}" if host else "elsewhere"


def kind(error: Exception, who: str) -> str:
    """Return what kind of failure it was; what ``who`` said is logged."""
    import openai

    kind = noted(error, who)
    if isinstance(error, openai.APIStatusError):
        return f"HTTP {error.status_code}"
    return error.what if isinstance(error, Unreadable) else kind


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return how long to wait, in seconds of 0 or more; see also ``ArmBusy``."""
    header = headers.get("retry-after", "")
    try:
        wait = float(headers["retry-after-ms"]) / 1000
    except (KeyError, ValueError):
        wait = _seconds(header, headers.get("date", ""))
    return wait if math.isfinite(wait) and wait >= 0 else _BUSY_RETRY_S


def _seconds(said: str, date: str) -> float:
    try:
        return float(said)
    except ValueError:
        return _until(said, date)


def _until(said: str, date: str) -> float:
    """Return the seconds until an HTTP date, by the clock of whoever says it; NaN if it is none."""
    try:
        return (parsedate_to_datetime(said) - _clock(date)).total_seconds()
    except (ValueError, TypeError):
        return math.nan


def _clock(date: str) -> datetime:
    try:
        return parsedate_to_datetime(date)
    except ValueError:
        return datetime.now(UTC)
