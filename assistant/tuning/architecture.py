"""The two model families that can be tuned, as torch and as llama.cpp name and order them.

llama.cpp rotates neighbouring numbers of a head, transformers rotates the two halves of it. So
the rows of the query and key matrices of a llama model lie in another order in a GGUF file. The
rows of a qwen2 model do not: llama.cpp rotates its halves too.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from assistant.errors import TuningError

LINEAR: Final = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
"""The linear layers of a block: name in a GGUF file -> name in transformers."""
SUPPORTED: Final = ("llama", "qwen2")

_BLOCK: Final = {**LINEAR, "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}
_OUTSIDE: Final = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}
_NAME: Final = re.compile(r"(?:blk\.(\d+)\.)?([a-z_]+)\.(weight|bias)")

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Architecture:
    """What the order of rows depends on. name: as in ``general.architecture``."""

    name: str
    layers: int
    heads: int
    kv_heads: int

    def __post_init__(self) -> None:
        if self.name not in SUPPORTED:
            raise TuningError(
                f"The base is a {self.name} model, which cannot be tuned here.",
                hint=f"Supported: {', '.join(SUPPORTED)}. See docs/tuning.md.",
            )

    def to_engine(self, name: str, rows: Floats) -> Floats:
        """Return rows of the matrix ``name`` (a key of LINEAR) in llama.cpp's order.

        rows: shape (out, any); out counts the numbers of all heads.
        """
        heads = self._rotated(name)
        if not heads:
            return rows
        return rows.reshape(heads, 2, -1, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)

    def to_torch(self, name: str, rows: Floats) -> Floats:
        """Return rows of the matrix or bias ``name`` in transformers' order."""
        heads = self._rotated(name)
        if not heads:
            return rows
        return rows.reshape(heads, -1, 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)

    def _rotated(self, name: str) -> int:
        """Return how many heads' rows are reordered in this matrix; 0: it is left alone."""
        if self.name != "llama":
            return 0
        return {"attn_q": self.heads, "attn_k": self.kv_heads}.get(name, 0)


def torch_name(tensor: str) -> tuple[str, str]:
    """Return a tensor's name in transformers, and its key in LINEAR (or the bare name).

    Raises:
        TuningError: no tensor of a supported model is called that.
    """
    match = _NAME.fullmatch(tensor)
    block, bare, kind = match.groups() if match else (None, tensor, "")
    if block is None and bare in _OUTSIDE:
        return f"{_OUTSIDE[bare]}.{kind}", bare
    if block is not None and bare in _BLOCK:
        return f"model.layers.{block}.{_BLOCK[bare]}.{kind}", bare
    raise TuningError(
        f"The base holds the tensor {tensor}, which a plain llama or qwen2 model does not have.",
        hint="Scaled positions, experts and normed heads are not supported. See docs/tuning.md.",
    )
