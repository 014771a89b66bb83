"""Makes a pair of a question: the arms that did not answer it answer it now, unseen."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from assistant import prompts
from assistant.arms.arm import Arm
from assistant.errors import ArmBusy, ArmError
from assistant.speech import Asked, Limits, whole
from assistant.support import Support
from guardrails.guard import BASE, Guard
from guardrails.pairs import Question, scored
from guardrails.scorers.scorer import Scorer
from guardrails.store import Job, Ledger
from guardrails.types import Pair

Ended = Literal["done", "failed", "void", "gone"]
"""What became of a job. gone: it was done already, or there is no such job."""

_BUSY_WAIT_S: Final = 2.0
_LONGEST_WAIT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Pairing:
    """Runs jobs. One that is run again, after a crash in the middle, makes no second pair."""

    arms: Mapping[str, Arm]
    guard: Guard
    scorers: tuple[Scorer, ...]
    support: Support
    limits: Limits
    timeout_s: float

    async def run(self, job_id: str) -> Ended:
        """Answer, score and observe one question; say how it ended."""
        job = await asyncio.to_thread(self._read, job_id)
        if job is None or job.state != "waiting":
            return "gone"
        if why := self._void(job):
            return await self._end(job, "void", why)
        question, arms = Question.of(job.payload), dict(self.arms)
        try:
            answers, tokens = await self._answers(arms, job.arm, question)
        except ArmError as error:
            return await self._failed(job, error)
        if not any(answers.values()):
            return await self._end(job, "void", "neither found an answer: nothing to compare")
        results = {
            name: await scored(self.scorers, question.sample(text), self.timeout_s)
            for name, text in answers.items()
        }
        pair = Pair(
            id=job.id,
            arm=job.arm,
            segment=job.segment,
            at=datetime.now(UTC),
            version=job.payload["version"],
            base=results[BASE],
            candidate=results[job.arm],
        )
        kept = {
            "question": question.question,
            "answers": answers,
            "passages": [text.title for text in question.passages],
            "answered_by": [name for name in answers if name in question.answers],
            "index_generation": question.index_generation,
            "tokens": tokens,
        }
        why = await asyncio.to_thread(self._observe, job, pair, kept)
        return "void" if why else "done"

    def _read(self, job_id: str) -> Job | None:
        with self.guard.store.reading() as ledger:
            return ledger.job(job_id)

    def _void(self, job: Job) -> str:
        """Return why the two answers would not be comparable, or nothing."""
        if job.arm not in self.arms:
            return f"there is no arm {job.arm} any more"
        if job.payload["version"] != self.guard.versions.get(job.arm):
            return "the version has changed since the question was answered"
        if job.payload["prompt"] != prompts.PROMPT_HASH:
            return "the prompts have changed since the question was answered"
        return ""

    async def _answers(
        self, arms: Mapping[str, Arm], arm: str, question: Question
    ) -> tuple[dict[str, str], int]:
        """Return both answers, and the tokens that the missing ones cost."""
        asked = Asked.again(question.question, question.language, question.passages)
        answers: dict[str, str] = {}
        tokens = 0
        for name in (BASE, arm):
            if name in question.answers:
                answers[name] = question.answers[name]
                continue
            answer = await self._patiently(arms[name], asked)
            answers[name] = answer.text
            tokens += answer.usage.prompt_tokens + answer.usage.completion_tokens
        return answers, tokens

    async def _patiently(self, arm: Arm, asked: Asked) -> Any:
        """Ask an arm; while people fill its queue, wait."""
        pause = _BUSY_WAIT_S
        while True:
            try:
                return await whole(arm, asked, self.limits, self.support)
            except ArmBusy:
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_WAIT_S)

    async def _failed(self, job: Job, error: ArmError) -> Ended:
        def write() -> None:
            with self.guard.store.transaction() as ledger:
                self.guard.called(ledger, error.arm, error.message, datetime.now(UTC))
                ledger.finish(job.id, "failed", error.message)

        await asyncio.to_thread(write)
        return "failed"

    async def _end(self, job: Job, state: Literal["void"], why: str) -> Ended:
        def write() -> None:
            with self.guard.store.transaction() as ledger:
                ledger.finish(job.id, state, why)

        await asyncio.to_thread(write)
        return state

    def _observe(self, job: Job, pair: Pair, kept: Mapping[str, Any]) -> str:
        """Take the pair; return why it is void, if the arm has gone or changed meanwhile."""
        with self.guard.store.transaction() as ledger:
            why = self._void(job)
            if not why:
                self.guard.monitor.observed(ledger, pair, kept)
                _succeeded(self.guard, ledger, job)
            ledger.finish(job.id, "void" if why else "done", why)
            return why


def _succeeded(guard: Guard, ledger: Ledger, job: Job) -> None:
    """An answer in the background is a probe as good as any."""
    if ledger.breaker(job.arm).opened is not None:
        guard.called(ledger, job.arm, "", job.at)
