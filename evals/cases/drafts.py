"""Cases to be: taken from logged questions, a table, or documents. A person accepts each.

Nothing here writes a case; ``accepted`` does, when somebody has said yes.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import ValidationError
from sqlalchemy import Engine

from assistant.errors import CaseError
from assistant.language import LANGUAGES
from assistant.local.embeddings import TextEmbedder
from assistant.privacy import redact
from assistant.records.questions import asked
from evals.cases.cases import Case
from evals.cases.marks import plain
from guardrails import digests
from guardrails.text import markers

SAME: Final = 0.95
"""Cosine of two questions' vectors from which they are the same question in other words. Cosines
of this embedder are compressed: unrelated questions have about .79."""
_MOST: Final = 3000
_COLUMNS: Final = ("question", "reference", "segment", "language")
_BEHAVIOURS: Final = {"answered": "answer", "abstained": "abstain", "handed_off": "hand_over"}


@dataclass(frozen=True, slots=True)
class Draft:
    """A case that nobody has accepted. values: as ``Case`` takes them. origin: where it is from."""

    values: dict[str, Any]
    origin: str

    @property
    def question(self) -> str:
        """The question."""
        return str(self.values["question"])

    def changed(self, **values: Any) -> "Draft":
        """Return the draft with other values."""
        return replace(self, values={**self.values, **values})

    def case(self) -> Case:
        """Return the case that it would be.

        Raises:
            CaseError: it is not one yet; the message says what is missing.
        """
        try:
            return Case.model_validate(self.values)
        except ValidationError as error:
            messages = (detail["msg"].removeprefix("Value error, ") for detail in error.errors())
            reason = "; ".join(messages)
            raise CaseError(f"{self.question!r:.60} is no case yet: {reason}.") from error


def from_turns(records: Engine, days: int) -> list[Draft]:
    """Return the questions of the last days, newest first, with what was answered.

    They were redacted when they were stored, and are once more. Small talk is left out.
    """
    return [
        Draft(
            {
                "id": f"turn-{turn.id[:8]}",
                "segment": turn.segment,
                "language": turn.language,
                "question": redact(turn.standalone),
                "reference": plain_answer(turn.answer) if turn.outcome == "answered" else "",
                "sources": sorted({s["key"] or s["source"] for s in turn.sources[:1]}),
                "behaviour": _BEHAVIOURS.get(turn.outcome, "abstain"),
                "tags": ["from-turns"],
            },
            f"turn {turn.id[:8]}, {turn.created_at:%Y-%m-%d}",
        )
        for turn in asked(records, days, _MOST)
        if turn.language in LANGUAGES and turn.outcome != "left"
    ]


def from_csv(path: Path) -> list[Draft]:
    """Return the rows of a CSV file with the columns of a case.

    question, reference, segment and language must be there; id, facts and sources (parts
    separated by ``;``), behaviour and tags may be.

    Raises:
        CaseError: it cannot be read, or a column is missing.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            delimiter = ";" if head.count(";") > head.count(",") else ","
            rows = list(csv.DictReader(file, delimiter=delimiter))
            columns = set(rows[0]) if rows else set()
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CaseError(f"{path} cannot be read: {error}.") from error
    missing = [name for name in _COLUMNS if name not in columns]
    if missing:
        raise CaseError(
            f"{path} has no column {', '.join(missing)} (it has {', '.join(sorted(columns))}).",
            hint="The first line names the columns; docs/cases.md lists them.",
        )
    return [_row(path, number, row) for number, row in enumerate(rows, start=2)]


def distinct(
    drafts: Sequence[Draft], known: Iterable[Case], embedder: TextEmbedder, count: int
) -> list[Draft]:
    """Return at most ``count`` drafts that ask something new, spread over the kinds.

    Left out is what a known case or an earlier draft asks, word for word or in other words.
    """
    questions = [case.question for case in known]
    seen = {plain(question) for question in questions}
    fresh: list[Draft] = []
    for draft in drafts:
        wording = plain(draft.question)
        if wording not in seen:
            seen.add(wording)
            fresh.append(draft)
    if not fresh:
        return []
    texts = [*questions, *(draft.question for draft in fresh)]
    vectors = np.asarray(embedder.queries(texts))
    places: list[int] = list(range(len(questions)))
    picks: list[Draft] = []
    for number, draft in enumerate(fresh, start=len(questions)):
        near = vectors[places] @ vectors[number] if places else np.zeros(1)
        if float(near.max()) < SAME:
            places.append(number)
            picks.append(draft)
    return stratified(picks, count)


def stratified(drafts: Sequence[Draft], count: int) -> list[Draft]:
    """Return drafts of each segment and language in turn, at most ``count``; the order is kept."""
    kinds: dict[tuple[str, str], list[Draft]] = {}
    for draft in drafts:
        kinds.setdefault((draft.values["segment"], draft.values["language"]), []).append(draft)
    picks: list[Draft] = []
    while len(picks) < count and any(kinds.values()):
        for waiting in kinds.values():
            if waiting and len(picks) < count:
                picks.append(waiting.pop(0))
    return picks


def accepted(path: Path, case: Case) -> None:
    """Add a case to a file of cases.

    Raises:
        CaseError: its id stands there already, or the file cannot be written.
    """
    line = json.dumps(case.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if any(json.loads(old)["id"] == case.id for old in text.splitlines() if old.strip()):
            raise CaseError(f"{path} has a case {case.id!r} already.")
        with path.open("a", encoding="utf-8") as file:
            file.write(("" if not text or text.endswith("\n") else "\n") + line + "\n")
    except (OSError, ValueError, KeyError) as error:
        raise CaseError(f"{path} cannot be written: {error}.") from error


def plain_answer(answer: str) -> str:
    """Return an answer without its citation marks, redacted."""
    return redact(markers.strip(answer)).strip()


def _row(path: Path, number: int, row: dict[str, str]) -> Draft:
    values: dict[str, Any] = {
        name: (row.get(name) or "").strip()
        for name in ("question", "reference", "segment", "language", "behaviour", "id")
    }
    for name in ("facts", "sources", "tags"):
        values[name] = [part.strip() for part in (row.get(name) or "").split(";") if part.strip()]
    digest = digests.of(values["question"])[:8]
    values["id"] = values["id"] or f"csv-{digest}"
    values["behaviour"] = values["behaviour"] or "answer"
    return Draft(values, f"{path.name}, line {number}")
