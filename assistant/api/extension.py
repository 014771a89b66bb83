"""The ``routeback`` field of an answer, which docs/api.md describes; also what ``ask`` prints."""

from collections.abc import Mapping
from typing import Any

from assistant.records.turns import Turn


def extension_of(turn: Turn) -> dict[str, Any]:
    """Return the ``routeback`` field of an answer; docs/api.md describes it."""
    route = {"arm": turn.arm, "revision": turn.arm_revision, "reason": turn.reason}
    return {
        "turn_id": turn.id,
        "conversation_id": turn.conversation_id,
        "outcome": turn.outcome,
        "language": turn.language,
        "segment": turn.segment,
        "standalone": turn.standalone,
        "evidence": turn.evidence,
        "route": route if turn.arm else None,
        "sources": list(turn.sources),
        "sentences": list(turn.sentences),
        "checked": turn.checked,
        "fell_back": turn.fell_back,
        "scores": dict(turn.scores),
        "timings_s": dict(turn.timings_s),
        "mode": turn.mode,
        **_told(turn.selection),
    }


def _told(selection: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a client may show of how an answer was chosen."""
    return {
        "mode_reason": selection.get("reason", ""),
        "lead": selection.get("lead", ""),
        "choices": list(selection.get("choices", ())),
        "quotations": list(selection.get("quotations", ())),
    }
