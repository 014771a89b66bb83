"""Opens the parts, runs a night or works for one, and writes the report."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from assistant.app import nights_database
from assistant.folders import private_file
from assistant.progress import Watcher
from assistant.records.database import open_records
from assistant.settings import Settings
from assistant.wire.nights import NightOptions
from evals.app import open_parts
from evals.cases.added import every
from evals.night.answers import Run
from evals.night.executor import Executor, Work, queued
from evals.night.history import History, Kind
from evals.night.night import MakeExecutor, NightOutcome, night, run_of
from evals.night.parts import Parts
from evals.night.plan import Block, NightPlan
from evals.report.report import write

_WORK: Final = "evals-work.sqlite"


async def measure(
    settings: Settings,
    watcher: Watcher,
    kind: str,
    *,
    judge_minutes: float | None = None,
    segments: tuple[str, ...] = (),
    url: str | None = None,
    headers: Mapping[str, str] | None = None,
    queue: bool = False,
) -> tuple[NightOutcome, dict[str, Path]]:
    """Run a night and write its report; return what came of it, and the files by kind.

    Raises:
        RoutebackError: see ``evals.night.night.night``.
    """
    opening = open_parts(settings, watcher, judge_minutes=judge_minutes, url=url, headers=headers)
    async with opening as parts:
        return await run(parts, kind, judge_minutes=judge_minutes, segments=segments, queue=queue)


async def run(
    parts: Parts,
    kind: str,
    *,
    judge_minutes: float | None = None,
    segments: tuple[str, ...] = (),
    queue: bool = False,
) -> tuple[NightOutcome, dict[str, Path]]:
    """Run a night with open parts and write its report."""
    evals = parts.settings.evals
    minutes = evals.judge_minutes if judge_minutes is None else judge_minutes
    options = NightOptions(
        count=evals.count,
        minutes=evals.minutes,
        judge_minutes=minutes if parts.judge else 0.0,
        segments=segments,
    )
    make: MakeExecutor | None = partial(_queue, parts.settings, "") if queue else None
    with parts.watch.night(kind) as span:
        outcome = await night(parts, options, kind, make)
        span.tell({"routeback.night": outcome.night, "routeback.exit_code": outcome.exit_code})
    trend = await asyncio.to_thread(parts.history.trend)
    paths = await asyncio.to_thread(write, parts.reports / outcome.night, outcome.result, trend)
    return outcome, paths


async def work(settings: Settings, watcher: Watcher, name: str) -> None:
    """Work on the queue until cancelled; each block brings the night that it belongs to."""
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(open_parts(settings, watcher, judge_minutes=0.0))
        runs: dict[str, Run] = {}

        async def do(night_id: str, kind: Kind, block: Block) -> None:
            if night_id not in runs:
                runs[night_id] = await asyncio.to_thread(_run_of, parts, night_id)
            await runs[night_id].block(kind, block)
            watcher.notice(f"{night_id}: {kind} block {block.number} of {block.arm} is done.")

        await stack.enter_async_context(_queue(settings, name, do))
        watcher.notice("Working on the queue; Ctrl-C ends it.")
        await asyncio.Event().wait()


@contextmanager
def history_of(settings: Settings) -> Iterator[History]:
    """Open the history alone: no model and no index."""
    with ExitStack() as stack:
        records = stack.enter_context(open_records(settings.data_dir, settings.database_url))
        yield History(nights_database(settings, stack, records))


def _run_of(parts: Parts, night_id: str) -> Run:
    plan = NightPlan.model_validate(parts.history.find(night_id).plan)
    cases = every(parts.settings.evals.cases, parts.history.engine)  # one may have been added since
    return run_of(replace(parts, cases=cases), plan, night_id, parts.history.frozen())


@asynccontextmanager
async def _queue(settings: Settings, name: str, work: Work) -> AsyncIterator[Executor]:
    url = settings.evals.work_url or settings.database_url
    address = (
        url.get_secret_value() if url else f"sqlite:///{private_file(settings.data_dir / _WORK)}"
    )
    executor = name or socket.gethostname()
    async with queued(work, address, executor=executor) as opened:
        yield opened
