"""A running assistant: one question in, an answer out, piece by piece."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, cast
from uuid import uuid4

from sqlalchemy.exc import IntegrityError

from assistant.arms.arm import Arm, EmbeddedArm
from assistant.arms.lineup import Lineup
from assistant.arms.startup import HeldGuard
from assistant.conversation import Message
from assistant.errors import ArmError, KnowledgeError, QuestionError
from assistant.guarding.pairs import PairRunner
from assistant.knowledge.hosts import mentioned
from assistant.knowledge.library import Library
from assistant.knowledge.search import Search
from assistant.local.admission import Priority
from assistant.local.late_engine import LateEngine
from assistant.local.tokens import TokenStates
from assistant.privacy import beginning, redact
from assistant.progress import Watcher
from assistant.records.changes import ChangeLog
from assistant.records.conversations import LOCAL
from assistant.records.nights import Nights
from assistant.records.tickets import Tickets
from assistant.records.turns import Records, Turn
from assistant.segments import Segmenter
from assistant.settings import Settings
from assistant.turn import nodes, prompts
from assistant.turn.answer.speech import SpeechLimits
from assistant.turn.graph import Graph
from assistant.turn.permissions import Writing
from assistant.turn.question import followup, intake
from assistant.turn.state import Context, State, TurnInput
from assistant.underway import Underway
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


Event = str | Turn

_RECALLED: Final = max(followup.RECENT, 2 * followup.KEPT)
"""Messages before the question that a new conversation begins with; no step looks further back."""


@dataclass(frozen=True, slots=True)
class Assistant:
    """A running assistant.

    arms: those of the line-up, which change while it runs. rewriter: makes follow-ups stand
    alone; None: base does. writing: who may write where an entry could be quoted.
    """

    settings: Settings
    knowledge: Knowledge
    lineup: Lineup
    arms: Mapping[str, Arm]
    engine: LateEngine | None
    records: Records
    tickets: Tickets
    nights: Nights
    segmenter: Segmenter
    guard: Guard
    gate: Gate
    scorers: tuple[Scorer, ...]
    graph: Graph
    rewriter: Arm | None = None
    writing: Writing = field(default_factory=Writing)
    underway: Underway = field(default_factory=Underway)

    @property
    def log(self) -> ChangeLog:
        """Who changed what."""
        return ChangeLog(self.records.engine)

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
    ) -> AsyncGenerator[Event]:
        """Answer one question: texts as they pass the check, then the turn as it was stored.

        conversation_id: None begins one. history: what was said before, for a conversation that
        is new here. owner: whose the conversation is. groups: those that they belong to; what is
        meant for these is found, too.

        Raises:
            QuestionError: the question is empty, too long or not text.
            UnknownConversation: the conversation is somebody else's.
            ConversationHeld: what was said before is being erased.
            ArmError: no arm answered.
        """
        text = await asyncio.to_thread(self._asked, question)
        conversation = await asyncio.to_thread(self.records.begin, owner, conversation_id)
        guard = self.guard.now()
        if loading := self.lineup.loading():
            guard = HeldGuard.of(guard, loading)
        context = Context(
            conversation_id=conversation,
            turn_id=str(uuid4()),
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
            index_generation=str(self.knowledge.library.generation()),
        )
        before = await asyncio.to_thread(self._before, history)
        start: TurnInput = {"question": text, "interface": interface, "messages": before}
        events = cast(
            "AsyncGenerator[tuple[str, dict[str, Any]]]",
            self.graph.astream(
                start,
                {"configurable": {"thread_id": conversation}},
                context=context,
                stream_mode=["custom", "updates"],
                durability="exit" if self.graph.checkpointer else None,
            ),
        )
        state = cast("State", dict(start))
        shown = ""
        with self.underway.turn(conversation):
            try:
                async with aclosing(events):
                    async for mode, event in events:
                        if mode == "custom":
                            shown += event["delta"]
                            yield event["delta"]
                            continue
                        for update in event.values():
                            state.update(update)
                        if "record" in event:
                            yield event["record"]["turn"]
            except (asyncio.CancelledError, GeneratorExit):
                if "turn" not in state:
                    await self._left({**state, "answer": shown, "outcome": "left"}, context)
                raise

    async def _left(self, state: State, context: Context) -> None:
        """Record a turn that the asker did not wait for, with what was shown of it."""
        with contextlib.suppress(IntegrityError):  # its last step was storing it
            await asyncio.to_thread(self.records.add, nodes.turn_of(state, context))

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

    async def knows(self, conversation_id: str) -> bool:
        """Return whether a conversation of that id has been stored."""
        state = await self.graph.aget_state({"configurable": {"thread_id": conversation_id}})
        return bool(state.values)

    def _asked(self, question: str) -> str:
        """Return the question as it may be kept. Takes its time; call it from a thread."""
        text = intake.cleaned(question)
        most = self.settings.question_characters
        if not text:
            raise QuestionError("The question is empty.", hint="Write what you want to know.")
        if len(text) > most:
            raise QuestionError(
                f"The question has {len(text):,} characters; at most {most:,} are taken.",
                hint="Ask for one thing at a time, or raise question_characters.",
            )
        if not intake.is_text(text):
            raise QuestionError("The question is not text.", hint="Write it in words.")
        return redact(text)

    def _before(self, history: Sequence[Message]) -> list[Message]:
        """Return as much of a history as can be used, as it may be kept. From a thread, too."""
        most = self.settings.question_characters
        return [
            {"role": m["role"], "content": beginning(m["content"], most)}
            for m in history[-_RECALLED:]
        ]
