import json
import os
from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest

from assistant.knowledge.documents import Chunk, Kind
from assistant.tuning import examples
from assistant.tuning.base import Base
from assistant.tuning.job import TuningJob
from assistant.tuning.recipe import Recipe
from tests.tuning.tiny import write_model

MISSING = [name for name in ("torch", "transformers", "peft") if find_spec(name) is None]
REQUIRED = "REQUIRE_TUNE"
"""Set where the extra should be installed: then a missing part is a failure."""


@pytest.fixture(scope="session")
def torch():
    """The library, or a skip that says what to install."""
    if MISSING and REQUIRED in os.environ:
        pytest.fail(f"{REQUIRED} is set, but {', '.join(MISSING)} is not installed")
    if MISSING:
        pytest.skip(f"{', '.join(MISSING)} not installed; run: make test-tune")
    import torch

    torch.set_num_threads(1)
    return torch


ROWS = [
    {
        "id": f"t-{number}",
        "language": "en",
        "question": f"What is thing {number}?",
        "passages": [{"title": f"Thing {number}", "text": f"Thing {number} is {number} wide."}],
        "answer": f"It is {number} wide [1].",
    }
    for number in range(10)
]


def write_rows(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Base]:
    folder = tmp_path_factory.mktemp("models")
    found = {}
    for name in ("llama", "qwen2"):
        path = write_model(folder / f"{name}.gguf", name)
        digest = sha256(path.read_bytes()).hexdigest()
        found[name] = Base(name=f"tiny-{name}", weights=path, sha256=digest)
    return found


@pytest.fixture(scope="session")
def prepared_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


RECIPE = Recipe(
    rank=4,
    alpha=8.0,
    learning_rate=5e-3,
    accumulate=2,
    hold_out=0.2,
    evaluate_every=2,
    patience=100,
    seed=5,
    dtype="float32",
)


@pytest.fixture
def job(models: dict[str, Base], prepared_dir: Path, tmp_path: Path) -> Callable[..., TuningJob]:
    """Make a job on a tiny model: job(name="…", architecture="llama", recipe=…, rows=…)."""

    def made(
        name: str = "thing",
        architecture: str = "qwen2",
        recipe: Recipe = RECIPE,
        rows: list[dict] = ROWS,
        **more,
    ) -> TuningJob:
        data = examples.read(write_rows(tmp_path / "train.jsonl", rows))
        folder = tmp_path / "adapters" / name
        base = models[architecture]
        return TuningJob(name, data, base, recipe, folder, prepared_dir, **more)

    return made


def entry(name: str, text: str, *, language: str = "en", kind: Kind = Kind.GLOSSARY) -> Chunk:
    return Chunk(
        root="r",
        source="s",
        title_path=(name,),
        text=text,
        language=language,
        kind=kind,
        audience="public",
        names=(name, f"another {name}"),
    )
