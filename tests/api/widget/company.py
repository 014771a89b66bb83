"""A company's own page, on another port and under a strict Content-Security-Policy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_NOTE = b"""window.violations = [];
document.addEventListener("securitypolicyviolation", e =>
  violations.push(e.violatedDirective + " " + e.blockedURI + " " + e.sample));"""
_PAGE = """<!doctype html><html lang="{language}"><head><title>A company</title>
<meta name="viewport" content="width=device-width"><script src="/note.js"></script></head><body>
<main><h1>A company</h1><p>Has a <a href="#products">page</a>.</p></main>
<script src="{api}/widget.js" {given} defer></script></body></html>"""


class Company:
    """Its page: ``url``, with ``given`` as the widget's data attributes. api: where it calls."""

    def __init__(self) -> None:
        self.url = ""
        self.api = ""
        self.language = "en"
        self.given: dict[str, str] = {}

    def policy(self) -> str:
        """Return the policy that docs/widget.md tells."""
        return (
            f"default-src 'none'; script-src 'self' {self.api}; style-src 'self'; "
            f"connect-src {self.api}; base-uri 'none'; form-action 'self'; "
            "require-trusted-types-for 'script'"
        )

    def page(self) -> str:
        """Return its HTML."""
        given = " ".join(f'data-{name}="{escape(value)}"' for name, value in self.given.items())
        return _PAGE.format(language=self.language, api=self.api, given=given)


@contextmanager
def company() -> Iterator[Company]:
    """Serve it until the block ends."""
    firm = Company()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script = self.path == "/note.js"
            self.send_response(200)
            kind = "text/javascript" if script else "text/html; charset=utf-8"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", firm.policy())
            self.end_headers()
            self.wfile.write(_NOTE if script else firm.page().encode())

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        firm.url = f"http://localhost:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield firm
        server.shutdown()
