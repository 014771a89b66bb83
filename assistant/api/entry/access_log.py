"""The access log, without what people write: it names the route, and not the address.

An address may have what somebody searches for, and in its path a name or an e-mail address.
"""

import logging
from typing import Any, Final
from urllib.parse import unquote

from assistant.access.grants import matched

_LOGGER: Final = "uvicorn.access"
_ELSEWHERE: Final = "(no route)"
_FIELDS: Final = 5


def _route_alone(record: logging.LogRecord) -> bool:
    """Put the route in the place of the address: client, method, address, version, status."""
    told: Any = record.args
    if isinstance(told, tuple) and len(told) == _FIELDS:
        client, method, address, *rest = told
        path = unquote(str(address).partition("?")[0])
        route = matched("GET" if method == "HEAD" else str(method), path)
        record.args = (client, method, route[1] if route else _ELSEWHERE, *rest)
    return True


def hide_addresses() -> None:
    """Let the server log routes instead of addresses from now on."""
    logging.getLogger(_LOGGER).addFilter(_route_alone)
