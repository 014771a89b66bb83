"""An adapter on disk: as llama.cpp reads it, and as every server that knows PEFT does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from assistant.tuning.architecture import LINEAR, Architecture

Single = NDArray[np.float32]

_SERVED_RANKS: Final = (8, 16, 32, 64, 128, 256, 320, 512)
"""The ranks that vLLM reserves memory for."""


@dataclass(frozen=True, slots=True)
class LoraMatrices:
    """LoRA matrices: (layer, key of LINEAR) -> A with shape (rank, in), B with (out, rank).

    The rows are in transformers' order. What is added to a matrix is alpha / rank · B A.
    """

    architecture: Architecture
    rank: int
    alpha: float
    pairs: Mapping[tuple[int, str], tuple[Single, Single]]

    @classmethod
    def of(
        cls,
        architecture: Architecture,
        alpha: float,
        weights: Mapping[str, Single],
    ) -> Self:
        """Gather the trained matrices by name.

        weights: ``layers.N.<linear>.lora_A`` and ``…lora_B``, with anything around.
        """
        pairs = {
            (layer, name): (
                _named(weights, f"layers.{layer}.{linear}.lora_A."),
                _named(weights, f"layers.{layer}.{linear}.lora_B."),
            )
            for layer in range(architecture.layers)
            for name, linear in LINEAR.items()
        }
        rank = len(next(iter(pairs.values()))[0])
        return cls(architecture, rank, alpha, pairs)

    def write_gguf(self, path: Path, facts: Mapping[str, str]) -> None:
        """Write the file that llama.cpp loads. facts: further metadata, ``general.…``."""
        import gguf

        writer = gguf.GGUFWriter(path, self.architecture.name)
        writer.add_type("adapter")
        for key, value in facts.items():
            writer.add_string(key, value)
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", self.alpha)
        for (layer, name), (a, b) in self.pairs.items():
            ordered = np.ascontiguousarray(self.architecture.to_engine(name, b))
            tensor = f"blk.{layer}.{name}.weight"
            writer.add_tensor(f"{tensor}.lora_a", a.astype(np.float16))
            writer.add_tensor(f"{tensor}.lora_b", ordered.astype(np.float16))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    def write_peft(self, folder: Path, original: str, strength: float = 1.0) -> None:
        """Write a PEFT folder. original: the model it belongs to. strength: B is scaled by it."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        tensors: dict[str, Single] = {}
        for (layer, name), (a, b) in self.pairs.items():
            stem = f"base_model.model.model.layers.{layer}.{LINEAR[name]}"
            tensors[f"{stem}.lora_A.weight"] = a
            tensors[f"{stem}.lora_B.weight"] = np.ascontiguousarray(b * np.float32(strength))
        save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
        config = _peft_config(self.rank, self.alpha, original)
        (folder / "adapter_config.json").write_text(json.dumps(config, indent=1), "utf-8")


def served(original: str, rank: int, modules: Mapping[str, Path]) -> str:
    """Return the command that serves PEFT folders with vLLM. modules: arm -> folder."""
    reserved = next((most for most in _SERVED_RANKS if rank <= most), rank)
    named = " ".join(f"{name}={folder}" for name, folder in modules.items())
    return (
        f"vllm serve {original} --enable-lora --max-loras {len(modules)} "
        f"--max-lora-rank {reserved} --lora-modules {named}"
    )


def _named(weights: Mapping[str, Single], part: str) -> Single:
    matrices = [values for name, values in weights.items() if part in f"{name}."]
    if len(matrices) != 1:
        raise AssertionError(f"{len(matrices)} matrices are called …{part}…")
    return matrices[0].astype(np.float32)


def _peft_config(rank: int, alpha: float, original: str) -> dict[str, Any]:
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": original,
        "r": rank,
        "lora_alpha": alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": sorted(linear.rsplit(".", 1)[1] for linear in LINEAR.values()),
        "inference_mode": True,
    }
