"""The beginning of a GGUF file: what it says of itself, and the shapes of its tensors.

Lists such as the vocabulary are not kept, and the numbers of a tensor are read when they are asked
for, so that a model of a gigabyte takes a second or two; the ``gguf`` package needs most of a
minute for it. The format is described in ggml's ``docs/gguf.md``.
"""

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from assistant.errors import WeightsError

_SCALARS: Final = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_STRING: Final = 8
_LIST: Final = 9
_VERSIONS: Final = frozenset({2, 3})
_ALIGNMENT: Final = 32
_MOST: Final = 1_000_000
"""Entries and tensors; far more than any model has."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a GGUF file says. values: by key, lists left out. shapes: by tensor, as ggml has them.

    A shape begins with the length of a row: a matrix from 576 to 192 is (576, 192). places: kind
    of numbers, and the byte where they begin, by tensor.
    """

    values: Mapping[str, Any]
    shapes: Mapping[str, tuple[int, ...]]
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def architecture(self) -> str:
        """The architecture, such as ``qwen2``; empty if the file does not say."""
        return str(self.values.get("general.architecture", ""))


def read(path: Path) -> Header:
    """Read the header of a file.

    Raises:
        WeightsError: it cannot be read, or is not a GGUF file.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Reader(data).header()
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (struct.error, ValueError, UnicodeDecodeError, RecursionError) as error:
        raise WeightsError(
            f"{path} is not a whole GGUF file ({error}).",
            hint="Fetch or make it again. Weights are .gguf files of a hub; an adapter is one that "
            "`routeback tune` or llama.cpp's convert_lora_to_gguf.py made.",
        ) from error


def matrix(path: Path, header: Header, name: str, most: int = 0) -> NDArray[np.float32]:
    """Return the rows of a matrix as plain numbers. most: so many, evenly spread; 0: all.

    Raises:
        WeightsError: the file ends before them.
        NotImplementedError: nobody can read this kind of numbers.
    """
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
    from gguf.quants import dequantize

    (length, rows), (kind, start) = header.shapes[name], header.places[name]
    try:
        form = GGMLQuantizationType(kind)
    except ValueError as error:
        raise NotImplementedError(f"numbers of kind {kind}") from error
    block, size = GGML_QUANT_SIZES[form]
    width = length // block * size
    if start + rows * width > path.stat().st_size:
        raise WeightsError(f"{path} is not a whole GGUF file (it ends inside {name}).")
    data = np.memmap(path, np.uint8, "r", offset=start, shape=(rows, width))
    chosen = data[:: max(1, rows // most)][:most] if most else data
    plain: NDArray[np.float32] = dequantize(np.ascontiguousarray(chosen), form)
    return plain


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def header(self) -> Header:
        if self._data[:4] != b"GGUF":
            raise ValueError("it does not begin with GGUF")
        self._at = 4
        version = self._number("I")
        if version not in _VERSIONS:
            raise ValueError(f"version {version}")
        tensors, entries = self._count(), self._count()
        values = {}
        for _ in range(entries):
            key = self._string()
            value = self._value(self._number("I"))
            if value is not None:
                values[key] = value
        shapes, places = {}, {}
        for _ in range(tensors):
            name = self._string()
            dimensions = self._number("I")
            shapes[name] = self._numbers("Q", dimensions)
            places[name] = (self._number("I"), self._number("Q"))
        along = values.get("general.alignment", _ALIGNMENT)
        if not isinstance(along, int) or not 0 < along <= _MOST:
            raise ValueError(f"alignment {along}")
        start = -(-self._at // along) * along
        return Header(values, shapes, {name: (k, start + at) for name, (k, at) in places.items()})

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._string()
        if kind in _SCALARS:
            return self._number(_SCALARS[kind])
        if kind != _LIST:
            raise ValueError(f"an entry of unknown type {kind}")
        inner, length = self._number("I"), self._number("Q")
        if inner in _SCALARS:
            self._skip(struct.calcsize(_SCALARS[inner]) * length)
            return None
        for _ in range(length):
            if inner == _STRING:
                self._skip(self._number("Q"))
            else:
                self._value(inner)
        return None

    def _string(self) -> str:
        length = self._number("Q")
        start = self._at
        self._skip(length)
        return bytes(self._data[start : self._at]).decode()

    def _count(self) -> int:
        count: int = self._number("Q")
        if count > _MOST:
            raise ValueError(f"{count} entries")
        return count

    def _number(self, form: str) -> Any:
        return self._numbers(form, 1)[0]

    def _numbers(self, form: str, count: int) -> tuple[Any, ...]:
        start, form = self._at, f"<{count}{form}"
        self._skip(struct.calcsize(form))
        return struct.unpack_from(form, self._data, start)

    def _skip(self, size: int) -> None:
        self._at += size
        if self._at > len(self._data):
            raise ValueError("it ends too early")
