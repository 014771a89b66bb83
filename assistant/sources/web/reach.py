"""Which machines a source may be read from: looked up, checked, and then connected to as checked.

Who may name addresses could name those inside of the network that this server stands in. So each
connection, also of a redirect, goes to an address that was looked at: a name that leads elsewhere
at the next look-up (DNS rebinding) gains nothing.
"""

import ipaddress
import socket
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpcore

from assistant.knowledge.hosts import host_of, matches

Resolver = Callable[[str, int], list[str]]
"""From a host and a port to its addresses. Raises ``OSError``."""
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class Unreachable(Exception):
    """A machine may not or cannot be reached; the message ends a sentence about it."""


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, as the system has them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def checked(addresses: Iterable[str], *, inside: bool) -> list[str]:
    """Return addresses if each of them may be connected to.

    inside: whether private ones and this machine may. Link-local addresses never may: there, clouds
    give their machines keys; nor do multicast and unspecified ones.

    Raises:
        Unreachable: one of them may not, or there is none.
    """
    found = list(addresses)
    if not found:
        raise Unreachable("has no address")
    for text in found:
        for address in _meant(text):
            if address.is_link_local or address.is_multicast or address.is_unspecified:
                raise Unreachable("leads to an address that is no web site's")
            if not (address.is_global or inside):
                raise Unreachable("leads into a private network")
    return found


def _meant(text: str) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Yield an address, and those that it stands for."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        raise Unreachable("has no address that can be read") from None
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64 or not int(address) >> 32:
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        yield from filter(None, inner)


class Reach:
    """Says which addresses of a host may be connected to.

    inside: patterns of hosts that may be in a private network, as ``hosts.matches`` takes them.
    """

    def __init__(self, inside: Collection[str] = (), resolver: Resolver = resolve) -> None:
        self._inside = tuple(inside)
        self._resolver = resolver

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host, looked up now.

        Raises:
            Unreachable: it may not be reached, or has none.
        """
        bare = host.strip("[]")
        named = host_of(f"http://[{bare}]" if ":" in bare else f"http://{bare}")
        try:
            found = self._resolver(bare, port)
        except (OSError, UnicodeError):
            raise Unreachable("cannot be looked up") from None
        return checked(found, inside=matches(named, self._inside))


class Deadline:
    """Until when something must be done."""

    def __init__(self) -> None:
        self._until: float | None = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let all that is sent and received in the block be done in so many seconds."""
        self._until = time.monotonic() + seconds
        try:
            yield
        finally:
            self._until = None

    def left(self, at_most: float | None) -> float | None:
        """Return how many seconds are left, at most so many.

        Raises:
            ReadTimeout: none are.
        """
        if self._until is None:
            return at_most
        left = self._until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if at_most is None else min(left, at_most)


class CheckedBackend(httpcore.NetworkBackend):
    """Connects to addresses that ``Reach`` allows, and to nothing else; keeps a deadline."""

    def __init__(self, reach: Reach, deadline: Deadline) -> None:
        self._reach = reach
        self._deadline = deadline
        self._real = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a host, at the first of its addresses that answers.

        Raises:
            Unreachable: it may not be reached.
            ConnectError, ConnectTimeout: it does not answer.
        """
        last: Exception = httpcore.ConnectError()
        for address in self._reach.addresses(host, port):
            try:
                stream = self._real.connect_tcp(
                    address, port, self._deadline.left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
            else:
                return _Timed(stream, self._deadline)
        raise last

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Refuse: no web site is there.

        Raises:
            Unreachable: always.
        """
        del path, timeout, socket_options
        raise Unreachable("is no web site")

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._real.sleep(seconds)


class _Timed(httpcore.NetworkStream):
    """A connection on which nobody can make somebody wait byte by byte."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout)
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
