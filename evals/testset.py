"""Drafts of cases that RAGAS writes from the team's own documents, by any endpoint.

Importing ragas takes seconds, and so it happens only here.
"""

import os
import warnings
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

from assistant.errors import EvalsError, NotMeasured
from assistant.knowledge.documents import Document, Entry
from assistant.language import language_of_question
from assistant.local.embeddings import Embedder
from evals.drafts import Draft

_FEWEST_CHARACTERS: Final = 200


def from_documents(
    items: Sequence[Document | Entry],
    *,
    base_url: str,
    model: str,
    api_key: str,
    embedder: Embedder,
    count: int,
) -> list[Draft]:
    """Return drafts that a model wrote: questions, with answers, over the documents.

    base_url, model: an OpenAI-compatible endpoint; a strong model is worth it here.

    Raises:
        EvalsError: the documents are too short.
        NotMeasured: the endpoint failed, or what it wrote cannot be used.
    """
    texts = [_text(item) for item in items]
    texts = [(source, text) for source, text in texts if len(text) >= _FEWEST_CHARACTERS]
    if not texts:
        raise EvalsError(
            f"No document has {_FEWEST_CHARACTERS} characters or more.",
            hint="Give a folder of pages; entries of a few words cannot be asked about.",
        )
    os.environ.setdefault("RAGAS_DO_NOT_TRACK", "true")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = _generated(texts, base_url, model, api_key, embedder, count)
    except Exception as error:
        raise NotMeasured(
            f"The endpoint at {base_url} wrote no cases ({type(error).__name__}: {error}).",
            hint="It must obey response_format json_schema; try a stronger model.",
        ) from error
    return [_draft(row) for row in rows]


def _generated(
    texts: Sequence[tuple[str, str]],
    base_url: str,
    model: str,
    api_key: str,
    embedder: Embedder,
    count: int,
) -> list[dict[str, Any]]:
    from langchain_core.documents import Document as Page
    from openai import AsyncOpenAI
    from ragas.embeddings.base import BaseRagasEmbedding
    from ragas.llms import llm_factory
    from ragas.testset import TestsetGenerator

    class Vectors(BaseRagasEmbedding):
        def embed_text(self, text: str, **_: Any) -> list[float]:
            vector: list[float] = embedder.passages([text])[0].tolist()
            return vector

        async def aembed_text(self, text: str, **_: Any) -> list[float]:
            return self.embed_text(text)

    client = AsyncOpenAI(base_url=base_url, api_key=api_key, max_retries=1)
    writer = llm_factory(model, client=client)
    generator = TestsetGenerator(llm=writer, embedding_model=Vectors())
    pages = [Page(page_content=text, metadata={"source": source}) for source, text in texts]
    found = generator.generate_with_langchain_docs(
        pages, testset_size=count, raise_exceptions=True, with_debugging_logs=False
    )
    rows: list[dict[str, Any]] = found.to_list()
    return rows


def _draft(row: dict[str, Any]) -> Draft:
    question = str(row["user_input"]).strip()
    digest = sha256(question.encode()).hexdigest()[:8]
    language = language_of_question(question, fallback="en") or "en"
    return Draft(
        {
            "id": f"written-{digest}",
            "segment": "other",
            "language": language,
            "question": question,
            "reference": str(row["reference"] or "").strip(),
            "behaviour": "answer",
            "tags": ["from-documents", str(row.get("synthesizer_name", ""))],
        },
        "written by a model",
    )


def _text(item: Document | Entry) -> tuple[str, str]:
    if isinstance(item, Entry):
        return item.key or item.source, f"{item.name}\n\n{item.text}"
    return item.source, f"{item.title}\n\n{item.markdown}"
