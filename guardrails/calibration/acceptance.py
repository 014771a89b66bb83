"""The fast score as the probability that a person accepts the answer."""

from dataclasses import dataclass, replace

from guardrails.calibration.calibration import Curve
from guardrails.scorers.fast import Fast
from guardrails.types import Result, Sample, Score


@dataclass(frozen=True, slots=True)
class Accepted:
    """The fast score through a curve that was fitted on people's labels.

    The curve must be the one of this version of the scorer; ``Calibration.curve`` sees to it.
    """

    fast: Fast
    curve: Curve
    calibration: str

    @property
    def name(self) -> str:
        """What tables and settings call it."""
        return "accepted"

    @property
    def version(self) -> str:
        """Changes with the scorer and with the calibration."""
        return f"{self.fast.version}/{self.calibration}"

    async def score(self, sample: Sample) -> Result:
        """Score one answer: P(a person accepts it)."""
        result = await self.fast.score(sample)
        return (
            replace(result, value=self.curve(result.value)) if isinstance(result, Score) else result
        )
