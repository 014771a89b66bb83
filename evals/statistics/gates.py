"""Gates: what fails a pipeline, and only that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from assistant.errors import RoutebackError
from evals.statistics.compare import Comparison
from evals.statistics.discovery import discovered
from evals.statistics.estimate import quantile
from evals.statistics.scored import ALL, ScoreCell

Outcome = Literal["pass", "regression", "could not measure"]

RATE: Final = 0.02
PASSED: Final = 0
REGRESSED: Final = 1
UNMEASURED: Final = 2


@dataclass(frozen=True, slots=True)
class NightGate:
    """What one cell must keep.

    segment, language: "*" means all. margin: the largest harm that is accepted, in [0, 1).
    unscored: the largest share of couples that may lack a score, in [0, 1]. fewest: conversations
    that must be scored. detectable: the drop beyond the margin that the gate must be able to find
    with 80 % probability, in (0, 1]; 1 asks for nothing.

    Raises:
        RoutebackError: a number is outside its range.
    """

    metric: str
    segment: str = ALL
    language: str = ALL
    margin: float = 0.0
    unscored: float = 0.2
    fewest: int = 8
    detectable: float = 1.0

    def __post_init__(self) -> None:
        """Refuse numbers that would make the gate pass or fail always."""
        wrong = []
        if not 0 <= self.margin < 1:
            wrong.append(f"margin is {self.margin}, expected 0 <= margin < 1")
        if not 0 <= self.unscored <= 1:
            wrong.append(f"unscored is {self.unscored}, expected 0 to 1")
        if self.fewest < 2:  # noqa: PLR2004 - one conversation has no spread
            wrong.append(f"fewest is {self.fewest}, expected 2 or more")
        if not 0 < self.detectable <= 1:
            wrong.append(f"detectable is {self.detectable}, expected 0 < detectable <= 1")
        if wrong:
            raise RoutebackError(
                f"The gate on {self.cell} cannot be used: {'; '.join(wrong)}.",
                hint="Correct the gate in routeback.toml.",
            )

    @property
    def cell(self) -> ScoreCell:
        """The cell that it guards."""
        return ScoreCell(self.segment, self.language, self.metric)


@dataclass(frozen=True, slots=True)
class Gated:
    """One gate's outcome and its reason, in words for a person.

    mean: the change in [-1, 1], and ``highest`` what it is at most (one-sided, widened for the
    number of gates); None if it could not be measured. detectable: the drop beyond the margin that
    would have been found with 80 % probability, in (0, 1].
    """

    gate: NightGate
    outcome: Outcome
    mean: float | None
    highest: float | None
    detectable: float
    reason: str


@dataclass(frozen=True, slots=True)
class GateReport:
    """All gates of a night. exit_code: 0 pass, 1 regression, 2 could not measure."""

    gates: tuple[Gated, ...]
    exit_code: int

    def words(self) -> str:
        """Return one sentence for a person: what failed, what could not be measured."""
        failed = [str(g.gate.cell) for g in self.gates if g.outcome == "regression"]
        blind = [str(g.gate.cell) for g in self.gates if g.outcome == "could not measure"]
        if not self.gates:
            return "Could not measure: no gate is set."
        lines = []
        if failed:
            lines.append(f"Regression: {'; '.join(failed)}.")
        if blind:
            lines.append(f"Could not measure: {'; '.join(blind)}.")
        if not lines:
            count = len(self.gates)
            lines.append("The gate passed." if count == 1 else f"All {count} gates passed.")
        return " ".join(lines)


def judge(
    gates: Sequence[NightGate], comparisons: Sequence[Comparison], *, rate: float = RATE
) -> GateReport:
    """Judge a night by its gates; the gates together are one family.

    A gate fails when "the true change is -margin or better" is rejected, at a false discovery
    rate of ``rate`` over the gates that could be measured (Benjamini and Hochberg 1995); if
    nothing got worse than its margin, any gate at all fails with chance ``rate`` at most. The
    upper end ``highest`` has the level of Benjamini and Yekutieli (2005), so a failing gate's is
    below -margin. A regression outranks a gate that could not be measured, as it is certain; that
    the other is unmeasured is still said. No gates: exit code 2.

    rate: in (0, 1). Comparisons of cells without a gate are ignored.
    """
    by_cell: Mapping[ScoreCell, Comparison] = {c.cell: c for c in comparisons}
    alone = rate / max(len(gates), 1)
    blind = {i: why for i, gate in enumerate(gates) if (why := _blind(gate, by_cell, alone))}
    seen = [i for i in range(len(gates)) if i not in blind]
    estimates = {i: by_cell[gates[i].cell].estimate for i in seen}
    p = np.array([estimates[i].below(-gates[i].margin) for i in seen])
    failing = discovered(p, rate)
    alpha = rate * max(1, int(failing.sum())) / max(len(seen), 1)
    failed = {i for i, fails in zip(seen, failing, strict=True) if fails}
    gated = []
    for i, gate in enumerate(gates):
        if i in blind:
            gated.append(Gated(gate, "could not measure", None, None, 1.0, blind[i]))
            continue
        mean, error, degrees = estimates[i].mean, estimates[i].error, estimates[i].degrees
        highest = min(1.0, mean + quantile(1 - alpha, degrees) * error)
        sight = estimates[i].detectable(alone, sides=1)
        outcome: Outcome = "regression" if i in failed else "pass"
        reason = _reason(gate, outcome, mean, highest, sight)
        gated.append(Gated(gate, outcome, mean, highest, sight, reason))
    code = REGRESSED if failed else UNMEASURED if blind or not gates else PASSED
    return GateReport(tuple(gated), code)


def _blind(gate: NightGate, known: Mapping[ScoreCell, Comparison], alpha: float) -> str:
    """Return why the gate cannot be measured; empty if it can."""
    comparison = known.get(gate.cell)
    if comparison is None or not comparison.estimate.pairs:
        return f"{gate.cell}: no case has a score on both sides."
    estimate = comparison.estimate
    if comparison.unscored > gate.unscored:
        return (
            f"{gate.cell}: {comparison.unscored:.0%} of the cases lack a score, "
            f"at most {gate.unscored:.0%} may."
        )
    if estimate.clusters < gate.fewest or not estimate.degrees:
        return (
            f"{gate.cell}: {estimate.clusters} conversations are scored, "
            f"at least {gate.fewest} are needed."
        )
    sight = estimate.detectable(alpha, sides=1)
    if sight > gate.detectable:
        return (
            f"{gate.cell}: only a drop of {100 * sight:.1f} points beyond the margin would be "
            f"found, {100 * gate.detectable:.1f} must be. More cases are needed."
        )
    return ""


def _reason(gate: NightGate, outcome: Outcome, mean: float, highest: float, sight: float) -> str:
    change = f"{gate.cell}: {100 * mean:+.1f} points"
    if outcome == "regression":
        return (
            f"{change}, at best {100 * highest:+.1f}; at most {100 * gate.margin:.1f} may be lost."
        )
    return (
        f"{change}: no loss beyond {100 * gate.margin:.1f} points shown; "
        f"one of {100 * (gate.margin + sight):.1f} would be found with 80 %."
    )
