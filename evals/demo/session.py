"""Runs the demo: blocks of questions through the arms, each pair through the real guardrail.

Answers are computed in blocks, one arm after the other, with the cached opening of the prompt; a
pair then goes the way of every pair: a job with both answers, scored and observed by
``assistant.guarding.pairs``.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from assistant.assistant import Assistant
from assistant.errors import ArmError
from assistant.guarding.views import map_view
from assistant.knowledge import selection
from assistant.knowledge.search import Passage
from assistant.turn import modes
from assistant.turn.answer import quotations
from assistant.turn.answer.speech import Answer, Briefing, whole
from assistant.turn.prompts import PROMPT_HASH
from assistant.wire.guard import MapView
from evals.cases.cases import Case
from evals.demo.plan import Cell, CellProgress, block, in_turn, open_cells
from guardrails import clock
from guardrails.decisions import Decision
from guardrails.guard import BASE, QUOTE
from guardrails.map import transfer_map
from guardrails.pairs import PairQuestion, named
from guardrails.rules.permission import quoting_of
from guardrails.store.entries import PairJob
from guardrails.types import Pair, Result

_DECISIONS: Final = 1000


@dataclass(frozen=True, slots=True)
class Ready:
    """A question with its passages, as the product found them.

    probability: that these answer. quotation: what the product would quote; empty if it would not.
    """

    case: Case
    asked: Briefing
    probability: float
    quotation: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One pair, for people to read. base, candidate: answers; empty if the arm found none."""

    case: Case
    arm: str
    segment: str
    base: str
    candidate: str
    scores: tuple[Mapping[str, Result], Mapping[str, Result]]
    differences: Mapping[str, float]


def holds(case: Case, found: Sequence[Passage]) -> bool:
    """Return whether an entry that holds the answer is among the passages, as far as is known."""
    names = {name for passage in found for name in (passage.chunk.key, passage.chunk.source)}
    return not case.sources or not names.isdisjoint(case.sources)


@dataclass(slots=True)
class Session:
    """One run of the demo.

    questions: by segment, without a language, in the order they are asked. arms: candidates,
    strongest first. The quotation is compared on the way: its pair costs nothing where base has
    answered. show: is called with what is being done, after every step. decided: is called
    with every decision, and with the number of pairs of its cell so far.
    """

    assistant: Assistant
    questions: Mapping[str, Sequence[Case]]
    arms: Sequence[str]
    show: Callable[[str], None] = lambda _: None
    decided: Callable[[Decision, int], None] = lambda *_: None
    compared: list[Compared] = field(default_factory=list)
    given_up: dict[str, str] = field(default_factory=dict)
    skipped: int = 0
    done: dict[Cell, int] = field(default_factory=dict)
    _ready: dict[str, Ready | None] = field(default_factory=dict)
    _answers: dict[str, Answer] = field(default_factory=dict)

    async def run(self, deadline: float) -> bool:
        """Compare until all is decided, no question is left, or time is up.

        deadline: by the clock of the running event loop, in seconds. Returns whether it ended
        before that. An answer that is under way then is dropped; what is stored stays.

        Raises:
            ArmError: base does not answer, so that nothing can be compared.
        """
        try:
            async with asyncio.timeout_at(deadline):
                while cells := in_turn(self._open(), self.seen()):
                    await self._block(block(cells, self.seen()))
        except TimeoutError:
            return False
        return True

    def seen(self) -> dict[Cell, CellProgress]:
        """Return how far each cell has come."""
        with self.assistant.guard.store.reading() as ledger:
            stages = {(s.arm, s.segment): s.stage for s in ledger.standings()}
        cells = {*stages, *self.done}
        return {cell: CellProgress(stages.get(cell), self.done.get(cell, 0)) for cell in cells}

    def map(self) -> MapView:
        """Return the transfer map."""
        guard = self.assistant.guard
        with guard.store.reading() as ledger:
            now = clock.now()
            arms = [*self.arms, QUOTE]
            chart = transfer_map(ledger, guard.policy, now, arms, guard.rungs)
            return map_view(chart, {})

    def decisions(self) -> list[Decision]:
        """Return the decisions, oldest first."""
        with self.assistant.guard.store.reading() as ledger:
            return ledger.decisions(None, None, _DECISIONS)[::-1]

    def differences(self, cell: Cell, metric: str) -> list[float]:
        """Return the differences of the pairs that count in a cell now."""
        with self.assistant.guard.store.reading() as ledger:
            evidence = ledger.evidence(*cell)
            pairs = ledger.pairs(*cell, evidence.first, ledger.last_number()) if evidence else []
        differences = (pair.difference(metric) for pair in pairs)
        return [difference for difference in differences if difference is not None]

    def _open(self) -> list[Cell]:
        counts = {segment: len(cases) for segment, cases in self.questions.items()}
        return open_cells(self.arms, counts, self.seen(), self.given_up)

    async def _block(self, cells: Mapping[Cell, range]) -> None:
        """Let base answer what it has not, then each arm; what is decided goes no further."""
        cases = [case for cell, span in cells.items() for case in self._cases(cell, span)]
        await self._base(list({case.id: case for case in cases}.values()))
        for cell, span in cells.items():
            await self._cell(cell, self._cases(cell, span))

    def _cases(self, cell: Cell, span: range) -> Sequence[Case]:
        return self.questions[cell[1]][span.start : span.stop]

    async def _base(self, cases: Sequence[Case]) -> None:
        missing = [case for case in cases if case.id not in self._ready]
        for number, case in enumerate(missing, start=1):
            self.show(f"base answers {number} of {len(missing)}: {case.question}")
            ready = await asyncio.to_thread(self._prepared, case)
            if ready is None:
                self.skipped += 1
            else:
                self._answers[case.id] = await self._answer(BASE, ready)
                await self._quote(ready)
            self._ready[case.id] = ready

    async def _quote(self, ready: Ready) -> None:
        """Compare what would be quoted with what base has answered."""
        segments = (s for s, cases in self.questions.items() if any(c is ready.case for c in cases))
        segment = next(segments, None)
        if segment and ready.quotation:
            base = self._answers[ready.case.id]
            texts, answers = {BASE: base.text}, {BASE: base}
            job = await asyncio.to_thread(self._queue, (QUOTE, segment), ready, texts, answers)
            await self.assistant.pairing.run(job)

    async def _cell(self, cell: Cell, cases: Sequence[Case]) -> None:
        arm, segment = cell
        for number, case in enumerate(cases, start=1):
            ready = self._ready[case.id]
            if arm in self.given_up or cell not in self._open():
                return
            if ready is not None:
                self.show(f"{arm} answers {number} of {len(cases)} in {segment}: {case.question}")
                await self._pair(cell, ready)
            self.done[cell] = self.done.get(cell, 0) + 1

    async def _pair(self, cell: Cell, ready: Ready) -> None:
        arm, segment = cell
        try:
            answer = await self._answer(arm, ready)
        except ArmError as error:
            if error.arm == BASE:
                raise
            await asyncio.to_thread(self._failed, arm, error)
            return
        before = len(self.decisions())
        base = self._answers[ready.case.id]
        answers = {BASE: base.text, arm: answer.text}
        job = await asyncio.to_thread(self._queue, cell, ready, answers, {BASE: base, arm: answer})
        if await self.assistant.pairing.run(job) != "done":
            return
        pair = await asyncio.to_thread(self._last, arm)
        metrics = self.assistant.guard.policy.metrics
        differences = {metric: pair.difference(metric) for metric in metrics}
        self.compared.append(
            Compared(
                case=ready.case,
                arm=arm,
                segment=segment,
                base=base.text,
                candidate=answer.text,
                scores=(pair.base, pair.candidate),
                differences={m: d for m, d in differences.items() if d is not None},
            )
        )
        count = sum((one.arm, one.segment) == cell for one in self.compared)
        for decision in self.decisions()[before:]:
            self.decided(decision, count)

    async def _answer(self, name: str, ready: Ready) -> Answer:
        assistant = self.assistant
        arm, limits = assistant.arms[name], assistant.limits
        return await whole(arm, ready.asked, limits, assistant.gate, fresh=False)

    def _prepared(self, case: Case) -> Ready | None:
        """Return a question with its passages; None where these cannot tell one arm from another.

        That is where the product would not ask any arm, and where the search found another entry
        than the one that holds the answer: what is compared is models, not the search.
        """
        passages = self.assistant.knowledge.search.find(
            case.question, case.language, selection.CONSIDERED
        )
        selected = selection.select(
            case.question, case.language, passages, self.assistant.knowledge.states
        )
        choice = modes.choose(case.question, selected)
        if not choice.passages or not holds(case, choice.passages):
            return None
        most = self.assistant.limits.characters
        briefing = Briefing.of(case.question, case.language, choice.passages, most)
        quoted = quotations.quotations(choice.passages) if choice.mode == "quote" else ()
        quotation = quotations.told(quoted, case.language)
        return Ready(case, briefing, choice.probability, quotation)

    def _queue(
        self,
        cell: Cell,
        ready: Ready,
        answers: Mapping[str, str],
        given: Mapping[str, Answer],
    ) -> str:
        arm, segment = cell
        turn = f"demo-{ready.case.id}"
        quoted = {QUOTE: ready.quotation} if ready.quotation else {}
        question = PairQuestion(
            turn_id=turn,
            question=ready.asked.question,
            language=ready.asked.language,
            segment=segment,
            passages=ready.asked.passages,
            answers={**answers, **quoted},
            answerable=None,
            prompt=PROMPT_HASH,
            index_generation=str(self.assistant.knowledge.library.generation()),
            tokens=(given.get(arm) or given[BASE]).ending.usage.tokens,
            at=clock.now(),
            costs={
                name: answer.ending.cost(self.assistant.settings.guard.deadline_s)
                for name, answer in given.items()
            },
            conversation=named(ready.case.id),
        )
        guard = self.assistant.guard
        versions = dict(guard.versions)
        payload = question.payload(versions[arm], quoting_of(versions))
        job = PairJob(f"{turn}:{arm}", turn, arm, segment, question.at, question.tokens, payload)
        with guard.store.transaction() as ledger:
            ledger.add_jobs([job])
        return job.id

    def _last(self, arm: str) -> Pair:
        with self.assistant.guard.store.reading() as ledger:
            last = ledger.last_number()
            (pair,) = ledger.pairs(arm, None, last, last)
        return pair

    def _failed(self, arm: str, error: ArmError) -> None:
        """Tell the breaker; an arm whose breaker is open is asked no more."""
        guard = self.assistant.guard
        with guard.store.transaction() as ledger:
            guard.called(ledger, arm, error.message, clock.now())
            if ledger.breaker(arm).opened is not None:
                self.given_up[arm] = error.message
