"""Judge beside people, and means corrected by labels."""

import numpy as np
import pytest

from assistant.errors import RoutebackError
from evals.statistics.trust import corrected, shift, trust


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


def test_a_worse_judge_is_seen_to_have_moved():
    judged, labels = some(3)
    bad, _ = some(25, seed=2)
    found = shift(judged, bad, labels)
    assert found.moved
    assert found.high < 0
    assert not shift(judged, judged, labels).moved
    assert shift(judged, {}, labels).change is None


def test_labels_correct_a_lenient_judge():
    random = np.random.default_rng(4)
    held = narrower = 0
    for _ in range(400):
        truth = random.beta(3, 2, 340)
        judged = (truth * 0.7 + 0.3 + random.normal(0, 0.05, 340)).clip(0, 1)
        found = corrected(judged[40:], judged[:40], truth[:40])
        held += found.low <= 0.6 <= found.high
        alone = 2 * 2.02 * truth[:40].std(ddof=1) / 40**0.5
        narrower += found.high - found.low < alone
        assert found.naive - found.mean > 0.05
    assert 366 <= held <= 394  # 95 % gives 380 ± 4.4
    assert narrower >= 395


def test_a_useless_judge_is_hardly_relied_on():
    random = np.random.default_rng(5)
    truth, judged = random.random(60), random.random(400)
    found = corrected(judged[60:], judged[:60], truth)
    assert found.weight < 0.3
    assert abs(found.mean - truth.mean()) < 0.02


def test_too_few_labels_are_refused():
    with pytest.raises(RoutebackError, match="got 5, 100 and 5"):
        corrected(np.ones(100), np.ones(5), np.ones(5))
