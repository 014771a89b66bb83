"""The pages as one web application, with what browsers may do in them: what Streamlit runs.

Streamlit finds ``app`` here and serves it; each answer of its server has the headers below.
"""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Final

import streamlit as st
from bs4 import BeautifulSoup
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.chat.page import SCROLL

_HERE: Final = Path(__file__).parent
_SOURCES: Final = {
    "default-src": "'none'",
    "style-src": "'self' 'unsafe-inline'",  # Streamlit writes its styles as it goes
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "media-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def policy(scripts: Iterable[str]) -> str:
    """Return the Content-Security-Policy of the pages. scripts: that stand in the page itself."""
    digests = (b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(("'self'", *(f"'sha256-{digest}'" for digest in digests)))
    sources = {**_SOURCES, "script-src": allowed}
    return "; ".join(f"{name} {value}" for name, value in sources.items())


def inline_scripts(page: str) -> list[str]:
    """Return the scripts that stand in an HTML page itself."""
    found = BeautifulSoup(page, "lxml").find_all("script", src=False)
    return [script.get_text() for script in found]


class BrowserRules:
    """Adds to each answer what a browser may do with it."""

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, marked if scope["type"] == "http" else send)


def rules() -> dict[str, str]:
    """Return the headers: for Streamlit's own page, as it is installed, and the script of ours."""
    index = files("streamlit").joinpath("static", "index.html").read_text(encoding="utf-8")
    return {
        "Content-Security-Policy": policy([*inline_scripts(index), *inline_scripts(SCROLL)]),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
    }


app = st.App(_HERE / "app.py", middleware=[Middleware(BrowserRules, headers=rules())])
