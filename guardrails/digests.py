"""Digests: what texts and files are called wherever they lie, and chance drawn from a name."""

from collections.abc import Callable
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Final

_BLOCK: Final = 1 << 20
_DRAWN: Final = 8


def of(content: str | bytes) -> str:
    """Return the SHA-256 of a text in UTF-8, or of bytes, as 64 hexadecimal digits."""
    return sha256(_bytes(content)).hexdigest()


def of_file(path: Path, read: Callable[[int], None] = lambda _: None) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits. read: told how many bytes so far.

    Raises:
        OSError: it cannot be read.
    """
    digest, done = sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            read(done)
    return digest.hexdigest()


def key(text: str, size: int) -> bytes:
    """Return the BLAKE2b of a text. size: its bytes, 1 to 64."""
    return blake2b(_bytes(text), digest_size=size).digest()


def drawn(name: str) -> int:
    """Return a whole number in [0, 2**64) that is uniform over names and fixed for each."""
    return int.from_bytes(key(name, _DRAWN), "big")


def share(name: str) -> float:
    """Return a number in [0, 1) that is uniform over names and fixed for each."""
    return drawn(name) / 2**64


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode("utf-8", "replace")
