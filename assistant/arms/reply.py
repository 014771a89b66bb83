"""Reads what an endpoint replies: events of a stream, or one JSON body. Nothing here waits.

Endpoints differ in what they send: text or a list of parts, reasoning under several names, ``null``
where there is nothing, reasons to end of their own, an error in the middle. What is read is
bounded, however long the endpoint goes on.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final, Literal

from assistant.arms.dialect import withheld
from assistant.arms.reasoning import Split, Splitter

Finish = Literal["stop", "length", "content_filter", "broken"]
"""Whole; cut; withheld by the provider; ended by a failure of the endpoint's."""

CHARACTERS_A_TOKEN: Final = 16
"""No answer within its limit of tokens is longer; one that is, is cut."""
MOST_CHARACTERS: Final = 400_000
"""Of one reply, reasoning included."""
MOST_EVENTS: Final = 100_000
MOST_EMPTY: Final = 20_000
"""Events one after the other that say nothing."""
MOST_BYTES: Final = 64 * 1024**2
MOST_EVENT: Final = 4 * 1024**2

_FINISHES: Final[Mapping[str, Finish]] = {
    **dict.fromkeys(("stop", "eos", "eos_token", "stop_sequence", "end_turn", "complete"), "stop"),
    **dict.fromkeys(("tool_calls", "function_call"), "stop"),
    **dict.fromkeys(("content_filter", "safety", "recitation", "refusal"), "content_filter"),
    **dict.fromkeys(("prohibited_content", "blocklist", "sensitive"), "content_filter"),
    **dict.fromkeys(("error", "abort", "aborted", "cancelled"), "broken"),
    **dict.fromkeys(("insufficient_system_resource", "network_error"), "broken"),
}
"""What reasons to end mean, in lower case. All others, and what nobody knows, mean cut."""
_WORST: Final[tuple[Finish, ...]] = ("stop", "length", "content_filter", "broken")


class Unreadable(Exception):
    """A reply is none: not JSON, without end, or an error. what: in words of ours."""

    def __init__(self, what: str, said: str = "") -> None:
        super().__init__(f"{what}: {said}" if said else what)
        self.what = what


class Filtered(Exception):
    """The provider withheld the answer, or the model refused to give one."""


class Unopened(Exception):
    """What was taken for the answer was reasoning."""


class Endless(Exception):
    """Nothing was said, and it went on."""


class Events:
    """Cuts the bytes of a reply into its events, as parsed JSON."""

    def __init__(self) -> None:
        self._line = b""
        self._data: list[bytes] = []
        self._whole: bytes | None = None
        self._read = 0
        self.done = False

    def feed(self, piece: bytes) -> Iterator[Any]:
        """Take some bytes; yield the events that they complete.

        Raises:
            Unreadable: it is not JSON, or longer than any reply.
        """
        self._read += len(piece)
        if self._read > MOST_BYTES:
            raise Unreadable("it sends without end")
        if self._whole is None and not self._data:
            start = (self._line + piece).lstrip(b"\xef\xbb\xbf \r\n\t")
            if start.startswith(b"{"):
                self._whole, self._line, piece = b"", b"", start
        if self._whole is not None:
            self._whole += piece
            if len(self._whole) > MOST_EVENT:
                raise Unreadable("it sends without end")
            return
        *lines, self._line = (self._line + piece).replace(b"\r\n", b"\n").split(b"\n")
        if len(self._line) > MOST_EVENT:
            raise Unreadable("an event has no end")
        for line in lines:
            yield from self._take(line.rstrip(b"\r"))

    def close(self) -> Iterator[Any]:
        """Yield what is left when the reply is over."""
        if self._whole is not None:
            yield parsed(self._whole)
            return
        yield from self._take(self._line)
        yield from self._take(b"")

    def _take(self, line: bytes) -> Iterator[Any]:
        if self.done:
            return
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
            return
        data, self._data = b"\n".join(self._data), []
        if data.startswith(b"[DONE]"):
            self.done = True
        elif data.strip():
            yield parsed(data)


def parsed(data: bytes) -> Any:
    """Return the JSON that some bytes are.

    Raises:
        Unreadable: they are none.
    """
    try:
        return json.loads(data.decode())
    except (ValueError, RecursionError):
        raise Unreadable("it sent what is not JSON") from None


@dataclass(slots=True)
class Reply:
    """One reply, as it is read. most: the limit of tokens. unopened: see ``Dialect``.

    Unless it is known that answers do not begin inside the reasoning, nothing is given out before
    the end: another mark may come. said: the endpoint's count of tokens. over: it is longer than
    its limit allows, and no more of it is read.
    """

    most: int
    unopened: bool | None = None
    answer: str = ""
    finish: Finish | None = None
    said: Any = None
    over: bool = False
    _stray: bool = False
    _held: str = ""
    _thoughts: list[str] = field(default_factory=list)
    _characters: int = 0
    _events: int = 0
    _empty: int = 0
    _splitter: Splitter | None = None

    @property
    def thought(self) -> str:
        """The reasoning so far."""
        return "".join(self._thoughts)

    @property
    def marked(self) -> bool | None:
        """Whether it begins inside the reasoning, as far as this reply tells."""
        whole, said = self.finish == "stop", bool(self.answer.strip())
        if self._stray or self.unopened:
            return None if whole and not said else True
        told = said and (whole or bool(self._thoughts))
        return False if told or self.unopened is False else None

    @property
    def undecided(self) -> bool:
        """Whether nobody can tell that what was said is an answer: it was cut before any mark."""
        return self.marked is None and self.finish == "length" and bool(self.answer.strip())

    def take(self, event: Any) -> tuple[str, str]:
        """Take an event; return what may be given out of the answer, and what was thought.

        Raises:
            Unreadable: it is an error, or nothing that a reply has.
            Filtered: the answer is withheld.
            Unopened: what was given out was reasoning.
            Endless: it goes on without a word of the answer.
        """
        if not isinstance(event, Mapping):
            raise Unreadable("it sent what is no event")
        if event.get("error") or event.get("object") == "error":
            raise Filtered if withheld(event) else Unreadable("it said an error", _told(event))
        if isinstance(event.get("usage"), Mapping):
            self.said = SimpleNamespace(**{str(k): v for k, v in event["usage"].items()})
        text, thought = self._choice(_first(event.get("choices")))
        split = self._splits().feed(text)
        shown = self._split(split)
        if thought:
            self._thoughts.append(thought)
        self._bounded(text + thought)
        return shown, thought + split.thought

    def close(self) -> tuple[str, str]:
        """Return what is left to be given out, and thought, when the reply is over."""
        split = self._splits().close()
        shown = self._split(split) + self._held
        self._held = ""
        return shown, split.thought

    def _splits(self) -> Splitter:
        self._splitter = self._splitter or Splitter(inside=self.unopened is True)
        return self._splitter

    def _choice(self, choice: Mapping[str, Any]) -> tuple[str, str]:
        delta = choice["delta"] if "delta" in choice else choice.get("message")
        delta = delta if isinstance(delta, Mapping) else {}
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            found = _FINISHES.get(reason.lower(), "length")
            self.finish = max(self.finish or "stop", found, key=_WORST.index)
        filters = choice.get("content_filter_results")
        if self.finish == "content_filter" or delta.get("refusal") or _filtered(filters):
            raise Filtered
        text, thought = _parts(delta.get("content"))
        return text, thought or _thought(delta)

    def _split(self, split: Split) -> str:
        if split.thought:
            self._thoughts.append(split.thought)
        if split.stray and (self.answer.strip() or split.thought.strip()):
            if self.unopened is False and self.answer.strip():
                raise Unopened
            self._stray = True  # nothing was given out yet; all of it was reasoning
            self._thoughts.append(self._held)
            self._held = self.answer = ""
        self.answer += split.answer
        if self.unopened is not False:
            self._held += split.answer
            return ""
        return split.answer

    def _bounded(self, said: str) -> None:
        self._events += 1
        self._characters += len(said)
        self._empty = 0 if said else self._empty + 1
        self.over = (
            len(self.answer) > self.most * CHARACTERS_A_TOKEN
            or self._characters > MOST_CHARACTERS
            or self._events > MOST_EVENTS
            or self._empty > MOST_EMPTY
        )
        if self.over and not self.answer:
            raise Endless
        if self.over:
            self.finish = "length"


def _first(choices: Any) -> Mapping[str, Any]:
    """Return the one choice that was asked for; an endpoint may send others beside it."""
    found = choices if isinstance(choices, list) else []
    ours = (one for one in found if isinstance(one, Mapping) and one.get("index") in {0, None})
    return next(ours, {})


def _parts(content: Any) -> tuple[str, str]:
    """Return the text of a content, and its reasoning; what is neither is no answer."""
    if isinstance(content, str):
        return content, ""
    text, thought = "", ""
    for part in content if isinstance(content, list) else ():
        if isinstance(part, str):
            text += part
        elif isinstance(part, Mapping):
            kind = str(part.get("type", "text"))
            if kind in {"text", "output_text"}:
                text += part["text"] if isinstance(part.get("text"), str) else ""
            else:
                thought += _flat(part)
    return text, thought


def _thought(delta: Mapping[str, Any]) -> str:
    """Return the reasoning beside a content; where it is told twice, once."""
    names = ("reasoning_content", "reasoning", "reasoning_text", "thinking", "reasoning_details")
    return next((told for name in names if (told := _flat(delta.get(name)))), "")


def _flat(value: Any, depth: int = 0) -> str:
    """Return all text of a value; it is only counted."""
    if isinstance(value, str):
        return value
    if depth > 4:  # noqa: PLR2004  (deeper than any reasoning is kept)
        return ""
    if isinstance(value, Mapping):
        inner = (
            value.get(name) for name in ("text", "summary", "thinking", "content", "reasoning")
        )
        return "".join(_flat(one, depth + 1) for one in inner)
    if isinstance(value, list):
        return "".join(_flat(one, depth + 1) for one in value)
    return ""


def _filtered(results: Any) -> bool:
    """Return whether Azure's filter of the answer has caught something."""
    if not isinstance(results, Mapping):
        return False
    return any(isinstance(one, Mapping) and one.get("filtered") is True for one in results.values())


def _told(event: Mapping[str, Any]) -> str:
    error = event.get("error") or event
    message = error.get("message") if isinstance(error, Mapping) else error
    return str(message)
