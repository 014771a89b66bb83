"""What an error of an endpoint says, in whatever shape it comes. Pure functions."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal

_READ: Final = 4000
_DEEPEST: Final = 6
_MOST: Final = 20

_SAID: Final = frozenset(
    {"error", "message", "msg", "detail", "details", "errors", "code", "type", "reason", "metadata"}
    | {"innererror", "raw", "title", "description", "cause"}
    | {"issues", "external_model_error", *("field_errors", "fieldErrors")}
)
"""Keys of an error under which it says something; what it quotes of the request is elsewhere."""
_NAMES: Final = ("param", "loc", "field", "path", "parameter", "keys", "property", "argument")
"""Keys under which an error names a field, or the way to it."""
_BY_FIELD: Final = frozenset({"errors", "field_errors", "fieldErrors"})
"""Keys under which errors may be sorted by the field that they are about."""
_PAGE: Final = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
_WITHHELD: Final = re.compile(
    r"\bcontent[_ ](?:filter|management|policy)|responsibleaipolicyviolation|\bmoderation\b|flagged"
)


def withheld(said: Any) -> bool:
    """Return whether an error says that the question or the answer was filtered."""
    named, text = complaint(said)
    return any(map(_WITHHELD.search, (*named, text)))


def accused(said: Any, names: Iterable[str]) -> str | None:
    """Return which of some fields an error is about; its own words are not repeated."""
    named, text = complaint(said)
    for name in names:
        if name in named or re.search(rf"(?<![\w.]){re.escape(name.lower())}(?!\w)", text):
            return name
    return None


def complaint(said: Any) -> tuple[tuple[str, ...], str]:
    """Return the fields that an error names, and all that it says, in lower case.

    Knows the shapes of OpenAI and Azure (``error``), vLLM (flat), pydantic (``detail`` with
    ``loc``), Mistral (that as ``message``), Zod (``issues`` with ``keys``), ASP.NET (``errors`` by
    field) and of those who send one text. A page of HTML says nothing.
    """
    named: list[str] = []
    texts: list[str] = []
    for kind, value in _words(said, 0):
        (named if kind == "named" else texts).append(value.lower())
    return tuple(named), " ".join(texts)[:_READ]


def _words(said: Any, depth: int) -> Iterator[tuple[Literal["named", "text"], str]]:
    if isinstance(said, str):
        inner = _parsed(said) if depth < _DEEPEST else None
        parts = [] if inner is None else list(_words(inner, depth + 1))
        if any(kind == "text" for kind, _ in parts):
            yield from parts
        elif not _PAGE.match(said):
            yield "text", said[:_READ]
    elif depth < _DEEPEST and isinstance(said, list):
        for value in said[:_MOST]:
            yield from _words(value, depth + 1)
    elif depth < _DEEPEST and isinstance(said, Mapping):
        yield from (("named", name) for name in _named(said))
        for key in [key for key in said if key in _SAID][:_MOST]:
            if key in _BY_FIELD and isinstance(said[key], Mapping):
                yield from _by_field(said[key], depth + 1)
            else:
                yield from _words(said[key], depth + 1)


def _by_field(
    errors: Mapping[str, Any], depth: int
) -> Iterator[tuple[Literal["named", "text"], str]]:
    """Yield what errors say that are sorted by fields, which may lie within others."""
    for key, value in list(errors.items())[:_MOST]:
        if key not in _SAID:
            yield "named", str(key)
        if isinstance(value, Mapping) and depth < _DEEPEST:
            yield from _by_field(value, depth + 1)
        else:
            yield from _words(value, depth + 1)


def _named(error: Mapping[str, Any]) -> Iterator[str]:
    for key in _NAMES:
        value = error.get(key)
        if isinstance(value, str):
            yield value
        elif isinstance(value, list) and key == "keys":
            yield from (part for part in value[:_MOST] if isinstance(part, str))
        elif isinstance(value, list):
            yield ".".join(str(part) for part in value[:_MOST] if part != "body")


def _parsed(text: str) -> Any:
    """Return the object or list that a text is, as where an error is wrapped in another."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
