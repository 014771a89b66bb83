"""The fast scorers as RAGAS metrics, for people who have RAGAS runs of their own.

Importing this takes seconds, for it imports RAGAS; nothing on the way to an answer does.
"""

import math
from collections.abc import Sequence
from typing import Any

from ragas.metrics.collections.base import BaseMetric
from ragas.metrics.result import MetricResult

from guardrails.scorers.coverage import Coverage
from guardrails.scorers.embedder import Embedder
from guardrails.scorers.fast import Fast
from guardrails.scorers.form import Form
from guardrails.scorers.groundedness import Groundedness
from guardrails.scorers.refusal import Refusal
from guardrails.scorers.relevance import Relevance
from guardrails.scorers.scorer import Scorer
from guardrails.types import Sample, Score, Text

__all__ = [
    "CoverageMetric",
    "FastMetric",
    "FormMetric",
    "GroundednessMetric",
    "RefusalMetric",
    "RelevanceMetric",
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
        ``reference``, ``language``, ``abstained``, ``answerable``; other columns are ignored.

        Raises:
            KeyError: the row has no ``response``.
        """
        result = await self.scorer.score(_sample(row, self.language))
        value = result.value if isinstance(result, Score) else math.nan
        return MetricResult(value=value, reason=result.reason)


class GroundednessMetric(_Metric):
    """Whether the retrieved contexts carry the response."""

    def __init__(self, embedder: Embedder | None = None, *, language: str = "en") -> None:
        super().__init__(Groundedness(embedder), language)


class RelevanceMetric(_Metric):
    """Whether the response is about the question."""

    def __init__(self, embedder: Embedder | None = None, *, language: str = "en") -> None:
        super().__init__(Relevance(embedder), language)


class CoverageMetric(_Metric):
    """How much of the reference the response gives."""

    def __init__(self, embedder: Embedder | None = None, *, language: str = "en") -> None:
        super().__init__(Coverage(embedder), language)


class RefusalMetric(_Metric):
    """Whether the response abstains exactly when it should."""

    def __init__(self, *, language: str = "en") -> None:
        super().__init__(Refusal(), language)


class FormMetric(_Metric):
    """How well the response is formed."""

    def __init__(self, *, language: str = "en") -> None:
        super().__init__(Form(), language)


class FastMetric(_Metric):
    """All of them as one."""

    def __init__(self, embedder: Embedder | None = None, *, language: str = "en") -> None:
        super().__init__(Fast(embedder), language)


def _sample(row: dict[str, Any], language: str) -> Sample:
    spoken = row.get("language") or language
    contexts: Sequence[str] = row.get("retrieved_contexts") or ()
    return Sample(
        question=row.get("user_input") or "",
        language=spoken,
        passages=[Text(context, spoken) for context in contexts],
        answer=row["response"],
        reference=row.get("reference"),
        answerable=row.get("answerable"),
        abstained=bool(row.get("abstained", False)),
    )
