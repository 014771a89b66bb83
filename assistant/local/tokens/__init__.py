"""What each token of a text means where it stands: states of multilingual-e5-small's tenth layer.

A sentence vector is one number of likeness; states of tokens say which word of a question has
something like it in a passage. Ethayarajh (2019, arXiv:1909.00512) is why the mean is taken off:
raw states all point the same way. The files beside this one are made by ``__main__``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

HERE: Final = Path(str(files(__name__)))
MODEL: Final = HERE / "model.onnx"
TOKENIZER: Final = HERE / "tokenizer.json"
STATISTICS: Final = HERE / "statistics.npz"
REVISION: Final = "multilingual-e5-small/layer-10/int8-1"
"""Changes whenever the same text would get other states."""

MOST_QUESTION: Final = 64
MOST_PASSAGE: Final = 224
"""Tokens that are read; what follows is left out."""
_PREFIX: Final = 4
"""Tokens of ``<s>query:``."""
_REMEMBERED: Final = 512
"""Passages whose states are kept: about 40 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """A text as its tokens.

    states: unit vectors, shape (tokens, 384). weights: how rare each is, at least ``.3``.
    """

    states: NDArray[np.float32]
    weights: NDArray[np.float32]


class TokenStates:
    """Reads texts. Safe to call from several threads; passages that it has read are remembered."""

    def __init__(self) -> None:
        import onnxruntime as ort
        from tokenizers import Tokenizer

        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(MODEL, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(TOKENIZER))
        statistics: Mapping[str, NDArray[np.float32]] = np.load(STATISTICS)
        self._mean, self._rarity = statistics["mean"], statistics["rarity"]
        self._passage = lru_cache(maxsize=_REMEMBERED)(self._read_passage)

    def question(self, text: str) -> Tokens:
        """Return the tokens of a question, without the marks around it."""
        ids = self._ids("query", text, MOST_QUESTION)
        inner = slice(_PREFIX, -1) if len(ids) > _PREFIX + 1 else slice(0, 1)
        return Tokens(self._states(ids)[inner], self._rarity[ids][inner] + 0.3)

    def passage(self, text: str) -> Tokens:
        """Return the tokens of a passage."""
        return self._passage(text)

    def _read_passage(self, text: str) -> Tokens:
        ids = self._ids("passage", text, MOST_PASSAGE)
        return Tokens(self._states(ids), self._rarity[ids] + 0.3)

    def _ids(self, kind: str, text: str, most: int) -> NDArray[np.int64]:
        encoding = self._tokenizer.encode(f"{kind}: {text}")
        ids = encoding.ids
        return np.array(ids if len(ids) <= most else [*ids[: most - 1], ids[-1]], np.int64)

    def _states(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        states: NDArray[np.float32] = self._session.run(None, {"ids": ids})[0] - self._mean
        states /= np.linalg.norm(states, axis=1, keepdims=True)
        return states


@cache
def token_states() -> TokenStates:
    """Return the reader of this process; loading one takes a tenth of a second."""
    return TokenStates()
