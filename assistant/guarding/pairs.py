"""Makes a pair of a question: the arms that did not answer it answer it now, unseen.

The quotation comes with the question: it needs no model, so it costs base's answer alone.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from assistant.arms.arm import Arm, EmbeddedArm
from assistant.errors import ArmBusy, ArmError, ArmNotReady
from assistant.retries import QUEUE
from assistant.turn import prompts
from assistant.turn.answer.speech import Answer, Briefing, SpeechLimits, whole
from assistant.underway import Underway
from assistant.watching.watch import Watch
from guardrails import clock
from guardrails.gate import Gate
from guardrails.guard import BASE, QUOTE, Guard
from guardrails.pairs import PairQuestion, scored
from guardrails.rules.costs import Cost, compared
from guardrails.rules.permission import quoting_of
from guardrails.scorers.scorer import Scorer
from guardrails.store.entries import PairJob
from guardrails.store.store import Ledger
from guardrails.text.repeats import signature
from guardrails.types import Pair, Quoted, Result, Unscored

Ended = Literal["done", "failed", "void", "gone"]
"""What became of a job. gone: it was done already, or there is no such job."""


@dataclass(frozen=True, slots=True)
class PairRunner:
    """Runs jobs. One that is run again, after a crash in the middle, makes no second pair."""

    arms: Mapping[str, Arm]
    guard: Guard
    scorers: tuple[Scorer, ...]
    gate: Gate
    limits: SpeechLimits
    timeout_s: float
    deadline_s: float = 120.0
    underway: Underway = field(default_factory=Underway)
    watch: Watch = field(default_factory=Watch)

    async def run(self, job_id: str) -> Ended:
        """Answer, score and observe one question; say how it ended."""
        return await self.underway.pair(job_id, self._run(job_id), "gone")

    async def _run(self, job_id: str) -> Ended:
        job = await asyncio.to_thread(self._read, job_id)
        if job is None or job.state != "waiting":
            return "gone"
        asked = job.payload["question"]
        with self.watch.pair(job.id, job.turn_id, job.arm, job.segment, asked):
            ended = await self._made(job)
            self.watch.paired(job.arm, ended)
        return ended

    async def _made(self, job: PairJob) -> Ended:
        await self._loaded(job)
        if why := self._void(job):
            return await self._end(job, "void", why)
        question, arms = PairQuestion.of(job.payload), dict(self.arms)
        try:
            answers, costs, tokens = await self._answers(arms, job, question)
        except ArmError as error:
            return await self._failed(job, error)
        failed = {name for name, cost in costs.items() if cost.failure and name not in answers}
        if failed >= {BASE, job.arm}:
            return await self._end(job, "failed", "both failed: nothing to compare")
        if not any(answers.values()) and not any(cost.failure for cost in costs.values()):
            return await self._end(job, "void", "neither found an answer: nothing to compare")
        results = await self._results(job, question, answers, costs)
        for side, scores in results.items():
            self.watch.scored(side, scores)
        pair = Pair(
            id=job.id,
            arm=job.arm,
            segment=job.segment,
            at=clock.now(),
            version=job.payload["version"],
            base=results[BASE],
            candidate=results[job.arm],
            quoted=self._quoted(job, results),
            conversation=question.conversation,
            signature=signature(question.question),
        )
        record = {
            "question": question.question,
            "answers": answers,
            "passages": [text.title for text in question.passages],
            "answered_by": [name for name in answers if name in question.answers],
            "index_generation": question.index_generation,
            "tokens": tokens,
            "costs": {name: cost.plain() for name, cost in costs.items()},
        }
        failure = costs[job.arm].failure if job.arm in costs else ""
        return await asyncio.to_thread(self._observe, job, pair, record, failure)

    def _read(self, job_id: str) -> PairJob | None:
        with self.guard.store.reading() as ledger:
            return ledger.job(job_id)

    async def _loaded(self, job: PairJob) -> None:
        """Wait for the engine; that it is still on its way is no arm's failure."""
        for name in (BASE, job.arm):
            if isinstance(arm := self.arms.get(name), EmbeddedArm):
                await arm.engine.arrival()

    def _void(self, job: PairJob) -> str:
        """Return why the two answers would not be comparable, or nothing."""
        if job.arm not in self.arms and job.arm != QUOTE:
            return f"there is no arm {job.arm} any more"
        if job.payload["version"] != self.guard.versions.get(job.arm):
            return "the version has changed since the question was answered"
        if job.payload["prompt"] != prompts.PROMPT_HASH:
            return "the prompts have changed since the question was answered"
        return ""

    def _quoted(self, job: PairJob, results: Mapping[str, Mapping[str, Result]]) -> Quoted | None:
        """Return what the quotation scored beside a candidate, if one still quotes so."""
        quoting = job.payload.get("quoting", "")
        if job.arm == QUOTE or QUOTE not in results:
            return None
        current = quoting and quoting == quoting_of(dict(self.guard.versions))
        return Quoted(quoting, results[QUOTE]) if current else None

    async def _answers(
        self, arms: Mapping[str, Arm], job: PairJob, question: PairQuestion
    ) -> tuple[dict[str, str], dict[str, Cost], int]:
        """Return base's answer, the candidate's, and the quotation if there is one.

        And what they took, and the tokens that the missing ones cost. Base may have answered for
        another pair already. An arm that failed has a cost and no answer.

        Raises:
            ArmError: an arm cannot be asked at the moment, which is no failure of its own.
        """
        briefing = Briefing(question.question, question.language, question.passages)
        answers, costs = dict(question.answers), dict(question.costs)
        if BASE not in answers and (reply := await asyncio.to_thread(self._base, job)) is not None:
            answers[BASE], cost = reply
            costs |= {BASE: cost} if cost else {}
        tokens = 0
        for name in (BASE, job.arm):
            if name in answers or (name in costs and costs[name].failure):
                continue
            began = time.monotonic()
            try:
                answer = await self._patiently(arms[name], briefing)
            except (ArmBusy, ArmNotReady):
                raise
            except ArmError as error:
                costs[name] = Cost(round(time.monotonic() - began, 3), failure=error.message)
                continue
            answers[name] = answer.text
            # A candidate has half of the time: the other half is base's, in its place.
            deadline_s = self.deadline_s if name == BASE else self.deadline_s / 2
            costs[name] = answer.ending.cost(deadline_s)
            tokens += answer.ending.usage.tokens
        texts = {name: answers[name] for name in (BASE, job.arm, QUOTE) if name in answers}
        return texts, {name: costs[name] for name in (BASE, job.arm) if name in costs}, tokens

    async def _results(
        self,
        job: PairJob,
        question: PairQuestion,
        answers: Mapping[str, str],
        costs: Mapping[str, Cost],
    ) -> dict[str, dict[str, Result]]:
        """Return the scores of each side, as a reader would have met it.

        Where the candidate failed, base's answer came in its place; where base did, nothing did.
        """
        results = {
            name: await scored(self.scorers, question.sample(text), self.timeout_s)
            for name, text in answers.items()
        }
        if job.arm not in answers:
            results[job.arm] = dict(results[BASE])
        if BASE not in answers:
            failed = Unscored(f"base failed: {costs[BASE].failure}")
            results[BASE] = dict.fromkeys((scorer.name for scorer in self.scorers), failed)
        base, candidate = compared(costs.get(BASE), costs.get(job.arm))
        results[BASE] |= base
        results[job.arm] |= candidate
        return results

    def _base(self, job: PairJob) -> tuple[str, Cost | None] | None:
        """Return what base answered in another pair of the same question, and what that took."""
        others = [f"{job.turn_id}:{arm}" for arm in dict(self.guard.versions)]
        with self.guard.store.reading() as ledger:
            record = ledger.told(others, BASE)
        if record is None:
            return None
        text, cost = record
        return text, Cost.of(cost) if cost else None

    async def _patiently(self, arm: Arm, asked: Briefing) -> Answer:
        """Ask an arm; while people fill its queue, wait. Waiting is no part of its time."""
        async for attempt in QUEUE.attempts(ArmBusy):
            with attempt:
                return await whole(arm, asked, self.limits, self.gate)
        raise AssertionError("the last attempt raises")

    async def _failed(self, job: PairJob, error: ArmError) -> Ended:
        def write() -> None:
            with self.guard.store.transaction() as ledger:
                self.guard.called(ledger, error.arm, error.message, clock.now())
                ledger.finish(job.id, "failed", error.message)

        await asyncio.to_thread(write)
        return "failed"

    async def _end(self, job: PairJob, state: Literal["void", "failed"], why: str) -> Ended:
        def write() -> None:
            with self.guard.store.transaction() as ledger:
                ledger.finish(job.id, state, why)

        await asyncio.to_thread(write)
        return state

    def _observe(self, job: PairJob, pair: Pair, kept: Mapping[str, Any], failure: str) -> Ended:
        """Take the pair; it is void if the arm has gone or changed meanwhile.

        Nothing is kept of one whose question was erased meanwhile.
        """
        with self.guard.store.transaction() as ledger:
            now = ledger.job(job.id)
            if now is None or now.state != "waiting":
                return "gone"
            why = self._void(job)
            if not why:
                self.guard.monitor.observed(ledger, pair, kept)
                _told(self.guard, ledger, job, failure)
            ledger.finish(job.id, "void" if why else "done", why)
            ledger.spent(job.id, kept["tokens"])
            return "void" if why else "done"


def _told(guard: Guard, ledger: Ledger, job: PairJob, failure: str) -> None:
    """Tell the breaker: an answer in the background is a probe as good as any."""
    if failure or ledger.breaker(job.arm).opened is not None:
        guard.called(ledger, job.arm, failure, job.at)
