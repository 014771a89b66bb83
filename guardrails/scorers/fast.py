"""The fast score: all that can be said of an answer in milliseconds, and one number for it.

The number is a weighted geometric mean, so that one thing that is wrong cannot be made good by
the others. What is Unscored is left out; form and relevance alone are no score.
"""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from guardrails.scorers.coverage import Coverage
from guardrails.scorers.embedder import Embedder
from guardrails.scorers.form import Form
from guardrails.scorers.groundedness import Groundedness
from guardrails.scorers.refusal import Refusal
from guardrails.scorers.relevance import Relevance
from guardrails.scorers.scorer import failed
from guardrails.scorers.version import version
from guardrails.types import Result, Sample, Score, Unscored

_CODE: Final = 1
_LEAST: Final = 1e-3
_NEEDED: Final = ("groundedness", "coverage", "refusal")
"""One of these must be there."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Weights of the scorers in the mean, each at least 0."""

    groundedness: float = 1.0
    relevance: float = 0.2
    coverage: float = 1.0
    refusal: float = 1.0
    form: float = 0.1


FITTED: Final = Parameters()


class _Failed(Unscored):
    """A scorer has crashed: no number that leaves it out can be trusted."""


class Fast:
    """All fast scorers as one.

    live: for what a reader waits for. Sentences are then embedded only where the passages are in
    another language, and relevance is left out: embedding costs more than all else together.
    """

    name: Final = "fast"

    def __init__(
        self,
        embedder: Embedder | None = None,
        parameters: Parameters = FITTED,
        *,
        live: bool = False,
    ) -> None:
        within = None if live else embedder
        self.groundedness = Groundedness(embedder, within=not live)
        self.relevance = Relevance(within)
        self.coverage = Coverage(within)
        self.refusal = Refusal()
        self.form = Form()
        self._weights = parameters
        parts = (self.groundedness, self.relevance, self.coverage, self.refusal, self.form)
        self.scorers: Final = parts
        self.version = version(_CODE, parameters, tuple((s.name, s.version) for s in parts))

    def measure_all(self, sample: Sample) -> dict[str, Result]:
        """Return the result of each scorer by its name; one that fails is Unscored."""
        found: dict[str, Result] = {}
        for scorer in self.scorers:
            try:
                found[scorer.name] = scorer.measure(sample)
            except Exception as error:
                found[scorer.name] = _Failed(failed(scorer.name, error).reason)
        return found

    def measure(self, sample: Sample) -> Result:
        """Return the combined score of an answer; Unscored if any scorer fails."""
        results = self.measure_all(sample)
        crashed = [r for r in results.values() if isinstance(r, _Failed)]
        return crashed[0] if crashed else self.combine(results)

    async def score(self, sample: Sample) -> Result:
        """Return the combined score without holding up the event loop."""
        return await asyncio.to_thread(self.measure, sample)

    def combine(self, results: Mapping[str, Result]) -> Result:
        """Return the one number for results by scorer name."""
        scored = {name: r for name, r in results.items() if isinstance(r, Score)}
        if not any(name in scored for name in _NEEDED):
            missing = (results.get(name, Unscored("not measured")) for name in _NEEDED)
            return Unscored("; ".join(dict.fromkeys(r.reason for r in missing)))
        weights = {name: float(getattr(self._weights, name)) for name in scored}
        logs = sum(w * math.log(max(scored[name].value, _LEAST)) for name, w in weights.items())
        value = math.exp(logs / sum(weights.values()))
        worst = min(scored, key=lambda name: scored[name].value)
        return Score(min(1.0, value), f"{worst}: {scored[worst].reason}")
