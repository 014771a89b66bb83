"""The composition root of a night: settings in, everything that it needs out."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from sqlalchemy import Engine

from assistant import sample
from assistant.app import nights_database, open_assistant
from assistant.arms.arm import Arm, EmbeddedArm
from assistant.assistant import Assistant
from assistant.background.judge_loan import JudgeLoan, borrow
from assistant.background.probe import Probe
from assistant.errors import NotMeasured, SettingsError
from assistant.local.catalogue import QWEN_MEDIUM, Weights, revision_of
from assistant.local.checker import near_copies
from assistant.local.embeddings import TextEmbedder
from assistant.progress import Watcher
from assistant.records.database import open_records
from assistant.running import find as find_running
from assistant.settings import Settings
from assistant.watching.traces import Tracing
from assistant.watching.watch import Watch
from evals.cases.added import every
from evals.cases.entered import with_added
from evals.night.history import History
from evals.night.parts import Parts
from evals.night.subject import Service, Subject, service
from evals.night.verdict import Bars
from evals.statistics.gates import NightGate
from guardrails.guard import BASE
from guardrails.scorers.fast import Fast
from guardrails.scorers.scorer import Scorer

_FAST_GATES = ("fast", "facts")
_OWN_METRICS = ("factual_correctness",)
"""What base's weights judge where nothing is set: their faithfulness agrees with people no better
than chance (benchmarks/measure/judge.py)."""

_REQUEST_S = 600.0
"""How long weights on this machine may take, where the settings name no limit: a machine that is
slow or busy is no judge that failed, and the minutes of the judge bound the whole."""


@asynccontextmanager
async def open_parts(
    settings: Settings,
    watcher: Watcher,
    *,
    judge_minutes: float | None = None,
    url: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Parts]:
    """Open what a night needs: a service by URL, the one of this data folder, or one in process.

    judge_minutes: as asked for on the command line; None: as the settings say. headers: that
    identify us to the service at ``url``.

    Raises:
        NotMeasured: the service cannot be reached, or a judge is wanted and there is none.
        RoutebackError: a part cannot be built.
    """
    async with AsyncExitStack() as stack:
        running = None if url else find_running(settings.data_dir)
        if url or running:
            address = url or (running.url if running else "")
            auth = headers or (running.headers if running else {})
            if running:
                watcher.notice(f"Asking the server that runs at {running.url}.")
            subject: Subject = await stack.enter_async_context(service(address, auth, watcher))
            records = stack.enter_context(open_records(settings.data_dir, settings.database_url))
            history = History(nights_database(settings, stack, records))
            base, embedder = None, sample.embedder()
            watch = Watch(tracing=Tracing.of())
            stack.push_async_callback(asyncio.to_thread, watch.tracing.close)
        else:
            assistant = await stack.enter_async_context(open_assistant(settings, watcher))
            subject, history, records = inside(assistant)
            base, embedder, watch = assistant.arms[BASE], sample.embedder(), assistant.watch
        parts = await opened(
            settings, watcher, stack, subject, history, records, base, embedder, judge_minutes
        )
        yield replace(parts, watch=watch)


@asynccontextmanager
async def beside(
    assistant: Assistant, watcher: Watcher, *, judge_minutes: float | None = None
) -> AsyncIterator[Parts]:
    """Open what a night needs beside a server, in its process: its engine, index and database.

    Raises:
        ArmNotReady: there is no engine to measure: it could not be started.
        RoutebackError: a part cannot be built.
    """
    async with AsyncExitStack() as stack:
        await assistant.lineup.up()
        parts = await opened(
            assistant.settings,
            watcher,
            stack,
            *inside(assistant),
            assistant.arms[BASE],
            sample.embedder(),
            judge_minutes,
        )
        yield replace(parts, watch=assistant.watch)


def inside(assistant: Assistant) -> tuple[Subject, History, Engine]:
    """Return what is measured and where it is kept, of an assistant in this process."""
    return (
        Probe(assistant),
        History(assistant.nights.engine),
        assistant.records.engine,
    )


async def opened(  # noqa: PLR0913, PLR0917  (one place where all parts come together)
    settings: Settings,
    watcher: Watcher,
    stack: AsyncExitStack,
    subject: Subject,
    history: History,
    records: Engine,
    base: Arm | None,
    embedder: TextEmbedder,
    judge_minutes: float | None,
) -> Parts:
    """Return the parts around a subject that is open already."""
    minutes = settings.evals.judge_minutes if judge_minutes is None else judge_minutes
    service = subject if isinstance(subject, Service) else None
    judge, lent = await _judge(
        settings, watcher, stack, base, embedder, minutes, judge_minutes, service
    )
    engine = isinstance(base, EmbeddedArm)
    served = service is not None and not settings.remote_base
    own_engine = settings.judge.weights is not None or not settings.judge.chosen
    return Parts(
        settings=settings,
        subject=subject,
        history=history,
        records=records,
        fast=Fast(embedder, checker=near_copies()),
        judge=judge,
        cases=await asyncio.to_thread(
            with_added, every(settings.evals.cases, history.engine), records
        ),
        bars=bars(settings, tuple(judge)),
        parallel=settings.engine.slots if engine or served else settings.evals.concurrency,
        judge_parallel=1 if own_engine else settings.evals.concurrency,
        judge_timeout_s=patient(settings).judge.score_timeout_s,
        judge_pinned=own_engine,
        watcher=watcher,
        lender=service if lent else None,
        embedder=embedder,
    )


def bars(settings: Settings, judged: tuple[str, ...]) -> Bars:
    """Return what decides: the gates of the settings; by default one for each metric."""
    own = settings.evals.gates
    if own is None:
        gates = tuple(
            NightGate(metric=metric, margin=settings.evals.margin)
            for metric in (*_FAST_GATES, *judged)
        )
    else:
        gates = tuple(NightGate(**gate.model_dump()) for gate in own)
    return Bars(gates, settings.evals.margin)


def patient(settings: Settings) -> Settings:
    """Return the settings with a judge on this machine that is given time."""
    judge = settings.judge
    if judge.model is not None or "timeout_s" in judge.model_fields_set:
        return settings
    return settings.model_copy(update={"judge": judge.model_copy(update={"timeout_s": _REQUEST_S})})


def judged_by_base(settings: Settings, weights: str | None = None) -> Settings:
    """Return the settings with base's own weights as judge, of metrics that they are fit for.

    Metrics that the settings name themselves stay. weights: base's, where they are not those of
    the settings.
    """
    own = settings.judge.model_copy(update={"weights": weights or settings.engine.model})
    evals = settings.evals
    if "judge_metrics" not in evals.model_fields_set:
        evals = evals.model_copy(update={"judge_metrics": _OWN_METRICS})
    return settings.model_copy(update={"judge": own, "evals": evals})


async def _judge(
    settings: Settings,
    watcher: Watcher,
    stack: AsyncExitStack,
    base: Arm | None,
    embedder: TextEmbedder,
    wanted: float,
    asked_for: float | None,
    service: Service | None,
) -> tuple[dict[str, Scorer], bool]:
    """Return the judge's scorers by metric, and whether the service's engine judges."""
    if not wanted:
        return {}, False
    offer = await _offer(settings, service)
    if not settings.judge.chosen:
        if not asked_for:
            return {}, False
        own = _own_judge(settings, base, offer)
        if not own:
            raise NotMeasured(
                f"Could not measure: a judge is wanted, and none is set. {offer.why}".strip(),
                hint="Set judge.model and judge.base_url, or judge.weights, in routeback.toml, or "
                "leave the judge out with --judge-budget-minutes 0.",
            )
        settings = judged_by_base(settings, own)
        watcher.notice(
            "No judge is set: base's own weights judge "
            f"{', '.join(settings.evals.judge_metrics)}. Set judge.model for another."
        )
    from assistant.guarding.judge import open_judge  # brings the clients of endpoints along

    settings, client = patient(settings), None
    if service is not None and (lent := _lent(settings, offer)):
        watcher.notice(f"The engine at {service.place} judges; people go first.")
        client = borrow(service.place, service.headers, settings.judge.timeout_s)
    else:
        lent = False
    judge = open_judge(settings, base, embedder, watcher, client)
    scorers = await stack.enter_async_context(judge)
    by_name = {scorer.name: scorer for scorer in scorers}
    if missing := [m for m in settings.evals.judge_metrics if m not in by_name]:
        raise SettingsError(
            f"evals.judge_metrics names {', '.join(missing)}; there is {', '.join(by_name)}."
        )
    return {metric: by_name[metric] for metric in settings.evals.judge_metrics}, lent


async def _offer(settings: Settings, service: Service | None) -> JudgeLoan:
    """Return what the service lends; nothing where there is none, or another judge is set."""
    if service is None or settings.judge.model is not None:
        return JudgeLoan()
    return await service.offer()


def lends(offer: JudgeLoan, weights: Weights) -> bool:
    """Return whether these weights, byte for byte, are on offer."""
    return (offer.weights, offer.revision) == (weights.name, revision_of(weights))


def _lent(settings: Settings, offer: JudgeLoan) -> bool:
    own = settings.judge.weights
    return own is not None and lends(offer, settings.weights_store().find(own))


def _own_judge(settings: Settings, base: Arm | None, offer: JudgeLoan) -> str:
    """Return base's weights, if they are there and known to judge well enough; else nothing."""
    if lends(offer, QWEN_MEDIUM):
        return offer.weights
    if not isinstance(base, EmbeddedArm) or settings.engine.model != QWEN_MEDIUM.name:
        return ""
    store = settings.weights_store()
    here = base.engine.spec.weights == store.path(store.find(settings.engine.model))
    return settings.engine.model if here else ""
