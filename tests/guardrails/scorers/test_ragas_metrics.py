import math

import pytest
from ragas.metrics.collections.base import BaseMetric

from assistant.local.embeddings import E5
from guardrails.scorers import ragas_metrics
from guardrails.scorers.fast import Fast
from guardrails.scorers.ragas_metrics import (
    AnsweringMetric,
    CoverageMetric,
    FastMetric,
    GroundednessMetric,
    ReadableMetric,
    RefusalMetric,
)
from guardrails.types import Sample, Text

ROW = {
    "user_input": "How long can I return an order?",
    "response": "You can return an order within 14 days.",
    "retrieved_contexts": ["An order can be returned within 14 days.", "Shipping is free."],
    "reference": "Orders can be returned within 14 days.",
    "answerable": True,
    "context_probabilities": [0.9, 0.05],
}
WRONG = ROW | {"response": "You can return an order within 30 days."}


@pytest.fixture(scope="module")
def embedder() -> E5:
    return E5()


def test_every_fast_scorer_is_a_metric(embedder):
    made = [
        GroundednessMetric(embedder),
        AnsweringMetric(embedder),
        CoverageMetric(embedder),
        RefusalMetric(),
        ReadableMetric(),
        FastMetric(embedder),
    ]
    assert sorted(type(metric).__name__ for metric in made) == sorted(ragas_metrics.__all__)
    assert {metric.name for metric in made} == {*(s.name for s in Fast().scorers), "fast"}
    for metric in made:
        assert isinstance(metric, BaseMetric)
        result = metric.score(**ROW)
        assert metric.validate_result_value(result.value) is None
        assert result.value > 0.3
        assert result.reason


async def test_a_batch_in_ragas_ranks_right_before_wrong(embedder):
    for metric in (GroundednessMetric(), FastMetric(embedder)):
        right, wrong = await metric.abatch_score([ROW, WRONG])
        assert right.value > wrong.value


async def test_a_metric_gives_what_its_scorer_gives():
    contexts = [Text(text, "en") for text in ROW["retrieved_contexts"]]
    sample = Sample(
        ROW["user_input"], "en", contexts, ROW["response"], ROW["reference"], answerable=True
    )
    given = await FastMetric().ascore(**ROW)
    expected = Fast().measure(sample)
    assert (given.value, given.reason) == (expected.value, expected.reason)


async def test_no_score_is_nan_with_a_reason():
    result = await GroundednessMetric().ascore(response="Yes.", retrieved_contexts=["No."])
    assert math.isnan(result.value)
    assert "no claim" in result.reason


async def test_german_rows():
    metric = GroundednessMetric(language="de")
    row = {"user_input": "Wie lange?", "retrieved_contexts": ["Rückgabe innerhalb von 14 Tagen."]}
    right = await metric.ascore(**row, response="Die Rückgabe ist innerhalb von 14 Tagen möglich.")
    wrong = await metric.ascore(**row, response="Die Rückgabe ist innerhalb von 30 Tagen möglich.")
    assert right.value > wrong.value
