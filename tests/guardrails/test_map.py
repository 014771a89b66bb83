import json
from datetime import timedelta

import pytest

from assistant.guarding.views import cell_view
from assistant.wire.guard import MapCellView
from guardrails.map import transfer_map
from guardrails.rules.policy import Policy
from guardrails.types import Pin, Stage, Verdict
from tests.guardrails.conftest import Stream


def cells(monitor, stream, **more):
    with monitor.store.reading() as ledger:
        found = transfer_map(ledger, monitor.policy, stream.now, **more)
    return {(cell.arm, cell.segment): cell for cell in found.cells}


def test_nothing_is_known_at_first(monitor, stream):
    with monitor.store.reading() as ledger:
        empty = transfer_map(ledger, monitor.policy, stream.now, ["tuned"])
    assert (empty.candidates, empty.cells, empty.monthly) == (("tuned",), (), 0.0)


def test_a_few_pairs_are_unproven(monitor, stream):
    stream.feed("support.billing/en", 0.2, until=5)
    found = cells(monitor, stream)
    assert [segment for _, segment in found] == ["support.billing/en", "support/en", "*"]
    cell = found["tuned", "support.billing/en"]
    assert (cell.verdict, cell.main.pairs, cell.fresh) == (Verdict.UNPROVEN, 5, 5)
    assert cell.standing.stage is Stage.SHADOW
    assert found["tuned", "support/en"].standing is None
    assert found["tuned", "*"].main.pairs == 5


def test_a_route_back_is_shown_until_there_is_fresh_evidence(monitor, stream, policy):
    (decision,) = stream.feed("glossary/en", -0.3)
    key = ("tuned", "glossary/en")
    cell = cells(monitor, stream)[key]
    assert (cell.verdict, cell.shown_from, cell.fresh) == (Verdict.WORSE, decision.id, 0)
    assert cell.main.upper < 0
    assert cell.decision == decision
    assert cell.summary.record() == decision.summary
    (waited,) = stream.feed("glossary/en", 0.0)
    cell = cells(monitor, stream)[key]
    assert (waited.cause, cell.standing.stage) == ("wait", Stage.SHADOW)
    assert cell.shown_from == decision.id
    assert cell.decision == waited
    stream.feed("glossary/en", 0.0, noise=0.3, until=policy.min_pairs)
    cell = cells(monitor, stream)[key]
    assert (cell.shown_from, cell.fresh) == (None, policy.min_pairs)


def test_a_segment_above_says_how_many_below_are_routed_back(monitor, stream):
    """What is left of its evidence says nothing of those, and must not be read as if it did."""
    for name in ("support.a/en", "support.b/en"):
        stream.feed(name, -0.3)
    stream.feed("support.c/en", 0.3, until=30)
    above = cells(monitor, stream)["tuned", "support/en"]
    assert (above.below, above.verdict) == ((2, 3), Verdict.UNPROVEN)
    assert above.words == "2 of 3 below are routed back"
    stream.feed("support.c/en", -0.9)
    above = cells(monitor, stream)["tuned", "support/en"]
    assert (above.below, above.verdict) == ((3, 3), Verdict.WORSE)


def test_what_readers_are_promised_stands_in_each_cell(monitor, stream):
    stream.feed("support/en", 0.2, until=5)
    cell = cells(monitor, stream)["tuned", "support/en"]
    assert "answers readers with probability at most 2 % here" in cell.promise.words
    assert (cell.lacking, cell.standing.held) == ("5 of 20 distinct questions", "")
    assert 0 < cell.proof_share < 1
    assert 0 < cell.evidence_share < 1
    monitor.pin("tuned", "support/en", Stage.SERVING, Pin("ada", "launch"), stream.now)
    assert cells(monitor, stream)["tuned", "support/en"].promise is None


def test_a_promotion_is_shown_while_it_lasts(monitor, stream):
    (first,) = stream.feed("support/en", 0.2)
    cell = cells(monitor, stream)["tuned", "support/en"]
    assert (cell.standing.stage, cell.shown_from) == (Stage.CANARY, first.id)
    assert cell.verdict in {Verdict.EQUAL, Verdict.BETTER}
    stream.feed("support/en", 0.2)
    stream.feed("support/en", 0.2, until=60)
    cell = cells(monitor, stream)["tuned", "support/en"]
    assert (cell.shown_from, cell.fresh, cell.verdict) == (None, 60, Verdict.BETTER)


@pytest.mark.parametrize("change", ["version", "blind"])
def test_what_is_void_is_not_shown(monitor, stream, change):
    stream.feed("support/en", 0.2)
    if change == "version":
        monitor.renew("tuned", '{"v":2}', stream.now)
    else:
        stream.lacking = "both"
        stream.feed("support/en", None)
    cell = cells(monitor, stream)["tuned", "support/en"]
    assert (cell.verdict, cell.shown_from) == (Verdict.UNPROVEN, None)
    assert cell.decision.cause == change


def test_a_new_version_in_shadow_forgets_the_route_back(monitor, stream):
    stream.feed("support/en", -0.4)
    stream.feed("support/en", 0.0)
    assert monitor.renew("tuned", '{"v":2}', stream.now) == []
    assert cells(monitor, stream)["tuned", "support/en"].verdict is Verdict.UNPROVEN


def test_a_pin_is_shown_beside_what_the_pairs_say(monitor, stream):
    stream.feed("glossary/en", -0.3)
    monitor.pin("tuned", "glossary/en", Stage.SERVING, Pin("ada", "launch"), stream.now)
    cell = cells(monitor, stream)["tuned", "glossary/en"]
    assert cell.verdict is Verdict.WORSE
    assert cell.standing.pin == Pin("ada", "launch")
    assert (cell.standing.stage, cell.decision.reason) == (Stage.SERVING, "pinned: launch")


def test_what_crosses_http_is_json_and_says_what_tripped(monitor, stream):
    stream.feed("glossary/en", -0.3)
    view = cell_view(cells(monitor, stream)["tuned", "glossary/en"])
    assert (
        MapCellView.model_validate_json(json.dumps(view.model_dump(mode="json"), allow_nan=False))
        == view
    )
    assert view.evidence >= view.threshold
    assert -1 <= view.lower <= view.mean <= view.upper < 0


def test_the_quotation_has_a_row_and_no_share_in_false_route_backs(monitor, store):
    quote = Stream(monitor, arm="quote", version='{"candidate":"quote-1","v":1}')
    quote.feed("support.billing/en", -0.3, until=200)
    found = cells(monitor, quote, arms=["quote"])
    cell = found["quote", "support.billing/en"]
    assert (cell.verdict, cell.standing.stage) == (Verdict.WORSE, Stage.ROUTED_BACK)
    with store.reading() as ledger:
        assert transfer_map(ledger, monitor.policy, quote.now).monthly == 0


def test_what_is_decided_of_writing_does_not_hide_what_a_stage_rests_on(monitor, stream):
    stream.feed("support/en", 0.2)
    (second,) = stream.feed("support/en", 0.2)
    monitor.writers.allow("tuned", "support/en", "ada", "try", stream.now, forced=True)
    cell = cells(monitor, stream)["tuned", "support/en"]
    assert (cell.standing.stage, cell.shown_from) == (Stage.SERVING, second.id)


def test_expected_false_route_backs_count_the_last_month(monitor, stream, store):
    stream.feed("a/en", 0.0, until=30)
    stream.feed("b/en", 0.0, until=10)
    budget = Policy(false_alarms=0.04, horizon=1000)
    with store.reading() as ledger:
        assert transfer_map(ledger, budget, stream.now).monthly == pytest.approx(40 * 0.04 / 1000)
        later = stream.now + timedelta(days=31)
        assert transfer_map(ledger, budget, later).monthly == 0
