"""Weights that were added here: each is a note beside the file, with the sum that it is held to.

The note is written once, when the file has come for the first time, and is not changed again:
a file of that name with another sum is refused, wherever it comes from.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from assistant.local.catalogue import Weights

log = logging.getLogger(__name__)

SUFFIX: Final = ".pin.json"
_TEXTS: Final = ("name", "title", "licence", "filename", "sha256", "repo", "revision", "file")


def read(folder: Path) -> tuple[Weights, ...]:
    """Return what was added to a folder, by name. A note that cannot be read is left out."""
    notes = map(_read, sorted(folder.glob(f"*{SUFFIX}")))
    return tuple(weights for weights in notes if weights is not None)


def write(folder: Path, weights: Weights) -> None:
    """Write the note of added weights: complete or absent.

    Raises:
        OSError: it cannot be written.
    """
    values = {name: value for name, value in asdict(weights).items() if name in {*_TEXTS, "size"}}
    partial = path(folder, weights.name).with_suffix(".partial")
    partial.write_text(json.dumps(values, indent=1) + "\n", "utf-8")
    partial.replace(path(folder, weights.name))


def path(folder: Path, name: str) -> Path:
    """Return where the note of weights lies or would lie."""
    return folder / f"{name}{SUFFIX}"


def _read(path: Path) -> Weights | None:
    try:
        values = json.loads(path.read_text("utf-8"))
        return _weights(values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s is not the note of added weights (%s)", path, type(error).__name__)
        return None


def _weights(values: Mapping[str, Any]) -> Weights:
    texts = {name: values[name] for name in _TEXTS}
    if not all(isinstance(text, str) for text in texts.values()):
        raise TypeError
    if Path(texts["filename"]).name != texts["filename"]:
        raise ValueError
    return Weights(**texts, size=int(values["size"]), mirror=None)
