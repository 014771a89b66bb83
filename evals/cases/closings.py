"""Whether the gaps that entries closed are closed: their questions, asked once more each night.

As a reader would be answered who is quoted to, so that it takes no model and no time worth telling.
They are no cases: nothing is scored, no gate looks at them, and no sampling leaves one out.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Protocol

from sqlalchemy import Engine

from assistant.background.probe import ProbeResult
from assistant.errors import ArmError, QuestionError, UnknownName
from assistant.knowledge.replacements import WRITTEN
from assistant.privacy import redact
from assistant.records.entry_cases import case_name
from assistant.records.gaps import GapEvent, GapStore, OpenQuestion
from assistant.wire.night_result import ClosedGap, ClosedQuestion
from guardrails import clock
from guardrails.guard import BASE, QUOTE

SHOWN: Final = timedelta(days=7)
"""How long a night tells of a gap after it was closed."""
_MOST_GAPS, _MOST_QUESTIONS = 50, 20
_LONGEST: Final = 400


class AskedAgain(Protocol):
    """Answers a question by the arm that is named; see ``evals.night.subject``."""

    @property
    def arms(self) -> Mapping[str, str]:
        """Revision of each arm, by name."""
        ...

    async def ask(self, arm: str, question: str, *, interface: str = "en") -> ProbeResult:
        """Ask one arm."""
        ...


async def closings(records: Engine, subject: AskedAgain) -> tuple[ClosedGap, ...]:
    """Return the gaps that were closed lately, with each question before and after.

    Args:
        records: Where the gaps are kept.
        subject: Who answers tonight.

    Raises:
        Interrupted: the service went away.
    """
    store = GapStore(records)
    events = await asyncio.to_thread(store.closed, clock.now() - SHOWN)
    return tuple([await _gap(subject, store, event) for event in events[-_MOST_GAPS:]])


async def _gap(subject: AskedAgain, store: GapStore, event: GapEvent) -> ClosedGap:
    members = await asyncio.to_thread(lambda: store.questions(store.turns_of(event.gap)))
    wordings = {(one.text.casefold(), one.language): one for one in members if one.at <= event.at}
    asked = [await _asked(subject, one, event) for one in list(wordings.values())[:_MOST_QUESTIONS]]
    return ClosedGap(
        gap=event.gap,
        key=event.key,
        language=event.language,
        closed_at=event.at,
        by=event.by,
        questions=tuple(asked),
    )


async def _asked(subject: AskedAgain, one: OpenQuestion, event: GapEvent) -> ClosedQuestion:
    arm = QUOTE if QUOTE in subject.arms else BASE
    outcome, answer, used = "failed", "", False
    try:
        measured = await subject.ask(arm, one.text, interface=one.language)
    except (ArmError, QuestionError, UnknownName) as error:
        answer = error.message
    else:
        outcome, answer = measured.outcome, measured.answer
        used = any(
            passage["given"]
            and (passage["chunk"]["root"], passage["chunk"]["key"]) == (WRITTEN, event.key)
            for passage in measured.passages
        )
    return ClosedQuestion(
        case=case_name(one.turn_id),
        language=one.language,
        question=redact(one.text),
        before_outcome=one.outcome,
        after_outcome=outcome,
        answer=answer[:_LONGEST],
        closed=outcome == "answered" and used,
    )
