"""What an endpoint takes of a request, and what its refusals teach. Pure functions.

All of them say that they speak OpenAI's API, and each leaves something out: newer models take
``max_completion_tokens`` and no ``temperature``, others no ``stream_options``, no system message,
or no stream. So a request is first made as most take it. A refusal that names something of it
teaches one thing, which is left out from then on or said in the other way; one that names nothing
is an error. What a person has set (``extra_body``) is never touched.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, Self

from guardrails.failures import without_keys

Thing = Literal[
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "stream_options",
    "stream",
    "system",
    "developer",
    "bearer",
    "api-key",
]
"""What an endpoint may refuse: a field, a role, or a way to send the key."""

LIMITS: Final = ("max_tokens", "max_completion_tokens")
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

_SAID: Final = frozenset(
    {"error", "message", "msg", "detail", "details", "errors", "code", "type", "reason", "metadata"}
    | {"innererror", "raw", "title", "description", "cause"}
)
"""Keys of an error under which it says something; what it quotes of the request is elsewhere."""
_ROLES: Final = (
    r"\bsystem\b[^.]{0,40}(?:role|message|prompt|instruction)|roles?\b[^.]{0,80}\bsystem\b"
    r"|developer instruction|must alternate|roles? are supported|messages\W*\d*\W*role"
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
    r"|enabled|implemented|recogni[sz]ed|valid|compatible)|unrecogni[sz]ed|unknown|unexpected"
    r"|extra_forbidden|extra (?:inputs|fields)|additional propert|forbidden|deprecated|disabled"
    r"|invalid (?:param|arg|field|role)|instead|only\b|must alternate|incompatible|cannot|can.t\b"
)
_RANGE: Final = re.compile(r"must|should|range|positive|invalid|greater|between|minimum|larger")
_AMOUNT: Final = re.compile(
    r"too (?:large|long|high|many|big)|context (?:length|window|size)|exceed|at most|reduce"
    r"|maximum (?:context|allowed|value|number)|minimum|at least|(?:less|greater) than"
)
_PREFERS_DEVELOPER: Final = re.compile(
    r"\buse\b[^.]{0,30}\bdeveloper\b|\bdeveloper\b[^.]{0,30}instead"
)
_WITHHELD: Final = re.compile(
    r"\bcontent[_ ](?:filter|management|policy)|responsibleaipolicyviolation|\bmoderation\b|flagged"
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is known of an endpoint. refused: what it does not take.

    unopened: whether its answers begin inside the reasoning, which only a closing mark ends; None
    as long as nobody has seen a whole answer.
    """

    refused: frozenset[Thing] = frozenset()
    unopened: bool | None = None

    @property
    def limit(self) -> str | None:
        """The name of the limit of tokens; None if it takes none."""
        return next((name for name in LIMITS if name not in self.refused), None)

    @property
    def rules(self) -> Literal["system", "developer", "question"]:
        """Whose words the rules are, or that they go into the first question."""
        if "system" not in self.refused:
            return "system"
        return "question" if "developer" in self.refused else "developer"

    @property
    def header(self) -> Literal["authorization", "api-key"]:
        """The header that the key is sent in."""
        return "api-key" if "bearer" in self.refused else "authorization"

    def plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"refused": sorted(self.refused), "unopened": self.unopened}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the dialect that ``plain`` was asked of."""
        return cls(frozenset(values["refused"]), values["unopened"])


PLAIN: Final = Dialect(unopened=False)
"""What most endpoints speak, and the embedded engine."""

_AZURE: Final = (".azure.com", ".azure-api.net", ".azure.us", ".azure.cn")


def first(host: str) -> Dialect:
    """Return what to speak to a host that nothing is known of."""
    return Dialect(frozenset({"bearer"})) if host.endswith(_AZURE) else Dialect()


def spoken(dialect: Dialect, body: Mapping[str, Any], own: AbstractSet[str]) -> dict[str, Any]:
    """Return a request as the endpoint takes it. own: the fields that a person has set."""
    said = dict(body)
    if "max_tokens" in said and "max_tokens" not in own:
        most = said.pop("max_tokens")
        if dialect.limit and not own & set(LIMITS):
            said[dialect.limit] = most
    for name in ("temperature", "stream_options", "stream"):
        if name in dialect.refused and name not in own:
            said.pop(name, None)
    if not said.get("stream"):
        said.pop("stream_options", None)
    if dialect.rules != "system" and "messages" in said:
        said["messages"] = _voiced(said["messages"], dialect.rules)
    return said


def _voiced(messages: Iterable[Mapping[str, Any]], rules: str) -> list[dict[str, Any]]:
    """Return messages with the rules told by another role, or at the head of the first question."""
    plain = [dict(message) for message in messages]
    if rules != "question":
        return [{**m, "role": rules} if m["role"] == "system" else m for m in plain]
    head = "\n\n".join(str(m["content"]) for m in plain if m["role"] == "system")
    rest = [m for m in plain if m["role"] != "system"]
    if not head:
        return rest
    if not rest or rest[0]["role"] != "user":
        return [{"role": "user", "content": head}, *rest]
    return [{**rest[0], "content": f"{head}\n\n{rest[0]['content']}"}, *rest[1:]]


def learned(
    dialect: Dialect, body: Mapping[str, Any], own: AbstractSet[str], status: int, said: Any
) -> Dialect | None:
    """Return what to speak after a refusal; None if it teaches nothing.

    body: as it was sent. said: the error as it came, parsed where it is JSON. What comes back
    refuses more than ``dialect``, so that asking again ends.
    """
    named, text = complaint(said)
    if status == _UNAUTHORIZED:
        other: Thing = "api-key" if dialect.header == "api-key" else "bearer"
        both = dialect.refused | {other}
        # Who quotes a key has read it: it is the wrong one, not at the wrong place.
        quotes = without_keys(text) != text
        return None if quotes or {"bearer", "api-key"} <= both else replace(dialect, refused=both)
    if status not in _TEACHING or withheld(said):
        return None
    thing = _blamed(named, text, [name for name in _sent(body) if name not in own])
    if thing is None:
        return None
    things: set[Thing] = {thing}
    if thing == "system" and not _PREFERS_DEVELOPER.search(text):
        things.add("developer")
    return replace(dialect, refused=dialect.refused | things)


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
    ``loc``), Mistral (that as ``message``) and of those who send one text.
    """
    named: list[str] = []
    texts: list[str] = []
    for kind, value in _words(said, 0):
        (named if kind == "named" else texts).append(value.lower())
    return tuple(named), " ".join(texts)[:_READ]


def _words(said: Any, depth: int) -> Iterator[tuple[Literal["named", "text"], str]]:
    if isinstance(said, str) and (inner := _parsed(said)) is None:
        yield "text", said[:_READ]
    elif depth < _DEEPEST:
        said = inner if isinstance(said, str) else said
        if isinstance(said, Mapping):
            yield from (("named", name) for name in _named(said))
        values = said if isinstance(said, list) else _values(said)
        for value in values[:_MOST]:
            yield from _words(value, depth + 1)


def _named(error: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(error.get("param"), str):
        yield error["param"]
    if isinstance(error.get("loc"), list):
        yield ".".join(str(part) for part in error["loc"] if part != "body")


def _values(error: Any) -> list[Any]:
    return [error[key] for key in error if key in _SAID] if isinstance(error, Mapping) else []


def _parsed(text: str) -> Any:
    """Return the object or list that a text is, as where an error is wrapped in another."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


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
            if _MENTIONS[thing].search(name) and _refuses(thing, text, as_field=True):
                return thing
    found = [
        (match.start(), thing)
        for thing in sent
        if (match := _MENTIONS[thing].search(text)) and _refuses(thing, text, as_field=False)
    ]
    return min(found)[1] if found else None


def _refuses(thing: Thing, text: str, *, as_field: bool) -> bool:
    """Return whether an error refuses a thing as such, and not only how much of it there is."""
    if thing in LIMITS and _AMOUNT.search(text):
        return False
    if as_field or _REFUSES.search(text):
        return True
    # What is sent is 0; whoever complains of that wants none.
    return thing == "temperature" and bool(_RANGE.search(text))


def told(dialect: Dialect) -> str:
    """Return what an endpoint takes, for a person."""
    takes = [dialect.limit or "no limit of tokens"]
    takes.append("no temperature" if "temperature" in dialect.refused else "temperature 0")
    if "stream" in dialect.refused:
        takes.append("no stream")
    elif "stream_options" in dialect.refused:
        takes.append("no stream_options")
    parts = [f"takes {', '.join(takes)}"]
    if dialect.rules == "developer":
        parts.append("the rules are told as developer")
    if dialect.rules == "question":
        parts.append("system text goes into the first question")
    if dialect.header == "api-key":
        parts.append("the key goes into the header api-key")
    if dialect.unopened:
        parts.append("answers begin inside the reasoning")
    return "; ".join(parts)
