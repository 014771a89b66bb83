"""Answers that people have judged, read from JSON lines.

One object a line::

    {"question": "What is a pod?", "language": "en",
     "passages": ["A pod is …", {"text": "…", "title": "Pod", "language": "en", "curated": true}],
     "answer": "The smallest unit that Kubernetes runs.",
     "reference": "…", "label": [1, 0.5]}

``label`` is how far people accept the answer, in [0, 1]: one number, or one per person.
``reference``, ``answerable`` and ``abstained`` may be left out. A passage may be its text alone.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from guardrails.types import Sample, Text

FEWEST: Final = 20
FEWEST_OF_A_KIND: Final = 5

_Label = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]
_Words = Annotated[str, StringConstraints(pattern=r"\S")]
_Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


class LabelsError(ValueError):
    """A labels file cannot be used; the message names the file and the line."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """An answer and what each person made of it. labels: in [0, 1], one per person."""

    sample: Sample
    labels: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean of the labels, in [0, 1]."""
        return sum(self.labels) / len(self.labels)


class _Passage(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str
    title: str = ""
    language: _Language | None = None
    curated: bool = False
    answers: float | None = Field(default=None, ge=0.0, le=1.0)


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: _Words
    language: _Language
    passages: list[str | _Passage]
    answer: _Words
    label: _Label | Annotated[list[_Label], Field(min_length=1)]
    reference: str | None = None
    answerable: bool | None = None
    abstained: bool = False


def read_labels(path: Path) -> list[Labelled]:
    """Read a labels file; empty lines are passed over.

    Raises:
        LabelsError: it cannot be read, or a line is not a label; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise LabelsError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise LabelsError(f"{path} is not UTF-8 text (byte {error.start}).") from error
    return [_labelled(path, n, line) for n, line in enumerate(lines, 1) if line.strip()]


def check_enough(rows: Sequence[Labelled], accept: float, path: Path) -> None:
    """Refuse labels from which nothing can be learned.

    accept: an answer is accepted if the mean of its labels is at least this, in (0, 1].

    Raises:
        LabelsError: fewer than FEWEST, or fewer than FEWEST_OF_A_KIND accepted or refused.
    """
    good = sum(row.mean >= accept for row in rows)
    bad = len(rows) - good
    if len(rows) < FEWEST:
        raise LabelsError(
            f"{path} ends at line {len(rows)} of labels; at least {FEWEST} are needed, and a few "
            "hundred for useful intervals."
        )
    if min(good, bad) < FEWEST_OF_A_KIND:
        few, many = ("accepted", "refused") if good < bad else ("refused", "accepted")
        raise LabelsError(
            f"{path} has {max(good, bad)} {many} answers and {min(good, bad)} {few} ones (lines 1 "
            f"to {len(rows)}; accepted is a mean label of {accept:g} or more): at least "
            f"{FEWEST_OF_A_KIND} of each are needed."
        )


def _labelled(path: Path, number: int, line: str) -> Labelled:
    try:
        content: Any = json.loads(line)
    except ValueError as error:
        raise LabelsError(f"{path}, line {number}: not JSON ({error}).") from error
    try:
        row = _Row.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(_said(detail) for detail in error.errors()[:3])
        raise LabelsError(f"{path}, line {number}: {problems}.") from error
    sample = Sample(
        question=row.question,
        language=row.language,
        passages=tuple(_text(passage, row.language) for passage in row.passages),
        answer=row.answer,
        reference=row.reference,
        answerable=row.answerable,
        abstained=row.abstained,
    )
    labels = row.label if isinstance(row.label, list) else [row.label]
    return Labelled(sample, tuple(labels))


def _said(detail: Any) -> str:
    where = ".".join(str(part) for part in detail["loc"]) or "the line"
    return f"{where}: {detail['msg']}"


def _text(passage: str | _Passage, language: str) -> Text:
    if isinstance(passage, str):
        return Text(passage, language)
    spoken = passage.language or language
    return Text(passage.text, spoken, passage.title, passage.curated, passage.answers)
