"""Processes that share one index on a Qdrant server, forked from one that has imported everything.

Reads commands, a JSON list a line: ``[name of a function below, arguments…]`` starts a process and
answers with its number; ``["wait", number]`` waits for its end and answers with its exit code, as
``subprocess`` gives it.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from httpx import Request, Response

from assistant import sample
from assistant.errors import KnowledgeError
from assistant.knowledge.documents import Document, Entry, Kind
from assistant.knowledge.index.qdrant import QdrantIndex, connect
from assistant.knowledge.index.turns import Patience
from assistant.knowledge.library import Changes, Library
from assistant.knowledge.search import Search
from tests.knowledge.index.points import DIMENSIONS, point, query

PATIENCE: Final = Patience(beat_s=0.2, dead_s=1.5, grace_s=0.4)
HELD: Final = 30
"""Points of one generation."""
_STEP: Final = 1000


class Forks:
    """Starts processes and waits for them."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self._child = child

    def start(self, name: str, *arguments: Any) -> int:
        """Start a process that runs a function of this module; return its number."""
        return self._asked(name, *arguments)

    def wait(self, pid: int) -> int:
        """Return its exit code, once it has ended."""
        return self._asked("wait", pid)

    def _asked(self, *command: Any) -> int:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps(command) + "\n")
        self._child.stdin.flush()
        return int(self._child.stdout.readline())


@contextlib.contextmanager
def forks() -> Iterator[Forks]:
    """Yield what starts processes; those that run at the end of the block are ended."""
    child = subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        yield Forks(child)


def generation(number: int) -> list[Any]:
    """Return the points of one generation; their texts say which."""
    return [point(number * _STEP + at, names=("Pod",)) for at in range(HELD)]


def searching(url: str, result: str, until: str) -> None:
    """Search until a file is there; write what was seen."""
    index = QdrantIndex(connect(url), "knowledge", DIMENSIONS, patience=PATIENCE)
    seen: set[int] = set()
    bad: list[str] = []
    latest = count = 0
    while not Path(until).exists() or not count:
        try:
            for hits in (index.search(query(), 10), index.named(["pod"], query())):
                found = {int(hit.chunk.text.split()[1]) // _STEP for hit in hits}
                if len(found) != 1 or len(hits) not in {10, HELD}:
                    bad.append(f"{len(hits)} hits of {sorted(found)}")
                seen |= found
            held = {int(c.text.split()[1]) // _STEP for _, c in index.chunks()}
            if len(held) != 1:
                bad.append(f"chunks of {sorted(held)}")
            before, latest = latest, index.generation()
            if latest < before:
                bad.append(f"generation {latest} after {before}")
        except KnowledgeError as error:
            bad.append(f"{error.message} {error.__cause__!r}")
        count += 1
    _write(result, {"searches": count, "generations": sorted(seen), "bad": bad})


def swapping(url: str, first: int, count: int) -> None:
    """Swap generations, each with nothing of the one before."""
    index = QdrantIndex(connect(url), "knowledge", DIMENSIONS, patience=PATIENCE)
    for number in range(first, first + count):
        _swap(index, number)


def adding(url: str, who: str, count: int) -> None:
    """Add roots one after the other; take every other one of them out again."""
    embedder = sample.embedder()
    index = QdrantIndex(connect(url), "knowledge", embedder.dimensions, patience=PATIENCE)
    library = Library(index, embedder)
    for number in range(count):
        root = f"{who}-{number}"
        page = Document("page.md", root, f"This page is {root} of many.", "en")
        library.add(root, [page], lambda *_: None)
        library.add("shared", [page], lambda *_: None)
        if number % 2:
            library.remove(root)


def looking_first(url: str, text: str, looked: str, go_on: str) -> None:
    """Make a root hold one text; between looking at what is there and changing it, wait."""
    embedder = sample.embedder()
    index = QdrantIndex(connect(url), "knowledge", embedder.dimensions, patience=PATIENCE)

    def check(_changes: Changes, _lost: int) -> None:
        Path(looked).touch()
        while not Path(go_on).exists():
            time.sleep(0.05)

    page = Document("page.md", "Page", text, "en")
    Library(index, embedder).add("shared", [page], lambda *_: None, check=check)


def dying(url: str, number: int, at: int, when: str) -> None:
    """Replace a generation by another, and be killed by the ``at``-th request."""
    client = connect(url)
    asked = 0

    def killed(request: Request, send: Callable[[Request], Response]) -> Response:
        nonlocal asked
        asked += 1
        if asked == at and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        response = send(request)
        if asked == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return response

    index = QdrantIndex(client, "knowledge", DIMENSIONS, patience=PATIENCE)
    client.http.client.add_middleware(killed)
    _swap(index, number)


def writing(url: str, number: int, written: str, go_on: str, result: str) -> None:
    """Replace a generation; say when points are written, and wait before the swap."""
    index = QdrantIndex(connect(url), "knowledge", DIMENSIONS, patience=PATIENCE)

    def done(_count: int) -> None:
        Path(written).touch()
        while not Path(go_on).exists():
            time.sleep(0.05)

    try:
        _swap(index, number, done)
        _write(result, "served")
    except KnowledgeError as error:
        _write(result, error.message)


def watching(url: str, result: str, until: str) -> None:
    """Look all the time at what a process that changes nothing sees; write each change of it."""
    embedder = sample.embedder()
    index = QdrantIndex(connect(url), "knowledge", embedder.dimensions, patience=PATIENCE)
    library, search = Library(index, embedder), Search(index, embedder)
    seen: Any = None
    while not Path(until).exists():
        texts = [p.chunk.text for p in search.find("What is a pod?", "en", 3) if p.matched]
        now = {"hosts": sorted(library.hosts()), "texts": texts, "at": library.generation()}
        if now != seen:
            _write(result, now)
            seen = now


def entry(text: str, host: str, *, replaces: bool = False) -> Entry:
    """Return an entry with the name Pod."""
    taken = ("docs", "", "Pod") if replaces else ()
    url = f"https://{host}/pod"
    return Entry("glossary.csv", Kind.GLOSSARY, "Pod", text, "en", url=url, replaces=taken)


def _swap(index: QdrantIndex, number: int, done: Callable[[int], None] = lambda _: None) -> None:
    with index.changing():
        gone = [id_ for id_, _ in index.chunks()]
        index.replace(generation(number), gone, done)


def _write(path: str, value: object) -> None:
    draft = Path(f"{path}.draft")
    draft.write_text(json.dumps(value))
    draft.replace(path)


def _run(name: str, arguments: list[Any]) -> int:
    try:
        globals()[name](*arguments)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    """Start what is asked for until the input ends; end what runs then."""
    sample.embedder().queries(["loads its weights"])
    running: set[int] = set()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        if name == "wait":
            _, status = os.waitpid(arguments[0], 0)
            running.discard(arguments[0])
            answer = os.waitstatus_to_exitcode(status)
        elif child := os.fork():
            running.add(child)
            answer = child
        else:
            code = _run(name, arguments)
            sys.stderr.flush()
            os._exit(code)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    for pid in running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
