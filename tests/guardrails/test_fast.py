import dataclasses
import math

import pytest

from assistant.local.embeddings import E5
from guardrails.scorers.coverage import Coverage
from guardrails.scorers.fast import Fast, Parameters
from guardrails.scorers.form import Form
from guardrails.scorers.refusal import Refusal
from guardrails.scorers.relevance import Relevance
from guardrails.scorers.scorer import run
from guardrails.types import Sample, Score, Text, Unscored

ENTRY = Text(
    "A cache is a component that stores data so that future requests are served faster. Entries "
    "are dropped after 60 minutes.",
    "en",
    "Cache",
    curated=True,
)
EINTRAG = Text(
    "Ein Cache ist eine Komponente, die Daten speichert, damit spätere Anfragen schneller "
    "beantwortet werden. Einträge werden nach 60 Minuten verworfen.",
    "de",
    "Cache",
    curated=True,
)
FULL = "A cache stores data so that later requests are served faster; entries go after 60 minutes."
PARTIAL = "A cache stores data."
OFF = "Our team in Lisbon loves surfing and good coffee in the morning."


@pytest.fixture(scope="module")
def embedder() -> E5:
    return E5()


def asked(answer, passages=(ENTRY,), question="What is a cache?", language="en", **more):
    return Sample(question, language, list(passages), answer, **more)


def value(result):
    assert isinstance(result, Score), result
    return result.value


def reason(result):
    assert isinstance(result, Unscored), result
    assert result.reason
    return result.reason


class TestCoverage:
    @pytest.mark.parametrize("meaning", [False, True])
    def test_more_of_the_entry_is_better(self, meaning, embedder):
        scorer = Coverage(embedder if meaning else None)
        full, partial, off = (value(scorer.measure(asked(a))) for a in (FULL, PARTIAL, OFF))
        assert full > partial > off

    def test_a_missing_figure_costs(self):
        scorer = Coverage()
        changed = FULL.replace("60", "90")
        assert value(scorer.measure(asked(changed))) < value(scorer.measure(asked(FULL)))

    def test_reference_goes_before_the_entry(self):
        other = asked(OFF, reference=OFF)
        assert value(Coverage().measure(other)) == pytest.approx(1.0)

    def test_the_entry_in_the_other_language_needs_an_embedder(self, embedder):
        case = asked(FULL, [EINTRAG])
        assert "embedder" in reason(Coverage().measure(case))
        off = value(Coverage(embedder).measure(asked(OFF, [EINTRAG])))
        assert value(Coverage(embedder).measure(case)) > off + 0.2

    @pytest.mark.parametrize(
        "case",
        [
            asked(""),
            asked("[1]"),
            asked(FULL, [dataclasses.replace(ENTRY, curated=False)]),
            asked(FULL, []),
            asked(FULL, [], reference="  "),
            asked("I found nothing.", abstained=True),
        ],
    )
    def test_without_a_known_answer_or_an_answer_it_is_unscored(self, case):
        reason(Coverage().measure(case))


class TestRelevance:
    def test_an_answer_to_the_question_is_nearer_than_another(self, embedder):
        scorer = Relevance(embedder)
        assert value(scorer.measure(asked(FULL))) > value(scorer.measure(asked(OFF))) + 0.2

    def test_across_languages(self, embedder):
        scorer = Relevance(embedder)
        german = "Was ist ein Cache?"
        on = value(scorer.measure(asked(FULL, question=german, language="de")))
        assert on > value(scorer.measure(asked(OFF, question=german, language="de")))

    def test_unscored_without_embedder_answer_or_question(self, embedder):
        assert "embedder" in reason(Relevance().measure(asked(FULL)))
        for case in (asked(""), asked(FULL, question=" "), asked("None found.", abstained=True)):
            reason(Relevance(embedder).measure(case))


class TestRefusal:
    @pytest.mark.parametrize(
        ("answerable", "abstained", "expected"),
        [(True, False, 1.0), (False, True, 1.0), (True, True, 0.0), (False, False, 0.0)],
    )
    def test_abstains_exactly_when_evidence_is_missing(self, answerable, abstained, expected):
        case = asked(FULL, answerable=answerable, abstained=abstained)
        assert value(Refusal().measure(case)) == expected

    def test_unscored_if_nobody_knows(self):
        reason(Refusal().measure(asked(FULL)))
        reason(Refusal().measure(asked("", answerable=True)))


class TestForm:
    @pytest.mark.parametrize(
        ("answer", "wrong"),
        [
            ("Cache.", "length"),
            ("A cache stores data. " + "It is quick and neat and new. " * 6, "repetition"),
            ("A cache stores data [3].", "citations"),
            ("A cache stores data [0].", "citations"),
            ("A cache stores data [1", "citations"),
            ("Ein Cache ist eine Komponente und speichert die Daten.", "language"),
            (" ".join(f"word{n}" for n in range(500)), "length"),
        ],
    )
    def test_names_what_is_wrong(self, answer, wrong):
        result = Form().measure(asked(answer))
        assert value(result) < 0.75
        assert wrong in result.reason

    @pytest.mark.parametrize(
        "case",
        [
            asked(FULL),
            asked(FULL + " [1]"),
            asked("1. Open the page.\n2. Choose the item [1].\n3. Save it."),
            asked("Ein Cache speichert Daten.", [EINTRAG], "Was ist ein Cache?", "de"),
            asked("In German it is called der Zwischenspeicher."),
        ],
    )
    def test_a_well_formed_answer(self, case):
        assert value(Form().measure(case)) == 1.0

    def test_an_empty_answer_is_unscored(self):
        reason(Form().measure(asked(" ")))


class TestFast:
    @pytest.mark.parametrize("meaning", [False, True])
    def test_a_good_answer_is_better_than_each_bad_one(self, meaning, embedder):
        fast = Fast(embedder if meaning else None)
        good = value(fast.measure(asked(FULL)))
        bad = (
            FULL.replace("60", "90"),
            OFF,
            FULL + " [7]",
            "Ein Cache ist eine Komponente, die Daten speichert.",
            f"{FULL} {OFF}",
        )
        for answer in bad:
            assert value(fast.measure(asked(answer))) < good

    def test_german(self):
        fast = Fast()
        ask = {"passages": [EINTRAG], "question": "Was ist ein Cache?", "language": "de"}
        good = "Ein Cache speichert Daten, damit spätere Anfragen schneller beantwortet werden [1]."
        bad = "Ein Cache speichert keine Daten, damit spätere Anfragen schneller werden [1]."
        assert value(fast.measure(asked(good, **ask))) > value(fast.measure(asked(bad, **ask)))

    def test_names_every_scorer(self):
        names = {"groundedness", "relevance", "coverage", "refusal", "form"}
        assert set(Fast().measure_all(asked(FULL))) == names

    @pytest.mark.parametrize(
        "case",
        [
            asked(""),
            asked(" [1] "),
            asked(FULL, []),
            asked("Yes.", [dataclasses.replace(ENTRY, curated=False)]),
            asked("No.", abstained=True),
        ],
    )
    def test_form_alone_is_no_score(self, case):
        reason(Fast().measure(case))

    def test_an_abstention_is_judged_by_refusal(self):
        right = asked("I found no answer.", answerable=False, abstained=True)
        wrong = dataclasses.replace(right, answerable=True)
        assert value(Fast().measure(right)) > 0.9
        assert value(Fast().measure(wrong)) < 0.1

    def test_a_scorer_that_fails_is_unscored(self):
        fast = Fast(_Broken())
        results = fast.measure_all(asked(FULL))
        assert "ValueError" in reason(results["relevance"])
        assert "ValueError" in reason(results["groundedness"])
        assert value(results["form"]) == 1.0
        assert "ValueError" in reason(fast.measure(asked(FULL)))

    def test_version_follows_weights_and_embedder(self, embedder):
        versions = {
            Fast().version,
            Fast(embedder).version,
            Fast(parameters=Parameters(form=0.5)).version,
        }
        assert len(versions) == 3
        assert Fast().version == Fast().version

    async def test_runs_behind_the_protocol(self):
        result = await run(Fast(), asked(FULL), timeout_s=5.0)
        assert result == Fast().measure(asked(FULL))

    def test_combined_is_finite_for_zeros(self):
        zeros = {"groundedness": Score(0.0), "form": Score(0.0)}
        assert math.isfinite(value(Fast().combine(zeros)))


class _Broken:
    """An embedder whose weights cannot be read."""

    revision = "broken"

    def queries(self, texts):
        raise ValueError("no weights")

    def passages(self, texts):
        raise ValueError("no weights")
