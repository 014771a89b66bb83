"""What the demo compares next, and how many pairs more it takes."""

import numpy as np
import pytest

from evals.demo.forecast import more_pairs
from evals.demo.plan import CellProgress, block, in_turn, open_cells, stronger
from guardrails.rules.policy import Policy
from guardrails.rules.strengths import parted
from guardrails.statistics.confidence import ConfidenceSequence
from guardrails.types import Stage

ARMS = ["ad", "tone", "ad@0.5", "tone@0.5", "ad@0.25", "tone@0.25"]
ALL = {"glossary": 100, "support": 100}
BACK, SERVES = CellProgress(Stage.ROUTED_BACK, 20), CellProgress(Stage.SERVING, 30)


def test_strengths_are_read_off_names():
    assert [parted(arm)[1] for arm in ("tone", "tone@0.5", "tone@big")] == [1.0, 0.5, 1.0]
    assert stronger("tone@0.25", ARMS) == "tone@0.5"
    assert stronger("tone@0.5", ARMS) == "tone"
    assert stronger("tone", ARMS) is None


def test_full_strengths_come_first():
    cells = open_cells(ARMS, ALL, {})
    assert cells == [
        ("ad", "glossary"),
        ("ad", "support"),
        ("tone", "glossary"),
        ("tone", "support"),
    ]


def test_what_is_decided_or_asked_through_or_given_up_is_closed():
    seen = {("ad", "glossary"): SERVES, ("ad", "support"): CellProgress(Stage.SHADOW, 100)}
    assert open_cells(ARMS, ALL, seen, {"tone"}) == []


def test_a_lower_strength_is_tried_where_the_stronger_one_was_routed_back():
    seen = {("tone", "glossary"): BACK, ("tone", "support"): SERVES}
    cells = open_cells(["tone", "tone@0.5", "tone@0.25"], ALL, seen)
    assert cells == [("tone@0.5", "glossary")]
    seen[("tone@0.5", "glossary")] = BACK
    assert open_cells(["tone", "tone@0.5", "tone@0.25"], ALL, seen) == [("tone@0.25", "glossary")]


def test_lower_strengths_of_what_helps_nowhere_wait():
    seen = {("ad", s): BACK for s in ALL} | {("tone", "glossary"): BACK}
    assert open_cells(ARMS, ALL, seen) == [("tone", "support"), ("tone@0.5", "glossary")]
    seen |= {("tone", "support"): SERVES, ("tone@0.5", "glossary"): SERVES}
    assert open_cells(ARMS, ALL, seen) == [("ad@0.5", "glossary"), ("ad@0.5", "support")]


def test_one_candidate_is_compared_at_a_time_and_none_runs_far_ahead():
    cells = open_cells(ARMS, ALL, {})
    assert in_turn(cells, {}) == [("ad", "glossary"), ("ad", "support")]
    ahead = {cell: CellProgress(Stage.SHADOW, 24) for cell in cells[:2]}
    assert in_turn(cells, ahead, lead=25) == cells[:2]
    assert in_turn(cells, ahead, lead=24) == cells[2:]
    # A lower strength has its turn with the candidate that it is of.
    mixed = [("tone", "support"), ("tone@0.5", "glossary"), ("ad", "support")]
    assert in_turn(mixed, {}) == mixed[:2]
    assert in_turn([], {}) == []


def test_a_block_goes_on_where_its_cell_stopped():
    cells = [("ad", "glossary"), ("tone", "glossary")]
    assert block(cells, {("ad", "glossary"): CellProgress(Stage.SHADOW, 6)}, 6) == {
        ("ad", "glossary"): range(6, 12),
        ("tone", "glossary"): range(6),
    }


def test_the_forecast_is_about_what_the_real_interval_needs():
    policy = Policy(min_pairs=12, horizon=200)
    rng = np.random.default_rng(1)
    seen = rng.normal(0.02, 0.12, 15)
    told = more_pairs(seen.tolist(), policy)
    assert told is not None
    sequence, needed = ConfidenceSequence(policy.alpha), 0
    for difference in (*seen, *rng.choice(seen, 400)):
        sequence.update(float(difference))
        needed += 1
        if sequence.lower >= -policy.tolerance:
            break
    assert 0.4 < (told + 15) / needed < 2.5


@pytest.mark.parametrize(("seen", "expected"), [([-0.3] * 4, None), ([-0.049] * 9, None)])
def test_no_forecast_from_few_pairs_or_for_very_many(seen, expected):
    assert more_pairs(seen, Policy(min_pairs=12), most=60) is expected


def test_a_clear_harm_is_soon_decided():
    assert more_pairs([-0.6, -0.5, -0.7, -0.6, -0.4, -0.6], Policy(horizon=200)) < 40
