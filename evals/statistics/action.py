"""What a night's finding allows: only a candidate's own change may move its stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Status = Literal["no change shown", "named", "unresolved"]


@dataclass(frozen=True, slots=True)
class Action:
    """What the guardrail may do with this night.

    down: candidates whose own answers got worse; these alone may be routed back because of it.
    up: candidates whose own answers got better; empty while promotions are frozen.
    freeze_promotions: no stage may rise until a night says otherwise. alarm: what a person must
    hear; "" is nothing.
    """

    down: tuple[str, ...]
    up: tuple[str, ...]
    freeze_promotions: bool
    alarm: str


def action(
    *, judge: bool, candidates: Mapping[str, float], unmeasured: Sequence[str], status: Status
) -> Action:
    """Return what may be done.

    A drifting judge, a judge that could not be measured, a cause that could not be measured, and
    an unresolved change all freeze promotions: none of them is a reason to trust a candidate more.
    A candidate's fall on frozen passages still counts, as judge drift is taken out of it.

    judge: whether judge drift is named. candidates: own change in [-1, 1] of each named candidate.
    unmeasured: what could not be measured, in words.
    """
    said = []
    if judge:
        said.append("The judge drifts: its scores of unchanged answers moved.")
    if unmeasured:
        said.append(f"Could not measure: {'; '.join(unmeasured)}")
    if status == "unresolved":
        said.append("Scores changed without a cause that could be shown.")
    frozen = bool(said)
    down = tuple(sorted(arm for arm, moved in candidates.items() if moved < 0))
    up = tuple(sorted(arm for arm, moved in candidates.items() if moved > 0))
    return Action(down, () if frozen else up, frozen, " ".join(said))
