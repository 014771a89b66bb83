"""Reads sitemaps: lists of pages, and lists of such lists. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from assistant.knowledge.readers.html.links import joined
from assistant.sources.web.fetch import NotFetched, unpacked

MOST_BYTES: Final = 50 * 1000 * 1000
"""Of a sitemap, unpacked, as its protocol says."""
MOST: Final = 50_000
_PACKED: Final = b"\x1f\x8b"
_ROOTS: Final = frozenset({"urlset", "sitemapindex"})


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What a sitemap lists. index: whether that is sitemaps. links: web addresses."""

    index: bool
    links: tuple[str, ...]


def is_sitemap(url: str, kind: str, body: bytes) -> bool:
    """Return whether what was fetched looks like a sitemap. kind: its media type."""
    packed = body.startswith(_PACKED) and url.partition("?")[0].endswith((".xml.gz", ".xml"))
    xml = kind in {"text/xml", "application/xml"} or body.lstrip()[:5] == b"<?xml"
    head = body[:2000]
    return packed or (xml and any(f"<{root}".encode() in head for root in _ROOTS))


def read(url: str, body: bytes) -> Sitemap:
    """Read a sitemap, packed or not.

    Raises:
        NotFetched: it is none, or more than a sitemap may be.
    """
    from lxml import etree

    if body.startswith(_PACKED):
        body = unpacked(body, MOST_BYTES)
    links: dict[str, None] = {}
    root = ""
    try:
        for name, element in _elements(body):
            root = root or name
            if (
                name == "loc"
                and _listed(element)
                and (link := joined((element.text or "").strip(), url))
            ):
                links[link] = None
            if len(links) == MOST:
                break
    except etree.XMLSyntaxError as error:
        raise NotFetched("it is no valid XML") from error
    if root not in _ROOTS:
        raise NotFetched("it is no sitemap")
    return Sitemap(root == "sitemapindex", tuple(links))


def _listed(element: Any) -> bool:
    """Return whether an address is a page's or sitemap's, and not that of a picture in it."""
    from lxml import etree

    above = element.getparent()
    return above is not None and etree.QName(above).localname in {"url", "sitemap"}


def _elements(body: bytes) -> Iterator[tuple[str, Any]]:
    """Yield the root's name when it opens, and each element when it ends; what was read is let go.

    Raises:
        NotFetched: it declares what XML bombs are made of.
    """
    from lxml import etree

    events: Any = etree.iterparse(
        BytesIO(body),
        events=("start", "end"),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    first = True
    for event, element in events:
        if first:
            if element.getroottree().docinfo.internalDTD is not None:
                raise NotFetched("it declares a document type, which no sitemap needs")
            yield etree.QName(element).localname, element
            first = False
        elif event == "end":
            name = etree.QName(element).localname
            yield name, element
            if name in {"url", "sitemap"}:
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
