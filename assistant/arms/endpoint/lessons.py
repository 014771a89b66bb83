"""What a refusal teaches of an endpoint's dialect. Pure functions.

A refusal teaches one thing, and only where it names that near the words that refuse it. What an
error repeats of the request's own messages says nothing.
"""

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, Final

from assistant.arms.endpoint.complaints import complaint, withheld
from assistant.arms.endpoint.dialect import LIMITS, Dialect, Thing

_FIELDS: Final[tuple[Thing, ...]] = (
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "stream_options",
    "stream",
)
_TEACHING: Final = frozenset({400, 404, 405, 422})
_UNAUTHORIZED: Final = 401
_READ: Final = 4000
_DEEPEST: Final = 6
_MOST: Final = 20

_BROKEN: Final = 500
_NEAR: Final = 120
_PART_OF_A_KEY: Final = 6
_SHORTEST_QUOTE: Final = 8
_QUOTE: Final = 16

_ROLES: Final = (
    r"\bsystem\b[^.]{0,40}(?:role|message|prompt|instruction)|roles?\b[^.]{0,80}\bsystem\b"
    r"|developer instruction|(?:must|should) (?:be )?alternat"
    r"|roles? are supported|messages\W*\d*\W*role"
)
_MENTIONS: Final[Mapping[Thing, re.Pattern[str]]] = {
    "max_tokens": re.compile(r"\bmax_tokens\b"),
    "max_completion_tokens": re.compile(r"\bmax_completion_tokens\b"),
    "temperature": re.compile(r"\btemperature\b"),
    "stream_options": re.compile(r"\bstream[_ ]options\b|\binclude_usage\b"),
    "stream": re.compile(r"\bstream(?:ing|ed)?\b(?![_ ]options)"),
    "system": re.compile(_ROLES),
    "developer": re.compile(rf"\bdeveloper\b|{_ROLES}"),
}
_REFUSES: Final = re.compile(
    r"unsupported|not support|n.t support|not (?:be )?(?:permitted|allowed|accepted|available"
    r"|enabled|implemented|recogni[sz]ed|valid|compatible)|unrecogni[sz]ed|unknown"
    r"|unexpected (?:param|field|role|key|arg|prop|value|input|name|message)"
    r"|extra_forbidden|extra (?:inputs|fields)|additional propert|forbidden|deprecated|disabled"
    r"|invalid (?:param|arg|field|role)|instead|only\b|no endpoints? found"
    r"|(?:must|should) (?:be )?alternat|incompatible|cannot|can.t\b"
)
_RANGE: Final = re.compile(r"must|should|range|positive|invalid|greater|between|minimum|larger")
_AMOUNT: Final = re.compile(
    r"too (?:large|long|high|many|big)|context (?:length|window|size)|exceed|at most|reduce"
    r"|maximum (?:context|allowed|value|number)|minimum|at least|(?:less|greater) than|<=|>="
    r"|valid range|range of|\bmust be (?:in|within|between)\b"
)
_PREFERS_DEVELOPER: Final = re.compile(
    r"\buse\b[^.]{0,30}\bdeveloper\b|\bdeveloper\b[^.]{0,30}instead"
)
_SENTENCE: Final = re.compile(r"[.!?;](?=\s)|\n")
_TEMPLATE: Final = re.compile(r"jinja|template|\brole")
_PASSING: Final = re.compile(
    r"temporar|upstream unavailable|try again|overloaded|tim(?:ed|e) ?out|guardrail|resembl"
    r"|injection|jailbreak"
)
"""What says that it was this request or this moment, and not the way to ask."""
_ONLY_STREAM: Final = re.compile(r"only (?:supports? )?(?:the )?stream|\bstream\w*(?: mode)? only")
_MASKED: Final = re.compile(r"\w[\w-]*\*{3,}|\b[sprg]k-[\w*-]{6,}")


def learned(
    dialect: Dialect,
    body: Mapping[str, Any],
    own: AbstractSet[str],
    status: int,
    said: Any,
    key: str = "",
) -> Dialect | None:
    """Return what to speak after a refusal; None if it teaches nothing.

    body: as it was sent. said: the error as it came, parsed where it is JSON. key: the one that
    was sent. What comes back refuses more than ``dialect``, so that asking again ends.
    """
    named, text = complaint(said)
    if status == _UNAUTHORIZED:
        return None if _quotes(text, key) else _otherwise(dialect)
    text = _unquoted(text, body)
    things = [name for name in _sent(body) if name not in own]
    if status == _BROKEN and _TEMPLATE.search(text):  # a template raised it; nothing was answered
        things = [thing for thing in things if thing in {"system", "developer"}]
    elif status not in _TEACHING:
        return None
    if withheld(said) or _PASSING.search(text):
        return None
    thing = _blamed(named, text, things)
    if thing is None:
        return None
    refused: set[Thing] = {thing}
    if thing == "system" and not _PREFERS_DEVELOPER.search(text):
        refused.add("developer")
    return replace(dialect, refused=dialect.refused | refused)


def _otherwise(dialect: Dialect) -> Dialect | None:
    """Return the same with the key in the other header, as long as that was not tried."""
    tried: Thing = "api-key" if dialect.header == "api-key" else "bearer"
    other = replace(dialect, refused=dialect.refused | {tried})
    return None if other.header == dialect.header else other


def _quotes(text: str, key: str) -> bool:
    """Return whether an error repeats a key: who has read it says that it is the wrong one."""
    size, low = _PART_OF_A_KEY, key.lower()
    parts = (low[i : i + size] for i in range(len(low) - size + 1))
    return bool(_MASKED.search(text)) or any(part in text for part in parts)


def _unquoted(text: str, body: Mapping[str, Any]) -> str:
    """Return an error without what it repeats of the messages, whole or in part."""
    own: set[str] = set()
    for message in body.get("messages", ()):
        content = message.get("content")
        low = content.lower() if isinstance(content, str) else ""
        if _SHORTEST_QUOTE <= len(low) < _QUOTE:
            text = text.replace(low, " ")
        own.update(low[i : i + _QUOTE] for i in range(len(low) - _QUOTE + 1))
    quoted = bytearray(len(text))
    for i in range(len(text) - _QUOTE + 1):
        if text[i : i + _QUOTE] in own:
            quoted[i : i + _QUOTE] = b"\1" * _QUOTE
    return "".join(" " if gone else letter for letter, gone in zip(text, quoted, strict=True))


def _sent(body: Mapping[str, Any]) -> list[Thing]:
    """Return what of a request may be refused."""
    values = [(name, body.get(name)) for name in _FIELDS]
    things = [name for name, value in values if value is not None and value is not False]
    roles = {message.get("role") for message in body.get("messages", ())}
    if "system" in roles:
        things.append("system")
    if "developer" in roles:
        things.append("developer")
    return things


def _blamed(named: Iterable[str], text: str, sent: list[Thing]) -> Thing | None:
    """Return the one thing that an error refuses: named as a field, or mentioned first."""
    for name in named:
        for thing in sent:
            if _MENTIONS[thing].search(name) and _refuses(thing, text, text, as_field=True):
                return thing
    mentions = [(start, thing) for thing in sent if (start := _mention(thing, text)) is not None]
    return min(mentions)[1] if mentions else None


def _mention(thing: Thing, text: str) -> int | None:
    """Return where an error mentions a thing near words that refuse it."""
    starts = [0, *(match.end() for match in _SENTENCE.finditer(text)), len(text)]
    for match in _MENTIONS[thing].finditer(text):
        first = max(start for start in starts if start <= match.start())
        last = min(start for start in starts if start >= match.end())
        near = text[max(first, match.start() - _NEAR) : min(last, match.end() + _NEAR)]
        if _refuses(thing, near, text, as_field=False):
            return match.start()
    return None


def _refuses(thing: Thing, near: str, text: str, *, as_field: bool) -> bool:
    """Return whether an error refuses a thing as such, and not only how much of it there is."""
    if thing in LIMITS and _AMOUNT.search(text):
        return False
    if thing == "stream" and _ONLY_STREAM.search(near):
        return False
    if as_field or _REFUSES.search(near):
        return True
    # What is sent is 0; whoever complains of that wants none.
    return thing == "temperature" and bool(_RANGE.search(near))
