"""What an endpoint takes of a request; what its refusals teach is in ``lessons``. Pure functions.

All of them say that they speak OpenAI's API, and each leaves something out: newer models take
``max_completion_tokens`` and no ``temperature``, others no ``stream_options``, no system message,
or no stream. So a request is first made as most take it. A refusal that names something of it
teaches one thing, which is left out from then on or said in the other way; one that names nothing
is an error. What a person has set (``extra_body``) is never touched.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

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
        """The header that the key is sent in: bearer, too, where both were refused.

        Then the other was the first, as at Azure.
        """
        return "api-key" if self.refused & {"bearer", "api-key"} == {"bearer"} else "authorization"

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
    request = dict(body)
    if "max_tokens" in request and "max_tokens" not in own:
        most = request.pop("max_tokens")
        if dialect.limit and not own & set(LIMITS):
            request[dialect.limit] = most
    for name in ("temperature", "stream_options", "stream"):
        if name in dialect.refused and name not in own:
            request.pop(name, None)
    if not request.get("stream"):
        request.pop("stream_options", None)
    if dialect.rules != "system" and "messages" in request:
        request["messages"] = _voiced(request["messages"], dialect.rules)
    return request


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
