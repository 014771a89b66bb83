"""The RAGAS metrics as the judge asks them: bounded replies, marked input, every claim judged.

Importing this module imports ragas, which takes seconds: only ``judge`` does so, and only when
the first sample is judged. The metrics and their wording are those of RAGAS (Es et al. 2024,
arXiv:2309.15217); what differs is how the input is enclosed (``material``), that a reply which
does not fit its schema is refused, and that verdicts are asked for in batches of a fixed size,
so that a reply with fewer verdicts than claims cannot pass as a score.
"""

import logging
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Annotated, Any, Final, Literal, Protocol, cast

import instructor
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model
from ragas.embeddings.base import BaseRagasEmbedding
from ragas.llms.base import InstructorBaseRagasLLM, InstructorLLM
from ragas.metrics.collections.answer_relevancy import AnswerRelevancy
from ragas.metrics.collections.answer_relevancy.util import (
    AnswerRelevanceOutput,
    AnswerRelevancePrompt,
)
from ragas.metrics.collections.context_precision import ContextPrecision
from ragas.metrics.collections.context_precision.util import (
    ContextPrecisionOutput,
    ContextPrecisionPrompt,
)
from ragas.metrics.collections.factual_correctness import FactualCorrectness
from ragas.metrics.collections.factual_correctness.util import (
    ClaimDecompositionOutput,
    ClaimDecompositionPrompt,
)
from ragas.metrics.collections.factual_correctness.util import (
    NLIStatementOutput as StatementVerdicts,
)
from ragas.metrics.collections.faithfulness import Faithfulness
from ragas.metrics.collections.faithfulness.util import (
    NLIStatementInput,
    NLIStatementOutput,
    NLIStatementPrompt,
    StatementGeneratorOutput,
    StatementGeneratorPrompt,
)
from ragas.prompt.metrics.base_prompt import BasePrompt

from guardrails import digests
from guardrails.judge.limits import (
    CLAIM_CHARACTERS,
    MOST_CLAIMS,
    REASON_CHARACTERS,
    SYSTEM,
    VERDICTS_AT_ONCE,
)
from guardrails.judge.material import marked, neutral
from guardrails.judge.model import REPLIES, JudgeModel, TooMuch

# Failures come back as values with their reason; instructor would log each of them as well.
logging.getLogger("instructor").setLevel(logging.CRITICAL)

Claim = Annotated[str, StringConstraints(min_length=1, max_length=CLAIM_CHARACTERS)]
Reason = Annotated[str, StringConstraints(max_length=REASON_CHARACTERS)]
Bit = Literal[0, 1]


class Statements(BaseModel):
    """What an answer says, statement by statement."""

    statements: Annotated[list[Claim], Field(max_length=MOST_CLAIMS)]


class Claims(BaseModel):
    """What a text claims, claim by claim."""

    claims: Annotated[list[Claim], Field(min_length=1, max_length=MOST_CLAIMS)]


class ClaimVerdict(BaseModel):
    """Whether one claim follows from the context."""

    model_config = ConfigDict(title="Verdict")  # part of the prompt, so of the judge's version
    statement: Annotated[str, StringConstraints(max_length=CLAIM_CHARACTERS)]
    reason: Reason
    verdict: Bit


class Verdicts(BaseModel):
    """One verdict per claim, in the order of the claims."""

    statements: list[ClaimVerdict]


class Question(BaseModel):
    """A question that the answer would answer."""

    question: Claim
    noncommittal: Bit


class Usefulness(BaseModel):
    """Whether a passage was of use."""

    reason: Reason
    verdict: Bit


BOUNDED: Final[dict[type[BaseModel], type[BaseModel]]] = {
    StatementGeneratorOutput: Statements,
    ClaimDecompositionOutput: Claims,
    AnswerRelevanceOutput: Question,
    ContextPrecisionOutput: Usefulness,
}


@cache
def verdicts_of(count: int) -> type[Verdicts]:
    """Return the schema of a reply with exactly ``count`` verdicts."""
    verdicts = Annotated[list[ClaimVerdict], Field(min_length=count, max_length=count)]
    return create_model(f"Verdicts{count}", __base__=Verdicts, statements=(verdicts, ...))


class Judge(InstructorLLM):
    """The judge as RAGAS calls it. Every reply obeys a bounded schema or is an error."""

    async def agenerate(self, prompt: str, response_model: type[BaseModel]) -> Any:
        """Ask once; the grammar and the check are the bounded form of ``response_model``.

        The inherited method would also count the use and write an id into the user's folder.
        """
        replies = REPLIES.get()
        if replies is None:
            return await self._ask(prompt, response_model)
        bounded = BOUNDED.get(response_model, response_model)
        key = digests.of(f"{self.model}\0{bounded.__name__}\0{prompt}")
        return await replies.get(key, partial(self._ask, prompt, response_model))

    async def _ask(self, prompt: str, response_model: type[BaseModel]) -> Any:
        bounded = BOUNDED.get(response_model, response_model)
        reply = await self.client.chat.completions.create(
            model=self.model,
            messages=[
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": prompt},
            ],
            response_model=bounded,
            **self._map_provider_params(),
        )
        for field in ("statements", "claims"):
            if len(getattr(reply, field, ())) >= MOST_CLAIMS and response_model in BOUNDED:
                raise TooMuch(f"it makes {MOST_CLAIMS} claims or more")
        return reply


def judge(model: JudgeModel) -> Judge:
    """Return the judge behind an endpoint; one attempt per question, schema enforced."""
    return Judge(
        client=instructor.from_openai(model.client, mode=instructor.Mode.JSON_SCHEMA),
        model=model.model,
        provider="openai",
        temperature=0,
        max_tokens=model.max_tokens,
        max_retries=0,
        timeout=model.timeout_s,
        extra_body={**model.extra_body, **model.engine_body},
    )


class _Marked(BasePrompt[Any, Any]):
    """A RAGAS prompt whose input is neutral and stands between marks, at the very end."""

    def to_string(self, data: BaseModel) -> str:
        """Return the whole prompt; what all samples share comes first and can be cached."""
        clean = data.__class__.model_validate(_neutral(data.model_dump()))
        whole: str = super().to_string(clean)
        body = clean.model_dump_json(indent=4, exclude_none=True)
        head = whole.removesuffix(f"input: {body}\nOutput: ")
        if head == whole:
            raise RuntimeError("this version of ragas lays its prompts out in another way")
        return f"{head}{marked(body)}\nOutput: "


class _StatementPrompt(_Marked, StatementGeneratorPrompt):
    pass


class _ClaimPrompt(_Marked, ClaimDecompositionPrompt):
    pass


class _VerdictPrompt(_Marked, NLIStatementPrompt):
    pass


class _RelevancePrompt(_Marked, AnswerRelevancePrompt):
    pass


class _PrecisionPrompt(_Marked, ContextPrecisionPrompt):
    pass


class BoundedFaithfulness(Faithfulness):
    """Faithfulness; ``verdicts`` keeps what was decided, for the reason."""

    def __init__(self, llm: Judge) -> None:
        super().__init__(llm=llm)
        self.statement_generator_prompt = _StatementPrompt()
        self.verdicts: list[ClaimVerdict] = []

    async def _create_verdicts(self, statements: Sequence[str], context: str) -> NLIStatementOutput:
        self.verdicts = await _verdicts(self.llm, statements, context)
        return NLIStatementOutput.model_validate(_dumped(self.verdicts))


class BoundedFactualCorrectness(FactualCorrectness):
    """Factual correctness (F1 of claims both ways)."""

    def __init__(self, llm: Judge) -> None:
        super().__init__(llm=llm)
        self.prompt = _ClaimPrompt()

    async def _verify_claims(self, claims: Sequence[str], reference: str) -> StatementVerdicts:
        verdicts = await _verdicts(self.llm, claims, reference)
        return StatementVerdicts.model_validate(_dumped(verdicts))


def relevancy(llm: Judge, embed: Callable[[Sequence[str]], Any], strictness: int) -> Any:
    """Return answer relevancy over embeddings of ours."""
    metric = AnswerRelevancy(llm=llm, embeddings=_Embeddings(embed), strictness=strictness)
    metric.prompt = _RelevancePrompt()
    return metric


def precision(llm: Judge) -> Any:
    """Return context precision against the reference."""
    metric = ContextPrecision(llm=llm)
    metric.prompt = _PrecisionPrompt()
    return metric


class _Rows(Protocol):
    """What an embedder returns. Shape (texts, dimensions)."""

    def tolist(self) -> list[list[float]]: ...


class _Embeddings(BaseRagasEmbedding):
    """An embedding function as RAGAS calls it."""

    def __init__(self, embed: Callable[[Sequence[str]], _Rows]) -> None:
        super().__init__()
        self._embed = embed

    def embed_text(self, text: str, **_: Any) -> list[float]:
        """Embed one text."""
        return self._embed([text]).tolist()[0]

    async def aembed_text(self, text: str, **_: Any) -> list[float]:
        """Embed one text; it takes milliseconds, so it is not worth a thread."""
        return self.embed_text(text)


async def _verdicts(
    llm: InstructorBaseRagasLLM, claims: Sequence[str], context: str
) -> list[ClaimVerdict]:
    """Judge every claim, a few at a time; the context comes first and is cached between them."""
    prompt = _VerdictPrompt()
    verdicts: list[ClaimVerdict] = []
    for start in range(0, len(claims), VERDICTS_AT_ONCE):
        batch = list(claims[start : start + VERDICTS_AT_ONCE])
        text = prompt.to_string(NLIStatementInput(context=context, statements=batch))
        reply = cast("Verdicts", await llm.agenerate(text, verdicts_of(len(batch))))
        verdicts += reply.statements
    return verdicts


def _dumped(verdicts: Sequence[ClaimVerdict]) -> dict[str, Any]:
    return {"statements": [verdict.model_dump() for verdict in verdicts]}


def _neutral(value: Any) -> Any:
    if isinstance(value, str):
        return neutral(value)
    if isinstance(value, list):
        return [_neutral(part) for part in value]
    if isinstance(value, dict):
        return {key: _neutral(part) for key, part in value.items()}
    return value
