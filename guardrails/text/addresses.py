"""Where a text would lead its reader: links, domains and e-mail addresses, as a page would show."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from html import unescape
from typing import Final

from linkify_it import LinkifyIt
from linkify_it.tlds import TLDS

_TARGET: Final = re.compile(r"\]\(\s*<?([^\s)>]+)")
"""Where a Markdown link or image leads, whatever it is called."""
_HIDDEN: Final = re.compile(r"\*\*|__|`|\\(?=[^\w\s])|[\u00ad\u200b-\u200f\u2060\ufeff]")
"""What Markdown or a browser does not show inside of a word."""
_SCHEME: Final = re.compile(r"^(?:https?:)?//(?:www\.)?|^www\.|^mailto:")


@lru_cache(maxsize=256)
def addresses(text: str) -> Mapping[str, str]:
    """Return the addresses in a text as it has them, by what is compared.

    Scheme, ``www.``, case and a last slash do not count; everything else does, since
    ``evil.example.com`` begins like others.
    """
    shown = _HIDDEN.sub("", unescape(text))
    links = [match.text for match in _links().match(shown) or ()] + _TARGET.findall(shown)
    return {_SCHEME.sub("", link.casefold()).rstrip("/"): link for link in links}


@cache
def _links() -> LinkifyIt:
    return LinkifyIt(options={"fuzzy_link": True, "fuzzy_email": True}).tlds(TLDS)
