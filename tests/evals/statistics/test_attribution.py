"""The named cause is the injected one; what cannot be measured is said."""

from dataclasses import replace

import numpy as np
import pytest

from assistant.errors import RoutebackError
from evals.statistics.attribution import attribute
from evals.statistics.measurements import NightScores
from evals.statistics.mixture import mixture, shifted
from evals.statistics.scored import Scored

CASES = 160
KINDS = (("glossary", "en"), ("support.billing", "en"), ("glossary", "de"), ("other", "de"))
MEANS = (0.85, 0.5, 0.8, 0.6)
ARMS = ("base", "tuned")
MIX = dict.fromkeys(KINDS, 300)


class Service:
    """Scores of answers whose quality is known."""

    def __init__(self, seed=1):
        self.random = np.random.default_rng(seed)
        self.quality = np.tile(MEANS, CASES // 4) + self.random.normal(0, 0.15, CASES)
        self.reference = NightScores(*[self.scored()] * 3, dict.fromkeys(self.ids(), 1.0), MIX)

    def ids(self):
        return [f"c{i}" for i in range(CASES)]

    def scored(self, *, judge=0.0, moved=None, arms=ARMS, cases=None):
        """Score answers: quality, what moved an arm, what moves the judge, and its noise."""
        out = []
        for arm in arms:
            shift = (moved or {}).get(arm, 0.0)
            noise = self.random.normal(0, 0.06, CASES)
            values = (self.quality + shift + judge + noise).clip(0, 1)
            for i, case in enumerate(self.ids()):
                segment, language = KINDS[i % 4]
                value = float(values[i])
                out.append(Scored(case, "1", case, segment, language, arm, "f", value))
        return out

    def night(self, *, judge=0.0, own=None, retrieval=0.0, mix=MIX, overlap=1.0):
        own = own or {}
        live = {arm: own.get(arm, 0.0) + retrieval for arm in ARMS}
        return NightScores(
            live=self.scored(judge=judge, moved=live),
            frozen=self.scored(judge=judge),
            reanswered=self.scored(judge=judge, moved=own),
            overlap=dict.fromkeys(self.ids(), overlap),
            mix=mix,
        )


TILTED = dict(zip(KINDS, (100, 700, 100, 300), strict=True))


@pytest.mark.parametrize(
    ("spoilt", "named"),
    [
        ({}, set()),
        ({"judge": 0.1}, {("judge", "")}),
        ({"own": {"tuned": -0.1}}, {("candidate", "tuned")}),
        ({"own": {"base": -0.1}}, {("base", "")}),
        ({"own": {"base": -0.1, "tuned": -0.1}}, {("base", "")}),
        ({"retrieval": -0.1, "overlap": 0.4}, {("retrieval", "")}),
        ({"mix": TILTED}, {("mix", "")}),
        ({"judge": 0.1, "own": {"tuned": -0.15}}, {("judge", ""), ("candidate", "tuned")}),
        ({"judge": -0.1, "retrieval": -0.1, "overlap": 0.4}, {("judge", ""), ("retrieval", "")}),
    ],
)
def test_the_injected_cause_is_named(spoilt, named):
    service = Service()
    found = attribute(service.reference, service.night(**spoilt), base="base")
    assert set(found.named) == named
    assert found.status == ("named" if named else "no change shown")
    for split in found.splits:
        assert split.rest == pytest.approx(0, abs=1e-12)


def test_effects_are_as_large_as_what_was_injected():
    service = Service()
    night = service.night(own={"tuned": -0.1}, retrieval=-0.06, overlap=0.5)
    effects = {
        (e.cause, e.arm): e for e in attribute(service.reference, night, base="base").effects
    }
    assert effects["candidate", "tuned"].low < -0.09 < effects["candidate", "tuned"].high
    assert effects["retrieval", ""].low < -0.055 < effects["retrieval", ""].high
    assert abs(effects["judge", ""].estimate.mean) < 0.01


def test_retrieval_that_found_the_same_is_never_the_cause():
    service = Service()
    night = service.night(retrieval=-0.1, overlap=1.0)
    found = attribute(service.reference, night, base="base")
    assert found.named == ()
    assert found.status == "unresolved"
    assert found.action.freeze_promotions
    assert "without a cause" in found.action.alarm


def test_only_a_candidate_may_move_a_stage():
    service = Service()
    for spoilt in ({"judge": 0.1}, {"own": {"base": -0.2}}, {"mix": TILTED}):
        acted = attribute(service.reference, service.night(**spoilt), base="base").action
        assert acted.down == acted.up == ()
    worse = attribute(service.reference, service.night(own={"tuned": -0.1}), base="base").action
    assert (worse.down, worse.up, worse.freeze_promotions) == (("tuned",), (), False)
    better = attribute(service.reference, service.night(own={"tuned": 0.1}), base="base").action
    assert (better.down, better.up) == ((), ("tuned",))


def test_a_drifting_judge_freezes_promotions_and_not_route_backs():
    service = Service()
    up = attribute(service.reference, service.night(judge=0.1, own={"tuned": 0.2}), base="base")
    assert ("candidate", "tuned") in up.named
    assert up.action.up == ()
    assert up.action.freeze_promotions
    assert "judge drifts" in up.action.alarm
    down = attribute(service.reference, service.night(judge=0.1, own={"tuned": -0.2}), base="base")
    assert down.action.down == ("tuned",)


def unscored(scores, share):
    lost = int(CASES * share)
    return [
        replace(s, value=None, reason="timeout") if int(s.case[1:]) < lost else s for s in scores
    ]


def test_what_could_not_be_measured_is_said_and_freezes():
    service = Service()
    night = service.night(judge=0.2)
    blind = replace(night, frozen=unscored(night.frozen, 0.5))
    found = attribute(service.reference, blind, base="base")
    (judge,) = [e for e in found.effects if e.cause == "judge"]
    assert (judge.named, judge.reason) == (False, "50% of the cases have no number.")
    assert found.action.freeze_promotions
    assert "Could not measure" in found.action.alarm
    none = attribute(service.reference, replace(night, frozen=[]), base="base")
    assert {e.cause for e in none.effects if e.reason} >= {"judge", "base", "candidate"}
    assert none.named == ()


def test_a_new_arm_has_no_change_to_name():
    service = Service()
    old = [s for s in service.reference.live if s.arm == "base"]
    found = attribute(
        replace(service.reference, live=old, frozen=old, reanswered=old),
        service.night(),
        base="base",
    )
    (own,) = [e for e in found.effects if e.cause == "candidate"]
    assert own.reason == "no pair has scores."


def test_no_real_questions_is_said_but_does_not_freeze():
    service = Service(2)
    found = attribute(service.reference, service.night(mix={}), base="base")
    (mix,) = [e for e in found.effects if e.cause == "mix"]
    assert mix.reason == "real questions are not counted."
    # Without a mix the night is judged as ever: only a change without a cause may freeze it.
    assert "not counted" not in found.action.alarm
    assert found.action.freeze_promotions == (found.status == "unresolved")


def test_causes_between_two_nights_after_freezing():
    service = Service()
    before = service.night(own={"tuned": -0.2})
    after = service.night(own={"tuned": -0.2})
    assert attribute(before, after, base="base").named == ()
    assert attribute(service.reference, after, base="base").named == (("candidate", "tuned"),)


def test_the_mix_part_is_kitagawas():
    before = [Scored(f"{i}", "1", f"{i}", "abc"[i % 2], "en", "base", "f", i % 2) for i in range(8)]
    after = [replace(s, value=0.5 if s.value else 0.0) for s in before]
    mix = mixture({("a", "en"): 80, ("b", "en"): 20}, {("a", "en"): 50, ("b", "en"): 50}, after)
    # b rises from .2 to .5 of the questions; its mean is 1, then .5.
    assert shifted(mix, before, after).mean == pytest.approx(0.3 * 0.75)
    assert 0.3 * 0.75 + mix.middle["b", "en"] * -0.5 == pytest.approx(0.5 * 0.5 - 0.2 * 1.0)


def test_questions_of_a_kind_without_cases_are_counted_as_outside():
    service = Service()
    night = service.night(mix={**MIX, ("support.new", "en"): 400})
    assert attribute(service.reference, night, base="base").outside == pytest.approx(0.25)


def test_two_metrics_or_no_base_are_refused():
    service = Service()
    night = service.night()
    mixed = replace(night, live=[*night.live, replace(night.live[0], metric="g")])
    with pytest.raises(RoutebackError, match="one metric"):
        attribute(service.reference, mixed, base="base")
    with pytest.raises(RoutebackError, match="no live score of base"):
        attribute(service.reference, night, base="elsewhere")


def test_unchanged_nights_seldom_name_a_cause():
    named = 0
    for seed in range(40):
        service = Service(100 + seed)
        named += bool(attribute(service.reference, service.night(overlap=0.9), base="base").named)
    assert named <= 6  # 5 % gives 2; 7 or more has probability below .4 %
