"""HTML: pages of help centres and sites, and fragments inside of other formats."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from assistant.knowledge.readers.encoding import text_of
from assistant.knowledge.readers.html import boilerplate, links, structure
from assistant.knowledge.readers.options import Found, Note, ReadingOptions, iso_date, language_code
from assistant.knowledge.readers.page import Meta, page

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_DATES: Final[tuple[dict[str, Any], ...]] = (
    {"property": "article:modified_time"},
    {"property": "og:updated_time"},
    {"name": re.compile(r"(?i)^(?:last-modified|dcterms\.modified|date|ms\.date)$")},
    {"property": "article:published_time"},
)
_DEEPEST: Final = 200
_MAIN: Final = 0.4
"""Share of a page's text that what calls itself its main part must have to be taken for it."""
_HIDDEN: Final = 40
"""Characters of hidden text from which it is told."""
_CONFLUENCE: Final = re.compile(
    r"last (?:modified|updated)(?: by .{0,60}?)? on (\w+ \d{1,2}, \d{4})"
)


def read(data: bytes, source: str, options: ReadingOptions) -> Found:
    """Read the content of an HTML page, without what surrounds it."""
    yield from pages(text_of(data, source, links.declared(data)), source, options, Meta())


def pages(html: str, source: str, options: ReadingOptions, meta: Meta) -> Found:
    """Give the document of one HTML page. meta: what is known beside what the page says."""
    from assistant.knowledge.readers.html import conversion  # what it needs takes long to load

    soup = _parsed(html)
    head = _meta(soup)
    refresh = soup.find("meta", attrs={"http-equiv": re.compile("(?i)^refresh$")})
    hidden = boilerplate.strip(soup)
    structure.normalise(soup, options.address or meta.url or head.url)
    markdown = "\n\n".join(conversion.markdown(part) for part in _main(soup))
    if hidden >= _HIDDEN:
        yield Note.left_out(source, "text of a page that is hidden from its readers")
    facts = Meta(
        title=meta.title or head.title,
        language=meta.language or head.language,
        audience=meta.audience,
        url=meta.url or head.url,
        date=meta.date or head.date,
        tags=meta.tags or head.tags,
        draft=meta.draft or (head.draft if options.address else ""),
        redirect=meta.redirect or (str(refresh.get("content", "")) if refresh else ""),
        unread_date=meta.unread_date,
    )
    yield from page(markdown, source, options, facts)


def fragment(html: str) -> str:
    """Return a piece of HTML as Markdown: no scripts, comments, hidden text or pictures' data."""
    from assistant.knowledge.readers.html import conversion  # as above

    soup = _parsed(html)
    boilerplate.strip(soup)
    structure.normalise(soup)
    return conversion.markdown(soup)


def _parsed(html: str) -> "BeautifulSoup":
    from bs4 import BeautifulSoup

    return BeautifulSoup(re.sub(r"<!\[CDATA\[(.*?)\]\]>", _escaped, html, flags=re.DOTALL), "lxml")


def _escaped(found: "re.Match[str]") -> str:
    from html import escape

    return escape(found.group(1))


def _meta(soup: "BeautifulSoup") -> Meta:
    root = soup.html
    title = soup.find(lambda tag: tag.name == "title" and not tag.find_parent("svg"))
    names = (tag.get_text(" ", strip=True) for tag in (title, soup.h1) if tag)
    canonical = soup.find("link", rel="canonical")
    url = str(canonical.get("href", "")) if canonical else ""
    return Meta(
        title=next((" ".join(name.split()) for name in names if name), ""),
        language=language_code(root.get("lang") or root.get("xml:lang")) if root else "",
        url=url if url.startswith(("http://", "https://")) else "",
        date=_date(soup),
        draft="robots: noindex" if "noindex" in links.robots(soup) else "",
    )


def _date(soup: "BeautifulSoup") -> str:
    for attributes in _DATES:
        tag = soup.find("meta", attrs=attributes)
        if tag is not None and (date := iso_date(tag.get("content"))):
            return date
    tag = soup.find("time", attrs={"datetime": True})
    if tag is not None and (date := iso_date(tag["datetime"])):
        return date
    metadata = soup.find(class_="page-metadata")
    match = _CONFLUENCE.search(metadata.get_text(" ", strip=True)) if metadata else None
    return iso_date(match.group(1)) if match else ""


def _main(soup: "BeautifulSoup") -> "Sequence[Tag]":
    """Return the main parts of a page, or all of it where they are not most of it."""
    body = soup.body or soup
    tags = [tag for tag in body.find_all(True) if _is_main(tag)]
    outer = [tag for tag in tags if not any(other in tag.parents for other in tags)]
    whole = boilerplate.size(body)
    if outer and sum(map(boilerplate.size, outer)) >= _MAIN * whole:
        return outer
    return [body]


def _is_main(tag: "Tag") -> bool:
    return tag.name == "main" or tag.get("role") == "main"
