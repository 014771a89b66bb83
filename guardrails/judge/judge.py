"""RAGAS metrics judged by a language model, as scorers.

Any OpenAI-compatible endpoint that obeys ``response_format: json_schema`` can be the judge. An
answer is material and never an instruction: see ``material`` for how it is enclosed and
``ragas_judge`` for the schema that every reply must obey. Whatever goes wrong (unreachable,
slow, over its limit, a reply that does not fit, nothing to judge) is ``Unscored`` with the
reason; it is never a zero.
"""

import asyncio
import json
import math
import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Any, Final, Protocol

from guardrails import digests
from guardrails.failures import kind, noted
from guardrails.judge import limits, material
from guardrails.judge.model import JudgeModel, TooMuch
from guardrails.scorers.answering import PROVEN
from guardrails.scorers.refusal import Refusal
from guardrails.scorers.scorer import Scorer
from guardrails.text import markers
from guardrails.types import Result, Sample, Score, Unscored

_SHOWN_FAILURES: Final = 2


class Embed(Protocol):
    """Turns texts into vectors. Shape (len(texts), dimensions)."""

    def __call__(self, texts: Sequence[str], /) -> Any:
        """Embed texts of one kind (questions)."""
        ...


class Judged(ABC):
    """A RAGAS metric as a scorer."""

    name: str

    def __init__(self, model: JudgeModel) -> None:
        self.model = model

    @cached_property
    def version(self) -> str:
        """Covers ragas, metric, what is asked and how, the judge and its revision."""
        text = json.dumps(
            [
                *(self.name, limits.SYSTEM, material.marked(""), markers.GRAMMAR, *self._parts()),
                *(limits.MOST_CLAIMS, limits.CLAIM_CHARACTERS, limits.REASON_CHARACTERS),
                *(limits.VERDICTS_AT_ONCE, limits.ANSWER_CHARACTERS, self.model.max_tokens),
                dict(self.model.extra_body),
            ],
            sort_keys=True,
            default=str,
        )
        prompt = digests.of(text)[:8]
        judge = f"{self.model.model}@{self.model.revision}"
        return f"ragas-{version('ragas')}/{prompt}/{judge}"

    async def score(self, sample: Sample) -> Result:
        """Ask the judge; every failure is ``Unscored``."""
        missing = self._missing(sample)
        if missing:
            return Unscored(missing)
        try:
            metrics = await asyncio.to_thread(_ragas)
            value, reason = await self._judge(metrics, sample)
        except Exception as error:
            return Unscored(_reason(error, self.model))
        if not math.isfinite(value):
            return Unscored("the judge found no statement in the answer")
        return Score(min(max(value, 0.0), 1.0), reason)

    def _parts(self) -> tuple[str, ...]:
        """Return what else the score depends on."""
        return ()

    def _missing(self, sample: Sample) -> str:
        """Return why the sample cannot be judged, or nothing."""
        if not _plain(sample.answer):
            return "the answer is empty"
        if len(sample.answer) > limits.ANSWER_CHARACTERS:
            return f"the answer is longer than {limits.ANSWER_CHARACTERS} characters"
        return ""

    @abstractmethod
    async def _judge(self, metrics: Any, sample: Sample) -> tuple[float, str]:
        """Return the value, NaN if there is none, and a reason."""


class Faithfulness(Judged):
    """Share of the answer's statements that follow from the passages."""

    name = "faithfulness"

    def _missing(self, sample: Sample) -> str:
        if sample.abstained:
            return "the answer says that there is none, so it states nothing"
        if not sample.passages:
            return "there are no passages to be faithful to"
        return super()._missing(sample) or _no_question(sample)

    async def _judge(self, metrics: Any, sample: Sample) -> tuple[float, str]:
        metric = metrics.BoundedFaithfulness(metrics.judge(self.model))
        result = await metric.ascore(
            user_input=sample.question,
            response=_plain(sample.answer),
            retrieved_contexts=_contexts(sample),
        )
        failed = [verdict.statement for verdict in metric.verdicts if not verdict.verdict]
        shown = "; ".join(failed[:_SHOWN_FAILURES])
        count = len(metric.verdicts)
        return result.value, f"{count - len(failed)} of {count} statements supported" + (
            f"; not: {shown}" if shown else ""
        )


class FactualCorrectness(Judged):
    """F1 of the answer's claims against the reference's; 0 where it wrongly says there is none.

    Live, the passage that is likeliest to answer is the reference, if it answers with probability
    ``PROVEN``. An abstention makes none of the reference's claims, so no judge is asked about it;
    where nobody knows whether there is an answer, it is worth what it is as a refusal.
    """

    name = "factual_correctness"

    async def score(self, sample: Sample) -> Result:
        """Ask the judge, unless the answer abstains although there is evidence."""
        if sample.abstained and sample.answerable and not self._missing(sample):
            return Score(0.0, "it abstains, so it makes none of the reference's claims")
        if sample.abstained and sample.answerable is None:
            return Refusal().measure(sample)
        return await super().score(sample)

    def _parts(self) -> tuple[str, ...]:
        return ("an abstention is 0", "live, the passage that answers is the reference")

    def _missing(self, sample: Sample) -> str:
        there = reference_of(sample)
        return super()._missing(sample) or ("" if there else "there is no reference")

    async def _judge(self, metrics: Any, sample: Sample) -> tuple[float, str]:
        metric = metrics.BoundedFactualCorrectness(metrics.judge(self.model))
        result = await metric.ascore(response=_plain(sample.answer), reference=reference_of(sample))
        return result.value, ""


class AnswerRelevancy(Judged):
    """How near the question that the answer seems to answer is to the one that was asked.

    embed: embeds questions. embedding: its name and revision; part of the version.
    """

    name = "answer_relevancy"

    def __init__(self, model: JudgeModel, embed: Embed, embedding: str) -> None:
        super().__init__(model)
        self._embed = embed
        self._embedding = embedding

    def _parts(self) -> tuple[str, ...]:
        return (self._embedding, str(limits.STRICTNESS))

    def _missing(self, sample: Sample) -> str:
        return super()._missing(sample) or _no_question(sample)

    async def _judge(self, metrics: Any, sample: Sample) -> tuple[float, str]:
        llm = metrics.judge(self.model)
        metric = metrics.relevancy(llm, self._embed, limits.STRICTNESS)
        result = await metric.ascore(user_input=sample.question, response=_plain(sample.answer))
        return result.value, ""


class ContextPrecision(Judged):
    """Whether the passages that help to the reference come first. Judges retrieval, not arms."""

    name = "context_precision"

    def _missing(self, sample: Sample) -> str:
        if not sample.passages:
            return "there are no passages"
        return _no_reference(sample) or _no_question(sample)

    async def _judge(self, metrics: Any, sample: Sample) -> tuple[float, str]:
        metric = metrics.precision(metrics.judge(self.model))
        result = await metric.ascore(
            user_input=sample.question,
            reference=sample.reference or "",
            retrieved_contexts=_contexts(sample),
        )
        return result.value, ""


def judge_scorers(
    model: JudgeModel, embed: Embed | None = None, embedding: str = ""
) -> tuple[Scorer, ...]:
    """Return the judged scorers; answer relevancy only where there are embeddings."""
    scorers: list[Scorer] = [Faithfulness(model), FactualCorrectness(model)]
    if embed is not None:
        scorers.append(AnswerRelevancy(model, embed, embedding))
    return (*scorers, ContextPrecision(model))


def _ragas() -> Any:
    """Import ragas: seconds the first time, and it would report home unless told not to."""
    os.environ.setdefault("RAGAS_DO_NOT_TRACK", "true")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from guardrails.judge import ragas_metrics

    return ragas_metrics


def _plain(answer: str) -> str:
    """Return the answer without its citation markers."""
    return markers.strip(answer).strip()


def _contexts(sample: Sample) -> list[str]:
    return [f"{p.title}\n{p.text}" if p.title else p.text for p in sample.passages]


def _no_question(sample: Sample) -> str:
    return "" if sample.question.strip() else "there is no question"


def reference_of(sample: Sample) -> str:
    """Return the right answer that is known, or the passage that answers; empty if neither is."""
    if sample.reference and sample.reference.strip():
        return sample.reference
    proven = [p for p in sample.passages if (p.answers or 0.0) >= PROVEN]
    return max(proven, key=lambda p: p.answers or 0.0).text if proven else ""


def _no_reference(sample: Sample) -> str:
    return "" if (sample.reference or "").strip() else "there is no reference"


def _reason(error: Exception, model: JudgeModel) -> str:
    """Return one sentence for a person; what the judge's endpoint said is only logged."""
    import openai
    import pydantic

    says: list[tuple[type[BaseException], Callable[[Any], str]]] = [
        (TooMuch, lambda e: f"the answer says too much to be judged whole: {e}"),
        (openai.APITimeoutError, lambda _: f"the judge took longer than {model.timeout_s:g} s"),
        (openai.APIConnectionError, lambda e: f"the judge cannot be reached{_because(e)}"),
        (openai.RateLimitError, lambda _: "the judge is over its rate limit (HTTP 429)"),
        (openai.APIStatusError, _status),
        (pydantic.ValidationError, lambda _: "the judge's reply does not fit the schema"),
        (json.JSONDecodeError, lambda _: "the judge's reply is not JSON"),
    ]
    causes = list(_chain(error))
    for fault, sentence in says:
        for cause in causes:
            if isinstance(cause, fault):
                return sentence(cause)
    if any(type(cause).__module__.startswith("instructor") for cause in causes):
        return "the judge's reply is empty, cut off or not what was asked for"
    return f"the judge failed ({noted(error, 'the judge')})"


def _status(error: Any) -> str:
    noted(error, "the judge")
    return f"the judge answered with HTTP {error.status_code}"


def _because(error: BaseException) -> str:
    cause = error.__cause__
    return f" ({kind(cause)})" if cause is not None else ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it arose from, each once."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__
