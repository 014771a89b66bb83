"""Which arm answers: a pure function of standings and conversation."""

from collections.abc import Sequence
from hashlib import blake2b

from guardrails.types import Route, Stage, Standing


def route(base: str, standings: Sequence[Standing], *, segment: str, conversation_id: str) -> Route:
    """Pick the arm for one question.

    The first candidate that is serving answers. Else the first in canary whose share this
    conversation falls into; the draw depends on the conversation and the arm alone, so a
    conversation keeps its arm. Else base: a candidate that is unproven never answers.
    """
    for standing in standings:
        if standing.stage is Stage.SERVING:
            return Route(standing.arm, segment, f"{standing.arm} serves {segment}")
    for standing in standings:
        if standing.stage is Stage.CANARY and (
            _draw(conversation_id, standing.arm) < standing.canary_share
        ):
            share = f"{standing.canary_share:.0%}"
            return Route(
                standing.arm, segment, f"canary: {share} of {segment} go to {standing.arm}"
            )
    if not standings:
        return Route(base, segment, "no candidate is configured")
    return Route(base, segment, f"no candidate is proven in {segment}")


def _draw(conversation_id: str, arm: str) -> float:
    """Return a number in [0, 1) that is uniform over conversations and fixed for each."""
    digest = blake2b(f"{arm}\0{conversation_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
