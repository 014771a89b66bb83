import dataclasses

import pytest

from assistant.local.embeddings import E5
from guardrails.scorers.answering import Answering, likely
from guardrails.scorers.coverage import Coverage
from guardrails.scorers.fast import Factor, Fast, FastParameters
from guardrails.scorers.groundedness import Groundedness
from guardrails.scorers.readable import Readable
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

    def test_a_bare_yes_gives_nothing_of_the_entry_and_withholds_nothing(self):
        assert "yes or no" in reason(Coverage().measure(asked("Yes.")))

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


def weighed(*probabilities, passages=(ENTRY,)):
    """Passages, and how likely each answers."""
    pairs = zip(passages, probabilities, strict=True)
    return [dataclasses.replace(passage, answers=p) for passage, p in pairs]


OTHER = Text("A proxy forwards requests to another server and hides who asks.", "en", "Proxy")


class TestAnswering:
    scorer = Answering(Groundedness())

    def test_an_answer_is_worth_what_its_passage_is_worth(self):
        both = weighed(0.9, 0.01, passages=(ENTRY, OTHER))
        right = value(self.scorer.measure(asked(FULL, both)))
        wrong = value(self.scorer.measure(asked(OTHER.text, both)))
        assert right == 1.0
        assert wrong < 0.05

    def test_a_passage_that_hardly_answers_is_worth_little_whoever_says_it(self):
        doubtful = weighed(0.1)
        assert value(self.scorer.measure(asked(FULL, doubtful))) == pytest.approx(0.2)
        live = Answering(Groundedness(), relative=True)
        assert value(live.measure(asked(FULL, doubtful))) == 1.0, "that was decided before"
        known = asked(FULL, doubtful, answerable=True)
        assert value(self.scorer.measure(known)) == 1.0

    def test_a_page_pasted_whole_is_worth_the_part_that_answers(self):
        both = weighed(0.9, 0.01, passages=(ENTRY, OTHER))
        pasted = value(self.scorer.measure(asked(f"{ENTRY.text} {OTHER.text}", both)))
        assert 0.4 < pasted < 0.9

    def test_a_closed_question_wants_a_yes_or_no(self):
        question, passages = "Are entries of a cache dropped after 60 minutes?", weighed(0.9)
        told = "Entries of a cache are dropped after 60 minutes."
        yes = value(self.scorer.measure(asked(f"Yes. {told}", passages, question)))
        assert yes > value(self.scorer.measure(asked(told, passages, question)))
        either = "Are entries dropped after 60 minutes or kept?"
        assert value(self.scorer.measure(asked(told, passages, either))) == 1.0

    @pytest.mark.parametrize(
        "case",
        [
            asked(FULL),
            asked(FULL, []),
            asked("No.", weighed(0.9), abstained=True),
            asked("Yes.", weighed(0.9)),
        ],
    )
    def test_unscored_where_nobody_has_weighed_or_nothing_is_claimed(self, case):
        reason(self.scorer.measure(case))

    def test_passages_of_which_only_some_are_weighed_are_a_fault_and_no_pass(self):
        case = asked(FULL, [*weighed(0.9), OTHER])
        for scorer in (self.scorer, Refusal()):
            with pytest.raises(ValueError, match="1 of 2 passages"):
                scorer.measure(dataclasses.replace(case, abstained=scorer is not self.scorer))
        assert "ValueError" in reason(Fast().measure(case))

    @pytest.mark.parametrize("probability", [-0.1, 1.7, float("nan")])
    def test_a_probability_is_one(self, probability):
        with pytest.raises(ValueError, match="a number in"):
            dataclasses.replace(ENTRY, answers=probability)

    def test_versions_of_a_text_count_once_and_different_texts_add_up(self):
        assert likely(weighed(0.4, 0.4, passages=(ENTRY, ENTRY))) == 0.4
        assert likely(weighed(0.4, 0.4, passages=(ENTRY, OTHER))) == 0.8
        assert likely(weighed(0.7, 0.7, passages=(ENTRY, OTHER))) == 1.0
        untitled = [dataclasses.replace(p, title="") for p in (ENTRY, OTHER)]
        assert likely(weighed(0.4, 0.4, passages=untitled)) == 0.8
        assert likely([]) == 0.0


class TestRelevance:
    def test_an_answer_to_the_question_is_nearer_than_another(self, embedder):
        scorer = Relevance(embedder)
        assert value(scorer.measure(asked(FULL))) > value(scorer.measure(asked(OFF))) + 0.1

    def test_another_fact_of_the_same_passage_is_farther(self, embedder):
        scorer, question = Relevance(embedder), "After how long are entries dropped?"
        right = asked("Entries are dropped after 60 minutes.", question=question)
        other = asked("A cache is a component that stores data.", question=question)
        assert value(scorer.measure(right)) > value(scorer.measure(other)) + 0.2

    @pytest.mark.parametrize("answer", ["Yes", "Yes.", "Yes, after 60 minutes.", "No."])
    def test_what_leans_on_the_question_is_about_it(self, answer, embedder):
        case = asked(answer, question="Are entries of a cache dropped?")
        assert value(Relevance(embedder).measure(case)) == 1.0

    def test_an_end_more_or_less_changes_nothing(self, embedder):
        scorer = Relevance(embedder)
        told = [value(scorer.measure(asked(text))) for text in ("A data store", "A data store.")]
        assert told[0] == told[1]

    def test_across_languages(self, embedder):
        scorer = Relevance(embedder)
        german = "Was ist ein Cache?"
        on = value(scorer.measure(asked(FULL, question=german, language="de")))
        assert on > value(scorer.measure(asked(OFF, question=german, language="de")))

    def test_where_no_passage_answers_only_an_abstention_is_worth_much(self, embedder):
        scorer, passages = Relevance(embedder), weighed(0.05)
        assert value(scorer.measure(asked(FULL, passages))) <= 0.1
        silent = asked("I found nothing.", passages, abstained=True)
        assert value(scorer.measure(silent)) == pytest.approx(0.95)

    def test_unscored_without_embedder_answer_question_or_passages(self, embedder):
        assert "embedder" in reason(Relevance().measure(asked(FULL)))
        for case in (
            asked(""),
            asked(FULL, question=" "),
            asked(FULL, []),
            asked("None found.", abstained=True),
        ):
            reason(Relevance(embedder).measure(case))


class TestRefusal:
    @pytest.mark.parametrize(
        ("answerable", "abstained", "expected"),
        [(True, False, 1.0), (False, True, 1.0), (True, True, 0.0), (False, False, 0.0)],
    )
    def test_abstains_exactly_when_evidence_is_missing(self, answerable, abstained, expected):
        case = asked(FULL, answerable=answerable, abstained=abstained)
        assert value(Refusal().measure(case)) == expected

    @pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
    def test_an_abstention_is_worth_the_chance_that_nothing_answers(self, probability):
        case = asked("I found nothing.", weighed(probability), abstained=True)
        assert value(Refusal().measure(case)) == pytest.approx(1 - probability)

    def test_unscored_if_nobody_knows(self):
        reason(Refusal().measure(asked(FULL)))
        reason(Refusal().measure(asked("I found nothing.", abstained=True)))
        reason(Refusal().measure(asked(FULL, weighed(0.9))))
        reason(Refusal().measure(asked("", answerable=True)))


class TestReadable:
    @pytest.mark.parametrize(
        ("answer", "wrong"),
        [
            ("A cache stores data so that requests are served and later on", "breaks off"),
            ("To drop the entries of a cache, please proceed as follows: [1]", "breaks off"),
            ("A cache stores data. " + "It is quick and neat and new. " * 6, "repetition"),
            ("A cache stores data [3].", "citations"),
            ("A cache stores data [0].", "citations"),
            ("A cache stores data [1", "citations"),
            ("Ein Cache ist eine Komponente und speichert die Daten.", "language"),
            (" ".join(f"word{n}" for n in range(500)), "length"),
        ],
    )
    def test_names_what_is_wrong(self, answer, wrong):
        result = Readable().measure(asked(answer))
        assert value(result) < 0.75
        assert wrong in result.reason

    @pytest.mark.parametrize(
        "case",
        [
            asked(FULL),
            asked("Cache."),
            asked(f"{FULL.rstrip('.')} 🙂"),
            asked(FULL + " [1]"),
            asked("1. Open the page.\n2. Choose the item [1].\n3. Save it."),
            asked("Ein Cache speichert Daten.", [EINTRAG], "Was ist ein Cache?", "de"),
            asked("In German it is called der Zwischenspeicher."),
        ],
    )
    def test_a_well_formed_answer(self, case):
        assert value(Readable().measure(case)) == 1.0

    def test_an_empty_answer_is_unscored(self):
        reason(Readable().measure(asked(" ")))


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
        names = {"groundedness", "answering", "coverage", "refusal", "readable"}
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
    def test_being_readable_alone_is_no_score(self, case):
        reason(Fast().measure(case))

    def test_an_abstention_is_judged_by_refusal(self):
        right = asked("I found no answer.", answerable=False, abstained=True)
        wrong = dataclasses.replace(right, answerable=True)
        assert value(Fast().measure(right)) > 0.9
        assert value(Fast().measure(wrong)) < 0.1

    def test_a_scorer_that_fails_is_unscored(self):
        fast = Fast(_Broken())
        case = asked(FULL, [EINTRAG])
        results = fast.measure_all(case)
        assert "ValueError" in reason(results["groundedness"])
        assert value(results["readable"]) == 1.0
        assert "ValueError" in reason(fast.measure(case))

    def test_version_follows_weights_and_embedder(self, embedder):
        versions = {
            Fast().version,
            Fast(embedder).version,
            Fast(parameters=FastParameters(readable=Factor(0.5))).version,
        }
        assert len(versions) == 3
        assert Fast().version == Fast().version

    async def test_runs_behind_the_protocol(self):
        result = await run(Fast(), asked(FULL), timeout_s=5.0)
        assert result == Fast().measure(asked(FULL))

    def test_what_is_wrong_is_not_made_good_by_the_rest(self):
        parts = {"groundedness": Score(1.0), "readable": Score(0.0)}
        assert value(Fast().combine(parts)) == 0.0

    def test_copying_more_than_is_needed_earns_nothing(self):
        fast = Fast()
        own_words = asked("Its entries go after 60 minutes, as data are stored.", weighed(0.9))
        copied = asked("Entries are dropped after 60 minutes.", weighed(0.9))
        plain = [dataclasses.replace(p, curated=False) for p in weighed(0.9)]
        for case in (own_words, copied):
            assert value(fast.measure(dataclasses.replace(case, passages=plain))) == 1.0


class _Broken:
    """An embedder whose weights cannot be read."""

    revision = "broken"

    def queries(self, texts):
        raise ValueError("no weights")

    def passages(self, texts):
        raise ValueError("no weights")
