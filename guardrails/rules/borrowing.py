"""What the first rule let a segment above do, kept so that its decisions replay.

It took back all below that was not proven on its own pairs, and so accused innocents: with three
of four siblings bad, 170 of 200 that were as good as base. Now it holds: ``stages.held``.
"""

from guardrails.rules.evidence import Summary
from guardrails.rules.policy import Policy
from guardrails.rules.stages import Move
from guardrails.types import Stage, Standing


def borrowed(standing: Standing, own: Summary, policy: Policy, above: Move) -> Move | None:
    """Return what a trip of a segment above did to one below it.

    A segment that was proven on its own pairs stayed; so did a pinned or routed-back one.
    """
    if standing.pin is not None or standing.stage is Stage.ROUTED_BACK or own.proven(policy):
        return None
    return Move(Stage.ROUTED_BACK, "parent", above.reason)
