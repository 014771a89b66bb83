"""Judge beside people."""

import numpy as np
import pytest

from evals.statistics.trust import trust


def some(errors, *, size=60, seed=1):
    random = np.random.default_rng(seed)
    labels = {f"a{i}": float(i % 2) for i in range(size)}
    wrong = set(random.choice(size, errors, replace=False).tolist())
    judged = {k: v if i not in wrong else 1 - v for i, (k, v) in enumerate(labels.items())}
    return judged, labels


def test_kappa_bias_and_unscored_answers():
    judged, labels = some(6)
    found = trust({**judged, "a0": None}, labels)
    assert (found.labelled, found.unscored) == (59, 1)
    assert found.low < found.kappa < found.high
    assert 0.7 < found.kappa < 0.9
    lenient = trust({key: 1.0 if value else 0.4 for key, value in labels.items()}, labels)
    assert lenient.kappa == 1.0
    assert lenient.bias == pytest.approx(0.2)


def test_agreement_that_is_not_defined_is_not_a_number():
    judged, labels = some(0)
    few = trust({key: judged[key] for key in list(judged)[:5]}, labels)
    assert (few.kappa, few.low, few.unscored) == (None, None, 55)
    assert "5 labelled answers" in few.reason
    same = trust(dict.fromkeys(labels, 1.0), dict.fromkeys(labels, 1.0))
    assert same.kappa is None
    assert "not defined" in same.reason
