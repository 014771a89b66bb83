"""What the API says of the guardrail: the transfer map, its state, and the decisions."""

from collections.abc import Sequence
from typing import Literal

from ui.api.types import ApiMapCellView, ApiMapView

Verdict = Literal["better", "equal", "worse", "unproven"]
Stage = Literal["shadow", "canary", "serving", "routed_back"]
Key = tuple[str, str]
"""An arm and a segment: what names a cell."""

WHOLE = "*"
"""The segment of all questions together."""
QUOTE = "quote"
"""The arm that is the document's own words: compared with base, and never routed to."""
VOICES = frozenset({"quoted", "writing"})
"""What decisions about who may write move between, as those about stages do between stages."""


class Cell(ApiMapCellView):
    """An arm in a segment, by the metric that matters; ``metrics`` has all of them."""

    @property
    def key(self) -> Key:
        """What names the cell."""
        return self.arm, self.segment


class SegmentMap(ApiMapView):
    """Candidates x segments, and what the page asks of them."""

    cells: Sequence[Cell]

    @property
    def arms(self) -> list[str]:
        """The candidates, each before its own lower strengths, strongest first.

        The document's own words come last.
        """
        return sorted(
            self.candidates, key=lambda arm: (arm == QUOTE, name(arm), -strength(arm), arm)
        )

    @property
    def tuned(self) -> list[str]:
        """The candidates that are models."""
        return [arm for arm in self.arms if arm != QUOTE]

    @property
    def own(self) -> list[str]:
        """The segments that have a stage."""
        return sorted({cell.segment for cell in self.cells if cell.stage})

    @property
    def above(self) -> list[str]:
        """The segments that only gather evidence, and have some; nearest first."""
        own = set(self.own)
        segments = (cell.segment for cell in self.cells if not cell.stage and cell.pairs)
        return [segment for segment in dict.fromkeys(segments) if segment not in own]

    def cell(self, arm: str, segment: str) -> Cell | None:
        """Return what is known of an arm in a segment."""
        return next((cell for cell in self.cells if cell.key == (arm, segment)), None)

    def curve(self, arm: str, segment: str) -> list[Cell]:
        """Return the strengths of the arm's candidate that have pairs in a segment, lowest first.

        Nothing if there are not at least two strengths.
        """
        same = [other for other in self.arms if name(other) == name(arm)]
        cells = [cell for other in reversed(same) if (cell := self.cell(other, segment))]
        scored = [cell for cell in cells if cell.pairs]
        return scored if len(same) > 1 and len(scored) > 1 else []


def name(arm: str) -> str:
    """Return the candidate that an arm is a strength of; the arm itself if it names none."""
    return arm.rpartition("@")[0] if _at(arm) is not None else arm


def strength(arm: str) -> float:
    """Return the strength of an arm in (0, 1]; 1 if its name says none."""
    at = _at(arm)
    return 1.0 if at is None else at


def _at(arm: str) -> float | None:
    candidate, _, share = arm.rpartition("@")
    try:
        value = float(share) if candidate else 0.0
    except ValueError:
        return None
    return value if 0.0 < value <= 1.0 else None


def most_urgent(found: SegmentMap) -> Cell | None:
    """Return the cell that people should look at first: what is worse, then what is unproven."""
    ranks: Sequence[Verdict] = ("worse", "unproven", "better", "equal")
    shown = [cell for cell in found.cells if cell.stage]
    return min(
        shown,
        key=lambda cell: (
            cell.arm == QUOTE,
            ranks.index(cell.verdict),
            not cell.pairs,
            -(cell.since.timestamp() if cell.since else 0.0),
            cell.key,
        ),
        default=None,
    )
