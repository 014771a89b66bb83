"""Hosts of web addresses, in the form of a browser. Pure."""

import re
from collections.abc import Collection, Iterable
from typing import Final

from ada_url import URL, idna

ALL: Final = "*"
_BELOW: Final = "*."
_NAME: Final = re.compile(r"[^\s/?#@:*\\]+")


def host_of(url: str) -> str:
    """Return the host of a web address; empty if it is none."""
    try:
        parsed = URL(url)
    except ValueError:
        return ""
    return str(parsed.hostname) if parsed.protocol in {"http:", "https:"} else ""


def origin(text: str) -> str:
    """Return an origin as browsers say it: scheme and host, and the port if it is not the usual.

    Raises:
        ValueError: it is none.
    """
    try:
        exact = URL(text).origin
    except ValueError:
        exact = ""
    if exact != text or not exact.startswith(("https://", "http://")) or ALL in text:
        raise ValueError(f"{text!r} is no origin: write https://www.example.com, without a path")
    return exact


def pattern(name: str) -> str:
    """Return a name as hosts are compared with it: a host, ``*.`` and a host, or ``*``.

    Raises:
        ValueError: it is none of them.
    """
    if name == ALL:
        return ALL
    rest = name.removeprefix(_BELOW)
    host = host_of(f"https://{rest}") if _NAME.fullmatch(rest) else ""
    if not host:
        raise ValueError(f"{name!r} is no host: write help.example.com, *.example.com or *")
    return f"{_BELOW}{host}" if name.startswith(_BELOW) else host


def matches(host: str, patterns: Iterable[str]) -> bool:
    """Return whether a host, as ``host_of`` has it, is meant by one of some patterns."""
    return any(
        one in {ALL, host} or (one.startswith(_BELOW) and host.endswith(one.removeprefix("*")))
        for one in patterns
    )


def mentioned(hosts: Collection[str], texts: Iterable[str]) -> tuple[str, ...]:
    """Return those hosts that stand in one of the texts, in either form; patterns as they are."""
    said = "\n".join(texts).casefold()
    return tuple(
        sorted(
            host
            for host in hosts
            if host.startswith(ALL) or host in said or idna.decode(host) in said
        )
    )
