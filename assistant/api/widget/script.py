"""The widget's script, as it is served: its parts in one file, without what people alone read."""

import gzip
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Final

from fastapi import APIRouter, Header, Response
from rjsmin import jsmin

from assistant.api.entry.body import JsonRoute
from guardrails import digests

PARTS: Final = (
    "texts.js",
    "style.js",
    "elements.js",
    "colours.js",
    "markdown.js",
    "server.js",
    "conversation.js",
    "answer.js",
    "person.js",
    "panel.js",
)
"""In the order in which they are run: each is a list of declarations, and the last one begins."""

_TYPE: Final = "text/javascript; charset=utf-8"
_AN_HOUR: Final = "public, max-age=3600, stale-while-revalidate=86400"

router = APIRouter(route_class=JsonRoute)


@dataclass(frozen=True, slots=True)
class Script:
    """A script. zipped: the same by gzip. tag: changes with it."""

    plain: bytes
    zipped: bytes
    tag: str


@cache
def assembled() -> Script:
    """Return the widget's script: one function that is run, strict."""
    folder = files(__package__)
    whole = "\n".join(folder.joinpath(part).read_text("utf-8") for part in PARTS)
    plain = f'(()=>{{"use strict";\n{jsmin(whole)}\n}})();\n'.encode()
    return Script(plain, gzip.compress(plain, mtime=0), f'W/"{digests.of(plain.decode())[:32]}"')


@router.get(
    "/widget.js",
    response_class=Response,
    responses={200: {"content": {_TYPE: {"schema": {"type": "string"}}}}, 304: {}},
)
async def widget(
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
    accept_encoding: Annotated[str, Header(max_length=1000)] = "",
) -> Response:
    """Return the widget's script, for the pages of whoever likes."""
    script = assembled()
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Cache-Control": _AN_HOUR,
        "ETag": script.tag,
        "Vary": "Accept-Encoding",
    }
    known = {tag.strip() for tag in (if_none_match or "").split(",")}
    if script.tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if "gzip" in accept_encoding.lower():
        return Response(script.zipped, 200, {**headers, "Content-Encoding": "gzip"}, _TYPE)
    return Response(script.plain, 200, headers, _TYPE)
