"""Processes on loopback: started, waited for, measured from outside, held to a share of a core."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from assistant.environment import QUIET

_START_S: Final = 180.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_GROUPS: Final = Path("/sys/fs/cgroup/cpu")
_PERIOD_US: Final = 100_000


@dataclass(frozen=True, slots=True)
class Process:
    """A process that runs, with those that it started."""

    child: "subprocess.Popen[bytes]"
    log: Path

    @property
    def pids(self) -> list[int]:
        """It and all below it, as far as they live."""
        found, wanted = [], [self.child.pid]
        while wanted:
            pid = wanted.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                with suppress(OSError):
                    wanted += map(int, task.read_text().split())
        return found

    def cpu_s(self) -> float:
        """Return the CPU seconds that they have taken, those of children that ended included."""
        total = 0
        for pid in self.pids:
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                total += sum(map(int, fields[11:15]))
        return total / _TICKS

    def memory_mb(self) -> float:
        """Return their resident memory together."""
        pages = 0
        for pid in self.pids:
            with suppress(OSError):
                pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * _PAGE / 1e6

    def held_to(self, share: float) -> None:
        """Let them have no more than a share of a core from now on. Needs root and cgroups v1.

        Raises:
            OSError: this machine does not let it.
        """
        group = _GROUPS / f"routeback-{self.child.pid}"
        group.mkdir()
        (group / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(str(int(share * _PERIOD_US)))
        for pid in self.pids:
            (group / "cgroup.procs").write_text(str(pid))

    def let_go(self) -> None:
        """Remove the limit of a process that has ended."""
        with suppress(OSError):
            (_GROUPS / f"routeback-{self.child.pid}").rmdir()


@contextmanager
def running(
    command: list[str], log: Path, env: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """Run a command until the block ends."""
    with log.open("wb") as file:
        child = subprocess.Popen(command, env=env, stdout=file, stderr=file)
    process = Process(child, log)
    try:
        yield process
    finally:
        child.terminate()
        try:
            child.wait(60)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        process.let_go()


def module(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of this folder."""
    return [sys.executable, "-m", f"benchmarks.load.{name}", *arguments]


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a process of the product, with nothing set but this."""
    prepared = ("ROUTEBACK_", "OPENAI_", *QUIET)  # by this process, and each has its own start
    bare = {k: v for k, v in os.environ.items() if not k.startswith(prepared)}
    return {
        **bare,
        "ROUTEBACK_DATA_DIR": str(folder),
        "ROUTEBACK_OFFLINE": "1",
        "ROUTEBACK_EVALS__SCHEDULE": "off",
        "ROUTEBACK_ANSWERS__QUOTE": "fallback",
        "OPENAI_API_KEY": "none",
        "OPENAI_MODEL": "scripted",
        **settings,
    }


def until(holds: Callable[[], bool], process: Process, wait_s: float = _START_S) -> None:
    """Wait until something holds.

    Raises:
        RuntimeError: the process ended, or it took too long; with the end of its log.
    """
    deadline = time.monotonic() + wait_s
    while not holds():
        if process.child.poll() is not None or time.monotonic() > deadline:
            told = process.log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{process.child.args!r} did not get ready:\n{told}")
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Return whether a GET of an address succeeds now."""
    try:
        return httpx.get(url, timeout=10, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
