"""What the demo compares next: pure functions of what has been decided so far.

A cell is (arm, segment). A candidate at full strength is compared until it serves or is routed
back. A lower strength is tried where the next stronger one was routed back. One candidate is
compared at a time, so that its decisions come early; the next one finds base's answers made.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from guardrails.rules.strengths import parted
from guardrails.types import Stage

Cell = tuple[str, str]
"""Arm and segment."""

MINUTES: Final = 14.0
QUICK_MINUTES: Final = 3.5
"""After which the demo ends; start-up counts."""
DECIDED: Final = frozenset({Stage.SERVING, Stage.ROUTED_BACK})
EACH: Final = 12
"""Questions of a segment in one block. The engine reads the opening of the prompt once per arm and
block, so larger blocks are faster, and smaller ones stop sooner at a decision."""
LEAD: Final = 64
"""Questions of a segment by which a candidate may be ahead of another that is open too."""


@dataclass(frozen=True, slots=True)
class CellProgress:
    """How far a cell has come. done: questions that were taken. stage: None before its first."""

    stage: Stage | None = None
    done: int = 0


def stronger(arm: str, arms: Iterable[str]) -> str | None:
    """Return the next stronger strength of the same candidate; None for the strongest."""
    own, strength = parted(arm)
    above = {other: parted(other) for other in arms}
    rungs = [o for o, (candidate, more) in above.items() if candidate == own and more > strength]
    return min(rungs, key=lambda other: above[other][1], default=None)


def open_cells(
    arms: Sequence[str],
    questions: Mapping[str, int],
    seen: Mapping[Cell, CellProgress],
    given_up: Iterable[str] = (),
) -> list[Cell]:
    """Return the cells that the next block is about, in the order that arms were given.

    questions: how many there are, by segment. given_up: arms that do not answer.

    Lower strengths of a candidate that is routed back in every segment wait until nothing else is
    open: where there is no help to keep, a weaker dose of it can wait.
    """
    gone = set(given_up)
    cells: list[Cell] = []
    waiting: list[Cell] = []
    for arm in arms:
        for segment, count in questions.items():
            state = seen.get((arm, segment), CellProgress())
            above = stronger(arm, arms)
            if arm in gone or state.stage in DECIDED or state.done >= count:
                continue
            if above is None:
                cells.append((arm, segment))
            elif seen.get((above, segment), CellProgress()).stage is Stage.ROUTED_BACK:
                helps = _helps(parted(arm)[0], questions, seen)
                (cells if helps else waiting).append((arm, segment))
    return cells or waiting


def in_turn(
    cells: Sequence[Cell], seen: Mapping[Cell, CellProgress], lead: int = LEAD
) -> list[Cell]:
    """Return the open cells of the candidate whose turn it is: the first that is not far ahead."""
    least: dict[str, int] = {}
    for cell in cells:
        name, done = parted(cell[0])[0], seen.get(cell, CellProgress()).done
        least[name] = min(done, least.get(name, done))
    whose = next((name for name in least if least[name] < min(least.values()) + lead), None)
    return [cell for cell in cells if parted(cell[0])[0] == whose]


def block(
    cells: Sequence[Cell], seen: Mapping[Cell, CellProgress], each: int = EACH
) -> dict[Cell, range]:
    """Return which questions of its segment each cell takes next, by position."""
    starts = {cell: seen.get(cell, CellProgress()).done for cell in cells}
    return {cell: range(start, start + each) for cell, start in starts.items()}


def _helps(name: str, segments: Iterable[str], seen: Mapping[Cell, CellProgress]) -> bool:
    """Return whether a candidate at full strength is not routed back everywhere."""
    stages = [seen.get((name, segment), CellProgress()).stage for segment in segments]
    return any(stage is not Stage.ROUTED_BACK for stage in stages)
