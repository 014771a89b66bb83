"""What an attack has found: cell by cell, in plain values, and whether the measure holds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Final, Self

from guardrails.attack.catalogue import BY_NAME, Mutation, told
from guardrails.attack.harms.material import Base
from guardrails.attack.promises import PromiseOutcome
from guardrails.attack.streams import FEWEST, Followed

EVERY: Final = "*"
"""All languages together."""
DECIDING: Final = (1.0, 0.3)
"""Shares of harmed answers at which a harm must not be promoted."""
RARE: Final = 0.05
"""A share at which a harm must not be promoted that costs more there than is tolerated: so many
points of the mean, or so many catastrophes. What costs less is what the owner tolerates."""
FALSE_ALARMS: Final = 0.05
"""Share of streams in which an improvement may be routed back: what the budget allows itself."""
FORMAT: Final = 1
"""Of the JSON; changes when a key changes its meaning."""


@dataclass(frozen=True, slots=True)
class StreamOutcome:
    """How the streams of one share ended.

    back_pairs, promoted_pairs: median pairs of those that ended so; None if none did.
    """

    routed_back: int
    undecided: int
    promoted: int
    back_pairs: float | None = None
    promoted_pairs: float | None = None

    @property
    def streams(self) -> int:
        """How many there were."""
        return self.routed_back + self.undecided + self.promoted

    @classmethod
    def of(cls, ends: Sequence[Followed]) -> Self:
        """Count how streams ended."""
        back = [stream.pairs for stream in ends if stream.end == "routed_back"]
        up = [stream.pairs for stream in ends if stream.end == "promoted"]
        return cls(
            routed_back=len(back),
            undecided=len(ends) - len(back) - len(up),
            promoted=len(up),
            back_pairs=median(back) if back else None,
            promoted_pairs=median(up) if up else None,
        )


@dataclass(frozen=True, slots=True)
class AttackExample:
    """One case with both answers as they would be shown.

    difference: of the scores of the first guarded metric, in [-1, 1]; None without a score.
    """

    case: str
    question: str
    before: str
    after: str
    difference: float | None
    shown: bool


@dataclass(frozen=True, slots=True)
class AttackCell:
    """One harm or improvement on one base in one language.

    cases: in which it can be made and is not repaired. repaired: in which a reader would see the
    answer as it was. shown: of ``cases``, how many a reader would have been shown. auc: by metric,
    P(the better answer scores higher), ties half; None if not defined. mean: by metric, of
    score(after) - score(before). outcomes: by share. why_not: why it is not measured; empty if it
    is. intolerable: a harm that costs more than is tolerated even where it is ``RARE``.
    """

    name: str
    base: Base
    language: str
    cases: int
    repaired: int = 0
    shown: int = 0
    auc: Mapping[str, float | None] = field(default_factory=dict)
    mean: Mapping[str, float | None] = field(default_factory=dict)
    outcomes: Mapping[float, StreamOutcome] = field(default_factory=dict)
    why_not: str = ""
    examples: tuple[AttackExample, ...] = ()
    intolerable: bool = False

    @property
    def change(self) -> Mutation:
        """The harm or improvement."""
        return BY_NAME[self.name]

    @property
    def measured(self) -> bool:
        """Whether there were enough cases."""
        return not self.why_not

    def failing(self) -> list[float]:
        """Return the deciding shares at which the measure fails here.

        A harm fails it where any stream is promoted (a rare one that is intolerable: in more than
        one of 20); an improvement where more streams are routed back than false alarms are allowed.
        """
        ends = {share: self.outcomes[share] for share in DECIDING if share in self.outcomes}
        if self.change.harms:
            failing = [share for share, outcome in ends.items() if outcome.promoted]
            rare = self.outcomes.get(RARE)
            often = rare is not None and rare.promoted > FALSE_ALARMS * rare.streams
            return [*failing, RARE] if self.intolerable and often else failing
        most = FALSE_ALARMS
        return [s for s, outcome in ends.items() if outcome.routed_back > most * outcome.streams]

    def plain(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            **asdict(self),
            "family": self.change.family,
            "outcomes": {f"{share:g}": asdict(outcome) for share, outcome in self.outcomes.items()},
            "failing": self.failing(),
        }


@dataclass(frozen=True, slots=True)
class Result:
    """All cells of an attack.

    versions: of what was attacked and with what; see ``guardrails.attack.certificate``. whole: by
    base, how many unharmed answers a reader would be shown whole, and of how many. promises: what
    became of candidates that are bad in ways that no single answer shows.
    """

    cells: tuple[AttackCell, ...]
    versions: Mapping[str, Any]
    metrics: tuple[str, ...]
    languages: tuple[str, ...]
    seed: int
    origin: str = ""
    whole: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    seconds: float = 0.0
    promises: tuple[PromiseOutcome, ...] = ()

    @property
    def failures(self) -> list[tuple[AttackCell, float]]:
        """Where the measure fails, with the share."""
        return [(cell, share) for cell in self.cells for share in cell.failing()]

    @property
    def broken(self) -> list[PromiseOutcome]:
        """The promises that do not hold."""
        return [outcome for outcome in self.promises if outcome.broken]

    @property
    def exit_code(self) -> int:
        """0: it holds; 1: a harm is promoted or an improvement routed back; 2: not measured."""
        if self.failures or self.broken:
            return 1
        return 0 if any(cell.measured for cell in self.cells) else 2

    def words(self) -> str:
        """Return the verdict as one sentence for a person."""
        failed = [cell.change for cell, _ in self.failures]
        failed += [BY_NAME[outcome.name] for outcome in self.broken]
        if failed:
            return f"The measure {told(failed)}."
        if self.exit_code:
            return f"Not measured: no change could be made in {FEWEST} cases."
        return "The measure holds: no harm is promoted, no improvement routed back."

    def plain(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "format": FORMAT,
            "verdict": self.words(),
            "exit_code": self.exit_code,
            "origin": self.origin,
            "metrics": list(self.metrics),
            "languages": list(self.languages),
            "seed": self.seed,
            "versions": dict(self.versions),
            "seconds": round(self.seconds, 1),
            "shown_whole": {base: list(counts) for base, counts in self.whole.items()},
            "promises": [outcome.plain() for outcome in self.promises],
            "cells": [cell.plain() for cell in self.cells],
        }
