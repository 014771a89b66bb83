"""Reads the JSON of a request so that nothing behind it meets what it cannot keep or pass on."""

import math
import re
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json

LARGEST: Final = 2**63 - 1
"""The largest integer that a record or an engine can hold."""

_BOM: Final = b"\xef\xbb\xbf"
_LARGE: Final = re.compile(rb"\d{18}|[eE]\+?\d{3}")
"""What a number that is out of range has, and few others."""


class UnreadableBody(ValueError):
    """The bytes are no JSON that can be taken; the message says why, for a person."""


def read(body: bytes) -> Any:
    """Return what JSON says: UTF-8, no lone surrogates, at most 200 levels, finite numbers.

    Of a name that an object has twice, the last value counts.

    Raises:
        UnreadableBody: it is none, or has what no value can be.
    """
    try:
        value = from_json(body.removeprefix(_BOM), allow_inf_nan=False)
    except ValueError as error:
        raise UnreadableBody(f"The body is not JSON that can be read: {error}.") from None
    if _LARGE.search(body) and not _in_range(value):
        raise UnreadableBody("The body has a number that is out of range (64 bits).")
    return value


def _in_range(value: Any) -> bool:
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            left.extend(item.values())
        elif isinstance(item, list):
            left.extend(item)
        elif isinstance(item, float):
            if not math.isfinite(item):
                return False
        elif isinstance(item, int) and not -LARGEST - 1 <= item <= LARGEST:
            return False
    return True


class _JsonRequest(Request):
    async def json(self) -> Any:
        """Return the body.

        Raises:
            HTTPException: 400: it cannot be read.
        """
        try:
            return read(await self.body())
        except UnreadableBody as error:
            raise HTTPException(400, str(error)) from None


class JsonRoute(APIRoute):
    """A route whose body is read by ``read``; every router of the API makes such ones."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            return await handler(_JsonRequest(request.scope, request.receive))

        return answer
