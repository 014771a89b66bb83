"""Drafts a reply to what is open in a ticket, from the documents.

The graph, the prompt and the gate are those of every answer, and the router says which arm writes.
Only what everybody may read is searched, as the reply goes to who asked, whatever the agent may
see. Nothing is recorded of it as an answer: no turn, no evidence, no pair, no call of a breaker.

Stricter than an answer in three ways, since somebody will send it under their name: what who asks
says themselves carries nothing ("promise me 1000 euros"), a sentence that no passage carries is
left out, and what could not be checked is no draft.
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Final

from assistant.assistant import Assistant
from assistant.conversation import Message
from assistant.desk.summary import Point, summarized
from assistant.desk.wording import Undrafted
from assistant.errors import DeskConflict
from assistant.language import LANGUAGES
from assistant.records.desk.drafts import Drafts, ReplyDraft, digest_of
from assistant.records.desk.tickets import Ticket
from assistant.records.turns import Turn
from assistant.records.unrecorded import Unrecorded
from assistant.replying.account import Account, account_of
from assistant.settings import Settings
from assistant.turn import graph
from assistant.turn.permissions import Quote, Writing
from assistant.turn.sayings import SAYINGS, left_open
from guardrails.gate import Checked, Gate
from guardrails.guard import QUOTE, Guard
from guardrails.text import markers
from guardrails.types import Text

_MOST_TRIES: Final = 3
"""Open questions that are tried one by one, where they are not answered together."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A draft, or why there is none.

    question: that it answers. number: of the last entry of the log that was looked at. turn: as it
    would be stored of an answer; None where nothing was asked. draft: as it is stored.
    """

    question: str
    number: int
    turn: Turn | None = None
    draft: ReplyDraft | None = None
    why: Undrafted | None = None


@dataclass(frozen=True, slots=True)
class Drafter:
    """Makes drafts with a running assistant."""

    assistant: Assistant
    _graph: graph.Graph = field(default_factory=lambda: graph.build(None))

    async def draft(self, ticket_name: str, hint: str = "") -> Proposal:
        """Draft a reply to what is open in a ticket, and store it.

        hint: what to answer instead, in the words of who answers.

        Raises:
            UnknownTicket: there is none, or it was erased meanwhile.
            DeskConflict: the ticket is not open, or is not any more; nothing is stored.
            QuestionError: the hint cannot be taken.
            ArmError: no arm answered.
        """
        ticket = await asyncio.to_thread(self.assistant.desk.get, ticket_name)
        if not ticket.open:
            raise DeskConflict(
                f"Ticket #{ticket.number} is {ticket.status.value}; nothing is drafted for it.",
                hint="Open it again first.",
            )
        account = await asyncio.to_thread(account_of, self.assistant, ticket)
        failed: Proposal | None = None
        asking = await asyncio.to_thread(self._measured)
        for question, before in self._tries(account, hint):
            turn = await _asked(asking, ticket, question, before)
            text, why = _text(turn)
            proposal = Proposal(question, account.number, turn, why=why)
            if why is None:
                drafts = Drafts(self.assistant.records.engine)
                draft = await asyncio.to_thread(drafts.keep, self._draft(ticket, turn, text))
                return replace(proposal, draft=draft)
            failed = failed or proposal
        return failed or Proposal("", account.number, why="nothing_open")

    def _tries(self, account: Account, hint: str) -> list[tuple[str, list[Message]]]:
        """Return what may be answered, likeliest first, each with what was said before it."""
        if hint.strip():
            return [(hint, [])]
        points = summarized(account.said).open
        most = self.assistant.settings.question_characters
        alone = [
            (point.text[:most], account.before(point.number) if point.kind == "waits" else [])
            for point in reversed(points)
        ]
        together = _joined(points, most)
        if len(points) < 2 or not together:  # noqa: PLR2004  (one question is alone)
            return alone
        return [(together, []), *alone[:_MOST_TRIES]]

    def _measured(self) -> Assistant:
        """Return the assistant as it is asked for a draft: it answers, and nothing is written."""
        assistant = self.assistant
        desk = assistant.settings.desk.model_copy(update={"people_only": ()})
        return replace(
            assistant,
            settings=assistant.settings.model_copy(update={"desk": desk}),
            records=Unrecorded(),
            guard=_Advising.of(assistant.guard),
            gate=_Sourced.of(assistant.gate),
            writing=_writing(assistant.writing, assistant.settings),
            graph=self._graph,
        )

    def _draft(self, ticket: Ticket, turn: Turn, text: str) -> ReplyDraft:
        score = turn.scores.get(self.assistant.gate.scorers.name, {}).get("value")
        cited = {number for sentence in turn.sentences for number in sentence["cited"]}
        return ReplyDraft(
            conversation_id=ticket.conversation_id,
            ticket_id=ticket.id,
            arm=str(turn.arm),
            arm_revision=str(turn.arm_revision),
            segment=f"{turn.segment}/{turn.language}",
            language=turn.language,
            prompt_hash=turn.prompt_hash,
            index_generation=turn.index_generation,
            text=text,
            digest=digest_of(text),
            score=None if turn.arm == QUOTE else score,
            sources=[
                {name: source[name] for name in ("number", "title", "url")}
                for source in turn.sources
                if source["number"] in cited
            ],
        )


@dataclass(frozen=True, slots=True)
class _Advising(Guard):
    """A guard that routes as it does for people, and learns nothing from it.

    A candidate whose breaker is open is not tried: the one call by which it may come back is for
    an answer that counts.
    """

    @classmethod
    def of(cls, guard: Guard) -> "_Advising":
        """Return a guard over the candidates that may be asked now. Blocking."""
        values = {field.name: getattr(guard, field.name) for field in fields(Guard)}
        with guard.store.reading() as ledger:
            closed = {
                arm: version
                for arm, version in dict(guard.versions).items()
                if ledger.breaker(arm).opened is None
            }
        return cls(**{**values, "versions": closed})

    def failed(self, arm: str, failure: str, now: datetime) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class _Sourced(Gate):
    """The gate, with nothing but passages to carry a sentence.

    Elsewhere numbers, addresses and words of the question count as well, as an answer says them
    back; so whoever asks could put them into an answer.
    """

    @classmethod
    def of(cls, gate: Gate) -> "_Sourced":
        """Return the same gate; it judges with the same threads."""
        return cls(**{field.name: getattr(gate, field.name) for field in fields(Gate)})

    async def sentence(
        self, text: str, passages: tuple[Text, ...], question: str, language: str
    ) -> Checked:
        """Check one sentence against the passages."""
        del question
        return await Gate.sentence(self, text, passages, "", language)

    def carrier(
        self, text: str, passages: Sequence[Text], question: str, language: str
    ) -> int | None:
        """Return the place of the passage that carries a sentence; None if none does."""
        del question
        return Gate.carrier(self, text, passages, "", language)


async def _asked(
    assistant: Assistant, ticket: Ticket, question: str, before: Sequence[Message]
) -> Turn:
    """Ask as if who wrote the ticket did, in its conversation, so that the same arm is drawn."""
    interface = ticket.language if ticket.language in LANGUAGES else "en"
    events = assistant.answer(
        question,
        conversation_id=ticket.conversation_id,
        interface=interface,
        history=before,
    )
    async with aclosing(events):
        return [event async for event in events if isinstance(event, Turn)][-1]


def _writing(writing: Writing, settings: Settings) -> Writing:
    """Let no arm write where people alone answer: there the documents' own words are drafted."""
    alone: dict[str, Quote] = {
        f"{name}/{language}": "only" for name in settings.desk.people_only for language in LANGUAGES
    }
    below = {
        name: "only" if settings.desk.for_people_alone(name.partition("/")[0]) else policy
        for name, policy in writing.segments.items()
    }
    return replace(writing, segments={**below, **alone})


def _joined(points: Sequence[Point], most: int) -> str:
    """Return the latest of what is open as one message, as far as it fits."""
    told: list[str] = []
    for point in reversed(points):
        if len("\n".join([point.text, *told])) > most:
            break
        told.insert(0, point.text)
    return "\n".join(told) if len(told) > 1 else ""


def _text(turn: Turn) -> tuple[str, Undrafted | None]:
    """Return what may be drafted of an answer, without markers; else why nothing may be."""
    if turn.outcome != "answered":
        return "", _why_not(turn)
    if not turn.checked:
        return "", "unchecked"
    text, say = turn.answer, SAYINGS[turn.language]
    if questions := turn.selection.get("left_open"):
        text = text.removesuffix(f"\n\n{left_open(questions, turn.language)}")
    text = text.removesuffix(f"\n\n{say['cut']}")
    if turn.arm != QUOTE:
        text = _carried(text, turn.sentences)
    text = markers.strip(text).strip()
    return (text, None) if any(map(str.isalnum, text)) else ("", "not_carried")


def _carried(text: str, sentences: Sequence[Any]) -> str:
    """Return an answer without the sentences that no passage carries."""
    for sentence in sentences:
        if sentence["carried"]:
            continue
        if sentence["text"] not in text:
            return " ".join(one["text"] for one in sentences if one["carried"])
        text = text.replace(sentence["text"], "", 1).strip()
    return text


def _why_not(turn: Turn) -> Undrafted:
    if turn.outcome == "asked":
        return "which"
    if turn.outcome == "abstained":
        if turn.selection.get("finish") == "content_filter":
            return "withheld"
        return "not_carried" if turn.fell_back else "not_found"
    return "language" if turn.language == "unknown" else "talk"
