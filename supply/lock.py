"""The packages that an installation needs, as ``uv.lock`` has them."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from packaging.markers import Marker
from packaging.version import Version

ROOT: Final = Path(__file__).parents[1]
LOCK: Final = ROOT / "uv.lock"
OURS: Final = "routeback"
_SYSTEMS: Final = (
    {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
)
_MACHINES: Final = ("x86_64", "arm64", "aarch64", "AMD64")
_PYTHONS: Final = ("3.11.0", "3.11.9", "3.12.9", "3.13.9")


@dataclass(frozen=True, slots=True)
class LockedFile:
    """A file of a package. sha256: 64 hexadecimal digits; empty if the lock has none."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """A package at its version. needs: keys of those that it needs, in order."""

    name: str
    version: str
    files: tuple[LockedFile, ...]
    needs: tuple[str, ...]

    @property
    def key(self) -> str:
        """Name and version: some packages are locked at one version for each Python."""
        return f"{self.name}=={self.version}"


def read(path: Path = LOCK) -> Mapping[str, Any]:
    """Return the lock as plain values."""
    return tomllib.loads(path.read_text("utf-8"))


def runtime(lock: Mapping[str, Any]) -> tuple[LockedPackage, ...]:
    """Return what an installation without extras needs on some system that we know, by key.

    What is needed nowhere (an override that no system meets) is left out.
    """
    packages: dict[str, list[Mapping[str, Any]]] = {}
    for package in lock["package"]:
        packages.setdefault(package["name"], []).append(package)
    (ours,) = packages[OURS]
    found: dict[str, LockedPackage] = {}
    waiting = list(_needed(ours, packages, ()))
    while waiting:
        package, extras = waiting.pop()
        needs = list(_needed(package, packages, extras))
        one = _locked(package, needs)
        known = found.get(one.key)
        if known is None or not set(one.needs) <= set(known.needs):
            both = dict.fromkeys((*(known.needs if known else ()), *one.needs))
            found[one.key] = LockedPackage(one.name, one.version, one.files, tuple(both))
            waiting += needs
    return tuple(found[key] for key in sorted(found))


def direct(lock: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys of what Routeback itself names."""
    packages: dict[str, list[Mapping[str, Any]]] = {}
    for package in lock["package"]:
        packages.setdefault(package["name"], []).append(package)
    (ours,) = packages[OURS]
    return tuple(sorted({_key(package) for package, _ in _needed(ours, packages, ())}))


def _needed(
    package: Mapping[str, Any],
    packages: Mapping[str, list[Mapping[str, Any]]],
    extras: tuple[str, ...],
) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
    optional = package.get("optional-dependencies", {})
    wanted = [*package.get("dependencies", ()), *(d for e in extras for d in optional.get(e, ()))]
    for need in wanted:
        if not _somewhere(need.get("marker", "")):
            continue
        for candidate in packages[need["name"]]:
            if need.get("version") in {None, candidate["version"]}:
                yield candidate, tuple(need.get("extra", ()))


@cache
def _somewhere(marker: str) -> bool:
    """Return whether a marker holds on some system, machine and Python that we know."""
    if not marker:
        return True
    asked = Marker(marker)
    return any(
        asked.evaluate(
            {
                **system,
                "platform_machine": machine,
                "python_full_version": python,
                "python_version": ".".join(map(str, Version(python).release[:2])),
                "implementation_name": "cpython",
                "platform_python_implementation": "CPython",
                "extra": "",
            }
        )
        for system in _SYSTEMS
        for machine in _MACHINES
        for python in _PYTHONS
    )


def _locked(
    package: Mapping[str, Any], needs: list[tuple[Mapping[str, Any], tuple[str, ...]]]
) -> LockedPackage:
    sdist = package.get("sdist")
    files = (*package.get("wheels", ()), *([sdist] if sdist else ()))
    return LockedPackage(
        name=package["name"],
        version=package["version"],
        files=tuple(
            LockedFile(f.get("url", "").rpartition("/")[2], _sum(f.get("hash", ""))) for f in files
        ),
        needs=tuple(dict.fromkeys(_key(need) for need, _ in needs)),
    )


def _key(package: Mapping[str, Any]) -> str:
    return f"{package['name']}=={package['version']}"


def _sum(text: str) -> str:
    kind, _, digest = text.partition(":")
    return digest if kind == "sha256" else ""
