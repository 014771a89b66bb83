"""The judge's part of a night: what it is asked, in which order, until its time is up.

What is scored by the same scorer with the same content is judged once a night, and the claims of
a reference are found once for all answers that are held against it. What an earlier night judged
is asked again until the judge is shown to judge as it did (``steadiness``), and then taken over:
a judge that has changed its mind is what the night looks for.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from assistant.errors import NotMeasured
from assistant.progress import Progress, silent
from evals.night.answers import kept
from evals.night.history import History, Kind, StoredScore
from evals.statistics.steadiness import Steadiness
from guardrails.judge.cache import key_of
from guardrails.judge.flights import Flights
from guardrails.judge.model import asked_once
from guardrails.scorers.scorer import Scorer, run
from guardrails.types import Result, Sample, Score, Text, Unscored

PROBE: Final = Sample(
    question="What is a pod?",
    language="en",
    passages=(Text("A pod is the smallest unit that Kubernetes runs.", "en", "Pod"),),
    answer="A pod is the smallest unit that Kubernetes runs.",
    reference="A pod is the smallest unit that Kubernetes runs.",
    answerable=True,
)
_GIVE_UP: Final = 5
"""Failures of the judge in a row after which it is not asked again."""
_FAILURES: Final = (
    "the judge cannot be reached",
    "the judge answered with HTTP",
    "the judge is over its rate limit",
    "the judge took longer",
)
_TOGETHER: Final = 4
"""Cases whose questions to the judge are sorted by metric: each metric has a prompt of its own,
whose beginning an engine keeps."""
_GIVEN_UP: Final = "not judged: the judge had failed too often"


@dataclass(frozen=True, slots=True)
class Earlier:
    """Scores of earlier nights, by content. margin, pinned: see ``Steadiness``."""

    scores: Mapping[str, StoredScore]
    margin: float
    pinned: bool
    _steady: dict[str, Steadiness] = field(default_factory=dict)

    def compare(self, score: StoredScore, sample: Sample) -> None:
        """Hold a score of tonight against the one of the same answer, if the judge gave it.

        It did not give a copied one, nor is it shown an abstention.
        """
        before = self.scores.get(score.content)
        if before is None or before.value is None or score.value is None:
            return
        if sample.abstained or not score.seconds:
            return
        metric = self._steady.setdefault(score.metric, Steadiness(self.margin, self.pinned))
        metric.saw(score.case, before.value, score.value)

    def trusted(self, content: str, metric: str) -> StoredScore | None:
        """Return the earlier score of a content, if the judge was shown to be steady."""
        steadiness = self._steady.get(metric)
        return self.scores.get(content) if steadiness is not None and steadiness.holds else None


@dataclass(frozen=True, slots=True)
class Task:
    """One answer for the judge. case: all tasks of a case stand together in the order."""

    kind: Kind
    arm: str
    case: str
    metric: str
    sample: Sample

    @property
    def key(self) -> tuple[Kind, str, str, str]:
        """What its score is kept under."""
        return self.kind, self.arm, self.case, self.metric


@dataclass(slots=True)
class Spent:
    """What the judge cost.

    judged: answers it was asked about. copied: the same content again. taken: content that an
    earlier night had judged. left: out of time.
    """

    seconds: float = 0.0
    judged: int = 0
    copied: int = 0
    taken: int = 0
    left: int = 0
    failed_in_row: int = 0
    last_failure: str = ""

    @property
    def gave_up(self) -> bool:
        """Whether the judge failed so often that it is not asked any more."""
        return self.failed_in_row >= _GIVE_UP


@dataclass(frozen=True, slots=True)
class Judging:
    """Asks the judge.

    scorers: by metric. parallel: questions at a time. margin, pinned: see ``Steadiness``; with a
    margin of 0 and weights that are not pinned, nothing is taken over from other nights. there:
    called after a failure; raises where whoever lends the judge has gone.
    """

    night: str
    history: History
    scorers: Mapping[str, Scorer]
    timeout_s: float
    parallel: int = 1
    margin: float = 0.0
    pinned: bool = False
    progress: Progress = field(default=silent)
    there: Callable[[], Awaitable[None]] | None = None

    async def check(self) -> None:
        """Ask once, so that a judge who is not there is known before an hour of answers.

        Raises:
            Interrupted: whoever lends the judge has gone.
            NotMeasured: it does not judge an answer that any judge can.
        """
        scorer = next(iter(self.scorers.values()))
        result = await run(scorer, PROBE, self.timeout_s)
        if isinstance(result, Unscored):
            if self.there is not None:
                await self.there()
            raise NotMeasured(
                f"Could not measure: {result.reason}.",
                hint="Start the judge, correct the settings under judge, or leave it out with "
                "--judge-budget-minutes 0 and gates on other metrics.",
            )

    async def run(self, tasks: Sequence[Task], budget_s: float) -> Spent:
        """Judge what is not judged yet, in order, until the time is up. budget_s: of the night.

        Raises:
            Interrupted: whoever lends the judge has gone; in a group, as tasks raise.
        """
        versions = {scorer.version for scorer in self.scorers.values()}
        judged = await asyncio.to_thread(self.history.judged, versions, self.night)
        earlier = Earlier(judged, self.margin, self.pinned)
        so_far = await asyncio.to_thread(self.history.scores, self.night)
        by_key = {(item.kind, item.arm, item.case, item.metric): item for item in so_far}
        mine = {task.key: by_key[task.key] for task in tasks if task.key in by_key}
        by_content = {score.content: score for score in mine.values() if score.content}
        spent = _spent(mine.values())
        for task in _ordered(tasks):
            if score := mine.get(task.key):
                earlier.compare(score, task.sample)
        open_tasks = _ordered([task for task in tasks if task.key not in mine])
        places = asyncio.Semaphore(self.parallel)
        flights = Flights[StoredScore | None]()
        calls = set()

        async def first(task: Task, content: str) -> StoredScore | None:
            calls.add(task.key)
            return await self._first(task, content, earlier, spent, budget_s)

        async def one(task: Task) -> None:
            async with places:
                if spent.gave_up:
                    await self._keep(task, Unscored(f"{_GIVEN_UP} ({spent.last_failure})"))
                    return
                content = key_of(self.scorers[task.metric], task.sample)
                score = by_content.get(content)
                score = score or await flights.run(content, partial(first, task, content))
                if score is None:
                    spent.left += 1
                    return
                by_content[content] = score
                if task.key not in calls:
                    await self._copy(task, score)
                    spent.copied += 1

        with asked_once():
            for count, task_group in enumerate(_groups(open_tasks, self.parallel)):
                async with asyncio.TaskGroup() as group:
                    for task in task_group:
                        group.create_task(one(task))
                self.progress("Judging", (count + 1) * self.parallel, len(open_tasks))
        return spent

    async def _first(
        self, task: Task, content: str, earlier: Earlier, spent: Spent, budget_s: float
    ) -> StoredScore | None:
        """Return the score of what nobody has judged tonight; None if there is no time."""
        before = earlier.trusted(content, task.metric)
        if before is not None and task.kind != "people":
            spent.taken += 1
            return await self._copy(task, before)
        if spent.seconds >= budget_s:
            return None
        started = time.perf_counter()
        result = await run(self.scorers[task.metric], task.sample, self.timeout_s)
        took = max(time.perf_counter() - started, 1e-6)
        spent.seconds += took / self.parallel
        spent.judged += 1
        await self._count(spent, result)
        score = await self._keep(task, result, content, took / self.parallel)
        earlier.compare(score, task.sample)
        return score

    async def _keep(
        self, task: Task, result: Result, content: str = "", seconds: float = 0.0
    ) -> StoredScore:
        scorer = self.scorers[task.metric]
        score = kept(task.kind, task.arm, task.case, task.metric, result, scorer.version)
        score = replace(score, content=content, seconds=seconds)
        await asyncio.to_thread(self.history.put, self.night, [score])
        return score

    async def _copy(self, task: Task, score: StoredScore) -> StoredScore:
        copy = replace(score, kind=task.kind, arm=task.arm, case=task.case, seconds=0.0)
        await asyncio.to_thread(self.history.put, self.night, [copy])
        return copy

    async def _count(self, spent: Spent, result: Result) -> None:
        failed = not isinstance(result, Score) and result.reason.startswith(_FAILURES)
        spent.failed_in_row = spent.failed_in_row + 1 if failed else 0
        if failed:
            spent.last_failure = result.reason
            if self.there is not None:
                await self.there()


def _spent(scores: Collection[StoredScore]) -> Spent:
    """Return what a night that was killed had spent."""
    calls = [score for score in scores if score.seconds > 0]
    contents = {score.content for score in scores}
    savings = len(contents - {score.content for score in calls} - {""})
    copied = len(scores) - len(calls) - savings
    return Spent(sum(score.seconds for score in calls), len(calls), copied, savings)


def _groups(tasks: Sequence[Task], size: int) -> list[Sequence[Task]]:
    return [tasks[i : i + size] for i in range(0, len(tasks), size)]


def _ordered(tasks: Sequence[Task]) -> list[Task]:
    """Return tasks so that a few cases are finished before the next, by metric within them."""
    order = {case: i for i, case in enumerate(dict.fromkeys(task.case for task in tasks))}
    metrics = {metric: i for i, metric in enumerate(dict.fromkeys(t.metric for t in tasks))}
    return sorted(
        tasks, key=lambda t: (order[t.case] // _TOGETHER, metrics[t.metric], order[t.case])
    )
