"""Real questions and eval cases side by side, embedded: what coverage looks at."""

from typing import Annotated

import numpy as np
from pydantic import AliasPath, BeforeValidator, Field
from sqlalchemy import Engine

from assistant.local.embeddings import TextEmbedder
from assistant.records.questions import asked
from assistant.wire import View
from evals.cases.cases import Case
from evals.cases.coverage import MOST, CaseCoverage, CoverageText, Interval, coverage


class KindCoverage(View):
    """A kind of question, by the one most like all others. share: of real questions, in [0, 1]."""

    like: Annotated[str, Field(validation_alias=AliasPath("medoid", "text"))]
    segment: Annotated[str, Field(validation_alias=AliasPath("medoid", "segment"))]
    language: Annotated[str, Field(validation_alias=AliasPath("medoid", "language"))]
    share: float
    questions: Annotated[int, BeforeValidator(len)]
    cases: Annotated[int, BeforeValidator(len)]


class CaseToAdd(View):
    """A real question to write a case for."""

    question: Annotated[str, Field(validation_alias="text")]
    segment: str
    language: str


class CoverageView(View):
    """A ``CaseCoverage``, validated from one, for people and as JSON."""

    covered: float
    covered_interval: Interval
    balance: float
    balance_interval: Interval
    questions: int
    cases: int
    left_out: int
    missing: tuple[KindCoverage, ...]
    unasked: tuple[KindCoverage, ...]
    to_add: tuple[CaseToAdd, ...]


def survey(
    records: Engine, cases: tuple[Case, ...], embedder: TextEmbedder, days: int
) -> CaseCoverage:
    """Compare the cases with the questions of the last days.

    Raises:
        RoutebackError: there are fewer than four questions or two cases.
    """
    turns = asked(records, days, MOST)
    questions = [
        CoverageText(turn.id, turn.standalone, turn.segment, turn.language) for turn in turns
    ]
    texts = [CoverageText(case.id, case.question, case.segment, case.language) for case in cases]
    vectors = [
        np.asarray(embedder.queries([text.text for text in side]), dtype=np.float64)
        if side
        else np.zeros((0, embedder.dimensions))
        for side in (questions, texts)
    ]
    return coverage(questions, vectors[0], texts, vectors[1])
