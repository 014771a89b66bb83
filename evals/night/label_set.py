"""A small set of answers that people judged: every night it says how far to trust the judge."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from assistant.errors import EvalsError
from assistant.wire.night_result import TrustView
from evals.night.history import StoredScore
from evals.night.judge import Task
from evals.statistics.trust import trust
from guardrails.calibration.labels import Labelled, LabelsError, read_labels
from guardrails.scorers.scorer import Scorer

PEOPLE: Final = "people"


@dataclass(frozen=True, slots=True)
class Labels:
    """Labelled answers, by a name made of their place in the file."""

    rows: Mapping[str, Labelled]

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """Read a labels file; None: there is none.

        Raises:
            EvalsError: it cannot be used.
        """
        if path is None:
            return cls({})
        try:
            rows = read_labels(path)
        except LabelsError as error:
            raise EvalsError(str(error), hint="docs/calibration.md says how it looks.") from error
        return cls({f"label {number}": row for number, row in enumerate(rows, 1)})

    def tasks(self, judge: Mapping[str, Scorer]) -> list[Task]:
        """Return what the judge is asked about them."""
        return [
            Task("people", PEOPLE, name, metric, row.sample)
            for name, row in self.rows.items()
            for metric in judge
        ]

    def trust(self, scores: Sequence[StoredScore], judge: Mapping[str, Scorer]) -> list[TrustView]:
        """Return the agreement of the judge and people, by metric; empty without labels."""
        if not self.rows:
            return []
        labels = {name: row.mean for name, row in self.rows.items()}
        table = []
        for metric in judge:
            values = {s.case: s.value for s in scores if s.kind == "people" and s.metric == metric}
            table.append(TrustView(metric=metric, **asdict(trust(values, labels))))
        return table
