"""How much an adapter changes, and adapters that nobody should answer with."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import WeightsError
from assistant.local.header import matrix, read
from assistant.local.lora import delta
from assistant.local.lora.adapter import check, opened
from assistant.local.weights import WeightsStore
from tests.local.adapters import write_adapter
from tests.local.weights.gguf_files import NAMES, WIDTH, write_lora, write_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "model.gguf")


def weighed(model: Path, path: Path) -> delta.LoraDelta:
    return delta.weigh(opened(path), model)


def test_the_norm_is_that_of_what_is_added(model: Path, tmp_path: Path):
    """alpha / rank · B A, multiplied out here."""
    found = weighed(model, write_lora(tmp_path / "a.gguf", fill=0.1, alpha=4.0, rank=2))
    added = 4.0 / 2 * (np.full((WIDTH, 2), 0.1) @ np.full((2, WIDTH), 0.1))
    one = np.linalg.norm(added)
    assert found.norm == pytest.approx(math.sqrt(2) * one, rel=1e-5)
    header = read(model)
    base = math.hypot(*(np.linalg.norm(matrix(model, header, name)) for name in NAMES))
    assert found.relative == pytest.approx(found.norm / base, rel=0.1)  # the base's is estimated
    assert found.matrices == 2
    assert delta.checked(found, "a") == ()


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused(model: Path, tmp_path: Path, bad: float):
    path = write_lora(tmp_path / "a.gguf", fill=bad)
    with pytest.raises(
        WeightsError, match=rf"has 128 numbers in {NAMES[0]}\.lora_a that are not finite"
    ):
        weighed(model, path)


@pytest.mark.parametrize("alpha", [math.nan, math.inf])
def test_an_alpha_that_is_not_finite_is_refused(model: Path, tmp_path: Path, alpha: float):
    with pytest.raises(WeightsError, match="has an alpha of"):
        weighed(model, write_lora(tmp_path / "a.gguf", alpha=alpha))


def test_an_adapter_that_changes_nothing_is_refused(model: Path, tmp_path: Path):
    found = weighed(model, write_lora(tmp_path / "a.gguf", fill=0.0))
    with pytest.raises(WeightsError, match="a changes nothing: it adds 0 of the norm"):
        delta.checked(found, "a")


def test_an_adapter_that_changes_more_than_there_is_is_refused(model: Path, tmp_path: Path):
    found = weighed(model, write_lora(tmp_path / "a.gguf", fill=1.0))
    assert found.relative is not None
    assert found.relative > 1
    with pytest.raises(WeightsError, match=rf"out of all proportion: it adds {found.relative:.3g}"):
        delta.checked(found, "a")


def test_one_that_changes_a_lot_is_taken_with_a_warning(model: Path, tmp_path: Path):
    found = weighed(model, write_lora(tmp_path / "a.gguf", fill=0.5))
    (warning,) = delta.checked(found, "a")
    assert "changes a lot: it adds 0.5 of the norm of 2 matrices" in warning


def test_a_file_that_is_cut_off_is_refused(model: Path, tmp_path: Path):
    path = write_lora(tmp_path / "a.gguf")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="it ends inside"):
        weighed(model, path)


def test_a_base_whose_numbers_nobody_reads_leaves_the_share_unknown(
    model: Path, tmp_path: Path, monkeypatch
):
    found = weighed(model, write_lora(tmp_path / "a.gguf"))
    unknown = delta.LoraDelta(found.norm, None, None, "", 2)
    (warning,) = delta.checked(unknown, "a")
    assert "how much it changes is not known, it adds a norm of" in warning


@pytest.mark.model
def test_a_real_quantised_base_is_read(smollm: Path, tmp_path: Path):
    found = weighed(smollm, write_adapter(tmp_path / "a.gguf", seed=4, spread=0.05))
    assert found.relative == pytest.approx(0.018, abs=0.002)
    assert found.matrices == 120
    assert delta.checked(found, "a") == ()


def test_an_adapter_for_other_weights_of_the_same_shape_is_refused(tmp_path: Path):
    """By the sum that ``tune`` writes into the file; shapes would fit."""
    from assistant.local import additions

    store = WeightsStore(tmp_path / "models", offline=True)
    ours = additions.from_file(store, write_model(tmp_path / "ours.gguf", seed=1), "ours")
    theirs = additions.from_file(store, write_model(tmp_path / "theirs.gguf", seed=2), "theirs")
    made = opened(write_lora(tmp_path / "a.gguf", base=theirs.weights.sha256))
    check(made, theirs.path, store)
    made_for, here = theirs.weights.sha256[:12], ours.weights.sha256[:12]
    said = f"it names a base with SHA-256 {made_for}…, theirs is {here}"
    with pytest.raises(WeightsError, match=said) as error:
        check(made, ours.path, store)
    assert "ROUTEBACK_ENGINE__MODEL=theirs" in error.value.hint


def test_a_card_of_another_adapter_is_not_believed(tmp_path: Path):
    path = write_lora(tmp_path / "a.gguf", base="a" * 64)
    card = tmp_path / "card.json"
    card.write_text(json.dumps({"adapter": {"sha256": "0" * 64}}))
    with pytest.raises(WeightsError, match="it describes a file with SHA-256 000000000000…"):
        opened(path)
    card.write_text(json.dumps({"base": {"sha256": "b" * 64}}))
    with pytest.raises(WeightsError, match="it names a base with SHA-256 bbbbbbbbbbbb…"):
        opened(path)
    own = hashlib.sha256(path.read_bytes()).hexdigest()
    card.write_text(json.dumps({"adapter": {"sha256": own}, "base": {"sha256": "a" * 64}}))
    assert opened(path).base_sha256 == "a" * 64
