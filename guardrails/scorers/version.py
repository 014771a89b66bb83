"""Versions that change by themselves: with the parameters, the word lists and the embedder."""

from hashlib import sha256
from typing import Final

_DIGITS: Final = 8


def version(code: int, *data: object) -> str:
    """Return ``CODE-DIGEST``: code is raised by hand when what is done with the data changes.

    data: values whose ``repr`` is the same in every process: numbers, texts, and tuples and
    dataclasses of them.
    """
    return f"{code}-{sha256(repr(data).encode()).hexdigest()[:_DIGITS]}"
