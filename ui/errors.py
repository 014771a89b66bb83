"""The one error of the page: the API did not do what was asked of it."""

from typing import Literal

Cause = Literal[
    "unreachable", "lost", "slow", "busy", "key", "ended", "conflict", "refused", "strange"
]
"""Why: nobody answered; the connection broke; it took too long; too many are asking; the key is
wrong; the conversation goes on no more; it does not take that as it stands; the server said why
(``detail``); what came back was not Routeback's API."""


class ApiError(Exception):
    """The API failed. The page puts the cause into words; ``str`` is for logs.

    detail: the server's own sentence, if it gave one. wait_s: when to try again, in seconds.
    """

    def __init__(self, cause: Cause, *, detail: str = "", wait_s: int | None = None) -> None:
        super().__init__(f"{cause}: {detail}" if detail else cause)
        self.cause: Cause = cause
        self.detail = detail
        self.wait_s = wait_s
