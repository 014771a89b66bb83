"""Answers the cases of a night, block by block, and scores each answer at once.

An answer is stored in one transaction with its cheap scores. What is stored is not asked again:
after a kill, only what was under way is.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from assistant.background.probe import ProbeResult
from assistant.conversation import Message
from assistant.errors import ArmError, QuestionError
from evals.cases.cases import Case
from evals.cases.marks import FAST, VERSION, marks, metrics_of, sample
from evals.night.history import CaseAnswer, Frozen, History, Kind, StoredScore
from evals.night.plan import Block, NightPlan
from evals.night.subject import Subject
from guardrails.clock import now
from guardrails.judge.cache import key_of
from guardrails.scorers.scorer import Scorer, run
from guardrails.types import Result, Score, Unscored

SCORE_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """One night's answers. parallel: questions at a time."""

    night: str
    plan: NightPlan
    cases: Mapping[str, Case]
    subject: Subject
    history: History
    fast: Scorer
    parallel: int = 1
    frozen: Mapping[tuple[str, str, str], Frozen] = field(default_factory=dict)

    async def block(self, kind: Kind, block: Block) -> int:
        """Answer what of a block is not answered yet; return how many that was."""
        done = await asyncio.to_thread(self.history.answered, self.night, kind)
        begun = any(case in block.cases for _, case in done)
        if block.until and now().timestamp() > block.until and not begun:
            return 0
        missing = [case for case in block.cases if (block.arm, case) not in done]
        if kind == "frozen":
            missing = [case for case in missing if self._frozen(case, block.arm)]
        live = await self._live(block) if kind == "frozen" and missing else {}
        places = asyncio.Semaphore(self.parallel)

        async def one(case_id: str) -> None:
            async with places:
                case = self.cases[case_id]
                if kind == "frozen":
                    answer = await self._again(case, block.arm, live.get(case_id))
                else:
                    answer = await self._ask(kind, case, block.arm)
                scores = await self.cheap(answer)
                await asyncio.to_thread(self.history.add, self.night, answer, scores)

        async with asyncio.TaskGroup() as group:
            for case_id in missing:
                group.create_task(one(case_id))
        return len(missing)

    async def rescore(self) -> None:
        """Score the frozen answers again, by what needs no judge."""
        kept = await asyncio.to_thread(self.history.scores, self.night, "again")
        done = {(score.arm, score.case) for score in kept}
        for case_id in self.plan.cases:
            for arm in self.plan.arms:
                frozen = self._frozen(case_id, arm)
                if frozen is None or (arm, case_id) in done:
                    continue
                answer = CaseAnswer("again", arm, case_id, frozen.version, frozen.measured)
                scores = await self.cheap(answer)
                await asyncio.to_thread(self.history.put, self.night, scores)

    async def cheap(self, answer: CaseAnswer) -> list[StoredScore]:
        """Return the scores of an answer that need no judge."""
        case = self.cases[answer.case]
        metrics = metrics_of(case, ())
        if answer.measured is None:
            lost = Unscored(f"no answer: {answer.error}")
            return [self._kept(answer, metric, lost, "") for metric in metrics]
        results: dict[str, tuple[Result, str, str, float]] = {
            metric: (result, VERSION, "", 0.0)
            for metric, result in marks(case, answer.measured).items()
        }
        if FAST in metrics:
            what = sample(case, answer.measured)
            started = time.perf_counter()
            result = await run(self.fast, what, SCORE_TIMEOUT_S)
            took = time.perf_counter() - started
            results[FAST] = (result, self.fast.version, key_of(self.fast, what), took)
        return [
            replace(self._kept(answer, metric, result, version), content=content, seconds=took)
            for metric, (result, version, content, took) in results.items()
            if metric in metrics
        ]

    def _kept(self, answer: CaseAnswer, metric: str, result: Result, version: str) -> StoredScore:
        return kept(answer.kind, answer.arm, answer.case, metric, result, version)

    def _frozen(self, case_id: str, arm: str) -> Frozen | None:
        return self.frozen.get((case_id, self.plan.cases[case_id], arm))

    async def _live(self, block: Block) -> dict[str, ProbeResult]:
        answers = await asyncio.to_thread(self.history.answers, self.night, "live")
        return {a.case: a.measured for a in answers if a.arm == block.arm and a.measured}

    async def _ask(self, kind: Kind, case: Case, arm: str) -> CaseAnswer:
        history: list[Message] = [{"role": m.role, "content": m.content} for m in case.history]
        try:
            measured = await self.subject.ask(
                arm, case.question, history=history, interface=case.language
            )
        except (ArmError, QuestionError) as error:
            return CaseAnswer(kind, arm, case.id, case.hash, None, error.message)
        return CaseAnswer(kind, arm, case.id, case.hash, measured)

    async def _again(self, case: Case, arm: str, live: ProbeResult | None) -> CaseAnswer:
        """Answer a case from its frozen passages; tonight's answer if those are the same."""
        frozen = self._frozen(case.id, arm)
        assert frozen is not None  # noqa: S101  (the block was chosen so)
        if live is not None and same_prompt(live, frozen.measured):
            return CaseAnswer("frozen", arm, case.id, case.hash, live)
        try:
            measured = await self.subject.ask(
                arm,
                frozen.measured.standalone,
                interface=case.language,
                passages=frozen.measured.passages,
            )
        except (ArmError, QuestionError) as error:
            return CaseAnswer("frozen", arm, case.id, case.hash, None, error.message)
        return CaseAnswer("frozen", arm, case.id, case.hash, measured)


def kept(kind: Kind, arm: str, case: str, metric: str, result: Result, version: str) -> StoredScore:
    """Return a result as it is stored."""
    value = result.value if isinstance(result, Score) else None
    return StoredScore(kind, arm, case, metric, value, result.reason, version, "")


def same_prompt(one: ProbeResult, other: ProbeResult) -> bool:
    """Return whether an arm was asked the same from the same passages."""
    return one.standalone == other.standalone and _given(one) == _given(other)


def _given(measured: ProbeResult) -> list[str]:
    return [passage["id"] for passage in measured.passages if passage["given"]]
