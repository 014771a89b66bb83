"""The fast score: all that can be said of an answer in milliseconds, and one number for it.

The number is a product, so that one thing that is wrong cannot be made good by the others. Each
factor is full well below what a copy of the passage reaches: more words of it earn nothing.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from guardrails.scorers.answering import Answering
from guardrails.scorers.coverage import Coverage
from guardrails.scorers.groundedness import Groundedness
from guardrails.scorers.models import Checker, Embedder
from guardrails.scorers.readable import Readable
from guardrails.scorers.refusal import Refusal
from guardrails.scorers.scorer import failed, version
from guardrails.types import Result, Sample, Score, Unscored

_CODE: Final = 2
_NEEDED: Final = ("groundedness", "coverage", "refusal")
"""One of these must be there."""


class Factor(NamedTuple):
    """What becomes of a scorer's value v in the product: min(1, v / full) ** power."""

    full: float = 1.0
    power: float = 1.0

    def of(self, value: float) -> float:
        """Return the factor of a value in [0, 1], in [0, 1]."""
        return float(min(1.0, value / self.full) ** self.power)


_AS_IT_IS: Final = Factor()
_SATED: Final = Factor(0.5, 0.5)


@dataclass(frozen=True, slots=True)
class FastParameters:
    """The factors of the scorers."""

    groundedness: Factor = _AS_IT_IS
    answering: Factor = _AS_IT_IS
    coverage: Factor = _SATED
    refusal: Factor = _AS_IT_IS
    readable: Factor = _AS_IT_IS


FITTED: Final = FastParameters()


class _Failed(Unscored):
    """A scorer has crashed: no number that leaves it out can be trusted."""


class Fast:
    """All fast scorers as one.

    embedder: for what is in another language than its passages. checker: None leaves near-copies
    to words alone. live: for what a reader waits for; that the passages answer has been decided
    before anybody wrote.
    """

    name: Final = "fast"

    def __init__(
        self,
        embedder: Embedder | None = None,
        parameters: FastParameters = FITTED,
        *,
        checker: Checker | None = None,
        live: bool = False,
    ) -> None:
        self.groundedness = Groundedness(embedder, checker=checker)
        self.answering = Answering(self.groundedness, relative=live)
        self.coverage = Coverage(embedder)
        self.refusal = Refusal()
        self.readable = Readable()
        self._factors = parameters
        parts = (self.groundedness, self.answering, self.coverage, self.refusal, self.readable)
        self.scorers: Final = parts
        self.version = version(_CODE, parameters, tuple((s.name, s.version) for s in parts))

    def measure_all(self, sample: Sample) -> dict[str, Result]:
        """Return the result of each scorer by its name; one that fails is Unscored."""
        results: dict[str, Result] = {}
        for scorer in self.scorers:
            try:
                results[scorer.name] = scorer.measure(sample)
            except Exception as error:
                results[scorer.name] = _Failed(failed(scorer.name, error).reason)
        return results

    def measure(self, sample: Sample) -> Result:
        """Return the combined score of an answer; Unscored if any scorer fails."""
        return self.combine(self.measure_all(sample))

    async def score(self, sample: Sample) -> Result:
        """Return the combined score without holding up the event loop."""
        return await asyncio.to_thread(self.measure, sample)

    def combine(self, results: Mapping[str, Result]) -> Result:
        """Return the one number for results by scorer name."""
        if crashed := [r for r in results.values() if isinstance(r, _Failed)]:
            return crashed[0]
        scored = {name: r for name, r in results.items() if isinstance(r, Score)}
        if not any(name in scored for name in _NEEDED):
            missing = (results.get(name, Unscored("not measured")) for name in _NEEDED)
            return Unscored("; ".join(dict.fromkeys(r.reason for r in missing)))
        factors = {name: getattr(self._factors, name).of(r.value) for name, r in scored.items()}
        value = 1.0
        for factor in factors.values():
            value *= factor
        worst = min(factors, key=lambda name: factors[name])
        return Score(value, f"{worst}: {scored[worst].reason}")
