"""A running assistant: one question in, an answer out, piece by piece."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Self, cast
from uuid import uuid4

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command
from sqlalchemy.exc import IntegrityError

from assistant.arms.arm import Arm, EmbeddedArm
from assistant.arms.lineup import Lineup
from assistant.arms.startup import HeldGuard
from assistant.bridge.bridge import Bridge
from assistant.conversation import Message
from assistant.curation.curation import Curation
from assistant.desk.states import Holder
from assistant.errors import (
    ArmError,
    DeskConflict,
    KnowledgeError,
    NotRemembered,
    QuestionError,
    RoutebackError,
    TakenOver,
)
from assistant.guarding.pairs import PairRunner
from assistant.knowledge.hosts import mentioned
from assistant.knowledge.library import Library
from assistant.knowledge.search import Search
from assistant.language import language_of_question
from assistant.local.admission import Priority
from assistant.local.late_engine import EngineWanted, LateEngine
from assistant.local.tokens import TokenStates
from assistant.privacy import beginning, redact
from assistant.progress import Watcher
from assistant.records.askings import STOPPED
from assistant.records.cases import AddedCases
from assistant.records.changes import ChangeLog
from assistant.records.conversations import LOCAL, FirstSaid
from assistant.records.desk.desk import Desk
from assistant.records.desk.log import LogEntry, Thread
from assistant.records.desk.threads import Taken
from assistant.records.nights import Nights
from assistant.records.processes.leases import Leases
from assistant.records.queue.queue import Queue
from assistant.records.turns import Records, Turn
from assistant.segments import SMALLTALK, UNKNOWN, Segmenter
from assistant.settings import Settings
from assistant.turn import nodes, prompts, sayings
from assistant.turn.answer.speech import SpeechLimits
from assistant.turn.checkpoints import remembering
from assistant.turn.graph import Graph
from assistant.turn.permissions import Writing
from assistant.turn.question import followup, intake
from assistant.turn.question.courtesy import is_courtesy
from assistant.turn.state import Context, Said, State, TurnInput
from assistant.underway import Underway
from assistant.watching.watch import Watch
from assistant.wire.desk import LONGEST
from assistant.wire.turn import TurnView
from guardrails.gate import Gate
from guardrails.guard import BASE, Guard
from guardrails.scorers.scorer import Scorer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The documents: to change, to search, and to read token by token."""

    library: Library
    search: Search
    states: TokenStates


class ShownPiece(str):
    """A piece of an answer, as it is shown. number: of it in the log of the conversation."""

    __slots__ = ("number",)
    number: int

    @classmethod
    def of(cls, text: str, number: int) -> Self:
        """Return a piece."""
        piece = cls(text)
        piece.number = number
        return piece


@dataclass(frozen=True, slots=True)
class PassedOn:
    """What was said is for a person, who holds the conversation. text: what the product says."""

    taken: Taken
    text: str = ""
    language: str = "en"


Event = ShownPiece | Turn | PassedOn

_RECALLED: Final = max(followup.RECENT, 2 * followup.KEPT)
"""Messages before the question that a new conversation begins with; no step looks further back."""


@dataclass(frozen=True, slots=True)
class Assistant:
    """A running assistant.

    arms: those of the line-up, which change while it runs. rewriter: makes follow-ups stand
    alone; None: base does. writing: who may write where an entry could be quoted. bridge: to other
    desks. leases: of this process, where others work on the same records. watch: counts and
    traces what is done; by default nobody does.
    """

    settings: Settings
    knowledge: Knowledge
    lineup: Lineup
    arms: Mapping[str, Arm]
    engine: LateEngine | None
    records: Records
    desk: Desk
    queue: Queue
    nights: Nights
    curation: Curation
    segmenter: Segmenter
    guard: Guard
    gate: Gate
    scorers: tuple[Scorer, ...]
    graph: Graph
    rewriter: Arm | None = None
    writing: Writing = field(default_factory=Writing)
    underway: Underway = field(default_factory=Underway)
    leases: Leases | None = None
    bridge: Bridge | None = None
    watch: Watch = field(default_factory=Watch)

    @property
    def log(self) -> ChangeLog:
        """Who changed what."""
        return ChangeLog(self.records.engine)

    @property
    def cases(self) -> AddedCases:
        """The eval cases that people added."""
        return AddedCases(self.nights.engine)

    @property
    def limits(self) -> SpeechLimits:
        """How long prompts and answers may be."""
        return SpeechLimits(self.settings.knowledge.passage_characters, self.settings.answer_tokens)

    @property
    def pairing(self) -> PairRunner:
        """What compares the candidates with base on questions that were answered."""
        return PairRunner(
            self.arms,
            self.guard,
            self.scorers,
            self.gate,
            self.limits,
            timeout_s=self.settings.judge.score_timeout_s,
            deadline_s=self.settings.guard.deadline_s,
            underway=self.underway,
            watch=self.watch,
        )

    async def answer(
        self,
        question: str,
        *,
        conversation_id: str | None = None,
        interface: str = "en",
        history: Sequence[Message] = (),
        owner: str = LOCAL,
        groups: Iterable[str] = (),
        client_id: str | None = None,
    ) -> AsyncGenerator[Event]:
        """Answer one question: texts as they pass the check, then the turn as it was stored.

        Where a person holds the conversation the question is passed on to them, and the bot says
        nothing; if one takes it over meanwhile, what was shown until then is the turn.

        conversation_id: None begins one. history: what was said before, for a conversation that
        is new here. owner: whose the conversation is. groups: those that they belong to; what is
        meant for these is found, too. client_id: of the question, so that it is taken once.

        Raises:
            QuestionError: the question is empty, too long or not text.
            UnknownConversation: the conversation is somebody else's.
            DeskConflict: the question was asked before.
            ConversationHeld: what was said before is being erased.
            ArmError: no arm answered.
        """
        text = await asyncio.to_thread(self._asked, question, conversation_id)
        first = FirstSaid(text, client_id)
        begun = await asyncio.to_thread(self.records.begin, owner, conversation_id, first)
        turn_id = str(uuid4())
        async with self.underway.turn(begun, turn_id):
            taken = await asyncio.to_thread(self._taken, begun, turn_id, text, client_id)
            if not taken.for_the_bot:
                yield await asyncio.to_thread(self._passed_on, taken, text, interface)
                return
            if taken.again:
                hint = f"Follow the events of the conversation {begun}."
                raise DeskConflict("This was asked before.", hint=hint)
            try:
                before = await asyncio.to_thread(self._before, history)
                await self._caught_up(taken.thread)
                context = self._context(taken, groups, text)
                start: TurnInput = {"question": text, "interface": interface, "messages": before}
                watched = context.watch.over(self._answered(start, context))
                async with aclosing(watched) as events:
                    async for event in events:
                        yield event
            except Exception as error:
                await asyncio.to_thread(self._failed, taken, error)
                raise

    def _context(self, taken: Taken, groups: Iterable[str], said: str) -> Context:
        """Return what the nodes of a turn work with."""
        guard = self.guard.now()
        if loading := self.lineup.loading():
            guard = HeldGuard.of(guard, loading)
        conversation_id, turn_id = taken.thread.conversation_id, str(taken.entry.turn_id)
        return Context(
            conversation_id=conversation_id,
            turn_id=turn_id,
            arms=dict(self.arms),
            rewriter=self.rewriter or self.arms[BASE],
            search=self.knowledge.search.seen_by(groups),
            states=self.knowledge.states,
            segmenter=self.segmenter,
            records=self.records,
            guard=guard,
            gate=self.gate,
            limits=self.limits,
            passages=self.settings.knowledge.passages,
            writing=self.writing,
            deadline_s=self.settings.guard.deadline_s,
            desk=self.desk if self.graph.checkpointer else None,
            people_only=self.settings.desk.for_people_alone,
            watch=self.watch.turn(turn_id, conversation_id, said),
        )

    async def _answered(
        self, start: TurnInput, context: Context
    ) -> AsyncGenerator[ShownPiece | Turn]:
        """Run the graph; each piece is logged before it is shown, while the bot may still speak."""
        threads, state, shown = self.records.threads, cast("State", dict(start)), ""
        events = cast(
            "AsyncGenerator[tuple[str, dict[str, Any]]]",
            self.graph.astream(
                start,
                _thread(context.conversation_id),
                context=context,
                stream_mode=["custom", "updates"],
                durability="exit" if self.graph.checkpointer else None,
            ),
        )
        try:
            with remembering():
                async with aclosing(events):
                    async for mode, event in events:
                        if mode == "custom":
                            said = (context.conversation_id, context.turn_id, event["delta"])
                            number = await asyncio.to_thread(threads.say, *said)
                            shown += event["delta"]
                            yield ShownPiece.of(event["delta"], number)
                            continue
                        for node, update in event.items():
                            if node != "__interrupt__":
                                state.update(cast("State", update or {}))
        except NotRemembered:
            if "turn" not in state:
                raise
            log.warning("an answer is stored, and a follow-up will not be understood")
        except TakenOver:
            ending = {**state, "answer": shown, "outcome": "taken_over"}
            yield await self._left(cast("State", ending), context)
            return
        except (asyncio.CancelledError, GeneratorExit):
            if "turn" not in state:
                ending = {**state, "answer": shown, "outcome": "left"}
                await self._left(cast("State", ending), context)
            raise
        context.watch.ended(state["turn"])
        yield state["turn"]

    def _taken(self, conversation: str, turn_id: str, text: str, client_id: str | None) -> Taken:
        """Log what somebody says; what is nothing but thanks does not open what is solved."""
        threads, thanks = self.records.threads, False
        over = threads.thread(conversation).holder in {Holder.SOLVED, Holder.CLOSED}
        if over and is_courtesy(text):
            vector = self.knowledge.search.embed(text)
            thanks = self.segmenter.segment(text, vector) in SMALLTALK
        return threads.take(conversation, turn_id, text, thanks=thanks, client_id=client_id)

    def _passed_on(self, taken: Taken, text: str, interface: str) -> PassedOn:
        """Return what is said of what a person will answer: nothing, once one has spoken."""
        language = language_of_question(text, fallback=interface) or interface
        if taken.thread.holder is not Holder.WAITING or taken.thread.ticket_id is None:
            return PassedOn(taken, language=language)
        ticket = self.desk.get(taken.thread.ticket_id)
        return PassedOn(taken, sayings.passed_on(ticket.number, language), language)

    async def _caught_up(self, thread: Thread) -> None:
        """Let the graph go on that waited for a person, with what was said meanwhile.

        A ticket that was opened beside a turn is waited for first, so that each goes the same way.
        """
        if thread.ticket_id is None or self.graph.checkpointer is None:
            return
        config = _thread(thread.conversation_id)
        with remembering():
            before = await self.graph.aget_state(config)
            if before.values.get("waited") == thread.ticket_id:
                return
            if not before.next:
                asked: TurnInput = {"question": "", "interface": "en", "messages": []}
                await self.graph.ainvoke({**asked, "ticket": thread.ticket_id}, config)
            said = await asyncio.to_thread(self._said, thread)
            given = Said(ticket=thread.ticket_id, messages=said)
            await self.graph.ainvoke(Command(resume=given), config)

    def _said(self, thread: Thread) -> list[Message]:
        """Return what people said of the last ticket of a conversation."""
        entries = self.records.threads.entries(thread.conversation_id)
        roles = {"user": "user", "team": "assistant"}
        return [
            {"role": roles[entry.kind], "content": entry.text}
            for entry in entries
            if entry.kind in roles and entry.ticket_id == thread.ticket_id
        ]

    def _failed(self, taken: Taken, error: Exception) -> None:
        """Log that there is no answer; what is asked again at once leaves nothing."""
        threads, turn_id = self.records.threads, str(taken.entry.turn_id)
        if isinstance(error, EngineWanted) and not threads.pieces(turn_id):
            threads.forget(turn_id)
            return
        why = error.message if isinstance(error, RoutebackError) else "Something went wrong."
        threads.fail(taken.thread.conversation_id, turn_id, why)

    async def _left(self, state: State, context: Context) -> Turn:
        """Record a turn that did not come to its end, with what was shown of it."""
        turn = nodes.turn_of(state, context)
        with contextlib.suppress(IntegrityError):  # its last step was storing it
            await asyncio.to_thread(partial(self.records.add, turn, shown=False))
        context.watch.ended(turn)
        return turn

    def told(self, turn: Turn) -> TurnView:
        """Return what is told of a turn, and where links in it may lead. Call it from a thread.

        Of the hosts that may be linked to those are told that the turn mentions, so that nobody
        learns from it which others there are.
        """
        view = turn.view()
        hosts: Collection[str] | None = self.settings.server.link_hosts
        if hosts is None:
            try:
                hosts = self.knowledge.library.hosts()
            except KnowledgeError as error:
                log.warning("No links in this answer: %s", error.message)
                hosts = ()
        texts = [turn.answer]
        for source in view.sources:
            texts += [source.text, source.url or ""]
        return view.model_copy(update={"link_hosts": mentioned(hosts, texts)})

    async def bring(self, watcher: Watcher) -> None:
        """Bring the embedded engine up, where it was opened to be brought when it is asked.

        Raises:
            RoutebackError: it cannot be had; says why.
        """
        if self.engine is not None and not self.engine.there:
            await self.engine.bring(watcher, self.lineup)

    async def warm_up(self) -> None:
        """Do once what the first answer would have to wait for.

        Read where links may lead, and let the embedded engine compute the rules.
        """
        with contextlib.suppress(KnowledgeError):
            await asyncio.to_thread(self.knowledge.library.hosts)
        arm = self.arms["base"]
        if not isinstance(arm, EmbeddedArm):
            return
        await arm.engine.arrival()
        messages = prompts.answer_messages("", [], "en")
        with contextlib.suppress(ArmError):
            pieces = arm.stream(messages, max_tokens=1, priority=Priority.BACKGROUND)
            _ = [piece async for piece in pieces]

    async def recover(self) -> int:
        """End the answers that nobody writes any more, with what was shown; return how many.

        A kill cut them short, or a database in which not even that they failed could be noted.
        """
        unended = await asyncio.to_thread(self.records.threads.unended)
        answering = await self.underway.answering()
        still = await asyncio.to_thread(self.records.threads.unended)  # some have ended meanwhile
        dead = [one for one in unended if one in still and one.turn_id not in answering]
        await asyncio.to_thread(self._cut_short, dead)
        return len(dead)

    def _cut_short(self, unended: Sequence[LogEntry]) -> None:
        for asked in unended:
            turn = Turn(
                conversation_id=asked.conversation_id,
                question=asked.text,
                standalone=asked.text,
                language="unknown",
                segment=UNKNOWN,
                outcome="left",
                answer=self.records.threads.pieces(asked.turn_id or ""),
                prompt_hash=prompts.PROMPT_HASH,
                index_generation="0",
                reason=STOPPED,
                id=asked.turn_id or str(uuid4()),
            )
            with contextlib.suppress(IntegrityError):  # it has ended meanwhile
                self.records.add(turn, shown=False)

    async def knows(self, conversation_id: str) -> bool:
        """Return whether a conversation of that id has been stored."""
        with remembering():
            state = await self.graph.aget_state(_thread(conversation_id))
        return bool(state.values)

    def _asked(self, question: str, conversation_id: str | None) -> str:
        """Return the question as it may be kept. Takes its time; call it from a thread.

        What a person will read need not be words, and may be as long as their replies.
        """
        text, most = intake.cleaned(question), self.settings.question_characters
        holder = conversation_id and self.records.threads.thread(conversation_id).holder
        to_people = holder in {Holder.WAITING, Holder.PERSON}
        most = max(most, LONGEST) if to_people else most
        if not text:
            raise QuestionError("The question is empty.", hint="Write what you want to know.")
        if len(text) > most:
            raise QuestionError(
                f"The question has {len(text):,} characters; at most {most:,} are taken.",
                hint="Ask for one thing at a time, or raise question_characters.",
            )
        if not to_people and not intake.is_text(text):
            raise QuestionError("The question is not text.", hint="Write it in words.")
        return redact(text)

    def _before(self, history: Sequence[Message]) -> list[Message]:
        """Return as much of a history as can be used, as it may be kept. From a thread, too."""
        most = self.settings.question_characters
        return [
            {"role": m["role"], "content": beginning(m["content"], most)}
            for m in history[-_RECALLED:]
        ]


def _thread(conversation_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": conversation_id}}
