"""Which numbers torch computes with here, and where."""

import time
from importlib import import_module
from typing import Any, Final

from assistant.errors import TuningError
from assistant.tuning.recipe import Dtype

HINT: Final = "Install it with the extra: uv run --extra tune routeback tune …"
_SIZE: Final = 768
_TRIES: Final = 3
_WORTH: Final = 1.2
"""How much faster half precision must be to be taken: it is less exact."""


def torch_here() -> Any:
    """Return torch.

    Raises:
        TuningError: it, transformers or peft is not installed.
    """
    try:
        torch, transformers, _ = map(import_module, ("torch", "transformers", "peft"))
    except ModuleNotFoundError as error:
        raise TuningError(
            f"Tuning needs {error.name}, which is not installed.", hint=HINT
        ) from error
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return torch


def device(torch: Any) -> str:
    """Return where training runs: ``cuda`` if torch can use it, else ``cpu``."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def chosen(torch: Any, asked: Dtype, place: str) -> str:
    """Return ``float32`` or ``bfloat16``; for ``auto`` the one that is faster in this place.

    Without the instructions for it, a CPU computes in half precision ten times slower than in
    single; with them, several times faster.
    """
    if asked != "auto":
        return asked
    if place == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    single, half = (_seconds(torch, kind) for kind in (torch.float32, torch.bfloat16))
    return "bfloat16" if half * _WORTH < single else "float32"


def _seconds(torch: Any, kind: Any) -> float:
    """Return the shortest time of one product of two matrices."""
    left = torch.ones((_SIZE // 4, _SIZE), dtype=kind)
    right = torch.ones((_SIZE, _SIZE), dtype=kind)
    best = float("inf")
    for _ in range(_TRIES):
        started = time.perf_counter()
        left @ right
        best = min(best, time.perf_counter() - started)
    return best
