"""The log: lines for people, or JSON objects, with ids and without any text of people.

What an exception says is another program's and may repeat what people said, so of one that is
logged its kinds and places are told; ``guardrails.failures`` tells what may be told of it. What
somebody asked is taken out of all lines that are written while it is worked on.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

from pythonjsonlogger.json import JsonFormatter

from assistant.watching.about import about

LogFormat = Literal["text", "json"]
OURS: Final = ("assistant", "guardrails", "evals", "uvicorn")
"""Loggers that ``log_level`` is about; libraries are heard from warnings on, as they log texts."""
_RUN: Final = 3
_TAKEN: Final = "[…]"
_WORD: Final = re.compile(r"\w+")


def without_said(text: str, said: tuple[str, ...]) -> str:
    """Return a text without what was said: runs of three words of it, or all of a shorter one."""
    runs = set()
    for one in said:
        words = _words(one)
        size = min(_RUN, len(words))
        if size:
            runs |= {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}
    if not runs:
        return text
    found = list(_WORD.finditer(text))
    words = [match[0].casefold() for match in found]
    gone = [False] * len(found)
    for size in {len(run) for run in runs}:
        for i in range(len(words) - size + 1):
            if tuple(words[i : i + size]) in runs:
                gone[i : i + size] = [True] * size
    kept, place, i = "", 0, 0
    while i < len(found):
        if not gone[i]:
            i += 1
            continue
        kept += text[place : found[i].start()] + _TAKEN
        while i < len(found) and gone[i]:
            place = found[i].end()
            i += 1
    return kept + text[place:]


def _words(text: str) -> list[str]:
    return [match[0].casefold() for match in _WORD.finditer(text)]


def told(error: BaseException) -> str:
    """Return where an exception came from, and the kinds of it and of its causes: not its text."""
    lines: list[str] = []
    cause: BaseException | None = error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        frames = traceback.extract_tb(cause.__traceback__)
        lines += [f'  File "{f.filename}", line {f.lineno}, in {f.name}' for f in frames]
        reason = f": {cause.strerror}" if isinstance(cause, OSError) and cause.strerror else ""
        lines.append(f"{type(cause).__module__}.{type(cause).__qualname__}{reason}")
        if isinstance(cause, BaseExceptionGroup):
            lines += [f"  of {type(one).__qualname__}" for one in cause.exceptions]
        unsaid = cause.__context__ if not cause.__suppress_context__ else None
        cause = cause.__cause__ or unsaid
        if cause is not None:
            lines.append("because of:")
    return "\n".join(lines)


class PlainLines(logging.Formatter):
    """Lines for people, with the ids at their ends."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return a line, and more of them for an exception."""
        now = about()
        message = without_said(record.getMessage(), now.said)
        ids = "".join(f" {name}={value}" for name, value in now.ids.items())
        line = f"{record.levelname} {record.name}: {message}{ids}"
        error = _error(record)
        return f"{line}\n{told(error)}" if error else line


class JsonLines(JsonFormatter):
    """One JSON object a line: time, level, logger, message, process, and the ids that there are."""

    def __init__(self) -> None:
        super().__init__(json_ensure_ascii=False)

    def add_fields(
        self,
        log_data: dict[str, Any],
        record: logging.LogRecord,
        message_dict: dict[str, Any],
    ) -> None:
        """Fill in the fields; those of a message that is an object are left out."""
        del message_dict
        now = about()
        log_data["time"] = datetime.fromtimestamp(record.created, UTC).isoformat()
        log_data["level"] = record.levelname.lower()
        log_data["logger"] = record.name
        log_data["message"] = without_said(record.getMessage(), now.said)
        log_data["process"] = record.process
        log_data |= now.ids
        if error := _error(record):
            log_data["error"] = told(error)


def _error(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


@contextmanager
def heard(*handlers: logging.Handler) -> Iterator[None]:
    """Let handlers hear all that is logged, until the block ends."""
    root = logging.getLogger()
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            root.removeHandler(handler)


@contextmanager
def logging_to(stream: TextIO | None, level: str, form: LogFormat) -> Iterator[None]:
    """Write the log of this process, until the block ends. stream: None: the standard error."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else PlainLines())
    before = {name: logging.getLogger(name).level for name in OURS}
    try:
        for name in OURS:
            logging.getLogger(name).setLevel(level.upper())
        with heard(handler):
            yield
    finally:
        for name, was in before.items():
            logging.getLogger(name).setLevel(was)
