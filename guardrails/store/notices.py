"""What is told of alarms and of decisions that take something back: pure functions.

A notice has a subject and sentences for a person, and the same as fields. It is made from what the
guardrail says itself, so no question and no answer is in it.
"""

from datetime import datetime
from typing import Any, Final

from guardrails.decisions import Decision
from guardrails.store.outbox import OutboxMessage
from guardrails.types import QUOTE, Stage, Voice

RAISED: Final = "alarm.raised"
CLEARED: Final = "alarm.cleared"
ROUTED_BACK: Final = "decision.routed_back"
QUOTED: Final = "decision.quoted"
HELD: Final = "decision.held"
GUARD: Final = "guard"
"""Who decides where no person does."""

_SUBJECTS: Final = {
    "blind": "The guardrail cannot see {arm}",
    "frozen": "Promotions are frozen",
    "breaker": "Calls of {arm} are failing",
    "measure": "{arm} does not rise: the measure cannot be believed",
    "ratio": "Scores of {arm} are missing, and not by chance",
    "overdue": "The eval night is overdue",
    "night": "The eval night did not pass",
}
"""By the kind of an alarm, without what follows a slash in it."""


def raised(kind: str, arm: str, at: datetime, message: str) -> OutboxMessage:
    """Return what is told of an alarm. message: what it says to a person."""
    return _of_alarm(RAISED, _subject(kind, arm), message, kind, arm, at)


def cleared(kind: str, arm: str, at: datetime, message: str, since: datetime) -> OutboxMessage:
    """Return what is told of an alarm that is over. message: what it said since then."""
    text = f"This is over. Since {since:%Y-%m-%d %H:%M} UTC it was: {message}"
    return _of_alarm(CLEARED, f"Over: {_subject(kind, arm)}", text, kind, arm, at)


def decided(decision: Decision) -> OutboxMessage | None:
    """Return what is told of a decision; None if the guard took nothing back."""
    if decision.by != GUARD:
        return None
    arm, segment = decision.arm, decision.segment
    if decision.after is Stage.ROUTED_BACK:
        topic, subject = ROUTED_BACK, f"{arm} is routed back in {segment}"
        if arm == QUOTE:
            subject = f"The quotation is shown to be worse than base in {segment}"
    elif decision.after is Voice.QUOTED:
        topic, subject = QUOTED, f"{arm} writes no more in {segment}: the document is quoted"
    elif decision.cause == "held":
        topic, subject = HELD, f"{arm} is held in {segment}: base answers for the time being"
    else:
        return None
    text = (
        f"{decision.before} → {decision.after} (cause: {decision.cause}): {decision.reason}. "
        f"Look at it: routeback guard show {decision.id}"
    )
    fields = {
        "kind": topic.rpartition(".")[2],
        "arm": arm,
        "segment": segment,
        "decision": decision.id,
    }
    thread = f"decision:{decision.id}"
    return OutboxMessage(topic, _body(subject, text, fields, decision.at), decision.at, thread)


def _of_alarm(
    topic: str, subject: str, text: str, kind: str, arm: str, at: datetime
) -> OutboxMessage:
    fields = {"kind": kind, "arm": arm, "segment": None, "decision": None}
    return OutboxMessage(topic, _body(subject, text, fields, at), at, f"alarm:{kind}:{arm}")


def _body(subject: str, text: str, fields: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {"subject": subject, "text": text, **fields, "at": at.isoformat()}


def _subject(kind: str, arm: str) -> str:
    text = _SUBJECTS.get(kind.partition("/")[0], f"Alarm {kind}: {{arm}}")
    return text.replace("{arm}", arm)
