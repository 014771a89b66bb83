"""Attacks a server that others can reach; fails if anything gets through."""

import sys
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.network import intrusions
from benchmarks.network.crowd import crowd
from benchmarks.network.intrusions import Outcome
from benchmarks.network.server import Target, running
from benchmarks.results import Column, Count, Table

_ATTACKS: Final[tuple[Callable[[Target], Outcome], ...]] = (
    intrusions.hosts,
    intrusions.roles,
    intrusions.owners,
    intrusions.large_bodies,
    intrusions.half_open,
    intrusions.worst_bodies,
    intrusions.crumbs,
    intrusions.words,
    intrusions.garbage,
    intrusions.leaving,
    crowd,
)
_UNCOUNTED: Final = {
    "ROUTEBACK_LIMITS__ADDRESS_REQUESTS_PER_MINUTE": "1000000",
    "ROUTEBACK_LIMITS__REQUESTS_PER_MINUTE": "1000000",
}
"""What the attacks would else meet first: all come from one address."""


def measure(*, quick: bool = False) -> Sequence[Table]:
    """Attack ``routeback serve`` on all addresses, with keys. quick: without the crowd."""
    with running() as target:  # as it comes
        outcomes = [_told(intrusions.flood, target)]
    with running(**_UNCOUNTED) as target:
        outcomes += [
            _told(attack, target) for attack in _ATTACKS if not (quick and attack is crowd)
        ]
    if any(outcome.through for outcome in outcomes):
        raise SystemExit("Something got through; see above.")
    rows = [
        (outcome.attack, Count(hits=outcome.through, of=outcome.attempts), outcome.told)
        for outcome in outcomes
    ]
    columns = tuple(Column(name=name) for name in ("attack", "through", "measured"))
    return [Table(name="outcomes", columns=columns, rows=tuple(rows))]


def _told(attack: Callable[[Target], Outcome], target: Target) -> Outcome:
    outcome = attack(target)
    through = f"{outcome.through} of {outcome.attempts} through"
    print(f"{through}: {outcome.attack}. {outcome.told}", file=sys.stderr, flush=True)
    return outcome
