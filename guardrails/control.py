"""Makes judged differences less noisy with cheap ones, without bending the guarantee."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from guardrails.streams import Floats, Indices

STATE = ("reach", "block", "seen", "square", "product")


class Control:
    """A control variate whose mean is known because the judged pair is drawn at random.

    Of every ``block`` questions in a row one is judged, at position J. All of them have a
    control value c in [-1, 1] that needs no judge: the cheap score difference of their pairs,
    or what past pairs say about such a question (then the others need no second answer). The
    relief of the judged difference d,

        r = b * (c_J - mean of the block's c),

    with c clipped to [-reach, reach] and b in [0, 1] fitted to earlier blocks only, is given to
    a detector beside d, or taken off d before a confidence sequence sees it.

    Why E[factor | past] <= 1 stays true. J is uniform on the block and independent of its
    questions, answers and scores, so given the block E[c_J - mean c] = 0 and E[d_J] = mean of
    the block's d, whatever c is and however it was learned from the past. b is known before the
    block. So for any share known before the block, E[d_J - share * r | past] = mean of
    E[d_i | past], which under H0, E[d_i | past] >= -tolerance for each question, is >=
    -tolerance; and a factor 1 - L * (d_J - share * r + tolerance) / (1 + tolerance) is linear
    in that. It is >= 0 because |r| <= 2 * reach * (1 - 1 / block) = ``span`` always, and share
    is at most (1 / L - 1) * (1 + tolerance) / span.

    It rests on one assumption, which is the caller's to keep: J is drawn by a random number,
    and every drawn pair is judged. If pairs that the judge could not score are dropped and
    that depends on c or d, the mean is no longer known. Evidence then counts blocks: ``horizon``
    is in judged pairs.

    reach: in (0, 1]; smaller reaches larger bets, larger takes more noise off small ones.
    block: questions per judged pair, at least 2.

    Raises:
        ValueError: a setting is out of its range.
    """

    def __init__(self, block: int, reach: float = 0.5) -> None:
        if block < 2:  # noqa: PLR2004 - a block of one has nothing to compare with
            raise ValueError(f"block is a whole number of at least 2, got {block!r}")
        if not 0.0 < reach <= 1.0:
            raise ValueError(f"reach lies in (0, 1], got {reach!r}")
        self.block, self.reach = int(block), float(reach)
        self.seen, self.square, self.product = 0, 0.0, 0.0

    @property
    def span(self) -> float:
        """The largest absolute relief."""
        return 2.0 * self.reach * (1.0 - 1.0 / self.block)

    @property
    def strength(self) -> float:
        """How much of the control is taken off, in [0, 1]; 0 until something was learned.

        The least-squares slope through the origin, since control deviations have mean 0; a
        ridge of one worst-case deviation keeps the first few blocks from overshooting.
        """
        slope = self.product / (self.square + self.reach**2)
        return min(max(slope, 0.0), 1.0)

    def relieve(self, difference: float, controls: Sequence[float], drawn: int) -> float:
        """Return the relief of a block's judged difference, in [-span, span]; learn from it.

        difference: of the judged pair, in [-1, 1]. controls: of the whole block, each in
        [-1, 1]. drawn: the judged pair's place in the block.

        Raises:
            ValueError: a number is not finite or out of range, or ``controls`` is not a block.
        """
        values = np.array(controls, np.float64)
        if values.shape != (self.block,) or not 0 <= drawn < self.block:
            told = f"{len(values)} and place {drawn!r}"
            raise ValueError(f"a block has {self.block} controls and one is drawn, got {told}")
        for value in (float(difference), *values.tolist()):
            if not abs(value) <= 1.0:
                raise ValueError(f"differences are finite numbers in [-1, 1], got {value!r}")
        clipped = np.clip(values, -self.reach, self.reach)
        deviation = float(clipped[drawn] - clipped.mean())
        relief = self.strength * deviation
        self.seen += 1
        self.square += deviation * deviation
        self.product += deviation * float(difference)
        return min(max(relief, -self.span), self.span)

    def state(self) -> dict[str, Any]:
        """Return all that ``restore`` needs, as plain numbers."""
        return {name: getattr(self, name) for name in STATE}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the control that a state was taken of, bit for bit."""
        control = cls(state["block"], state["reach"])
        control.seen, control.square = int(state["seen"]), float(state["square"])
        control.product = float(state["product"])
        return control


def reliefs(control: Control, differences: Floats, controls: Floats, drawn: Indices) -> Floats:
    """Return the reliefs that ``control``, were it fresh for each stream, gives whole streams.

    differences, drawn: shape (streams, blocks). controls: shape (streams, blocks, block). The
    same numbers as ``relieve`` gives one by one; for simulation, ranges are not checked.
    """
    clipped = np.clip(controls, -control.reach, control.reach)
    chosen = np.take_along_axis(clipped, drawn[:, :, None], axis=2)[:, :, 0]
    deviations = chosen - clipped.mean(axis=2)
    square = np.cumsum(deviations * deviations, axis=1)
    product = np.cumsum(deviations * differences, axis=1)
    strength = np.clip(product / (square + control.reach**2), 0.0, 1.0)
    before = np.concatenate([np.zeros((len(strength), 1)), strength[:, :-1]], axis=1)
    found: Floats = np.clip(before * deviations, -control.span, control.span)
    return found
