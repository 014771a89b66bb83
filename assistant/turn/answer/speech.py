"""One arm's answer to one question, sentence by sentence, with completed citations.

The same for what a reader sees and for what only the guardrail sees.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Self

from assistant.arms.arm import Arm
from assistant.arms.endpoint.usage import Usage, counted, estimated, prompt_of
from assistant.knowledge.chunk import excerpt
from assistant.knowledge.search import Passage
from assistant.local.admission import Priority
from assistant.turn import prompts
from assistant.turn.answer.citations import CitationStream
from guardrails.gate import Gate
from guardrails.rules.costs import CUT, EMPTY, LATE, Cost
from guardrails.types import Text


@dataclass(frozen=True, slots=True)
class Briefing:
    """What an arm is given. passages: as they are numbered, from 1."""

    question: str
    language: str
    passages: tuple[Text, ...]

    @classmethod
    def of(cls, question: str, language: str, passages: Sequence[Passage], most: int) -> Self:
        """Return what an arm is given of these passages: whole, or the windows that matched.

        most: characters of all passages together.
        """
        each = most // max(1, len(passages))
        texts = [
            Text(
                excerpt(p.chunk, p.windows, each),
                *(p.chunk.language, p.chunk.title, p.matched, p.answers),
            )
            for p in passages
        ]
        return cls(question, language, tuple(texts))


@dataclass(frozen=True, slots=True)
class SpeechLimits:
    """characters: of all passages together. tokens: of the answer."""

    characters: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How an answer ended.

    said: there was a word, be it that there is no answer. cut: see ``Piece``. seconds: from asking
    to the last word, without the time in a queue of ours.
    """

    usage: Usage = field(default_factory=Usage)
    said: bool = False
    cut: bool = False
    seconds: float = 0.0

    def cost(self, deadline_s: float) -> Cost:
        """Return what the answer took, and whether that is a failure for a reader."""
        late = LATE if self.seconds > deadline_s else ""
        failure = late or (CUT if self.cut else "") or ("" if self.said else EMPTY)
        return Cost(round(self.seconds, 3), self.usage.completion_tokens, failure)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. text: empty if the arm found none in the passages."""

    text: str
    ending: Ending


async def sentences(
    arm: Arm,
    asked: Briefing,
    limits: SpeechLimits,
    gate: Gate,
    priority: Priority = Priority.PERSON,
    *,
    fresh: bool = False,
    begins: Callable[[], None] = lambda: None,
) -> AsyncGenerator[str | Ending]:
    """Yield the sentences of an answer as they are complete, and how far it has come.

    What it has cost by then comes before each, so that it is known also of an answer that is
    stopped; the last one holds. There is no sentence if the arm says that the passages hold no
    answer. Of an answer that is cut, the last one is whole. fresh: see ``Arm.stream``. begins:
    called when a queue of ours is over.

    Raises:
        ArmError: the arm did not answer.
    """
    messages = prompts.answer_messages(asked.question, asked.passages, asked.language)
    stream = CitationStream(asked.passages, asked.question, asked.language, gate)
    usage: Usage | None = None
    prompt, unsaid, text, thought = prompt_of(messages), "", "", ""
    cut, began = False, time.monotonic()
    answering = False
    pieces = arm.stream(messages, max_tokens=limits.tokens, priority=priority, fresh=fresh)
    async with aclosing(pieces):
        async for piece in pieces:
            if piece.begins:
                began = time.monotonic()
                begins()
            usage = piece.usage or usage
            cut = cut or piece.cut
            unsaid += piece.text
            text += piece.text
            thought += piece.thought
            answering = answering or not prompts.may_be_no_answer(unsaid)
            if answering:
                for sentence in await _fed(stream, unsaid):
                    yield Ending(counted(prompt, text + thought), said=True)
                    yield sentence
                unsaid = ""
                if stream.looping:
                    break
    seconds = time.monotonic() - began
    if answering:
        for sentence in await asyncio.to_thread(stream.close, cut=cut):
            yield sentence
    usage = usage or counted(prompt, text + thought)
    yield Ending(usage, bool(text.strip()), cut, seconds)


async def _fed(stream: CitationStream, piece: str) -> list[str]:
    """Return the sentences that a piece completes; a thread is only taken where one may be."""
    if stream.at_once(piece):
        return stream.feed(piece)
    return await asyncio.to_thread(stream.feed, piece)


def likely_tokens(asked: Briefing, limits: SpeechLimits) -> int:
    """Return what one answer may cost, prompt and answer together, before anybody has given it."""
    messages = prompts.answer_messages(asked.question, asked.passages, asked.language)
    return estimated(prompt_of(messages)) + limits.tokens


async def whole(
    arm: Arm, asked: Briefing, limits: SpeechLimits, gate: Gate, *, fresh: bool = True
) -> Answer:
    """Return an answer that nobody waits for, computed without any cached beginning.

    fresh: see ``Arm.stream``.

    Raises:
        ArmError: the arm did not answer.
    """
    answer = Answer("", Ending())
    spoken = sentences(arm, asked, limits, gate, Priority.BACKGROUND, fresh=fresh)
    async with aclosing(spoken):
        async for part in spoken:
            if isinstance(part, Ending):
                answer = replace(answer, ending=part)
            else:
                answer = replace(answer, text=answer.text + part)
    return replace(answer, text=answer.text.strip())
