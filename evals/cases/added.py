"""The cases of a night: those in files, and those that people added over HTTP."""

import logging
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from sqlalchemy import Engine

from assistant.records.cases import AddedCase, AddedCases, CaseKind
from evals.cases.cases import Behaviour, Case, load

log = logging.getLogger(__name__)

ADDED: Final = "added"
"""Tag of a case that somebody added."""
_BEHAVIOURS: Final[dict[CaseKind, Behaviour]] = {
    "quote": "answer",
    "write": "answer",
    "abstain": "abstain",
}


def every(path: Path | None, nights: Engine) -> tuple[Case, ...]:
    """Return the cases of files, then the added ones. nights: where those are kept.

    Where a file has a case of that id, it counts: somebody took it over.

    Raises:
        CaseError: see ``load``.
    """
    filed = load(path)
    names = {case.id for case in filed}
    added = AddedCases(nights).all(active=True)
    fresh = (case_of(case) for case in reversed(added) if case.id not in names)
    return (*filed, *(case for case in fresh if case is not None))


def case_of(added: AddedCase) -> Case | None:
    """Return an added case as a night asks it; None if it is none, which is logged."""
    expected = added.expected
    try:
        return Case(
            id=added.id,
            segment=added.segment,
            language=added.language,  # type: ignore[arg-type]  # checked by the model
            question=added.question,
            reference="" if expected.kind == "abstain" else expected.reference,
            sources=(expected.entry,) if expected.entry and expected.kind != "abstain" else (),
            behaviour=_BEHAVIOURS[expected.kind],
            tags=(ADDED, expected.kind),
        )
    except ValidationError as error:
        log.warning(
            "the added case %s is left out: %d values are wrong", added.id, len(error.errors())
        )
        return None
