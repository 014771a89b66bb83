"""The base as torch can train it, read from the very GGUF file that answers.

Reading a GGUF file in Python takes most of a minute, so what was read is kept in the cache folder
under the file's SHA-256 and loaded from there the next time.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from filelock import FileLock

from assistant.errors import TuningError
from assistant.progress import Watcher
from assistant.tuning.architecture import SUPPORTED, Architecture, Floats, torch_name

_LARGEST_HALF: Final = 6e4
_ABOUT: Final = "about.json"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Base:
    """The weights file that an adapter belongs to.

    sha256: of the file. original: repository of the model before quantisation, empty if unknown.
    """

    name: str
    weights: Path
    sha256: str
    licence: str = ""
    revision: str = ""
    original: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A folder that transformers can load, and what the adapter's order of rows depends on."""

    folder: Path
    architecture: Architecture
    licence: str = ""
    original: str = ""

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return what an earlier run left; nothing if it is absent or of another format."""
        try:
            about = json.loads((folder / _ABOUT).read_text("utf-8"))
        except (OSError, ValueError):
            return None
        if about.pop("format", None) != _FORMAT:
            return None
        architecture = Architecture(**about.pop("architecture"))
        return cls(folder, architecture, **about)


def prepare(base: Base, cache_dir: Path, watcher: Watcher) -> Prepared:
    """Return the base as a folder of safetensors; it is written the first time.

    Raises:
        TuningError: the file is no GGUF model of a supported family, or cannot be written.
    """
    folder = cache_dir / "tuning" / base.sha256[:12]
    partial = folder.with_suffix(".partial")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):  # whoever comes second finds it done
            if copy := Prepared.read(folder):
                return copy
            watcher.notice(f"Reading {base.weights.name} for training (once, about a minute).")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            _convert(base.weights, partial, watcher)
            shutil.rmtree(folder, ignore_errors=True)
            partial.replace(folder)
    except OSError as error:
        raise TuningError(
            f"The base cannot be kept in {folder}: {error.strerror or error}.",
            hint="Free some space or set ROUTEBACK_CACHE_DIR to another folder.",
        ) from error
    prepared = Prepared.read(folder)
    assert prepared is not None  # noqa: S101  (written above)
    return prepared


def _convert(path: Path, folder: Path, watcher: Watcher) -> None:
    import gguf

    try:
        reader = gguf.GGUFReader(path)
    except (ValueError, IndexError) as error:
        raise TuningError(
            f"{path} is not a GGUF file: {error}.", hint="Give a catalogue name or a GGUF path."
        ) from error
    facts = _Facts(reader)
    architecture = facts.architecture()
    tensors = dict(_tensors(reader, architecture, watcher))
    config = facts.config(tensors)
    from safetensors.numpy import save_file

    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=1), "utf-8")
    about = {
        "format": _FORMAT,
        "architecture": asdict(architecture),
        "licence": str(facts.get("general.license", "")),
        "original": str(facts.get("general.base_model.0.repo_url", "")).removeprefix(
            "https://huggingface.co/"
        ),
    }
    (folder / _ABOUT).write_text(json.dumps(about, indent=1), "utf-8")


def _tensors(
    reader: Any, architecture: Architecture, watcher: Watcher
) -> Iterator[tuple[str, Floats]]:
    """Yield name and numbers of each tensor, dequantised; matrices as half-precision."""
    import gguf

    for done, tensor in enumerate(reader.tensors, start=1):
        name, bare = torch_name(tensor.name)
        values: Floats = gguf.dequantize(tensor.data, tensor.tensor_type)
        values = np.ascontiguousarray(architecture.to_torch(bare, values))
        halved = values.ndim > 1 and float(np.abs(values).max()) < _LARGEST_HALF
        yield name, values.astype(np.float16 if halved else np.float32)
        watcher.progress("unpacking the base", done, len(reader.tensors))


class _Facts:
    """The metadata of a GGUF file, by the names of its architecture."""

    def __init__(self, reader: Any) -> None:
        self._fields = reader.fields
        self._name = str(self.get("general.architecture", "unnamed"))

    def get(self, key: str, default: Any = None) -> Any:
        field = self._fields.get(key)
        return default if field is None else field.contents()

    def own(self, key: str, default: Any = None) -> Any:
        value = self.get(f"{self._name}.{key}", default)
        if value is None:
            raise TuningError(f"The base does not say its {self._name}.{key}.")
        return value

    def architecture(self) -> Architecture:
        if self._name not in SUPPORTED:
            return Architecture(self._name, 0, 0, 0)  # says which are supported
        heads = int(self.own("attention.head_count"))
        kv_heads = int(self.own("attention.head_count_kv", heads))
        scaling = self.get(f"{self._name}.rope.scaling.type", "none")
        if scaling != "none":
            raise TuningError(
                f"The base scales positions ({scaling}), which cannot be tuned here.",
                hint="Take a base without rope scaling. See docs/tuning.md.",
            )
        return Architecture(self._name, int(self.own("block_count")), heads, kv_heads)

    def config(self, tensors: dict[str, Floats]) -> dict[str, Any]:
        """Return transformers' configuration of this model."""
        width, heads = int(self.own("embedding_length")), int(self.own("attention.head_count"))
        biased = "model.layers.0.self_attn.q_proj.bias" in tensors
        head = int(self.own("attention.key_length", width // heads))
        if self._name == "qwen2" and head * heads != width:
            raise TuningError(
                f"The base has heads of {head} numbers, expected {width // heads} for qwen2."
            )
        config = {
            "architectures": ["LlamaForCausalLM" if self._name == "llama" else "Qwen2ForCausalLM"],
            "model_type": self._name,
            "vocab_size": len(tensors["model.embed_tokens.weight"]),
            "hidden_size": width,
            "intermediate_size": int(self.own("feed_forward_length")),
            "num_hidden_layers": int(self.own("block_count")),
            "num_attention_heads": heads,
            "num_key_value_heads": int(self.own("attention.head_count_kv", heads)),
            "max_position_embeddings": int(self.own("context_length")),
            "rms_norm_eps": float(self.own("attention.layer_norm_rms_epsilon")),
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": float(self.own("rope.freq_base", 10_000.0)),
            },
            "tie_word_embeddings": "lm_head.weight" not in tensors,
        }
        own = {"attention_bias": biased, "head_dim": head} if self._name == "llama" else {}
        return config | own
