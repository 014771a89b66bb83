"""What can be sent to: addresses of people, of machines and of pages."""

import re
from typing import Final
from urllib.parse import urlsplit

LONGEST: Final = 254
_MAILBOX: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+|(?:[0-9A-Fa-f.]*:){2,}[0-9A-Fa-f.]*")
_SHOWN: Final = re.compile(r"[\x21-\x7e]+")


def is_mailbox(text: str) -> bool:
    """Return whether a text is one plain e-mail address, ASCII and without a name."""
    return len(text) <= LONGEST and _MAILBOX.fullmatch(text) is not None


def is_host(text: str) -> bool:
    """Return whether a text can be the name or the address of a machine, without a port."""
    return _HOST.fullmatch(text) is not None


def is_page(text: str) -> bool:
    """Return whether a text is an address that begins with http:// or https://."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    link = parts.scheme in {"http", "https"} and bool(parts.hostname)
    return link and port != 0 and _SHOWN.fullmatch(text) is not None
