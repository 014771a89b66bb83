"""HTML: pages of help centres and sites, and fragments inside of other formats."""

from assistant.knowledge.encoding import text_of
from assistant.knowledge.readers.page import Meta, page
from assistant.knowledge.reading import Found, Options


def read(data: bytes, source: str, options: Options) -> Found:
    """Read the content of an HTML page, without what surrounds it."""
    yield from pages(text_of(data, source), source, options, Meta())


def pages(html: str, source: str, options: Options, meta: Meta) -> Found:
    """Give the document of one HTML page. meta: what is known beside what the page says."""
    yield from page(fragment(html), source, options, meta)


def fragment(html: str) -> str:
    """Return a piece of HTML as Markdown: no scripts, comments, hidden text or pictures' data."""
    from bs4 import BeautifulSoup
    from markdownify import markdownify

    return str(markdownify(str(BeautifulSoup(html, "lxml")), heading_style="ATX"))
