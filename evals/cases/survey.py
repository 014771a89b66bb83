"""Real questions and eval cases side by side, embedded: what coverage looks at."""

from typing import Annotated, Final

import numpy as np
from pydantic import AliasPath, BeforeValidator, Field
from sqlalchemy import Engine

from assistant.local.embeddings import TextEmbedder
from assistant.records.questions import asked
from assistant.wire import View
from assistant.wire.night_result import MissingKind, NightCoverage, UnaskedKind
from evals.cases.cases import Case
from evals.cases.coverage import MOST, CaseCoverage, CoverageText, Group, Interval, coverage

NEWEST: Final = 1000
"""Real questions that a night looks at."""
_LIKE: Final = 5
_KINDS: Final = 100


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
    records: Engine, cases: tuple[Case, ...], embedder: TextEmbedder, days: int, most: int = MOST
) -> CaseCoverage:
    """Compare the cases with the questions of the last days, the newest ``most`` of them.

    Raises:
        RoutebackError: there are fewer than four questions or two cases.
    """
    turns = asked(records, days, most)
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


def told_of(found: CaseCoverage) -> NightCoverage:
    """Return a coverage as a night keeps it: by ids, and no text of a person."""
    return NightCoverage(
        covered=found.covered,
        covered_low=found.covered_interval[0],
        covered_high=found.covered_interval[1],
        balance=found.balance,
        questions=found.questions,
        cases=found.cases,
        missing=tuple(map(_missing, found.missing[:_KINDS])),
        unasked=tuple(
            UnaskedKind(
                case=group.medoid.id,
                segment=group.medoid.segment,
                language=group.medoid.language,
                cases=len(group.cases),
            )
            for group in found.unasked[:_KINDS]
        ),
        to_add=tuple(text.id for text in found.to_add),
    )


def _missing(group: Group) -> MissingKind:
    """Return a kind with the question most like all others first."""
    ids = dict.fromkeys([group.medoid.id, *group.questions])
    return MissingKind(
        turns=tuple(ids)[:_LIKE],
        segment=group.medoid.segment,
        language=group.medoid.language,
        share=group.share,
        questions=len(group.questions),
        cases=len(group.cases),
    )
