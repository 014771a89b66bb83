"""From scores to the probability that a person accepts the answer: fitted, stored, refused.

A map belongs to one version of one scorer; loaded for another it would be a wrong number that
looks right, so it is refused.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from guardrails import digests
from guardrails.arrays import Bools, Floats
from guardrails.calibration.comparison import arrays, enough
from guardrails.calibration.labels import Labelled
from guardrails.scorers.scorer import Scorer
from guardrails.statistics.isotonic import isotonic
from guardrails.types import Result

FORMAT: Final = 1


class UnusableCalibration(ValueError):
    """A stored map is damaged, or was fitted for another version of the scorer."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A non-decreasing map of one scorer's scores.

    scores: increasing, in [0, 1]. accepted: P(a person accepts), in (0, 1), one per score.
    labels: how many it was fitted on.
    """

    scorer: str
    version: str
    scores: tuple[float, ...]
    accepted: tuple[float, ...]
    labels: int

    def __call__(self, score: float) -> float:
        """Return P(a person accepts an answer with this score), interpolated; flat outside."""
        return float(np.interp(score, self.scores, self.accepted))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _CurveFile(_Strict):
    scorer: str
    version: str
    scores: tuple[float, ...]
    accepted: tuple[float, ...]
    labels: int


class _File(_Strict):
    calibration: str
    format: int
    curves: tuple[_CurveFile, ...]
    date: str
    labels: int
    languages: dict[str, int]
    accept: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Curves fitted on one labels file. date: ISO 8601. accept: see ``check_enough``."""

    curves: tuple[Curve, ...]
    date: str
    labels: int
    languages: dict[str, int]
    accept: float

    @property
    def version(self) -> str:
        """Hash of the content; changes with anything that may change a probability."""
        return digests.of(json.dumps(self._content(), sort_keys=True))[:16]

    def curve(self, scorer: Scorer) -> Curve:
        """Return the curve of a scorer.

        Raises:
            CalibrationError: there is none, or it belongs to another version of the scorer.
        """
        for curve in self.curves:
            if curve.scorer == scorer.name:
                if curve.version != scorer.version:
                    raise UnusableCalibration(
                        f"{scorer.name} was calibrated as version {curve.version} and is now "
                        f"{scorer.version}: calibrate again."
                    )
                return curve
        raise UnusableCalibration(f"{scorer.name} was not calibrated.")

    def save(self, path: Path) -> None:
        """Write the file; it is whole or not there at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.tmp")
        content = {"calibration": self.version, **self._content()}
        draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file that ``save`` wrote.

        Raises:
            CalibrationError: it cannot be read or is not as it was written.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise UnusableCalibration(
                f"{path} cannot be read: {error.strerror or error}."
            ) from error
        except UnicodeDecodeError as error:
            raise UnusableCalibration(f"{path} is not a calibration: calibrate again.") from error
        try:
            read = _File.model_validate_json(text)
        except ValidationError as error:
            raise UnusableCalibration(f"{path} is not a calibration: calibrate again.") from error
        if read.format != FORMAT:
            raise UnusableCalibration(f"{path} has another format: calibrate again.")
        curves = tuple(Curve(**curve.model_dump()) for curve in read.curves)
        loaded = cls(curves, read.date, read.labels, read.languages, read.accept)
        if loaded.version != read.calibration:
            raise UnusableCalibration(f"{path} was changed after it was written: calibrate again.")
        return loaded

    def _content(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self)}


def fit_curve(scorer: Scorer, scores: Floats, accepted: Bools) -> Curve:
    """Fit the map of one scorer. Shapes (n,); scores in [0, 1]."""
    xs, ps = isotonic(scores, accepted)
    return Curve(
        scorer.name,
        scorer.version,
        tuple(round(float(x), 6) for x in xs),
        tuple(round(float(p), 6) for p in ps),
        len(scores),
    )


def fit(
    scorers: Sequence[Scorer],
    rows: Sequence[Labelled],
    results: Sequence[Sequence[Result]],
    *,
    accept: float,
    date: str,
) -> Calibration:
    """Fit a map for every scorer that scored enough answers.

    results: per scorer, one result per row.
    """
    curves = []
    for scorer, column in zip(scorers, results, strict=True):
        scores, accepted, _ = arrays(rows, column, accept)
        if enough(accepted):
            curves.append(fit_curve(scorer, scores, accepted))
    languages = dict(sorted(Counter(row.sample.language for row in rows).items()))
    return Calibration(tuple(curves), date, len(rows), languages, accept)
