"""The order of a night: freeze, answer, judge, compare, attribute, act, report."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from assistant.errors import Interrupted, NotMeasured, RoutebackError
from assistant.records import questions
from assistant.wire.night_result import NightCoverage, NightResult
from assistant.wire.nights import NightOptions
from evals.cases.added import ADDED
from evals.cases.cases import Case, chosen
from evals.cases.closings import closings
from evals.cases.marks import BEHAVIOUR, FACTS, FAST, SOURCES, VERSION, judged_of, sample
from evals.cases.survey import NEWEST, survey, told_of
from evals.night import frozen as freezing
from evals.night.answers import Run
from evals.night.executor import Executor, Here, Work
from evals.night.guardrail import act
from evals.night.history import CaseAnswer, Frozen, History, Kind
from evals.night.judge import Judging, Spent, Task
from evals.night.label_set import Labels
from evals.night.parts import Parts, arms_of
from evals.night.plan import (
    DEFAULT_ANSWER_S,
    Block,
    NightPlan,
    affordable,
    ahead,
    blocks,
    sampled,
    told,
)
from evals.night.result import result
from evals.night.tables import Measurements
from evals.night.verdict import verdict
from guardrails import clock
from guardrails.guard import QUOTE

MakeExecutor = Callable[[Work], AbstractAsyncContextManager[Executor]]
"""Opens what runs the blocks."""

NIGHTLY: Final = "nightly"
_KINDS_JUDGED: Final[tuple[Kind, ...]] = ("again", "frozen", "live")


@dataclass(frozen=True, slots=True)
class NightOutcome:
    """What came of a night. result: as the report has it."""

    night: str
    exit_code: int
    words: str
    result: NightResult


def planned(parts: Parts, options: NightOptions, now: datetime) -> NightPlan:
    """Return what a night sets out to do.

    Raises:
        NotMeasured: no case is left after the choice of segments.
        UnknownName: an arm is named that there is not.
    """
    date = f"{now.astimezone():%Y-%m-%d}"
    cases = parts.cases
    if options.segments:
        subset = {c.id: c for s in options.segments for c in chosen(cases, segment=s)}
        cases = tuple(subset.values())
    if not cases:
        raise NotMeasured(
            f"Could not measure: no case is in {', '.join(options.segments)}.",
            hint="Name segments as the cases have them, without a language.",
        )
    arms = arms_of(parts.settings, parts.subject)
    count = options.count or len(cases)
    count = min(count, affordable(len(cases), pace(parts, arms), options.minutes * parts.parallel))
    fresh = [case for case in cases if ADDED in case.tags]
    asked = parts.history.versions([case.id for case in fresh])
    order = sampled(cases, count, date)
    order = ahead(order, [case for case in fresh if (case.id, case.hash) not in asked])
    marks = {FAST: parts.fast.version, FACTS: VERSION, SOURCES: VERSION, BEHAVIOUR: VERSION}
    return NightPlan(
        date=date,
        place=parts.subject.place,
        options=options,
        cases={case.id: case.hash for case in order},
        arms=dict(arms),
        scorers={**marks, **{name: scorer.version for name, scorer in parts.judge.items()}},
        judged=tuple(parts.judge),
    )


def pace(parts: Parts, arms: Mapping[str, str]) -> dict[str, float]:
    """Return how long an answer of each arm takes, in seconds, as last seen or as a guess."""
    times = parts.history.pace()
    guess = DEFAULT_ANSWER_S["remote" if parts.settings.remote_base else "embedded"]
    guesses = {arm: DEFAULT_ANSWER_S[QUOTE] if arm == QUOTE else guess for arm in arms}
    return {arm: times.get(arm, guess) for arm, guess in guesses.items()}


async def night(
    parts: Parts, options: NightOptions, kind: str, executor: MakeExecutor | None = None
) -> NightOutcome:
    """Run a night to its end, or go on with one that was killed.

    Raises:
        Interrupted: the service went away; the night stays open, and is gone on with.
        NotMeasured: the judge cannot be reached; the night is kept as failed.
        RoutebackError: a part fails for good.
    """
    now = clock.now()
    plan = await asyncio.to_thread(planned, parts, options, now)
    row, again = await asyncio.to_thread(parts.history.begin, plan, kind, now)
    plan = NightPlan.model_validate(row.plan).only({case.id for case in parts.cases})
    watcher = parts.watcher
    going = f"Going on with night {row.id}" if again else f"Night {row.id}"
    watcher.notice(f"{going}: {told(plan, pace(parts, plan.arms), parts.parallel)}")
    stopped: NotMeasured | None = None
    try:
        return await _measured(parts, plan, row.id, kind, executor)
    except* NotMeasured as group:  # questions are asked side by side, and fail so
        stopped = _first(group)
    assert stopped is not None  # noqa: S101  (there is no other way here)
    if not isinstance(stopped, Interrupted):
        await asyncio.to_thread(parts.history.fail, row.id, stopped.message)
    raise stopped


def _first(group: ExceptionGroup[NotMeasured]) -> NotMeasured:
    """Return one of the errors of a group, however deep."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error


async def _measured(
    parts: Parts, plan: NightPlan, night_id: str, kind: str, executor: MakeExecutor | None
) -> NightOutcome:
    history = parts.history
    cases = {case.id: case for case in parts.cases}
    labels = Labels.read(parts.settings.evals.labels)
    judging = Judging(
        night_id,
        history,
        parts.judge,
        parts.judge_timeout_s,
        parts.judge_parallel,
        parts.bars.margin,
        parts.judge_pinned,
        parts.watcher.progress,
        parts.lender.there if parts.lender else None,
    )
    if parts.judge:
        await judging.check()
    frozen = await asyncio.to_thread(history.frozen)
    run = run_of(parts, plan, night_id, frozen)
    await run.rescore()
    await _answer(parts, run, executor)
    answers = await asyncio.to_thread(history.answers, night_id)
    spent = Spent()
    if parts.judge:
        tasks = [*labels.tasks(parts.judge), *_tasks(plan, cases, answers, frozen)]
        spent = await judging.run(tasks, 60 * plan.options.judge_minutes)
    scores = await asyncio.to_thread(history.scores, night_id)
    mix = await asyncio.to_thread(questions.mix, parts.records)
    gaps = await asyncio.to_thread(surveyed, parts) if kind == NIGHTLY else None
    measured = Measurements(plan, cases, answers, scores, mix)
    mix_before = await asyncio.to_thread(_mix_before, history, frozen)
    relevant = {key: row for key, row in frozen.items() if plan.cases.get(key[0]) == key[1]}
    ruling = verdict(measured, relevant, mix_before, parts.bars)
    nightly = kind == NIGHTLY
    moved = await asyncio.to_thread(act, parts.monitor, ruling) if nightly else []
    trust = labels.trust(scores, parts.judge)
    found = result(night_id, measured, ruling, relevant, spent, trust, moved)
    closed = await closings(parts.records, parts.subject)
    values = found.model_copy(update={"coverage": gaps, "closed_gaps": closed})
    if nightly:
        await asyncio.to_thread(_keep, history, night_id, measured, frozen)
    code = ruling.exit_code if nightly or ruling.since else 0
    await asyncio.to_thread(history.end, night_id, values, code, ruling.words)
    return NightOutcome(night_id, code, ruling.words, values)


def surveyed(parts: Parts) -> NightCoverage | None:
    """Return which kinds of real questions the cases miss, or why that is not known.

    None without an embedder. It never fails a night: what was measured counts.
    """
    if parts.embedder is None:
        return None
    parts.watcher.notice("Comparing the cases with what people asked.")
    try:
        return told_of(survey(parts.records, parts.cases, parts.embedder, questions.DAYS, NEWEST))
    except RoutebackError as error:
        return NightCoverage(reason=error.message)


def run_of(
    parts: Parts,
    plan: NightPlan,
    night_id: str,
    frozen: Mapping[tuple[str, str, str], Frozen],
) -> Run:
    """Return what answers the cases of a night. frozen: as ``History.frozen`` has it."""
    cases = {case.id: case for case in parts.cases}
    return Run(
        night_id, plan, cases, parts.subject, parts.history, parts.fast, parts.parallel, frozen
    )


async def _answer(parts: Parts, run: Run, make: MakeExecutor | None) -> None:
    """Let every arm answer: tonight's passages first, then the frozen ones where they differ."""
    arms = list(run.plan.arms)
    until = await asyncio.to_thread(_until, parts, run)
    total = len(run.plan.cases) * len(run.plan.arms)
    done = {"live": 0, "frozen": 0}

    async def work(_night: str, kind: Kind, block: Block) -> None:
        await run.block(kind, block)
        done[kind] += len(block.cases)
        what = {"live": "Answering", "frozen": "Answering from the frozen passages"}[kind]
        parts.watcher.progress(what, min(done[kind], total), total)

    opening = make(work) if make else nullcontext(Here(work))
    async with opening as executor:
        await executor.run(run.night, "live", blocks(run.plan.cases, arms, until))
        if run.frozen:
            await executor.run(run.night, "frozen", blocks(run.plan.cases, arms))


def _until(parts: Parts, run: Run) -> float:
    """Return when the time for answers is up; what a killed night has used counts. 0: never."""
    limit = 60 * run.plan.options.minutes
    if not limit:
        return 0.0
    answers = parts.history.answers(run.night)
    took = sum(a.measured.seconds for a in answers if a.measured) / parts.parallel
    return clock.now().timestamp() + limit - took


def _tasks(
    plan: NightPlan,
    cases: Mapping[str, Case],
    answers: list[CaseAnswer],
    held: Mapping[tuple[str, str, str], Frozen],
) -> list[Task]:
    """Return what the judge is asked, case by case; all answers to a case stand together."""
    by_kind = {(a.kind, a.arm, a.case): a.measured for a in answers}
    tasks = []
    for case_id, version in plan.cases.items():
        case = cases[case_id]
        for kind in _KINDS_JUDGED:
            for arm in plan.arms:
                measured = by_kind.get((kind, arm, case_id))
                if kind == "again" and (row := held.get((case_id, version, arm))):
                    measured = row.measured
                if measured is not None:
                    what = sample(case, measured)
                    metrics = judged_of(case, measured, plan.judged)
                    tasks += [Task(kind, arm, case_id, metric, what) for metric in metrics]
    return tasks


def _mix_before(
    history: History, held: Mapping[tuple[str, str, str], Frozen]
) -> dict[tuple[str, str], int]:
    """Return the question mix of the night that most frozen answers are from."""
    for name in freezing.nights(held.values())[:1]:
        try:
            found = history.find(name).detail().result
        except RoutebackError:
            return {}
        rows = found.mix if found else ()
        return {(row.segment, row.language): row.questions for row in rows}
    return {}


def _keep(
    history: History,
    night_id: str,
    measured: Measurements,
    held: Mapping[tuple[str, str, str], Frozen],
) -> None:
    arms = set(measured.plan.arms)
    mine = [row for row in held.values() if row.arm in arms]
    history.freeze(freezing.taken(night_id, measured.answers, measured.scores, held))
    history.freeze(freezing.filled(mine, measured.scores))
