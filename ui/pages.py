"""The pages as one web application, with what browsers may do in them: what Streamlit runs.

Streamlit finds ``app`` here and serves it; each answer of its server has the headers below.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Final

import streamlit as st
from bs4 import BeautifulSoup
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui import kept
from ui.scripts import SCRIPTS

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
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}
_HOST: Final = re.compile(r"(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?", re.IGNORECASE)


def policy(scripts: Iterable[str], host: str = "") -> str:
    """Return the Content-Security-Policy of the pages.

    scripts: that stand in the page itself. host: that the browser asked, with its port; not every
    browser takes a WebSocket to it for one to ``'self'``.
    """
    digests = (b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(("'self'", *(f"'sha256-{digest}'" for digest in digests)))
    sources = {**_SOURCES, "script-src": allowed}
    if _HOST.fullmatch(host):
        sources["connect-src"] += f" ws://{host} wss://{host}"
    return "; ".join(f"{name} {value}" for name, value in sources.items())


def inline_scripts(page: str) -> list[str]:
    """Return the scripts that stand in an HTML page itself."""
    found = BeautifulSoup(page, "lxml").find_all("script", src=False)
    return [script.get_text() for script in found]


class BrowserRules:
    """Adds to each answer what a browser may do with it. scripts: that stand in the page itself."""

    def __init__(self, app: ASGIApp, scripts: Sequence[str]) -> None:
        self._app = app
        self._scripts = scripts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                asked, answer = Headers(scope=scope), MutableHeaders(scope=message)
                rule = {"Content-Security-Policy": policy(self._scripts, asked.get("host", ""))}
                answer.update(_HEADERS | rule)
                page = answer.get("content-type", "").startswith("text/html")
                new = kept.given(asked.get("cookie", ""), scope["scheme"]) if page else ""
                if new:
                    answer.append("Set-Cookie", new)
            await send(message)

        await self._app(scope, receive, marked if scope["type"] == "http" else send)


def page_scripts() -> list[str]:
    """Return the scripts that may run: of Streamlit's page, as it is installed, and ours."""
    index = files("streamlit").joinpath("static", "index.html").read_text(encoding="utf-8")
    return [*inline_scripts(index), *SCRIPTS.values()]


app = st.App(_HERE / "app.py", middleware=[Middleware(BrowserRules, scripts=page_scripts())])
