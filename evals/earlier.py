"""What earlier nights judged, and whether tonight's judge would say the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from evals.history import Kept
from evals.steadiness import Steadiness
from guardrails.types import Sample


@dataclass(frozen=True, slots=True)
class Earlier:
    """Scores of earlier nights, by content. margin, pinned: see ``Steadiness``."""

    scores: Mapping[str, Kept]
    margin: float
    pinned: bool
    _steady: dict[str, Steadiness] = field(default_factory=dict)

    def compare(self, score: Kept, sample: Sample) -> None:
        """Hold a score of tonight against the one of the same answer, if the judge gave it.

        It did not give a copied one, nor is it shown an abstention.
        """
        before = self.scores.get(score.content)
        if before is None or before.value is None or score.value is None:
            return
        if sample.abstained or not score.seconds:
            return
        metric = self._steady.setdefault(score.metric, Steadiness(self.margin, self.pinned))
        metric.saw(score.case, before.value, score.value)

    def trusted(self, content: str, metric: str) -> Kept | None:
        """Return the earlier score of a content, if the judge was shown to be steady."""
        found = self._steady.get(metric)
        return self.scores.get(content) if found is not None and found.holds else None
