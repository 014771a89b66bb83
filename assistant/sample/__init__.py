"""What Routeback brings along: documents, labelled questions, and the vectors of both."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from assistant.knowledge import load
from assistant.local.embeddings import E5
from assistant.local.shipped_vectors import ShippedVectors
from assistant.segments import LabelledQuestion, read_examples

_HERE: Final = Path(str(files(__name__)))
VECTORS: Final = _HERE / "vectors.npz"


def knowledge() -> list[load.Item]:
    """Return the sample documents."""
    options = load.ReadingOptions()
    return [
        item
        for path in load.files(_HERE / "knowledge")
        for item in load.read(path, options, source=path.name)
    ]


def examples(segments_file: Path | None = None) -> list[LabelledQuestion]:
    """Return the labelled questions: those of the file, or ours, and ours for small talk.

    Raises:
        SettingsError: the file cannot be read, or a line is not an example.
    """
    segments = read_examples(segments_file or _HERE / "segments.jsonl")
    return segments + read_examples(_HERE / "smalltalk.jsonl")


def embedder() -> ShippedVectors:
    """Return the embedder that has the vectors of all this at hand."""
    return ShippedVectors(E5(), VECTORS)


def adapters() -> dict[str, Path]:
    """Return the adapters that come along, by name."""
    paths = (_HERE / "adapters").glob("*/*.gguf")
    return {path.stem: path for path in sorted(paths) if path.stem == path.parent.name}
