"""Reads what an endpoint replies, event by event. Nothing here waits.

Endpoints differ in what they send: text or a list of parts, reasoning under several names, ``null``
where there is nothing, reasons to end of their own, an error in the middle. What is read is
bounded, however long the endpoint goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final, Literal

from assistant.arms.endpoint.complaints import withheld
from assistant.arms.endpoint.events import Unreadable
from assistant.arms.endpoint.reasoning import ReasoningSplit, Splitter

Finish = Literal["stop", "length", "content_filter", "broken"]
"""Whole; cut; withheld by the provider; ended by a failure of the endpoint's."""

CHARACTERS_A_TOKEN: Final = 16
"""No answer within its limit of tokens is longer; one that is, is cut."""
MOST_CHARACTERS: Final = 400_000
"""Of one reply, reasoning included."""
MOST_EVENTS: Final = 100_000
MOST_EMPTY: Final = 20_000
"""Events one after the other that say nothing."""

_FINISHES: Final[Mapping[str, Finish]] = {
    **dict.fromkeys(("stop", "eos", "eos_token", "stop_sequence", "end_turn", "complete"), "stop"),
    **dict.fromkeys(("tool_calls", "function_call"), "length"),  # no tools are ever offered
    **dict.fromkeys(("content_filter", "safety", "recitation", "refusal"), "content_filter"),
    **dict.fromkeys(("prohibited_content", "blocklist", "sensitive"), "content_filter"),
    **dict.fromkeys(("spii", "image_safety", "model_armor", "moderation"), "content_filter"),
    **dict.fromkeys(("content_filtered", "guardrail_intervened"), "content_filter"),
    **dict.fromkeys(("error", "abort", "aborted", "cancelled"), "broken"),
    **dict.fromkeys(("insufficient_system_resource", "network_error"), "broken"),
}
"""What reasons to end mean, in lower case. All others, and what nobody knows, mean cut."""
_NO_REASON: Final = frozenset({"", "null", "none"})
_WORST: Final[tuple[Finish, ...]] = ("stop", "length", "content_filter", "broken")


class Filtered(Exception):
    """The provider withheld the answer, or the model refused to give one."""


class Unopened(Exception):
    """What was taken for the answer was reasoning."""


class Endless(Exception):
    """Nothing was said, and it went on."""


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
    _tools: bool = False
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
    def nothing(self) -> bool:
        """Whether no event came at all, as from a web page or an empty body."""
        return self._events == 0

    @property
    def marked(self) -> bool | None:
        """Whether it begins inside the reasoning, as far as this reply tells."""
        whole, content = self.finish == "stop", bool(self.answer.strip())
        if self._stray or self.unopened:
            return None if whole and not content else True
        proof = content and (whole or bool(self._thoughts))
        return False if proof or self.unopened is False else None

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
            raise (
                Filtered if withheld(event) else Unreadable("it said an error", _told(event), event)
            )
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
        self._tools = self._tools or bool(delta.get("tool_calls") or delta.get("function_call"))
        if finish := _finish(choice.get("finish_reason")):
            finish = "length" if self._tools and finish == "stop" else finish
            self.finish = max(self.finish or "stop", finish, key=_WORST.index)
        filters = choice.get("content_filter_results")
        if self.finish == "content_filter" or delta.get("refusal") or _filtered(filters):
            raise Filtered
        text, thought = _parts(delta.get("content"))
        if _is_thought(delta):
            return "", text + thought
        return text, thought or _thought(delta)

    def _split(self, split: ReasoningSplit) -> str:
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
    rows = choices if isinstance(choices, list) else []
    ours = (row for row in rows if isinstance(row, Mapping) and row.get("index") in {0, None})
    return next(ours, {})


def _finish(reason: Any) -> Finish | None:
    """Return what a reason to end means, also where more is said of it, as after a colon."""
    text = reason.strip().lower() if isinstance(reason, str) else ""
    if text in _NO_REASON:
        return None
    return _FINISHES.get(text) or _FINISHES.get(text.partition(":")[0].strip(), "length")


def _is_thought(said: Mapping[str, Any]) -> bool:
    """Return whether Google marks a text as reasoning."""
    extra = said.get("extra_content")
    google = extra.get("google") if isinstance(extra, Mapping) else None
    marks = [said, google] if isinstance(google, Mapping) else [said]
    return any(mark.get("thought") is True for mark in marks)


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
            if kind in {"text", "output_text"} and not _is_thought(part):
                text += part["text"] if isinstance(part.get("text"), str) else ""
            else:
                thought += _flat(part)
    return text, thought


def _thought(delta: Mapping[str, Any]) -> str:
    """Return the reasoning beside a content; where it is told twice, once."""
    names = ("reasoning_content", "reasoning", "reasoning_text", "thinking", "reasoning_details")
    return next((text for name in names if (text := _flat(delta.get(name)))), "")


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
        return "".join(_flat(part, depth + 1) for part in inner)
    if isinstance(value, list):
        return "".join(_flat(part, depth + 1) for part in value)
    return ""


def _filtered(results: Any) -> bool:
    """Return whether Azure's filter of the answer has caught something."""
    if not isinstance(results, Mapping):
        return False
    return any(isinstance(row, Mapping) and row.get("filtered") is True for row in results.values())


def _told(event: Mapping[str, Any]) -> str:
    error = event.get("error") or event
    message = error.get("message") if isinstance(error, Mapping) else error
    return str(message)
