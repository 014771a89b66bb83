"""Drafts of cases that RAGAS writes from the team's own documents, by any endpoint.

One question a passage (RAGAS' single-hop synthesiser; Es et al. 2024, arXiv:2309.15217), over our
own passages, so that a draft names the source that search can find. Importing ragas takes
seconds, and so it happens only here.
"""

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

from assistant.errors import EvalsError, NotMeasured
from assistant.knowledge.chunk import chunks
from assistant.knowledge.documents import Chunk, Document, Entry
from assistant.language import language_of_question
from evals.cases.drafts import Draft
from guardrails import digests
from guardrails.failures import noted, without_keys

FEWEST_CHARACTERS: Final = 100
_TOKENS: Final = 1024
_TIMEOUT_S: Final = 120.0
_ASKING: Final = {
    "Customer": "Uses the product at work, has a concrete problem and little time.",
    "Newcomer": "Has just heard the words and wants to know what they mean.",
}
"""Who asks, for RAGAS: name and role."""


def from_documents(
    items: Sequence[Document | Entry], *, base_url: str, model: str, api_key: str, count: int
) -> list[Draft]:
    """Return drafts that a model wrote: questions, with answers, over the documents.

    base_url, model: an OpenAI-compatible endpoint that obeys ``response_format: json_schema``; a
    strong model is worth it here.

    Raises:
        EvalsError: the documents are too short.
        NotMeasured: the endpoint failed, or what it wrote cannot be used.
    """
    passages = [passage for item in items for passage in chunks("documents", item)]
    passages = [chunk for chunk in passages if len(chunk.text) >= FEWEST_CHARACTERS]
    if not passages:
        raise EvalsError(
            f"No passage has {FEWEST_CHARACTERS} characters or more.",
            hint="Give a folder of pages; entries of a few words cannot be asked about.",
        )
    os.environ.setdefault("RAGAS_DO_NOT_TRACK", "true")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = _generated(passages, base_url, model, api_key, count)
    except Exception as error:
        place = without_keys(base_url)
        raise NotMeasured(
            f"The endpoint at {place} wrote no cases ({noted(error, place)}).",
            hint="It must obey response_format json_schema; try a stronger model.",
        ) from None
    by_text = {_text(passage): passage for passage in passages}
    return [_draft(row, by_text) for row in rows]


def _generated(
    passages: Sequence[Chunk], base_url: str, model: str, api_key: str, count: int
) -> list[dict[str, Any]]:
    import instructor
    from openai import AsyncOpenAI
    from ragas.llms.base import InstructorLLM
    from ragas.run_config import RunConfig
    from ragas.testset import TestsetGenerator
    from ragas.testset.persona import Persona
    from ragas.testset.synthesizers.single_hop.specific import SingleHopSpecificQuerySynthesizer
    from ragas.testset.transforms.extractors import NERExtractor
    from ragas.tokenizers import BaseTokenizer

    class Characters(BaseTokenizer):
        """Counts characters: RAGAS' own tokeniser would be fetched over the network."""

        def encode(self, text: str) -> list[int]:
            return [ord(character) for character in text]

        def decode(self, tokens: list[int]) -> str:
            return "".join(map(chr, tokens))

    client = AsyncOpenAI(base_url=base_url, api_key=api_key, max_retries=0, timeout=_TIMEOUT_S)
    writer: Any = InstructorLLM(
        client=instructor.from_openai(client, mode=instructor.Mode.JSON_SCHEMA),
        model=model,
        provider="openai",
        temperature=0,
        max_tokens=_TOKENS,
    )
    personas = [Persona(name=name, role_description=role) for name, role in _ASKING.items()]
    no_vectors: Any = "none are needed"
    generator = TestsetGenerator(llm=writer, embedding_model=no_vectors, persona_list=personas)
    testset: Any = generator.generate_with_chunks(
        [_text(passage) for passage in passages],
        testset_size=count,
        transforms=[NERExtractor(llm=writer, tokenizer=Characters())],
        run_config=RunConfig(timeout=int(_TIMEOUT_S), max_retries=2, max_wait=5),
        query_distribution=[(SingleHopSpecificQuerySynthesizer(llm=writer), 1.0)],
    )
    rows: list[dict[str, Any]] = testset.to_list()
    return rows


def _draft(row: Mapping[str, Any], by_text: Mapping[str, Chunk]) -> Draft:
    question = str(row["user_input"]).strip()
    digest = digests.of(question)[:8]
    passages = [by_text[text] for text in row.get("reference_contexts") or () if text in by_text]
    language = language_of_question(question, fallback="en") or "en"
    return Draft(
        {
            "id": f"written-{digest}",
            "segment": "glossary" if passages and passages[0].kind == "glossary" else "other",
            "language": language,
            "question": question,
            "reference": str(row["reference"] or "").strip(),
            "sources": sorted({passage.key or passage.source for passage in passages}),
            "behaviour": "answer",
            "tags": ["from-documents"],
        },
        "written by a model",
    )


def _text(passage: Chunk) -> str:
    return f"{passage.title}\n\n{passage.text}"
