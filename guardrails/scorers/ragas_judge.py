"""The RAGAS metrics as the judge asks them: bounded replies, marked input, every claim judged.

Importing this module imports ragas, which takes seconds: only ``judge`` does so, and only when
the first sample is judged. The metrics and their wording are those of RAGAS (Es et al. 2024,
arXiv:2309.15217); what differs is how the input is enclosed (``material``), that a reply which
does not fit its schema is refused, and that verdicts are asked for in batches of a fixed size,
so that a reply with fewer verdicts than claims cannot pass as a score.
"""

import logging
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, Final, Literal, Protocol

import instructor
from pydantic import BaseModel, Field, StringConstraints, create_model
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
    NLIStatementOutput as ClaimVerdicts,
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

from guardrails.scorers.judge_model import REPLIES, JudgeModel, TooMuch
from guardrails.scorers.limits import (
    CLAIM_CHARACTERS,
    MOST_CLAIMS,
    REASON_CHARACTERS,
    SYSTEM,
    VERDICTS_AT_ONCE,
)
from guardrails.scorers.material import marked, neutral

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


class Verdicts(BaseModel):
    """Whether each claim follows from the context, in the order of the claims."""

    verdicts: list[Bit]


class Reasoned(BaseModel):
    """Whether one claim follows from the context, after a reason."""

    reason: Reason
    verdict: Bit


class ReasonedVerdicts(BaseModel):
    """Whether each claim follows from the context, in the order of the claims."""

    verdicts: list[Reasoned]


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
def exactly(form: type[BaseModel], count: int) -> type[BaseModel]:
    """Return ``Verdicts`` or ``ReasonedVerdicts`` with exactly ``count`` of them."""
    each = Reasoned if form is ReasonedVerdicts else Bit
    verdicts = Annotated[list[each], Field(min_length=count, max_length=count)]  # type: ignore[valid-type]
    return create_model(f"{form.__name__}{count}", __base__=form, verdicts=(verdicts, ...))


class Judge(InstructorLLM):
    """The judge as RAGAS calls it. Every reply obeys a bounded schema or is an error."""

    async def agenerate(self, prompt: str, response_model: type[BaseModel]) -> Any:
        """Ask once; the grammar and the check are the bounded form of ``response_model``.

        The inherited method would also count the use and write an id into the user's folder.
        """
        bounded = BOUNDED.get(response_model, response_model)
        replies = REPLIES.get()
        key = sha256(f"{self.model}\0{bounded.__name__}\0{prompt}".encode()).hexdigest()
        if replies is not None and key in replies:
            return replies[key]
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
        if replies is not None:
            replies[key] = reply
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
        compact = clean.model_dump_json(exclude_none=True)
        return f"{head}{marked(compact, self.shared(clean))}\nOutput: "

    def _generate_examples(self) -> str:
        """Write examples without white space: a judge writes as it was shown, token by token."""
        shown = (
            f"Example {number}\nInput: {given.model_dump_json()}\nOutput: {out.model_dump_json()}"
            for number, (given, out) in enumerate(self.examples, 1)
        )
        return "--------EXAMPLES-----------\n" + "\n\n".join(shown)

    @staticmethod
    def shared(_data: Any) -> str:
        """Return the part of the input that many prompts open with: the mark is made of it."""
        return ""


class _StatementPrompt(_Marked, StatementGeneratorPrompt):
    pass


class _ClaimPrompt(_Marked, ClaimDecompositionPrompt):
    pass


class _VerdictPrompt(_Marked):
    """Asks for verdicts alone."""

    input_model = NLIStatementInput
    output_model: type[BaseModel] = Verdicts
    instruction = f"{NLIStatementPrompt.instruction} Keep the order of the statements."

    def __init__(self) -> None:
        self.examples = [
            (given, self.output_model.model_validate({"verdicts": self.shown(out.statements)}))
            for given, out in NLIStatementPrompt.examples
        ]

    @staticmethod
    def shown(statements: Sequence[Any]) -> list[Any]:
        """Return the verdicts of an example of RAGAS."""
        return [one.verdict for one in statements]

    @staticmethod
    def shared(data: NLIStatementInput) -> str:
        return data.context


class _ReasonPrompt(_VerdictPrompt):
    """Asks for a reason before each verdict."""

    output_model = ReasonedVerdicts

    @staticmethod
    def shown(statements: Sequence[Any]) -> list[Any]:
        return [{"reason": one.reason, "verdict": one.verdict} for one in statements]


class _RelevancePrompt(_Marked, AnswerRelevancePrompt):
    pass


class _PrecisionPrompt(_Marked, ContextPrecisionPrompt):
    pass


class BoundedFaithfulness(Faithfulness):
    """Faithfulness; ``judged`` keeps what was decided, for the reason."""

    def __init__(self, llm: Judge) -> None:
        super().__init__(llm=llm)
        self.statement_generator_prompt = _StatementPrompt()
        self.judged: list[tuple[str, Bit]] = []

    async def _create_verdicts(self, statements: Sequence[str], context: str) -> NLIStatementOutput:
        self.judged = await _verdicts(self.llm, _VerdictPrompt(), statements, context)
        return NLIStatementOutput.model_validate(_written(self.judged))


class BoundedFactualCorrectness(FactualCorrectness):
    """Factual correctness (F1 of claims both ways)."""

    def __init__(self, llm: Judge) -> None:
        super().__init__(llm=llm)
        self.prompt = _ClaimPrompt()

    async def _verify_claims(self, claims: Sequence[str], reference: str) -> ClaimVerdicts:
        judged = await _verdicts(self.llm, _ReasonPrompt(), claims, reference)
        return ClaimVerdicts.model_validate(_written(judged))


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
    llm: InstructorBaseRagasLLM, prompt: _VerdictPrompt, claims: Sequence[str], context: str
) -> list[tuple[str, Bit]]:
    """Judge every claim, a few at a time; the context comes first and is cached between them."""
    found: list[tuple[str, Bit]] = []
    for start in range(0, len(claims), VERDICTS_AT_ONCE):
        batch = list(claims[start : start + VERDICTS_AT_ONCE])
        text = prompt.to_string(NLIStatementInput(context=context, statements=batch))
        reply: Any = await llm.agenerate(text, exactly(prompt.output_model, len(batch)))
        bits = [getattr(one, "verdict", one) for one in reply.verdicts]
        found += zip(batch, bits, strict=True)
    return found


def _written(judged: Sequence[tuple[str, Bit]]) -> dict[str, Any]:
    """Return verdicts in the form that RAGAS counts."""
    rows = [{"statement": claim, "reason": "", "verdict": bit} for claim, bit in judged]
    return {"statements": rows}


def _neutral(value: Any) -> Any:
    if isinstance(value, str):
        return neutral(value)
    if isinstance(value, list):
        return [_neutral(part) for part in value]
    if isinstance(value, dict):
        return {key: _neutral(part) for key, part in value.items()}
    return value
