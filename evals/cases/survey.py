"""Real questions and eval cases side by side, embedded: what coverage looks at."""

from typing import Any

import numpy as np
from sqlalchemy import Engine

from assistant.local.embeddings import TextEmbedder
from assistant.records.questions import asked
from evals.cases.cases import Case
from evals.cases.coverage import MOST, CaseCoverage, CoverageText, Group, coverage


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


def plain(found: CaseCoverage) -> dict[str, Any]:
    """Return what was found as plain values."""
    return {
        "covered": found.covered,
        "covered_interval": list(found.covered_interval),
        "balance": found.balance,
        "balance_interval": list(found.balance_interval),
        "questions": found.questions,
        "cases": found.cases,
        "left_out": found.left_out,
        "missing": [_group(group) for group in found.missing],
        "unasked": [_group(group) for group in found.unasked],
        "to_add": [
            {"question": text.text, "segment": text.segment, "language": text.language}
            for text in found.to_add
        ],
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "like": group.medoid.text,
        "segment": group.medoid.segment,
        "language": group.medoid.language,
        "share": group.share,
        "questions": len(group.questions),
        "cases": len(group.cases),
    }
