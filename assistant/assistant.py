"""A running assistant: one question in, an answer out, piece by piece."""

import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from assistant import prompts
from assistant.arms.arm import Arm, EmbeddedArm
from assistant.arms.lineup import Lineup
from assistant.errors import ArmError, QuestionError
from assistant.graph import Graph
from assistant.knowledge.library import Library
from assistant.knowledge.search import Search
from assistant.local.admission import Priority
from assistant.local.engine import Engine
from assistant.messages import Message
from assistant.nights import Nights
from assistant.pairing import Pairing
from assistant.privacy import redact
from assistant.records import Records, Turn
from assistant.segments import Segmenter
from assistant.settings import Settings
from assistant.speech import Limits
from assistant.state import Context, TurnInput
from assistant.support import Support
from assistant.tickets import Tickets
from guardrails.gate import Gate
from guardrails.guard import BASE, Guard
from guardrails.scorers.scorer import Scorer


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The documents: to change and to search."""

    library: Library
    search: Search


@dataclass(frozen=True, slots=True)
class Restart:
    """What was shown so far is void; the answer begins anew. reason: why."""

    reason: str


Event = str | Restart | Turn


@dataclass(frozen=True, slots=True)
class Assistant:
    """A running assistant.

    arms: those of the line-up, which change while it runs. rewriter: makes follow-ups stand
    alone; None: base does.
    """

    settings: Settings
    knowledge: Knowledge
    lineup: Lineup
    arms: Mapping[str, Arm]
    engine: Engine | None
    records: Records
    tickets: Tickets
    nights: Nights
    segmenter: Segmenter
    support: Support
    guard: Guard
    gate: Gate
    scorers: tuple[Scorer, ...]
    graph: Graph
    rewriter: Arm | None = None

    @property
    def limits(self) -> Limits:
        """How long prompts and answers may be."""
        return Limits(self.settings.knowledge.passage_characters, self.settings.answer_tokens)

    @property
    def pairing(self) -> Pairing:
        """What compares the candidates with base on questions that were answered."""
        timeout_s = self.settings.guard.score_timeout_s
        return Pairing(self.arms, self.guard, self.scorers, self.support, self.limits, timeout_s)

    async def answer(
        self,
        question: str,
        *,
        conversation_id: str | None = None,
        interface: str = "en",
        history: Sequence[Message] = (),
        restarts: bool = False,
    ) -> AsyncGenerator[Event]:
        """Answer one question: texts as they pass the check, then the turn as it was stored.

        history: what was said before, for a conversation that is new here. restarts: the caller
        can take back what it has shown, when a ``Restart`` says so; there is none otherwise.

        Raises:
            QuestionError: the question is empty, too long or not text.
            ArmError: no arm answered.
        """
        text = redact(self._asked(question))
        conversation = conversation_id or str(uuid4())
        context = Context(
            conversation_id=conversation,
            turn_id=str(uuid4()),
            arms=dict(self.arms),
            rewriter=self.rewriter or self.arms[BASE],
            search=self.knowledge.search,
            segmenter=self.segmenter,
            support=self.support,
            records=self.records,
            guard=self.guard.now(),
            gate=self.gate,
            limits=self.limits,
            passages=self.settings.knowledge.passages,
            restarts=restarts,
            deadline_s=self.settings.guard.deadline_s,
            index_generation=str(self.knowledge.library.generation()),
        )
        before: list[Message] = [
            {"role": m["role"], "content": redact(m["content"])} for m in history
        ]
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
        async with aclosing(events):
            async for mode, event in events:
                if mode == "custom":
                    yield Restart(event["restart"]) if "restart" in event else event["delta"]
                elif "record" in event:
                    yield event["record"]["turn"]

    async def warm_up(self) -> None:
        """Let the embedded engine compute the rules once, before the first question needs them."""
        arm = self.arms["base"]
        if not isinstance(arm, EmbeddedArm):
            return
        messages = prompts.answer_messages("", [], "en", 1)
        with contextlib.suppress(ArmError):
            pieces = arm.stream(messages, max_tokens=1, priority=Priority.BACKGROUND)
            _ = [piece async for piece in pieces]

    async def knows(self, conversation_id: str) -> bool:
        """Return whether a conversation of that id has been stored."""
        state = await self.graph.aget_state({"configurable": {"thread_id": conversation_id}})
        return bool(state.values)

    def _asked(self, question: str) -> str:
        text = question.strip()
        most = self.settings.question_characters
        if not text:
            raise QuestionError("The question is empty.", hint="Write what you want to know.")
        if len(text) > most:
            raise QuestionError(
                f"The question has {len(text):,} characters; at most {most:,} are taken.",
                hint="Ask for one thing at a time, or raise question_characters.",
            )
        odd = sum(not (c.isprintable() or c in "\n\t\r") for c in text)
        if odd > len(text) // 20 or not any(c.isalnum() for c in text):
            raise QuestionError("The question is not text.", hint="Write it in words.")
        return text
