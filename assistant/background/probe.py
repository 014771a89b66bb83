"""Asks one arm a question as if it answered all of them, and stores nothing: for evals.

The graph is the real one: language, segment, search, abstention, sentence gate, checks. The arm
stands in base's place, so that its answer is shown and not base's; base still makes follow-ups
stand alone. Neither turn nor pair is recorded, and people's questions go first.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from assistant.arms.arm import Arm, Piece
from assistant.assistant import Assistant
from assistant.conversation import Message
from assistant.errors import ArmBusy, QuestionError, UnknownName
from assistant.knowledge.documents import Chunk
from assistant.knowledge.search import Passage, Search
from assistant.knowledge.selection import select
from assistant.local.admission import Priority
from assistant.records.turns import Turn
from assistant.records.unrecorded import Unrecorded
from assistant.retries import QUEUE
from assistant.turn import graph
from assistant.turn.answer.quotations import REVISION
from assistant.turn.permissions import Writing
from assistant.watching.watch import Watch
from guardrails.arrays import Vectors
from guardrails.guard import BASE, QUOTE

Plain = Mapping[str, Any]
"""A passage as plain values."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What came of one question.

    passages: what was found, best first, plain; ``given`` says which of them the arm was given, or
    were quoted.
    evidence: in [0, 1]; None if nothing was searched. seconds: of the whole turn.
    """

    outcome: str
    answer: str
    standalone: str
    language: str
    segment: str
    evidence: float | None
    passages: tuple[Plain, ...]
    checked: bool
    prompt_tokens: int
    completion_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Probe:
    """Asks the arms of a running assistant. place: where that is, for a person."""

    assistant: Assistant
    place: str = "this process"
    _graph: graph.Graph = field(default_factory=lambda: graph.build(None))

    @property
    def arms(self) -> dict[str, str]:
        """Revision of each arm, by name; the quotation, which no model makes, is the last."""
        revisions = {name: arm.revision for name, arm in self.assistant.arms.items()}
        return {**revisions, QUOTE: REVISION}

    async def ask(
        self,
        arm: str,
        question: str,
        *,
        history: Sequence[Message] = (),
        interface: str = "en",
        passages: Sequence[Plain] | None = None,
    ) -> ProbeResult:
        """Ask one arm. passages: what is found instead of searching, as ``ProbeResult`` has them.

        Raises:
            UnknownName: there is no such arm.
            QuestionError: the question cannot be taken.
            ArmError: the arm did not answer.
        """
        preset = None if passages is None else [_passage(plain) for plain in passages]
        search = _Noted(self.assistant.knowledge.search, preset)
        started = time.perf_counter()
        turn = await self.turn(arm, question, search, history=history, interface=interface)
        hits: Sequence[Passage] = search.found
        if turn.language is not None:
            states, query = self.assistant.knowledge.states, (turn.standalone, turn.language)
            hits = (await asyncio.to_thread(select, *query, hits, states)).passages
        return ProbeResult(
            outcome=turn.outcome,
            answer=turn.answer,
            standalone=turn.standalone,
            language=turn.language,
            segment=turn.segment,
            evidence=turn.evidence,
            passages=_plain(hits, _given(turn)),
            checked=turn.checked,
            prompt_tokens=turn.usage.get("prompt_tokens", 0),
            completion_tokens=turn.usage.get("completion_tokens", 0),
            seconds=round(time.perf_counter() - started, 3),
        )

    async def turn(
        self,
        arm: str,
        question: str,
        search: Search,
        *,
        history: Sequence[Message] = (),
        interface: str = "en",
    ) -> Turn:
        """Return the turn that an arm would make of a question, searched for with ``search``.

        Raises:
            UnknownName, QuestionError, ArmError: as ``ask``.
        """
        arms = self.assistant.arms
        if arm not in self.arms:
            names = ", ".join(sorted(self.arms))
            raise UnknownName(f"There is no arm {arm!r}.", hint=f"There is {names}.")
        measured = replace(
            self.assistant,
            arms={BASE: _Patient(arms[BASE if arm == QUOTE else arm])},
            rewriter=_Patient(arms[BASE]),
            knowledge=replace(self.assistant.knowledge, search=search),
            guard=replace(self.assistant.guard, versions={}),
            writing=Writing("only" if arm == QUOTE else "never"),
            records=Unrecorded(),
            graph=self._graph,
            watch=Watch(),
        )
        events = measured.answer(question, interface=interface, history=history)
        async with aclosing(events):
            return [event async for event in events if isinstance(event, Turn)][-1]


class _Noted(Search):
    """Searches with another, or returns what it was given; remembers what it found."""

    def __init__(self, search: Search, given: list[Passage] | None) -> None:
        self._search = search
        self._given = given
        self.found: list[Passage] = []

    def seen_by(self, groups: Iterable[str]) -> Search:
        """Return this one: what is measured is found for everybody."""
        del groups
        return self

    def embed(self, question: str) -> Vectors:
        """Embed one question."""
        return self._search.embed(question)

    def generation(self) -> int:
        """Return the generation that would be searched."""
        return self._search.generation()

    def find(
        self, question: str, language: str, limit: int, vector: Vectors | None = None
    ) -> list[Passage]:
        """Return the passages."""
        if self._given is not None:
            self.found = self._given
        else:
            self.found = self._search.find(question, language, limit, vector)
        return self.found


@dataclass(frozen=True, slots=True)
class _Patient:
    """An arm that waits for its turn behind people."""

    arm: Arm

    @property
    def name(self) -> str:
        """The name."""
        return self.arm.name

    @property
    def revision(self) -> str:
        """The exact model."""
        return self.arm.revision

    @property
    def queues(self) -> bool:
        """Whether it waits in a queue of ours."""
        return self.arm.queues

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        priority: Priority = Priority.PERSON,
        fresh: bool = False,
    ) -> AsyncGenerator[Piece]:
        """Answer, piece by piece; while people fill the queue, wait."""
        del priority
        begun = False

        def waits(error: Exception) -> bool:
            return isinstance(error, ArmBusy) and not begun

        async for attempt in QUEUE.attempts(waits):
            with attempt:
                pieces = self.arm.stream(
                    messages, max_tokens=max_tokens, priority=Priority.BACKGROUND, fresh=fresh
                )
                async with aclosing(pieces):
                    async for piece in pieces:
                        begun = True
                        yield piece


def _given(turn: Turn) -> set[str]:
    """Return the passages that the answer was made from; where there is none, those looked at.

    A turn's sources begin with them, and go on with what is near.
    """
    count = turn.selection.get("given", 0) or len(turn.sources)
    return {source["id"] for source in turn.sources[:count]}


def _plain(found: Sequence[Passage], given: Collection[str]) -> tuple[dict[str, Any], ...]:
    return tuple(
        {
            "id": passage.id,
            "score": passage.score,
            "similarity": passage.similarity,
            "windows": list(passage.windows),
            "names": list(passage.names),
            "matched": passage.matched,
            "mentioned": passage.mentioned,
            "answers": passage.answers,
            "given": passage.id in given,
            "chunk": passage.chunk.payload(),
        }
        for passage in found
    )


def _passage(plain: Plain) -> Passage:
    values = {name: value for name, value in plain.items() if name not in {"given", "window"}}
    try:
        parts = {
            "windows": tuple(plain.get("windows") or (plain["window"],)),
            "names": tuple(plain.get("names", ())),
            "chunk": Chunk.from_payload(dict(plain["chunk"])),
        }
        return Passage(**{**values, **parts})
    except (KeyError, TypeError, ValueError) as error:
        raise QuestionError(
            f"A passage is not as one was found ({type(error).__name__}: {error}).",
            hint="Send passages back as an answer of this API had them.",
        ) from error
