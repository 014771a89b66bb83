"""Reads a git folder: a shallow copy of one branch, made by the ``git`` command and thrown away.

What comes is files alone: no hooks, no submodules, no filters, no links, and nothing is asked of
people. The address is looked at first, and git is bound to what it was found at.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from threading import Event
from typing import Final
from urllib.parse import quote, unquote

from ada_url import URL

from assistant.errors import SourceError
from assistant.folders import private_folder
from assistant.sources.batch import Stopped, below, printable
from assistant.sources.web.reach import Reach, Unreachable

_OLDEST: Final = (2, 37)
"""The first git that can be bound to an address."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}")
_SCP: Final = re.compile(
    r"(?P<user>[A-Za-z0-9][A-Za-z0-9._-]*)@(?P<host>[A-Za-z0-9.-]+):(?P<path>[^:\s]+)"
)
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\]", re.IGNORECASE)
_USER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PATH: Final = re.compile(r"/[A-Za-z0-9._~/%+@-]+")
_LOOK_EVERY_S: Final = 0.2
_PORTS: Final = {"https:": 443, "ssh:": 22}
_GOING_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class GitLimits:
    """What a git folder may take. megabytes: on the disk; seconds: to be copied."""

    megabytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Repository:
    """A git folder. address: as git takes it. url: empty for a folder of this machine."""

    address: str
    url: str = ""


def is_remote(address: str) -> bool:
    """Return whether an address is one of another machine, and none of a folder of this one."""
    return not address.startswith(("/", "~"))


def repository(address: str, folders: Collection[Path]) -> Repository:
    """Return what an address names: ``https://…``, ``ssh://…``, ``user@host:path`` or a folder.

    folders: of this machine, in one of which it has to be.

    Raises:
        SourceError: it names nothing that is read.
    """
    if not is_remote(address):
        return Repository(f"file://{quote(str(below(address, folders)))}")
    if scp := _SCP.fullmatch(address):
        path = scp["path"].lstrip("/")
        address = f"ssh://{scp['user']}@{scp['host']}/{path}"
    wrong = SourceError(
        f"{printable(address)!r} is no address of a git folder that is read.",
        hint="Write https://host/path, ssh://user@host/path, user@host:path or a folder's path.",
    )
    if "::" in address:  # git would start a program of that name
        raise wrong
    try:
        url = URL(address)
    except ValueError:
        raise wrong from None
    user = url.username
    if url.protocol not in _PORTS or not url.hostname or not _PATH.fullmatch(url.pathname):
        raise wrong
    if url.search or url.hash or not _HOST.fullmatch(url.hostname):
        raise wrong
    if url.password or (user and url.protocol == "https:"):
        raise SourceError(
            "The address of a git folder carries a password, which everybody could read.",
            hint="Let the user that runs Routeback have an SSH key, and use ssh://.",
        )
    if user and not _USER.fullmatch(user):
        raise wrong
    return Repository(url.href, url.href)


def check_names(branch: str, folder: str) -> None:
    """Check the names of a branch and of a folder in it; empty ones are the whole.

    Raises:
        SourceError: one of them cannot be.
    """
    if branch and (
        not _NAME.fullmatch(branch) or ".." in branch or branch.endswith((".lock", "/"))
    ):
        raise SourceError(f"{printable(branch)!r} is no name of a branch.")
    parts = PurePosixPath(folder).parts
    if folder.startswith(("/", "~", "-")) or ".." in parts or ".git" in map(str.lower, parts):
        raise SourceError(f"{printable(folder)!r} is no folder inside of a git folder.")


@contextmanager
def copied(
    source: Repository, branch: str, cache: Path, reach: Reach, limits: GitLimits, stop: Event
) -> Iterator[Path]:
    """Copy a branch for as long as the block runs; yields its folder, in which there are no links.

    Raises:
        SourceError: it cannot be copied.
        Stopped: ``stop`` was set.
    """
    private_folder(cache)
    with tempfile.TemporaryDirectory(dir=cache, prefix="git-") as name:
        target = Path(name, "files")
        wanted = ["--branch", branch] if branch else []
        _git(
            source,
            [
                *("clone", "--quiet", "--depth=1", "--single-branch", "--no-tags"),
                *("--no-recurse-submodules", "--template=", *wanted, "--"),
                *(source.address, str(target)),
            ],
            reach,
            limits,
            stop,
            watched=Path(name),
        )
        shutil.rmtree(target / ".git")
        _without_links(target)
        yield target


def _without_links(folder: Path) -> None:
    """Take out all links: whoever writes a repository could let them lead anywhere."""
    for name, folders, files in os.walk(folder):
        for inner in (*folders, *files):
            path = Path(name, inner)
            if path.is_symlink():
                path.unlink()


def newest(source: Repository, branch: str, reach: Reach, limits: GitLimits, stop: Event) -> str:
    """Return the commit that a branch is at; an empty branch: the default one.

    Raises:
        SourceError: it cannot be asked for, or there is no such branch.
        Stopped: ``stop`` was set.
    """
    ref = f"refs/heads/{branch}" if branch else "HEAD"
    said = _git(source, ["ls-remote", "--", source.address, ref], reach, limits, stop)
    for line in said.splitlines():
        commit, _, name = line.partition("\t")
        if name == ref and re.fullmatch(r"[0-9a-f]{40,64}", commit):
            return commit
    raise SourceError(f"{_shown(source)} has no branch {branch or 'that is its default'}.")


def _git(
    source: Repository,
    arguments: Sequence[str],
    reach: Reach,
    limits: GitLimits,
    stop: Event,
    watched: Path | None = None,
) -> str:
    """Run git, without the settings of anybody, bound to the address that was checked.

    watched: a folder that may not become larger than the limit.
    """
    program = shutil.which("git")
    if program is None:
        raise SourceError("git is not installed here.", hint="Install it: apt-get install git.")
    _check_version(program)
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", "/nonexistent"),  # where ssh finds its key
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_ALLOW_PROTOCOL": URL(source.address).protocol.rstrip(":"),
        "GIT_SSH_VARIANT": "ssh",
        **{k: os.environ[k] for k in ("SSH_AUTH_SOCK",) if k in os.environ},
    }
    settings = {
        "core.hooksPath": os.devnull,
        "core.fsmonitor": "false",
        "core.protectHFS": "true",
        "core.protectNTFS": "true",
        "submodule.recurse": "false",
        "credential.helper": "",
        "http.followRedirects": "false",
        "http.lowSpeedLimit": "100",
        "http.lowSpeedTime": "60",
        "http.proxy": "",
        "gc.auto": "0",
    }
    if source.url:
        environment |= _bound(source, reach, settings)
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [program, *options, *arguments]
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(  # noqa: S603  (the address was checked)
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=tempfile.gettempdir(),
            start_new_session=True,
        )
        try:
            _wait(process, source, limits, stop, watched)
        finally:
            _end(process)
        out.seek(0)
        said = out.read(1_000_000).decode(errors="replace")
    if process.returncode:
        raise SourceError(
            f"{_shown(source)} cannot be read: git ended with {process.returncode}.",
            hint="Check the address and the branch, and that this user may read it.",
        )
    return said


def _bound(source: Repository, reach: Reach, settings: dict[str, str]) -> dict[str, str]:
    """Look an address up, and return the environment that binds git to what was found."""
    url = URL(source.url)
    port = int(url.port or _PORTS[url.protocol])
    try:
        addresses = reach.addresses(url.hostname, port)
    except Unreachable as error:
        raise SourceError(f"{_shown(source)} cannot be read: {url.hostname} {error}.") from error
    host = url.hostname.strip("[]")
    first = addresses[0]
    if url.protocol == "https:":
        shown = f"[{first}]" if ":" in first else first
        settings["http.curloptResolve"] = f"{host}:{port}:{shown}"
        return {}
    ssh = (
        f"ssh -o HostName={first} -o HostKeyAlias={host} -o BatchMode=yes -o ProxyCommand=none "
        "-o ProxyJump=none -o ConnectTimeout=20 -o ClearAllForwardings=yes -o PermitLocalCommand=no"
    )
    return {"GIT_SSH_COMMAND": ssh}


def _wait(
    process: "subprocess.Popen[bytes]",
    source: Repository,
    limits: GitLimits,
    stop: Event,
    watched: Path | None,
) -> None:
    until = time.monotonic() + limits.seconds
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_EVERY_S)
        if stop.is_set():
            raise Stopped
        if watched is not None and _size(watched) > limits.megabytes << 20:
            raise SourceError(
                f"{_shown(source)} has more than {limits.megabytes} MB.",
                hint="Raise sources.megabytes, or use a smaller one.",
            )
        if process.returncode is not None:
            return
        if time.monotonic() > until:
            raise SourceError(f"{_shown(source)} took longer than {limits.seconds:g} s to copy.")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End git and what it has started."""
    if process.poll() is None:
        os.killpg(process.pid, 15)
        try:
            process.wait(_GOING_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def _size(folder: Path) -> int:
    """Return the bytes of all files below a folder, which changes meanwhile."""
    total = 0
    for name, _, files in os.walk(folder):
        for file in files:
            try:
                total += os.lstat(os.path.join(name, file)).st_size  # noqa: PTH118
            except OSError:
                continue
    return total


def _check_version(program: str) -> None:
    said = subprocess.run(  # noqa: S603
        [program, "--version"], capture_output=True, text=True, timeout=20, check=False
    ).stdout
    found = re.search(r"(\d+)\.(\d+)", said)
    if not found or (int(found[1]), int(found[2])) < _OLDEST:
        wanted = ".".join(map(str, _OLDEST))
        raise SourceError(f"git is too old to be used safely; it has to be {wanted} or newer.")


def _shown(source: Repository) -> str:
    return printable(source.url or unquote(source.address.removeprefix("file://")))
