"""Memory of this machine: how much weights take, how much is free, how much a process took.

Known on Linux; elsewhere the answer is None.
"""

import re
from pathlib import Path
from typing import Final

from assistant.errors import WeightsError
from assistant.local.catalogue import Weights

_SHARE: Final = 1.7
_BESIDE: Final = 430_000_000
"""Measured at their peaks, with four contexts of 4,096 tokens: 2.33 GB for 1.12 GB of weights (the
engine keeps a second copy in another order), .54 GB for .10 GB."""
_GROUP: Final = Path("/sys/fs/cgroup")


def needed(weights: Weights) -> int:
    """Return about how many bytes an engine with these weights takes."""
    return int(_SHARE * weights.size) + _BESIDE


def available() -> int | None:
    """Return how many bytes can be taken without pushing others out, also within a container."""
    free = _kilobytes(Path("/proc/meminfo"), "MemAvailable")
    try:
        limit = int((_GROUP / "memory.max").read_text())
        used = int((_GROUP / "memory.current").read_text())
    except (OSError, ValueError):
        return free
    return limit - used if free is None else min(free, limit - used)


def peak(pid: int) -> int | None:
    """Return the most bytes that a process has had in memory at a time."""
    return _kilobytes(Path(f"/proc/{pid}/status"), "VmHWM")


def check(weights: Weights) -> None:
    """Refuse weights that do not fit beside what runs.

    Raises:
        WeightsError: they do not; says how much is needed, and how much there is.
    """
    free = available()
    if free is not None and free < needed(weights):
        raise WeightsError(
            f"{weights.name} needs about {needed(weights) / 1e9:.1f} GB of memory; "
            f"{free / 1e9:.1f} GB are free.",
            hint="End what else runs, or use smaller weights.",
        )


def _kilobytes(path: Path, name: str) -> int | None:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB$", path.read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None
