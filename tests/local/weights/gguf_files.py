"""Tiny GGUF files: models that no engine would answer with, and adapters for them."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np

WIDTH = 64
NAMES = ("blk.0.attn_q.weight", "blk.0.attn_v.weight")


def write_model(
    path: Path, *, seed: int = 0, kind: str = "model", width: int = WIDTH, **texts: str
) -> Path:
    """Write two square matrices of normal numbers. texts: more metadata, ``general_name=…``."""
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type(kind)
    for key, value in texts.items():
        writer.add_string(key.replace("_", "."), value)
    for name in NAMES:
        writer.add_tensor(name, rng.normal(0, 1, (width, width)).astype(np.float32))
    return _written(writer, path)


def write_lora(
    path: Path, *, fill: Any = 0.1, alpha: float = 2.0, rank: int = 2, base: str = ""
) -> Path:
    """Write an adapter for ``write_model``. fill: of every number. base: SHA-256."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    if base:
        writer.add_string("routeback.base.sha256", base)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    for name in NAMES:
        writer.add_tensor(f"{name}.lora_a", np.full((rank, WIDTH), fill, np.float32))
        writer.add_tensor(f"{name}.lora_b", np.full((WIDTH, rank), fill, np.float32))
    return _written(writer, path)


def _written(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
