"""What would be answered, were an entry approved: by the real graph, beside what is answered now.

Nothing is stored or written, and no model is asked: where an arm would write, what it would be
given is shown.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant.assistant import Assistant
from assistant.background.probe import Probe
from assistant.curation.curation import checked
from assistant.curation.shelf import instead_of
from assistant.knowledge.replacements import WRITTEN
from assistant.knowledge.search import Search
from assistant.records.entries import EntryVersion, NewVersion
from assistant.records.turns import Turn
from guardrails import clock
from guardrails.guard import QUOTE
from guardrails.text.closed_questions import asks_yes_or_no


@dataclass(frozen=True, slots=True)
class PreviewedAnswer:
    """How one question is answered.

    mode: quote, write, ask or abstain; empty where nothing is looked for. text: what is said; of
    what an arm would write, the words that it would be given. given: the passages that are quoted,
    that an arm would write from, or that are offered, as a turn's sources have them.
    """

    mode: str
    reason: str
    probability: float
    text: str
    given: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One question, answered as now and as with the entry. used: the entry is what is given."""

    question: str
    now: PreviewedAnswer
    then: PreviewedAnswer
    used: bool

    @property
    def changes(self) -> bool:
        """Whether the reader would see something else."""
        return (self.now.mode, self.now.text) != (self.then.mode, self.then.text)


@dataclass(frozen=True, slots=True)
class Preview:
    """Answers questions as they are answered now, and as they would be with one more entry."""

    assistant: Assistant
    probe: Probe

    async def of(self, question: str, new: NewVersion) -> Rehearsal:
        """Answer one question both ways.

        Raises:
            EntryRefused: it cannot be an entry; says why.
            QuestionError: the question cannot be taken.
        """
        knowledge = self.assistant.knowledge
        entry = EntryVersion(
            key=new.key,
            language=new.language,
            version=new.based_on + 1,
            kind=new.kind,
            content=checked(new),
            state="approved",
            by=new.by,
            at=new.at,
        ).entry()
        point = await asyncio.to_thread(knowledge.library.point, WRITTEN, entry)
        other = knowledge.search.with_candidate(point, instead_of(new.key, new.language))
        now = await self.answer(question, knowledge.search, new.language)
        then = await self.answer(question, other, new.language)
        used = any(source["id"] == point.id for source in then.given)
        return Rehearsal(question, now, then, used)

    async def answer(
        self, question: str, search: Search | None = None, interface: str = "en"
    ) -> PreviewedAnswer:
        """Answer one question without asking a model. search: None: as everybody searches.

        Raises:
            QuestionError: the question cannot be taken.
        """
        chosen = search or self.assistant.knowledge.search
        turn = await self.probe.turn(QUOTE, question, chosen, interface=interface)
        mode = await asyncio.to_thread(self._mode, turn)
        answered = turn.outcome == "answered"
        selection = turn.selection
        count = selection.get("given", 0) if answered else len(selection.get("choices", ()))
        return PreviewedAnswer(
            mode=mode,
            reason=str(selection.get("reason", "")),
            probability=float(turn.evidence or 0.0),
            text=turn.answer,
            given=tuple(turn.sources[:count]),
        )

    def _mode(self, turn: Turn) -> str:
        """Return how it would be answered: here all that answers was quoted."""
        chosen = turn.selection.get("mode", "")
        if turn.outcome != "answered" or not chosen:
            return turn.mode or ""
        writing, segment = self.assistant.writing, f"{turn.segment}/{turn.language}"
        policy = writing.policy(segment)
        closed = chosen == "quote" and policy != "never" and asks_yes_or_no(turn.standalone)
        if policy == "only" or closed:
            return "quote"
        if chosen == "write":
            return "write"
        arm = self.assistant.guard.route(segment, turn.conversation_id, clock.now()).arm
        return "write" if writing.allows(arm, segment) else "quote"
