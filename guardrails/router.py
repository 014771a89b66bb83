"""Which arm answers: a pure function of standings and conversation."""

from collections.abc import Sequence

from guardrails import digests
from guardrails.rules.strengths import ALONE, Rungs, rung_of
from guardrails.types import QUOTE, Route, Stage, Standing


def route(
    base: str,
    standings: Sequence[Standing],
    *,
    segment: str,
    conversation_id: str,
    rungs: Rungs = ALONE,
) -> Route:
    """Pick the arm for one question.

    Of the candidates that serve, the one whose proven difference is largest answers. Else, of
    those in canary whose share this conversation falls into, the one proven best; the draw depends
    on the conversation and the candidate alone, so a conversation keeps its arm, and all strengths
    of a candidate have one share between them. Else base: a candidate that is unproven never
    answers, nor does one that is held. The quotation is none of them, whatever its stage: who is
    quoted is no route.
    """
    everyone = [standing for standing in standings if standing.arm != QUOTE]
    standings = [standing for standing in everyone if not standing.held]
    serving = [standing for standing in standings if standing.stage is Stage.SERVING]
    if serving:
        best = max(serving, key=_proven)
        note = f", pinned by {best.pin.by}: {best.pin.why}" if best.pin else ""
        return Route(best.arm, segment, f"{best.arm} serves {segment}{note}")
    trying = [standing for standing in standings if standing.stage is Stage.CANARY]
    for standing in sorted(trying, key=_proven, reverse=True):
        candidate = rung_of(standing.arm, rungs).candidate
        if _draw(conversation_id, candidate) < standing.canary_share:
            share = f"{standing.canary_share:.0%}"
            return Route(
                standing.arm, segment, f"canary: {share} of {segment} go to {standing.arm}"
            )
    if not everyone:
        return Route(base, segment, "no candidate is configured")
    if waiting := [s for s in everyone if s.held]:
        names = ", ".join(s.arm for s in waiting)
        return Route(base, segment, f"{names} is held in {segment}: {waiting[0].held} got worse")
    back = [s.arm for s in standings if s.stage is Stage.ROUTED_BACK]
    if back:
        return Route(base, segment, f"{', '.join(back)} is routed back in {segment}")
    return Route(base, segment, f"no candidate is proven in {segment}")


def _proven(standing: Standing) -> float:
    """Return the lower bound of the difference that proved it, -1 where there is none."""
    return -1.0 if standing.lower is None else standing.lower


def _draw(conversation_id: str, candidate: str) -> float:
    """Return a number in [0, 1) that is uniform over conversations and fixed for each."""
    return digests.share(f"{candidate}\0{conversation_id}")
