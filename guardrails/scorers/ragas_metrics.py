"""The fast scorers as RAGAS metrics, for people who have RAGAS runs of their own.

Importing this takes seconds, for it imports RAGAS; nothing on the way to an answer does.
"""

import math
from collections.abc import Sequence
from typing import Any

from ragas.metrics.collections.base import BaseMetric
from ragas.metrics.result import MetricResult

from guardrails.scorers.answering import Answering
from guardrails.scorers.coverage import Coverage
from guardrails.scorers.fast import Fast
from guardrails.scorers.groundedness import Groundedness
from guardrails.scorers.models import Embedder
from guardrails.scorers.readable import Readable
from guardrails.scorers.refusal import Refusal
from guardrails.scorers.scorer import Scorer
from guardrails.types import Sample, Score, Text

__all__ = [
    "AnsweringMetric",
    "CoverageMetric",
    "FastMetric",
    "GroundednessMetric",
    "ReadableMetric",
    "RefusalMetric",
]


class _Metric(BaseMetric):
    """A scorer as a RAGAS metric. Values are in [0, 1]; NaN, as in RAGAS, is no score.

    language: of the answers and contexts, ISO 639-1, unless a row says otherwise.
    """

    def __init__(self, scorer: Scorer, language: str) -> None:
        super().__init__(name=scorer.name)
        self.scorer = scorer
        self.language = language

    async def ascore(self, **row: Any) -> MetricResult:
        """Score one row of a RAGAS data set.

        row: ``response``, and as far as known ``user_input``, ``retrieved_contexts``,
        ``reference``, ``language``, ``abstained``, ``answerable``, ``context_probabilities``; other
        columns are ignored.

        Raises:
            KeyError: the row has no ``response``.
            ValueError: there are not as many probabilities as contexts.
        """
        result = await self.scorer.score(_sample(row, self.language))
        value = result.value if isinstance(result, Score) else math.nan
        return MetricResult(value=value, reason=result.reason)


class GroundednessMetric(_Metric):
    """Whether the retrieved contexts carry the response."""

    def __init__(self, embedder: Embedder | None = None, *, language: str = "en") -> None:
        super().__init__(Groundedness(embedder), language)


class AnsweringMetric(_Metric):
    """How likely the retrieved contexts that carry the response answer the question.

    Rows say it of each context, in [0, 1], in the column ``context_probabilities``.
    """

    def __init__(self, embedder: Embedder | None = None, *, language: str = "en") -> None:
        super().__init__(Answering(Groundedness(embedder)), language)


class CoverageMetric(_Metric):
    """How much of the reference the response gives."""

    def __init__(self, embedder: Embedder | None = None, *, language: str = "en") -> None:
        super().__init__(Coverage(embedder), language)


class RefusalMetric(_Metric):
    """Whether the response abstains exactly when it should."""

    def __init__(self, *, language: str = "en") -> None:
        super().__init__(Refusal(), language)


class ReadableMetric(_Metric):
    """How well the response can be read."""

    def __init__(self, *, language: str = "en") -> None:
        super().__init__(Readable(), language)


class FastMetric(_Metric):
    """All of them as one."""

    def __init__(self, embedder: Embedder | None = None, *, language: str = "en") -> None:
        super().__init__(Fast(embedder), language)


def _sample(row: dict[str, Any], language: str) -> Sample:
    spoken = row.get("language") or language
    contexts: Sequence[str] = row.get("retrieved_contexts") or ()
    likely: Sequence[float | None] = row.get("context_probabilities") or [None] * len(contexts)
    return Sample(
        question=row.get("user_input") or "",
        language=spoken,
        passages=[
            Text(context, spoken, answers=probability)
            for context, probability in zip(contexts, likely, strict=True)
        ],
        answer=row["response"],
        reference=row.get("reference"),
        answerable=row.get("answerable"),
        abstained=bool(row.get("abstained", False)),
    )
