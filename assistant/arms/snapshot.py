"""A mapping that is replaced as a whole while others read it."""

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Current(Mapping[str, Value], Generic[Value]):
    """What is held at the moment. Whoever iterates sees one state, also from another thread."""

    def __init__(self) -> None:
        self._held: dict[str, Value] = {}

    def replace(self, held: Mapping[str, Value]) -> None:
        """Hold something else from now on."""
        self._held = dict(held)

    def __getitem__(self, name: str) -> Value:
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def keys(self) -> KeysView[str]:
        """Return the names of one state."""
        return self._held.keys()

    def values(self) -> ValuesView[Value]:
        """Return the values of one state."""
        return self._held.values()

    def items(self) -> ItemsView[str, Value]:
        """Return names and values of one state."""
        return self._held.items()
