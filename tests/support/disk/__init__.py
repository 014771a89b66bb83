"""Real disks of a few megabytes, that can be filled up."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """Mount an empty disk at a place until the block ends; skip the test where nobody may."""
    place.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(command, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def ballast(disk: Path, leave: int = 0) -> Path:
    """Fill a disk but for some bytes; return the file that does."""
    file, free = disk / "ballast", shutil.disk_usage(disk).free
    if free > leave:
        with file.open("ab") as opened:
            os.posix_fallocate(opened.fileno(), opened.tell(), free - leave)
    return file
