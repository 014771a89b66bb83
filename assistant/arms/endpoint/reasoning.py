"""Tells an answer from the reasoning before it, while both stream. Pure.

Models mark their reasoning in ways of their own, and servers that do not know the way pass it on
as text. What stands between the marks is never shown. A mark may come in pieces; whatever may
still become one is held back. A mark that stands in backticks is the answer's own word.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

_NAMES: Final = (
    *("think", "thinking", "thought", "thoughts", "reasoning", "reflection", "analysis"),
    *("scratchpad", "seed:think"),
)
_OPENS: Final = (
    *(f"<{name}>" for name in _NAMES),
    *("[THINK]", "◁think▷", "<|begin_of_thought|>", "<|START_THINKING|>"),
    *("<|inner_prefix|>", "<|channel>"),
)
_CLOSES: Final = (
    *(f"</{name}>" for name in _NAMES),
    *("[/THINK]", "◁/think▷", "<|end_of_thought|>", "<|END_THINKING|>"),
    *("<|inner_suffix|>", "<channel|>"),
)
_LEFT: Final = "assistantfinal"
"""What is left of gpt-oss's marks where a server has dropped them."""
_HEADS: Final = ("<|start|>", "<|channel|>")
_ENDS: Final = ("<|end|>", "<|return|>", "<|call|>")
_WRAPS: Final = (
    *("<answer>", "</answer>", "<|begin_of_solution|>", "<|end_of_solution|>", "<|im_end|>"),
    *("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
)
"""What only wraps the answer."""
_BOX: Final = ('<details type="reasoning"', "</details>")
"""Open WebUI's. Its end is any answer's own where nothing of it was opened."""
_WORDS: Final = ("here is my thought process:", "here's my thought process:")
_SPEAKS: Final = ("here is my response:", "here's my response:")
"""Granite's: words, so they count only at the beginning, and after those."""
_MESSAGE: Final = "<|message|>"
_LONGEST_HEAD: Final = 200


def _any(marks: tuple[str, ...]) -> str:
    return "|".join(map(re.escape, marks))


_MARK: Final = re.compile(
    rf"(?<!`)(?:(?P<opens>{_any(_OPENS)})|(?P<closes>{_any(_CLOSES)}|(?-i:{_LEFT}))"
    rf"|(?P<heads>{_any(_HEADS)})|(?P<ends>{_any(_ENDS)})|(?P<wraps>{_any(_WRAPS)})"
    rf"|(?P<box>{_any(_BOX[:1])})|(?P<unboxes>{_any(_BOX[1:])})"
    rf"|(?P<words>{_any(_WORDS)})|(?P<speaks>{_any(_SPEAKS)}))",
    re.IGNORECASE,
)
_FOLDED: Final = tuple(
    mark.lower() for mark in (*_OPENS, *_CLOSES, *_HEADS, *_ENDS, *_WRAPS, *_BOX, *_WORDS, *_SPEAKS)
)
_LONGEST: Final = max(map(len, _FOLDED))
_BEGINNINGS: Final = frozenset(mark[:end] for mark in _FOLDED for end in range(1, len(mark) + 1))


def _begun(text: str) -> int:
    """Return how many characters at the end of a text may become a mark."""
    for count in range(min(_LONGEST, len(text)), 0, -1):
        tail = text[-count:]
        if tail.lower() in _BEGINNINGS or _LEFT.startswith(tail):
            return count
    return 0


@dataclass(frozen=True, slots=True)
class ReasoningSplit:
    """What a piece of text comes to. stray: a mark closed what none had opened.

    Then all that was taken for answer before was reasoning; it is not in ``answer``.
    """

    answer: str = ""
    thought: str = ""
    stray: bool = False


class Splitter:
    """Splits one reply. inside: it begins inside the reasoning."""

    def __init__(self, *, inside: bool = False) -> None:
        self._held = ""
        self._inside: Literal["", "marks", "channel", "box", "words"] = "marks" if inside else ""
        self._head = False
        self._answer: list[str] = []
        self._thought: list[str] = []
        self._stray = False
        self._before = ""
        self._begun = False

    def feed(self, text: str) -> ReasoningSplit:
        """Take a piece of the reply."""
        self._held += text
        return self._settled(final=False)

    def close(self) -> ReasoningSplit:
        """Return the rest, after the reply has ended."""
        return self._settled(final=True)

    def _settled(self, *, final: bool) -> ReasoningSplit:
        while self._held and self._step(final=final):
            pass
        split = ReasoningSplit("".join(self._answer), "".join(self._thought), self._stray)
        self._answer, self._thought, self._stray = [], [], False
        return split

    def _step(self, *, final: bool) -> bool:
        """Take what can be told apart of what is held; return whether more may be."""
        if self._head:
            return self._headed(final=final)
        # The character before is looked at, too: a backtick makes a mark a word.
        match = _MARK.search(self._before + self._held, len(self._before))
        if match is None:
            self._take(len(self._held) - (0 if final else _begun(self._held)))
            return False
        start, end = match.start() - len(self._before), match.end() - len(self._before)
        self._take(start)
        if self._own_words(match):
            self._take(end - start)
            return True
        self._drop(end - start)
        if match["heads"]:
            self._head = True
            self._held = match["heads"] + self._held
        elif match["opens"]:
            self._inside = self._inside or "marks"
        elif match["box"]:
            self._inside = "box"
        elif match["words"]:
            self._inside = "words"
        elif match["closes"] and self._inside in {"", "marks"}:
            self._closed()
        elif match["unboxes"] or match["speaks"] or (match["ends"] and self._inside == "channel"):
            self._inside = ""
        return True

    def _own_words(self, match: re.Match[str]) -> bool:
        """Return whether what may be a mark elsewhere is said as it is here."""
        if match["unboxes"]:
            return self._inside != "box"
        if match["speaks"]:
            return self._inside != "words"
        if match["words"]:
            return self._begun or bool(self._inside)
        return bool(match["box"] and self._inside)

    def _headed(self, *, final: bool) -> bool:
        """Read the head of one of gpt-oss's messages: who speaks, in which channel."""
        head, mark, rest = self._held.partition(_MESSAGE)
        if not mark:
            if final or len(head) > _LONGEST_HEAD:
                self._thought.append(head)
                self._held = ""
            return False
        self._head, self._held, self._before = False, rest, ""
        _, channelled, channel = head.rpartition("<|channel|>")
        shown = not channelled or channel.strip().startswith("final")
        self._inside = "" if shown else "channel"
        return True

    def _closed(self) -> None:
        if not self._inside:
            self._stray = True
            self._thought += self._answer
            self._answer = []
        self._inside = ""

    def _take(self, count: int) -> None:
        text = self._held[:count]
        self._drop(count)
        if text:
            (self._thought if self._inside else self._answer).append(text)
            self._begun = self._begun or bool(text.strip())

    def _drop(self, count: int) -> None:
        if count:
            self._before = self._held[count - 1]
            self._held = self._held[count:]
