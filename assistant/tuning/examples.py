"""Training examples: one JSON object a line, in any of the shapes that teams have.

| shape | keys |
| --- | --- |
| ours | ``question``, ``answer``, optional ``passages``: texts, or ``title`` and ``text`` |
| chat | ``messages``: objects with ``role``, ``content``; the last one is the assistant's |
| completion | ``prompt``, ``completion`` |
| instruction | ``instruction``, ``output``, optional ``input`` |

All may have ``id``, ``language`` (``en``, ``de``) and ``segment``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import TrainingDataError
from assistant.language import Language, language_of_question
from guardrails import digests
from guardrails.types import Text

OTHER: Final = "other"
"""The language of an example that is neither English nor German."""
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Example:
    """One question with the answer that the model is to learn.

    line: where it stands in its file, from 1. passages: what the answer is to be read from;
    empty where the file has none. history: what was said before the question.
    """

    id: str
    line: int
    language: str
    question: str
    answer: str
    passages: tuple[Text, ...] = ()
    history: tuple[tuple[str, str], ...] = ()
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that is not an example. message: what was got and what was expected."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class TrainingFile:
    """What a file holds. sha256: of its bytes, hexadecimal."""

    path: Path
    sha256: str
    examples: tuple[Example, ...]
    problems: tuple[Problem, ...]

    def sound(self) -> tuple[Example, ...]:
        """Return the examples of a file without problems.

        Raises:
            TrainingDataError: lines cannot be read, or there are none.
        """
        if self.problems:
            shown = "; ".join(f"line {p.line}: {p.message}" for p in self.problems[:_SHOWN])
            more = len(self.problems) - _SHOWN
            raise TrainingDataError(
                f"{self.path} has {len(self.problems)} lines that are not training examples: "
                f"{shown}{f'; and {more} more' if more > 0 else ''}.",
                hint="Mend them, or see them all with: routeback audit.",
            )
        if not self.examples:
            raise TrainingDataError(f"{self.path} holds no training examples.", hint=_HINT)
        return self.examples


class _Row(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: str | int | None = None
    language: Language | None = None
    segment: str = ""


class _Passage(BaseModel):
    title: str = ""
    text: str


class _Ours(_Row):
    question: str = Field(min_length=1)
    answer: str = Field(min_length=1)
    passages: list[_Passage | str] = []


class _Message(BaseModel):
    role: Literal["system", "user", "assistant"]
    content: str = Field(min_length=1)


class _Chat(_Row):
    messages: list[_Message] = Field(min_length=2)


class _Completion(_Row):
    prompt: str = Field(min_length=1)
    completion: str = Field(min_length=1)


class _Instruction(_Row):
    instruction: str = Field(min_length=1)
    output: str = Field(min_length=1)
    input: str = ""


_SHAPES: Final[tuple[tuple[str, type[_Row]], ...]] = (
    ("messages", _Chat),
    ("prompt", _Completion),
    ("instruction", _Instruction),
    ("question", _Ours),
)
_HINT: Final = (
    "Expected one JSON object a line with question and answer, messages, prompt and completion, "
    "or instruction and output; see docs/tuning.md."
)


def read(path: Path) -> TrainingFile:
    """Read a file of training examples; bad lines are collected, not dropped silently.

    Raises:
        TrainingDataError: the file cannot be read, or is not UTF-8.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise TrainingDataError(
            f"{path} cannot be read: {error.strerror or error}.", hint=_HINT
        ) from error
    except UnicodeDecodeError as error:
        raise TrainingDataError(
            f"{path} is not UTF-8 (byte {error.start}).", hint="Save it as UTF-8."
        ) from error
    examples: list[Example] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            examples.append(_example(json.loads(line), number))
        except json.JSONDecodeError as error:
            problems.append(Problem(number, f"not JSON ({error.msg} at column {error.colno})"))
        except ValidationError as error:
            problems.append(Problem(number, _said(error)))
        except ValueError as error:
            problems.append(Problem(number, str(error)))
    return TrainingFile(path, digests.of(raw), tuple(examples), tuple(problems))


def _example(row: Any, line: int) -> Example:
    if not isinstance(row, dict):
        raise ValueError(  # noqa: TRY004 - a line's content, not a caller's mistake
            f"got {type(row).__name__}, expected a JSON object"
        )
    shape = next((shape for key, shape in _SHAPES if key in row), None)
    if shape is None:
        keys = ", ".join(sorted(map(str, row))[:8]) or "none"
        raise ValueError(f"got the keys {keys}; {_HINT[0].lower()}{_HINT[1:].rstrip('.')}")
    parsed = shape.model_validate(row)
    history: tuple[tuple[str, str], ...] = ()
    passages: list[_Passage | str] = []
    match parsed:
        case _Chat():
            question, answer, history = _chat(parsed.messages)
        case _Completion():
            question, answer = parsed.prompt, parsed.completion
        case _Instruction():
            question, answer = parsed.instruction, parsed.output
            passages = [parsed.input] if parsed.input else []
        case _Ours():
            question, answer = parsed.question, parsed.answer
            passages = parsed.passages
        case _:  # pragma: no cover
            raise AssertionError(shape)
    language = parsed.language or language_of_question(question, fallback="en") or OTHER
    return Example(
        id=str(parsed.id) if parsed.id is not None else f"line-{line}",
        line=line,
        language=language,
        question=question.strip(),
        answer=answer.strip(),
        passages=tuple(_text(passage, language) for passage in passages),
        history=history,
        segment=parsed.segment,
    )


def _chat(messages: Sequence[_Message]) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    *before, last = messages
    if last.role != "assistant" or before[-1].role != "user":
        raise ValueError(
            f"messages end with {before[-1].role}, {last.role}; expected user, assistant"
        )
    history = tuple((m.role, m.content) for m in before[:-1])
    return before[-1].content, last.content, history


def _text(passage: _Passage | str, language: str) -> Text:
    entry = _Passage(text=passage) if isinstance(passage, str) else passage
    return Text(entry.text, language, entry.title)


def _said(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    got = "" if first["type"] == "missing" else f", got {str(first['input'])[:60]!r}"
    return f"{place}: {first['msg'][0].lower()}{first['msg'][1:]}{got}"
