"""What a training that was interrupted goes on from."""

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from assistant.errors import TuningError


@dataclass(frozen=True, slots=True)
class TrainingState:
    """Everything that the next step depends on; the order of examples follows from the seed.

    weights, best: the adapter's matrices now and at its best measured step. since: sum of losses
    and answer tokens since the last measurement. curve: measurements as plain values.
    """

    weights: dict[str, Any]
    optimiser: dict[str, Any]
    step: int
    seconds: float
    since: list[float]
    curve: list[dict[str, Any]]
    best: dict[str, Any]
    best_step: int
    dtype: str


def write(torch: Any, path: Path, state: TrainingState) -> None:
    """Replace the checkpoint; a kill in the middle leaves the one before.

    Raises:
        TuningError: it cannot be written.
    """
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            torch.save(
                {part.name: getattr(state, part.name) for part in fields(TrainingState)}, file
            )
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise TuningError(
            f"The checkpoint {path} cannot be written: {error.strerror or error}.",
            hint="Free some space and run the same command again.",
        ) from error


def read(torch: Any, path: Path) -> TrainingState | None:
    """Return the checkpoint, or nothing if there is none.

    Raises:
        TuningError: it is damaged.
    """
    if not path.is_file():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return TrainingState(**state)
    except Exception as error:  # pickle, zip and torch raise many kinds
        raise TuningError(
            f"The checkpoint {path} cannot be read: {error}.",
            hint="Start again with --fresh.",
        ) from error
