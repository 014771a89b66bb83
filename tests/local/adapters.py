"""Tiny LoRA adapters with random numbers in them, for the SmolLM2-135M base."""

from pathlib import Path

import gguf
import numpy as np

from assistant.local.catalogue import SMOLLM

RANK = 2
LAYERS = 30
WIDTH = 576
KV_WIDTH = 192
OUT = {"attn_q": WIDTH, "attn_k": KV_WIDTH, "attn_v": KV_WIDTH, "attn_output": WIDTH}


def misfit(path: Path) -> Path:
    """Write an adapter for matrices of another width."""
    return write_adapter(path, seed=1, spread=0.1, width=896)


def write_adapter(
    path: Path, *, seed: int, spread: float, width: int = WIDTH, base: str = SMOLLM.sha256
) -> Path:
    """Write an adapter on all attention matrices. spread: standard deviation of its numbers.

    base: SHA-256 of the weights that it says it was made for; empty: it does not say.
    """
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    if base:
        writer.add_string("routeback.base.sha256", base)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(RANK))
    for layer in range(LAYERS):
        for name, out in OUT.items():
            a = rng.normal(0, spread, (RANK, width)).astype(np.float32)
            b = rng.normal(0, spread, (out, RANK)).astype(np.float32)
            writer.add_tensor(f"blk.{layer}.{name}.weight.lora_a", a)
            writer.add_tensor(f"blk.{layer}.{name}.weight.lora_b", b)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
