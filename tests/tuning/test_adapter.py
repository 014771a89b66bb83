"""The converted base and adapter against torch, in numbers, through the real engine."""

from dataclasses import replace

import numpy as np
import pytest

from assistant.local.engine import EngineSpec
from assistant.progress import Watcher
from assistant.tuning import base as bases
from assistant.tuning.architecture import Architecture
from assistant.tuning.job import tune
from tests.tuning.conftest import RECIPE
from tests.tuning.engine import engine_log_probabilities, torch_log_probabilities

pytestmark = [
    pytest.mark.tune,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("default"),  # of libraries that are not ours
]

TOLERANCE = 0.05
"""In log-probability: the engine keeps keys and values, and the adapter, in half precision."""
PLAIN = 5 * TOLERANCE
"""A difference that the tolerance could not hide."""
ASKED = [[5, 40, 200, 7, 90, 33, 12], [257, 70, 71, 72, 258], [9] * 3 + [100, 4, 17, 230, 231]]
STRONG = replace(RECIPE, learning_rate=3e-2, epochs=4, hold_out=0.0)
FAMILIES = ["llama", "qwen2"]


def apart(left: np.ndarray, right: np.ndarray) -> float:
    """The largest difference over tokens that are not out of the question."""
    likely = right > np.log(1e-4)
    return float(np.abs(left - right)[likely].max())


@pytest.mark.parametrize("family", FAMILIES)
def test_the_base_that_is_trained_is_the_base_that_answers(
    torch, models, prepared_dir, tmp_path, family
):
    prepared = bases.prepare(models[family], prepared_dir, Watcher())
    spec = EngineSpec(models[family].weights, context_tokens=256, threads=1)
    engine = engine_log_probabilities(spec, [(t, None, 1.0) for t in ASKED], tmp_path / "e.log")
    trained = torch_log_probabilities(torch, prepared.folder, ASKED)
    assert apart(engine, trained) < TOLERANCE


@pytest.mark.parametrize("family", FAMILIES)
def test_the_engine_computes_with_the_adapter_what_torch_does_at_every_strength(
    torch, job, prepared_dir, tmp_path, family
):
    work = job(architecture=family, recipe=STRONG, ladder=(0.5,))
    made = tune(work, Watcher())
    prepared = bases.prepare(work.base, prepared_dir, Watcher())
    spec = EngineSpec(
        work.base.weights, {"thing": made.adapter}, context_tokens=256, slots=1, threads=1
    )
    ways = [("thing", 1.0, "peft"), ("thing", 0.5, "peft@0.5"), (None, 1.0, None)]
    asked = [(tokens, name, strength) for name, strength, _ in ways for tokens in ASKED]
    engine = engine_log_probabilities(spec, asked, tmp_path / "e.log").reshape(3, len(ASKED), -1)
    torchs = [
        torch_log_probabilities(torch, prepared.folder, ASKED, folder and work.folder / folder)
        for _, _, folder in ways
    ]
    for answered, trained in zip(engine, torchs, strict=True):
        assert apart(answered, trained) < TOLERANCE
    for one, other in ((0, 1), (1, 2)):
        assert apart(engine[one], engine[other]) > PLAIN


def test_without_the_order_of_rows_a_llama_adapter_is_plainly_wrong(
    torch, job, prepared_dir, tmp_path, monkeypatch
):
    work = job(architecture="llama", recipe=STRONG)
    prepared = bases.prepare(work.base, prepared_dir, Watcher())
    monkeypatch.setattr(Architecture, "to_engine", lambda _self, _name, rows: rows)
    made = tune(work, Watcher())
    spec = EngineSpec(work.base.weights, {"thing": made.adapter}, context_tokens=256, threads=1)
    asked = [(tokens, "thing", 1.0) for tokens in ASKED]
    engine = engine_log_probabilities(spec, asked, tmp_path / "e.log")
    trained = torch_log_probabilities(torch, prepared.folder, ASKED, work.folder / "peft")
    assert apart(engine, trained) > PLAIN
