"""Where a page that was fetched leads to, and what it asks of those who read it by themselves."""

import re
from typing import TYPE_CHECKING, Final

from ada_url import URL

from assistant.knowledge.readers.encoding import text_of

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

MOST: Final = 2000
"""Links of one page that are followed."""
LONGEST: Final = 2000
"""Characters of an address."""
_CHARSET: Final = re.compile(
    rb"(?i)<meta[^>]+charset\s*=\s*[\"']?([\w-]+)|<\?xml[^>]+encoding=[\"']([\w-]+)"
)
_ROBOTS: Final = re.compile(r"(?i)^(?:robots|routeback)$")


def declared(data: bytes) -> str:
    """Return the encoding that a page says it has; empty if it does not."""
    match = _CHARSET.search(data[:4096])
    return (match.group(1) or match.group(2)).decode() if match else ""


def robots(soup: "BeautifulSoup") -> set[str]:
    """Return what a page asks of robots: ``noindex``, ``nofollow``."""
    tags = soup.find_all("meta", attrs={"name": _ROBOTS})
    said = {part for tag in tags for part in re.split(r"[\s,]+", str(tag.get("content")).lower())}
    return {"noindex", "nofollow"} if "none" in said else said


def links(data: bytes, source: str, address: str) -> tuple[str, ...]:
    """Return the web addresses that an HTML page leads to, in its order, without fragments."""
    from bs4 import BeautifulSoup
    from bs4.filter import SoupStrainer

    wanted = SoupStrainer(["base", "a", "area", "meta"])
    text = text_of(data, source, declared(data))
    soup = BeautifulSoup(text, "lxml", parse_only=wanted)
    if "nofollow" in robots(soup):
        return ()
    base = soup.find("base", href=True)
    start = joined(str(base["href"]), address) if base else ""
    found: dict[str, None] = {}
    for tag in soup.find_all(["a", "area"], href=True):
        if "nofollow" in (tag.get("rel") or ()):
            continue
        if link := joined(str(tag["href"]), start or address):
            found[link] = None
        if len(found) == MOST:
            break
    return tuple(found)


def joined(link: str, base: str = "") -> str:
    """Return a link as a browser would follow it, without fragment; empty if it is no web address.

    An address that carries a name or a password is none.
    """
    try:
        url = URL(link.strip(), base) if base else URL(link.strip())
    except ValueError:
        return ""
    if url.protocol not in {"http:", "https:"} or url.username or url.password:
        return ""
    url.hash = ""
    return str(url.href) if len(url.href) <= LONGEST else ""
