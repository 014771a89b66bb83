"""Which wheels of ``uv.lock`` a platform takes, and what has none there."""

import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename

ROOT: Final = Path(__file__).parents[2]
EXTRA: Final = "postgres"
MICRO: Final = 9
"""Which release of a Python is meant; some packages of the lock need the fifth of 3.11."""
_GLIBC: Final = range(36, 4, -1)
"""Minor versions of glibc 2: of Debian 12 and of what is older."""
_OLD_LINUX: Final = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


@dataclass(frozen=True, slots=True)
class Platform:
    """A kind of machine. environment: what markers of requirements ask for, beside the Python."""

    name: str
    title: str
    tags: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel of the lock. size: bytes."""

    project: str
    version: str
    filename: str
    sha256: str
    size: int

    @property
    def requirement(self) -> str:
        """The line for pip by which this file alone is taken."""
        return f"{self.project}=={self.version} --hash=sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class Selection:
    """What a platform takes of the lock. missing: projects that have no wheel for it."""

    wheels: tuple[Wheel, ...]
    missing: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of all wheels."""
        return sum(wheel.size for wheel in self.wheels)


def _linux(machine: str) -> tuple[str, ...]:
    def names() -> Iterator[str]:
        for minor in _GLIBC:
            yield f"manylinux_2_{minor}_{machine}"
            if minor in _OLD_LINUX:
                yield f"{_OLD_LINUX[minor]}_{machine}"
        yield f"linux_{machine}"

    return tuple(names())


def _platform(
    name: str, title: str, tags: Iterable[str], system: str, sys_platform: str, machine: str
) -> Platform:
    environment = {
        "platform_system": system,
        "sys_platform": sys_platform,
        "platform_machine": machine,
        "os_name": "nt" if system == "Windows" else "posix",
    }
    return Platform(name, title, tuple(tags), environment)


_MACOS: Final = (14, 0)
PLATFORMS: Final = {
    platform.name: platform
    for platform in (
        _platform("linux-x86_64", "Linux, x86-64", _linux("x86_64"), "Linux", "linux", "x86_64"),
        _platform("linux-aarch64", "Linux, ARM64", _linux("aarch64"), "Linux", "linux", "aarch64"),
        _platform(
            "macos-arm64",
            "macOS 14, Apple silicon",
            mac_platforms(_MACOS, "arm64"),
            "Darwin",
            "darwin",
            "arm64",
        ),
        _platform(
            "macos-x86_64",
            "macOS 14, Intel",
            mac_platforms(_MACOS, "x86_64"),
            "Darwin",
            "darwin",
            "x86_64",
        ),
        _platform("windows-x86_64", "Windows, x86-64", ["win_amd64"], "Windows", "win32", "AMD64"),
    )
}


def required(extra: str = EXTRA) -> tuple[Requirement, ...]:
    """Return what Routeback needs, as locked, with the markers of each. extra: none if empty."""
    command = ["uv", "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project"]
    command += ["--no-annotate", "--no-header", "--no-hashes"]
    command += ["--extra", extra] if extra else []
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    return tuple(Requirement(line) for line in told.stdout.splitlines() if line.strip())


def locked() -> dict[str, Any]:
    """Return the lock."""
    return tomllib.loads((ROOT / "uv.lock").read_text())


def selection(
    lock: Mapping[str, Any],
    requirements: Iterable[Requirement],
    platform: Platform,
    python: tuple[int, int],
) -> Selection:
    """Return the wheel of each requirement that fits a platform and a Python best."""
    ranks = {tag: rank for rank, tag in enumerate(_tags(platform, python))}
    environment = _environment(platform, python)
    files = {(package["name"], package.get("version")): package for package in lock["package"]}
    wheels, missing = [], []
    for requirement in requirements:
        if requirement.marker is not None and not requirement.marker.evaluate(environment):
            continue
        (specifier,) = requirement.specifier
        package = files[requirement.name, specifier.version]
        best = min(_fitting(package, ranks), key=lambda pair: pair[0], default=None)
        if best is None:
            missing.append(requirement.name)
        else:
            wheels.append(best[1])
    return Selection(tuple(wheels), tuple(missing))


def _fitting(package: Mapping[str, Any], ranks: Mapping[Tag, int]) -> Iterator[tuple[int, Wheel]]:
    for file in package.get("wheels", ()):
        filename = file["url"].rsplit("/", 1)[-1]
        fits = [ranks[tag] for tag in parse_wheel_filename(filename)[3] if tag in ranks]
        if fits:
            digest = file["hash"].removeprefix("sha256:")
            wheel = Wheel(package["name"], package["version"], filename, digest, file["size"])
            yield min(fits), wheel


def _tags(platform: Platform, python: tuple[int, int]) -> Iterator[Tag]:
    interpreter = f"cp{python[0]}{python[1]}"
    yield from cpython_tags(python, platforms=platform.tags)
    yield from compatible_tags(python, interpreter, platform.tags)


def _environment(platform: Platform, python: tuple[int, int]) -> dict[str, str]:
    version = f"{python[0]}.{python[1]}"
    return {
        **platform.environment,
        "python_version": version,
        "python_full_version": f"{version}.{MICRO}",
        "implementation_name": "cpython",
        "implementation_version": f"{version}.{MICRO}",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_version": "",
    }
