"""The ``routeback`` field of an answer, which docs/api.md describes; also what ``ask`` prints."""

from assistant.records.turns import Turn
from assistant.wire.turn import RouteView, TurnView


def extension_of(turn: Turn) -> TurnView:
    """Return the ``routeback`` field of an answer; docs/api.md describes it."""
    route = {"arm": turn.arm, "revision": turn.arm_revision, "reason": turn.reason}
    selection = turn.selection
    return TurnView.model_validate(
        {
            "turn_id": turn.id,
            "conversation_id": turn.conversation_id,
            "outcome": turn.outcome,
            "language": turn.language,
            "segment": turn.segment,
            "standalone": turn.standalone,
            "evidence": turn.evidence,
            "route": RouteView.model_validate(route) if turn.arm else None,
            "sources": turn.sources,
            "sentences": turn.sentences,
            "checked": turn.checked,
            "fell_back": turn.fell_back,
            "scores": turn.scores,
            "timings_s": turn.timings_s,
            "mode": turn.mode,
            "mode_reason": selection.get("reason", ""),
            "lead": selection.get("lead", ""),
            "choices": selection.get("choices", ()),
            "quotations": selection.get("quotations", ()),
        }
    )
