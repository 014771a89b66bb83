"""Reads documents in a process of its own, with limits of time and memory.

A document is written by whoever sends it, and some are made to fill the memory or to take for
ever. One process reads many files, one after the other; a file that breaks a limit ends that
process, is refused by name, and the next file gets a new one. The process is a border for time and
memory, and no sandbox: it may read and write what its user may.
"""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from assistant.errors import LoadError
from assistant.knowledge import load
from assistant.knowledge.chunk import chunks
from assistant.knowledge.documents import Document, Entry
from assistant.knowledge.load import FileReading
from assistant.knowledge.readers.options import Item, ReadingLimits, ReadingOptions

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_Task = tuple[Path, ReadingOptions, str, ReadingLimits]

_TEXT: Final = 64 << 20
"""Characters that one file may come to: what is handed back fills the memory of who asked."""
_ENTRY: Final = 100_000
"""Characters of an entry, which is one passage."""
_START_S: Final = 120.0
_GOING_S: Final = 5.0
_FULL: Final = 71
"""How the process ends when there is no more memory for it."""
_SPARE_S: Final = 5
"""Seconds of processor time beyond the limit: the clock on the wall is asked first."""
_DAMAGED: Final = "It may be damaged: open it and save it again, or leave it out."
_HINT: Final = "Cut it into several files, leave it out, or raise {setting}."


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A ``LoadError`` on its way between two processes."""

    message: str
    hint: str
    source: str


class ReadingProcess:
    """Reads files as ``load.reading`` does, elsewhere. Begins with the first file; close it."""

    def __init__(self, limits: ReadingLimits) -> None:
        self._limits = limits
        self._worker: _Worker | None = None

    @property
    def pid(self) -> int | None:
        """The process that reads now; None if none does."""
        return self._worker.pid if self._worker else None

    def reading(self, path: Path, options: ReadingOptions, *, source: str) -> FileReading:
        """Read one file, with what was left out of it.

        Raises:
            LoadError: the file cannot be read, or not within the limits; the message says why.
        """
        try:
            outcome = self._outcome(path, options, source)
        except _Full:
            # What the files before it left in memory may be to blame: once more, in a new process.
            outcome = self._outcome(path, options, source)
        if isinstance(outcome, _Refusal):
            raise LoadError(outcome.message, source=outcome.source, hint=outcome.hint)
        return outcome

    def read(self, path: Path, options: ReadingOptions, *, source: str) -> list[Item]:
        """Return the documents and entries of one file.

        Raises:
            LoadError: as ``reading``, or it has no text.
        """
        return load.texts(path, self.reading(path, options, source=source), source=source)

    def close(self) -> None:
        """End the process."""
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _outcome(self, path: Path, options: ReadingOptions, source: str) -> FileReading | _Refusal:
        fresh = self._worker is None
        worker = self._worker = self._worker or _Worker(self._limits)
        try:
            return worker.ask((path, options, source, self._limits), self._limits.seconds)
        except TimeoutError:
            self.close()
            raise self._slow(source) from None
        except (EOFError, OSError):
            self.close()
            raise self._ended(source, worker.code, fresh=fresh) from None

    def _ended(self, source: str, code: int | None, *, fresh: bool) -> Exception:
        if code == -getattr(signal, "SIGXCPU", 0):
            return self._slow(source)
        if code in {_FULL, -signal.SIGABRT}:  # what is not written in Python aborts
            return self._large(source) if fresh else _Full()
        return self._died(source)

    def _slow(self, source: str) -> LoadError:
        return LoadError(
            f"{source} took longer than {self._limits.seconds:g} s to read.",
            source=source,
            hint=_HINT.format(setting="knowledge.reading_seconds"),
        )

    def _large(self, source: str) -> LoadError:
        return LoadError(
            f"{source} is too large to be read, or damaged: it took more than "
            f"{self._limits.megabytes} MB of memory.",
            source=source,
            hint=_HINT.format(setting="knowledge.reading_megabytes"),
        )

    @staticmethod
    def _died(source: str) -> LoadError:
        return LoadError(
            f"{source} cannot be read: the process that read it ended.",
            source=source,
            hint=_DAMAGED,
        )


def items(path: Path, options: ReadingOptions, limits: ReadingLimits) -> list[Item]:
    """Return the documents and entries of a file, or of all files below a folder.

    Raises:
        LoadError: as ``load.look``, or one of the files cannot be read.
    """
    with ReadingProcess(limits) as process:
        return [
            item
            for file in load.files(path)
            for item in process.read(file, options, source=file.name)
        ]


class _Worker:
    """One process that reads a file at a time; it ends when nobody is there to ask it."""

    def __init__(self, limits: ReadingLimits) -> None:
        # A fork of a process that has threads may hang: a new interpreter is started.
        context = get_context("spawn")
        self._wire, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, limits), daemon=True)
        self._process.start()
        theirs.close()
        self._ready = False

    @property
    def pid(self) -> int | None:
        """The process."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """With what the process has ended."""
        return self._process.exitcode

    def ask(self, task: _Task, within_s: float) -> FileReading | _Refusal:
        """Have a file read.

        Raises:
            TimeoutError: it took longer than ``within_s``.
            EOFError, OSError: the process has ended.
        """
        if not self._ready:
            self._receive(_START_S)
            self._ready = True
        self._wire.send(task)
        outcome: FileReading | _Refusal = self._receive(within_s)
        return outcome

    def _receive(self, within_s: float) -> Any:
        if not self._wire.poll(within_s):
            raise TimeoutError
        return self._wire.recv()

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.join(_GOING_S if self._process.exitcode is None and self._dead() else 0)
        self._process.kill()
        self._process.join()
        self._wire.close()

    def _dead(self) -> bool:
        """Whether nobody is at the other end: the process is about to end by itself."""
        try:
            return self._wire.poll() and self._wire.recv() is None
        except (EOFError, OSError):
            return True


def _serve(wire: "Connection[object, _Task]", limits: ReadingLimits) -> None:
    """Read what is asked for until nobody asks any more."""
    _confine(limits)
    wire.send(None)
    with suppress(EOFError, OSError):
        while True:
            wire.send(_read(*wire.recv()))


class _Full(Exception):
    """The process had no more memory, after files before this one."""


def _confine(limits: ReadingLimits) -> None:
    """Set the limits of this process, where the system has such limits; and keep it silent."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"  # each thread reserves memory
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)  # one message says what is wrong with a file
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        most = _reserved() + (limits.megabytes << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _reserved() -> int:
    """Return the bytes of addresses that this process has now; 0 where nobody says."""
    with suppress(OSError, ValueError, IndexError, AttributeError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0


def _allow(seconds: float) -> None:
    """Give this process so much processor time from now on: it ends even if nobody is left."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        most = int(used.ru_utime + used.ru_stime + seconds) + _SPARE_S
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _read(
    path: Path, options: ReadingOptions, source: str, limits: ReadingLimits
) -> FileReading | _Refusal:
    """Read a file in this process, and see that it can be cut into passages."""
    _allow(limits.seconds)
    try:
        result = _cut(load.reading(path, options, source=source), source)
    except MemoryError:
        os._exit(_FULL)
    except LoadError as error:
        return _Refusal(error.message, error.hint, error.source)
    except BaseException as error:  # a file that a reader trips over stops no other one
        return _Refusal(f"{source} cannot be read ({type(error).__name__}).", _DAMAGED, source)
    return result


def _cut(result: FileReading, source: str) -> FileReading | _Refusal:
    """Cut what a file came to into passages: who takes it does the same, without limits."""
    sizes = [_characters(item) for item in result.items]
    entries = [n for n, item in zip(sizes, result.items, strict=True) if isinstance(item, Entry)]
    if sum(sizes) > _TEXT or max(entries, default=0) > _ENTRY:
        what = (
            f"an entry of more than {_ENTRY:,} characters"
            if max(entries, default=0) > _ENTRY
            else f"more than {_TEXT >> 20} MB of text"
        )
        return _Refusal(
            f"{source} is too large to be read: it has {what}.",
            "Cut it into several, or leave it out.",
            source,
        )
    return replace(result, passages=sum(1 for item in result.items for _ in chunks(source, item)))


def _characters(item: Item) -> int:
    if isinstance(item, Document):
        return len(item.markdown) + len(item.title)
    return len(item.text) + len(item.name) + sum(map(len, item.aliases))
