import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.audit.checks.distance import distance
from evals.audit.checks.form import forms

STEPS = [
    (f"1. Open {name}. 2. Choose Save. 3. If it fails, press the key again.", "en")
    for name in "Settings Billing Users Sites Keys Reports".split()
] * 5
SAYINGS = [
    (f"A {name} is a part of a model that is often trained on its own.", "en")
    for name in "layer head router gate tower stem".split()
] * 5


def rows(seed: int, count: int, shift: float = 0.0):
    drawn = np.random.default_rng(seed).standard_normal((count, 12)) + shift
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def test_sets_of_one_kind_are_rarely_called_different():
    found = [distance(rows(2 * at, 30), rows(2 * at + 1, 40), resamples=60) for at in range(60)]
    for values in ([f.p_mmd for f in found], [f.p_auc for f in found]):
        called = sum(p <= 0.1 for p in values)
        assert called <= 15  # binomial(60, .1): more than 15 has probability 2e-4
    assert abs(float(np.mean([f.mmd for f in found]))) < 0.01


def test_sets_that_differ_are_told_apart_and_further_ones_are_further():
    near = distance(rows(1, 40), rows(2, 40, 0.3))
    far = distance(rows(1, 40), rows(2, 40, 1.5))
    assert far.p_mmd < 0.01
    assert far.p_auc < 0.01
    assert far.mmd > near.mmd
    assert far.auc > 0.95


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 12), st.integers(2, 12), st.integers(0, 99))
def test_numbers_stay_in_their_ranges_and_do_not_depend_on_the_order_of_the_sets(n, m, seed):
    one, other = rows(seed, n), rows(seed + 1, m, 0.5)
    found, turned = distance(one, other, resamples=9), distance(other, one, resamples=9)
    assert 0 <= found.auc <= 1
    assert 0 < found.p_mmd <= 1
    assert found.mmd == pytest.approx(turned.mmd, abs=1e-9)


def test_one_row_is_refused():
    with pytest.raises(ValueError, match="got 1 and 5"):
        distance(rows(1, 1), rows(2, 5))


def test_form_is_recognised_and_needs_two_segments():
    found = forms({"support": STEPS, "glossary": SAYINGS}, 20)
    assert found is not None
    assert found.told == 1.0
    told = found.shares(["1. Go to Plans. 2. Press Buy. 3. Check the mail, if needed."], ["en"])
    assert told == {"support": 1.0, "glossary": 0.0}
    assert forms({"support": STEPS, "glossary": SAYINGS[:3]}, 20) is None
