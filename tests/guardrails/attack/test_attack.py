from dataclasses import dataclass, replace

import numpy as np
import pytest

from guardrails.attack.attack import AttackPlan, attack
from guardrails.attack.catalogue import BY_NAME
from guardrails.attack.harms.material import AttackMaterial
from guardrails.attack.harms.sentence import sentences
from guardrails.attack.result import Result
from guardrails.attack.richness import QUICK, quick
from guardrails.attack.streams import Size, drawn, follow
from guardrails.gate import Gate
from guardrails.monitor import Monitor
from guardrails.rules.policy import Policy
from guardrails.scorers.fast import Fast
from guardrails.scorers.overlap import TokenOverlap
from guardrails.statistics.confidence import ConfidenceSequences
from guardrails.statistics.detector import Detectors
from guardrails.types import Result as Scored
from guardrails.types import Sample, Score, Stage, Unscored
from tests.guardrails.attack.made import material
from tests.guardrails.conftest import Stream

SMALL = Size(streams=4, pairs=300)
POLICY = Policy(metrics=("told",), min_pairs=20)


@dataclass
class Told:
    """Scores by what a function says of an answer."""

    says: object
    name: str = "told"
    version: str = "1"

    async def score(self, sample: Sample) -> Scored:
        value = self.says(sample)
        return Unscored("no") if value is None else Score(value)


def good(sample: Sample) -> float:
    """A measure that knows the reference, and that some questions have no answer."""
    wanted = "No." if "shoes" in sample.question or "Schuhe" in sample.question else ""
    if wanted:
        return 1.0 if sample.abstained else 0.0
    right = ("Yes, choose Cancel plan", "Ja, wählen Sie Tarif kündigen")
    whole = sample.answer.endswith(("not possible.", "nicht möglich.")) and any(
        f in sample.answer for f in ("30 days and costs 12", "30 Tagen und kostet bis dahin 12")
    )
    return 1.0 if sample.answer.startswith(right) and whole else 0.2


async def attacked(scorer, names=None, found: AttackMaterial | None = None, **more) -> Result:
    changes = tuple(BY_NAME[name] for name in names) if names else AttackPlan().changes
    plan = AttackPlan(changes=changes, bases=("references",), shares=(1.0, 0.3), size=SMALL, **more)
    policy = replace(POLICY, metrics=(scorer.name,))
    gate = Gate(Fast(live=True))
    return await attack(found or material(), [scorer], gate, policy, plan, {})


def cell(result: Result, name: str):
    return next(one for one in result.cells if one.name == name)


async def test_a_measure_that_knows_passes_and_harm_is_routed_back():
    result = await attacked(Told(good), ["half-facts", "word-salad", "abstains", "wrong-number"])
    assert result.exit_code == 0
    assert "holds" in result.words()
    for one in result.cells:
        assert one.auc == {"told": 1.0}
        assert one.outcomes[1.0].routed_back == SMALL.streams
        assert one.outcomes[1.0].back_pairs < one.outcomes[0.3].back_pairs


async def test_token_overlap_alone_as_the_measure_exits_with_1():
    result = await attacked(TokenOverlap(), ["word-salad", "unrelated-quote", "abstains"])
    assert result.exit_code == 1
    assert cell(result, "word-salad").outcomes[1.0].promoted == SMALL.streams
    assert cell(result, "word-salad").auc["token_overlap"] < 0.5
    assert "word salad" in result.words()


async def test_an_improvement_that_is_routed_back_is_a_failure():
    def copies(sample: Sample) -> float:
        return 1.0 if "**" in sample.answer else 0.5

    result = await attacked(Told(copies), ["human-over-copied"])
    assert result.failures
    assert "punishes people's own words" in result.words()


async def test_fewer_than_25_cases_are_not_measured_and_never_caught():
    few = material(count=12, silent_ones=0)
    result = await attacked(Told(good), ["wrong-number"], few)
    (one,) = result.cells
    assert (one.cases, one.outcomes, one.failing()) == (24, {}, [])
    assert one.why_not == "it can be made in 24 cases; at least 25 are needed"
    assert result.exit_code == 2
    per_language = await attacked(Told(good), ["wrong-number"], languages=("en", "de"))
    assert [(c.language, c.cases, c.measured) for c in per_language.cells] == [
        ("en", 26, True),
        ("de", 26, True),
    ]


async def test_a_stream_holds_only_cases_in_which_the_harm_can_be_made():
    mixed = material(count=13, silent_ones=20)
    result = await attacked(Told(good), ["wrong-number", "answers-unanswerable"], mixed)
    assert cell(result, "wrong-number").cases == 26
    assert cell(result, "answers-unanswerable").cases == 40


async def test_what_is_repaired_before_a_reader_sees_it_is_caught():
    found = replace(material(), repair=lambda *_: ("One and the same.",))
    result = await attacked(Told(good), ["wrong-number"], found)
    (one,) = result.cells
    assert (one.cases, one.repaired, one.measured, one.failing()) == (0, 52, True, [])


async def test_a_reader_is_shown_what_the_gate_lets_through():
    def by_sentence(answer, _question, _passages, language):
        return tuple(f"{part} " for part in sentences(answer, language))

    found = replace(material(), repair=by_sentence)
    result = await attacked(Told(good), ["fluff", "cut", "abstains"], found)
    assert cell(result, "fluff").shown == 0
    assert cell(result, "abstains").shown == 0
    assert cell(result, "cut").shown == 52
    seen, of = result.whole["references"]
    assert of == 52
    assert seen


async def test_the_same_seed_gives_the_same_result_and_the_json_is_plain():
    import json

    names = ["wrong-name", "padding", "one-right"]
    first, again = [await attacked(Told(good), names) for _ in range(2)]
    assert first.plain()["cells"] == again.plain()["cells"]
    assert json.loads(json.dumps(first.plain()))["exit_code"] == first.exit_code


async def test_an_answer_without_a_score_lets_nobody_rise():
    def mostly(sample: Sample) -> float | None:
        return 0.9 if sample.answer.startswith(("Yes, choose", "Ja, wählen")) else None

    result = await attacked(Told(mostly), ["unrelated-quote"])
    (one,) = result.cells
    assert one.mean == {"told": None}
    assert one.outcomes[1.0].undecided == SMALL.streams


def test_shares_are_shares_of_the_pairs_and_each_draw_is_a_question():
    changed, same = {"m": np.full(30, -0.5)}, {"m": np.zeros(30)}
    found = drawn(changed, same, 0.3, Size(20, 1000), np.random.default_rng(0))["m"]
    assert found.shape == (20, 1000)
    assert np.isclose((found < 0).mean(), 0.3, atol=0.02)


def test_the_quick_choice_is_few_and_as_many_of_each_language():
    few = quick(material(count=60, silent_ones=40), "references")
    answered = [c.language for c in few.cases if c.answerable]
    assert len(answered) == QUICK
    assert answered.count("en") == answered.count("de") == QUICK // 2


@pytest.mark.parametrize("mean", [-0.4, -0.03, 0.2])
def test_streams_end_where_the_real_monitor_ends(store, mean):
    """The same differences, one by one through the monitor and all at once."""
    policy = Policy(metrics=("quality",), min_pairs=20)
    rng = np.random.default_rng(5)
    values = np.round(np.clip(mean + rng.normal(0, 0.2, (1, 300)), -1, 1), 3)
    (followed,) = follow({"quality": values}, policy)
    stream, seen = Stream(Monitor(store, policy)), []
    for number, value in enumerate(values[0].tolist(), start=1):
        pair = stream.pair("glossary/en", value)
        seen += [(d.after, number) for d in stream.monitor.observe(pair, {})]
        if seen and seen[-1][0] in {Stage.SERVING, Stage.ROUTED_BACK}:
            break
    ends = {Stage.SERVING: "promoted", Stage.ROUTED_BACK: "routed_back"}
    expected = (ends.get(seen[-1][0], "undecided"), seen[-1][1]) if seen else ("undecided", 300)
    if expected[0] == "undecided":
        expected = ("undecided", 300)
    assert (followed.end, followed.pairs) == expected


def test_a_stream_that_is_restarted_is_as_a_fresh_one():
    values = np.random.default_rng(1).uniform(-0.5, 0.5, (40, 2))
    used, fresh = (
        (Detectors(2, 0.05), ConfidenceSequences(2)),
        (Detectors(1, 0.05), ConfidenceSequences(1)),
    )
    for row in values:
        for one in used:
            one.update(row)
    for one in used:
        one.restart([1])
    for row in values:
        for one in used:
            one.update(row)
        for one in fresh:
            one.update(row[1:])
    assert used[0].evidence[1] == fresh[0].evidence[0]
    assert (used[1].lower[1], used[1].upper[1]) == (fresh[1].lower[0], fresh[1].upper[0])
    assert used[0].pairs.tolist() == [80, 40]
