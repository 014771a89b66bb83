"""What a browser keeps of a visit, so that a reload is no new visitor: one secret, in a cookie.

It ends with the browser; no script reads it, and no other site sends it but by a link here.
"""

import re
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from secrets import token_urlsafe
from typing import Final

COOKIE: Final = "routeback_visitor"
_SECRET: Final = re.compile(r"[\w-]{43}", re.ASCII)


def secret_of(cookies: Mapping[str, object]) -> str:
    """Return the visitor's secret; empty if the cookies hold none as they are made here."""
    value = cookies.get(COOKIE, "")
    return value if isinstance(value, str) and _SECRET.fullmatch(value) else ""


def given(header: str, scheme: str) -> str:
    """Return the cookie that a browser is to keep; nothing if it has one.

    header: the cookies that it sent. scheme: ``https`` where it is to be sent by that alone.
    """
    try:
        sent = {name: cookie.value for name, cookie in SimpleCookie(header).items()}
    except CookieError:
        sent = {}
    if secret_of(sent):
        return ""
    safely = "; Secure" if scheme == "https" else ""
    return f"{COOKIE}={token_urlsafe(32)}; Path=/; HttpOnly; SameSite=Lax{safely}"
