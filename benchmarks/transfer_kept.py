"""What ``transfer.py`` keeps: what each arm answered, and what was judged of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import report

from evals.cases.cases import Case, load
from evals.demo.show import SEGMENTS, questions
from guardrails.rules.ladder import parted
from guardrails.types import Result, Sample, Score, Text, Unscored

ANSWERS = report.HERE / "results" / "transfer_answers.jsonl"
JUDGED = report.HERE / "results" / "transfer_judged.jsonl"
BASE = "base"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sides:
    """One question, and what each arm answered to it from the same passages."""

    case: Case
    segment: str
    passages: tuple[Text, ...]
    answerable: bool | None
    answers: Mapping[str, str]

    def sample(self, arm: str) -> Sample:
        """Return what a scorer sees of one arm's answer."""
        answer = self.answers[arm]
        return Sample(
            question=self.case.question,
            language=self.case.language,
            passages=self.passages,
            answer=answer,
            reference=self.case.reference,
            answerable=self.answerable,
            abstained=not answer,
        )


def rows(path: Path) -> list[Row]:
    """Return the rows of a results file; none if it is not there."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def keep(path: Path, row: Row) -> None:
    """Append one row."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


def ordered() -> list[tuple[str, Case]]:
    """Return all cases with their segment, segments taking turns."""
    found = questions(load())
    longest = max(len(cases) for cases in found.values())
    turns = ((s, found[s][i]) for i in range(longest) for s in SEGMENTS if i < len(found[s]))
    return list(turns)


def newest() -> dict[tuple[str, str], Row]:
    """Return the last kept answer of each (case, arm), of cases as they are now."""
    hashes = {case.id: case.hash for _, case in ordered()}
    kept = rows(ANSWERS)
    revisions = {row["arm"]: row["revision"] for row in kept}
    return {
        (row["case"], row["arm"]): row
        for row in kept
        if hashes.get(row["case"]) == row["hash"] and row["revision"] == revisions[row["arm"]]
    }


def sides() -> list[Sides]:
    """Return all questions that base has answered, in order, with every answer that is kept."""
    kept = newest()
    arms = sorted({arm for _, arm in kept})
    found = []
    for segment, case in ordered():
        base = kept.get((case.id, BASE))
        if base is None:
            continue
        texts = tuple(Text(**passage) for passage in base["passages"])
        answers = {arm: kept[case.id, arm]["answer"] for arm in arms if (case.id, arm) in kept}
        found.append(Sides(case, segment, texts, base["answerable"], answers))
    return found


def arms_of(found: Sequence[Sides]) -> list[str]:
    """Return the candidates that have answered, by name, the stronger first."""
    asked = {arm for one in found for arm in one.answers} - {BASE}
    return sorted(asked, key=lambda arm: (parted(arm)[0], -parted(arm)[1]))


def judged_row(place: tuple[str, str, str, str], result: Result) -> Row:
    """Return one judgement as it is kept."""
    value = result.value if isinstance(result, Score) else None
    names = ("case", "answer", "metric", "version")
    return dict(zip(names, place, strict=True)) | {"value": value, "reason": result.reason}


def scored(row: Row) -> Result:
    """Return the result that a row was kept of."""
    return Unscored(row["reason"]) if row["value"] is None else Score(row["value"], row["reason"])
