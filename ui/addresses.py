"""Which addresses may be links: read as a browser reads them, by the WHATWG URL Standard. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from ada_url import URL

OF_AN_ADDRESS: Final = "%/:?#@!&'*+,;=~-._"
"""What stays as it is in the address of a link, beside letters and digits."""
ANY_HOST: Final = "*"

_WEB: Final = frozenset({"http:", "https:"})
_SUSPECT: Final = re.compile(r"[\\\x00-\x1f\x7f-\x9f]")
"""What no honest address holds, and readers of addresses disagree about."""
_WRITTEN: Final = re.compile(r"(?:https?://[^/?#@]+(?:[/?#]|\Z)|mailto:)", re.IGNORECASE)
"""How an address begins: with a host, and no user before it.

A browser would also take ``https:name`` and ``https:///name``.
"""
_MAIL: Final = re.compile(r"[a-z0-9.!#$%&'*+/=?^_{|}~-]+@[a-z0-9.-]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts that a text may link to.

    names: in the form of a browser, small letters and punycode; ``*.example.com`` stands for all
    below it, ``*`` for all there are.
    """

    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: Iterable[str]) -> "Hosts":
        """Return the hosts of these names."""
        return cls(frozenset(names))

    def target(self, address: str) -> str:
        """Return the address to link to, in the form of a browser; nothing if it may be no link.

        It may be one if its scheme is http or https, it names neither user nor password, and its
        host is one of these. Of ``mailto`` the receiver is kept, and nothing that would be filled
        in for the sender.
        """
        if _SUSPECT.search(address) or not _WRITTEN.match(address):
            return ""
        try:
            url = URL(address)
        except ValueError:
            return ""
        if url.protocol == "mailto:":
            return f"mailto:{url.pathname}" if _MAIL.fullmatch(url.pathname) else ""
        if url.protocol not in _WEB:
            return ""
        written = quote(url.href, safe=OF_AN_ADDRESS)
        return written if self._allows(url.hostname) and _host(written) == url.hostname else ""

    def _allows(self, host: str) -> bool:
        above = (f"*{host[at:]}" for at, sign in enumerate(host) if sign == ".")
        return bool(host) and not self.names.isdisjoint({host, ANY_HOST, *above})


NOWHERE: Final = Hosts()
"""No host at all: nothing of a text is a link to the web."""


def displayed(address: str) -> str:
    """Return host and path of a web address, as a reader is shown them; nothing if it is none."""
    try:
        url = URL(address)
        path = urlsplit(address).path
    except ValueError:
        return ""
    if url.protocol not in _WEB or not url.hostname:
        return ""
    return f"{url.hostname}{path.rstrip('/')}"


def _host(address: str) -> str:
    try:
        return str(URL(address).hostname)
    except ValueError:
        return ""
