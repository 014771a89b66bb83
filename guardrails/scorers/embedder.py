"""What scorers need of an embedding model; who builds them passes one in."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors whose dot product is their cosine."""

    @property
    def revision(self) -> str:
        """Changes whenever the same text would get another vector."""
        ...

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions. Shape (len(texts), dimensions)."""
        ...

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Embed statements. Shape (len(texts), dimensions)."""
        ...
