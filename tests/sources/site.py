"""A small web site on this machine, which counts who asks for what."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """What one path answers with. drip_s: before each byte of the body."""

    body: bytes | str = b""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    drip_s: float = 0.0
    before: Callable[[], None] = lambda: None


@dataclass
class Site:
    """pages: by path with its query. asked: paths, in order; conditions: those asked if changed."""

    url: str = ""
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)

    def page(self, path: str, text: str, *links: str, **more) -> None:
        """Put a page there, with a text of its own and links."""
        anchors = "".join(f'<a href="{link}">{link}</a> ' for link in links)
        title = path.strip("/").replace("/", " ") or "start"
        html = f"<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p>"
        self.pages[path] = Page(f"{html}<nav>{anchors}</nav></body></html>", **more)

    def sitemap(self, path: str, *paths: str, index: bool = False) -> None:
        root, item = ("sitemapindex", "sitemap") if index else ("urlset", "url")
        inner = "".join(f"<{item}><loc>{self.url}{one}</loc></{item}>" for one in paths)
        name = "http://www.sitemaps.org/schemas/sitemap/0.9"
        self.pages[path] = Page(
            f'<?xml version="1.0"?><{root} xmlns="{name}">{inner}</{root}>', kind="application/xml"
        )


@contextmanager
def serving() -> Iterator[Site]:  # noqa: C901
    """Serve a site on a free port of 127.0.0.1 until the block ends."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append(self.path)
            site.agents.add(self.headers.get("user-agent", ""))
            page = site.pages.get(self.path, Page("nothing here", 404))
            page.before()
            body = page.body.encode() if isinstance(page.body, str) else page.body
            tag = page.headers.get("ETag")
            if "If-None-Match" in self.headers:
                site.conditions.append(self.path)
            unchanged = tag is not None and self.headers.get("If-None-Match") == tag
            self.send_response(304 if unchanged else page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if not unchanged:
                self.send_header("Content-Type", page.kind)
                if "Content-Length" not in page.headers:
                    self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if unchanged:
                return
            try:
                for at in range(0, len(body), 1 if page.drip_s else max(len(body), 1)):
                    self.wfile.write(body[at : at + (1 if page.drip_s else len(body))])
                    self.wfile.flush()
                    time.sleep(page.drip_s)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
