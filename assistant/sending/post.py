"""One POST to an address of the owner's, in bounded time, that leaves no trace of the address."""

import asyncio
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final

from assistant.sending.channel import NotSent
from guardrails.failures import kind

TIMEOUT_S: Final = 15.0
"""For all of it: connecting, sending, and the first line of the reply."""
_LONGEST_WAIT_S: Final = 86_400.0
_AGAIN: Final = frozenset({408, 429})
"""Refusals that may not be there the next time."""

_secret: ContextVar[bool] = ContextVar("secret", default=False)


class _Quiet(logging.Filter):
    """Drops what the client logs of our requests: it names the whole address, and so its token."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether somebody else's request is told."""
        del record
        return not _secret.get()


_QUIET: Final = _Quiet()


async def post(
    url: str, body: bytes, headers: Mapping[str, str], timeout_s: float = TIMEOUT_S
) -> None:
    """Send a body; redirects are not followed and the reply's text is not read.

    Raises:
        NotSent: the receiver did not answer with 2xx; final for 4xx other than 408 and 429.
    """
    import httpx  # a tenth of a second, which nobody pays who only looks at the guardrail

    logging.getLogger("httpx").addFilter(_QUIET)
    secret = _secret.set(True)
    try:
        async with asyncio.timeout(timeout_s):
            status, wait_s = await _answer(url, body, headers, timeout_s)
    except (TimeoutError, httpx.TimeoutException) as error:
        raise NotSent("Timeout") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NotSent(kind(error)) from error
    finally:
        _secret.reset(secret)
    if httpx.codes.is_success(status):
        return
    final = httpx.codes.is_client_error(status) and status not in _AGAIN
    raise NotSent(f"HTTP {status}", final=final, wait_s=wait_s)


async def _answer(
    url: str, body: bytes, headers: Mapping[str, str], timeout_s: float
) -> tuple[int, float]:
    """Return the status, and how many seconds the receiver asks to wait."""
    import httpx

    fields = {"Content-Type": "application/json", "User-Agent": "Routeback", **headers}
    trusted = await asyncio.to_thread(httpx.create_ssl_context)
    async with (
        httpx.AsyncClient(verify=trusted, timeout=timeout_s, follow_redirects=False) as client,
        client.stream("POST", url, content=body, headers=fields) as reply,
    ):
        return reply.status_code, _wait_s(reply.headers.get("retry-after", ""))


def _wait_s(said: str) -> float:
    """Return the seconds of a Retry-After header; 0 for a date or nonsense."""
    return min(float(said), _LONGEST_WAIT_S) if said.isascii() and said.isdigit() else 0.0
