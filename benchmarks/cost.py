"""What a judged night costs beside a plain RAGAS loop: same answers, judge and metrics.

The answers are those of ``transfer.py``. Both sides judge block after block of the same cases, each
side with an engine of its own; finished blocks are kept in ``results/cost_blocks.jsonl`` and a run
goes on behind them, for at most ``COST_MINUTES`` (60). Then comes the next night: the same answers
again, as on a night on which nothing changed.
Usage: ``python benchmarks/cost.py [--report]``.
"""

import asyncio
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import report
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from transfer_kept import BASE, Sides, sides

from assistant import environment
from assistant.local.catalogue import QWEN_MEDIUM
from assistant.local.engine import Engine, EngineSpec
from assistant.local.weights import WeightsStore
from assistant.records.database import open_database
from assistant.settings import Settings
from evals.night.history import History, StoredScore
from evals.night.judge import Judging, Task
from evals.night.plan import NightOptions, NightPlan
from evals.statistics.compare import compare
from evals.statistics.scored import ALL, ScoreCell, Scored, pair
from guardrails.judge.cache import key_of
from guardrails.judge.judge import FactualCorrectness, Faithfulness
from guardrails.judge.model import JudgeModel
from guardrails.scorers.scorer import Scorer

BLOCKS = report.HERE / "results" / "cost_blocks.jsonl"
MINUTES = float(os.environ.get("COST_MINUTES", "60"))
ARM = "support-tone"
EACH = 1
"""Cases in a block. A night takes four; what its engine keeps between cases is kept here too."""
METRICS = ("faithfulness", "factual_correctness")
TIMEOUT_S = 3600.0
SLOTS, CONTEXT, THREADS = 4, 3072, 1
FEWEST = 3
CASES = 200
"""Of a night that is spoken of."""
CALLS: list[int] = []
"""One for each request to a judge; emptied before each measurement."""
Row = dict[str, Any]
Side = Callable[[AsyncOpenAI, Sequence[Sides], int], Awaitable[dict[str, float | None]]]


def blocks() -> list[tuple[Sides, ...]]:
    """Return the blocks of cases that both arms have answered, segments taking turns."""
    both = [one for one in sides() if one.answers.get(BASE) and one.answers.get(ARM)]
    whole = len(both) // EACH
    return [tuple(both[i * EACH : (i + 1) * EACH]) for i in range(whole)]


def name_of(one: Sides, arm: str, metric: str) -> str:
    """Return what a score is kept under."""
    return f"{one.case.id} {arm} {metric}"


@asynccontextmanager
async def judge_client(place: Path, name: str) -> AsyncIterator[AsyncOpenAI]:
    """Yield a client of an engine with the judge's weights, that nothing else uses."""
    settings = Settings()
    store = WeightsStore.of(settings.cache_dir, offline=settings.offline)
    spec = EngineSpec(
        store.ready(QWEN_MEDIUM), context_tokens=CONTEXT, slots=SLOTS, threads=THREADS
    )
    async with Engine(spec, place / f"{name}.log") as engine:
        endpoint = await engine.endpoint()
        client = AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key,
            max_retries=0,
            timeout=TIMEOUT_S,
            http_client=DefaultAsyncHttpxClient(event_hooks={"request": [_count]}),
        )
        yield client
        await client.close()


async def _count(_request: object) -> None:
    CALLS.append(1)


def scorers_at(client: AsyncOpenAI) -> dict[str, Scorer]:
    """Return the judged scorers by metric."""
    model = JudgeModel(
        *(client, QWEN_MEDIUM.name, QWEN_MEDIUM.sha256[:12]),
        timeout_s=TIMEOUT_S,
        engine_body={"lora": [], "cache_prompt": True},
    )
    return {s.name: s for s in (Faithfulness(model), FactualCorrectness(model))}


def tasks_of(block: Sequence[Sides]) -> list[Task]:
    """Return what a night asks the judge about a block of cases."""
    return [
        Task("live", arm, one.case.id, metric, one.sample(arm))
        for one in block
        for arm in (BASE, ARM)
        for metric in METRICS
    ]


async def ours(client: AsyncOpenAI, block: Sequence[Sides], number: int) -> dict[str, float | None]:
    """Judge a block as a night does: in its order, each thing asked once, replies bounded."""
    scorers, tasks = scorers_at(client), tasks_of(block)
    with tempfile.TemporaryDirectory() as place:
        database = open_database(Path(place) / "routeback.sqlite")
        history = History(database)
        night = begun(history, number)
        await Judging(night, history, scorers, TIMEOUT_S).run(tasks, math.inf)
        scores = history.scores(night)
        database.dispose()
    return {f"{s.case} {s.arm} {s.metric}": s.value for s in scores}


async def next_night(client: AsyncOpenAI, first: Mapping[str, float | None]) -> Row:
    """Judge all answers again, after a night that gave them the scores ``first``."""
    scorers = scorers_at(client)
    found = [one for one in blocks() if name_of(one[0], BASE, METRICS[0]) in first]
    tasks = [task for block in found for task in tasks_of(block)]
    with tempfile.TemporaryDirectory() as place:
        database = open_database(Path(place) / "routeback.sqlite")
        history = History(database)
        night = begun(history, 1)
        for task in tasks:
            value = first[f"{task.case} {task.arm} {task.metric}"]
            scorer = scorers[task.metric]
            content = key_of(scorer, task.sample)
            kept = StoredScore(*task.key, value, "", scorer.version, content, seconds=1.0)
            history.put(night, [kept])
        CALLS.clear()
        started = time.monotonic()
        judging = Judging(begun(history, 2), history, scorers, TIMEOUT_S, pinned=True)
        spent = await judging.run(tasks, math.inf)
        seconds = round(time.monotonic() - started, 1)
        database.dispose()
    return {
        "cases": len(found),
        "seconds": seconds,
        "calls": len(CALLS),
        "judged": spent.judged,
        "taken": spent.taken,
    }


def begun(history: History, number: int) -> str:
    """Begin a night and return its name."""
    plan = NightPlan("", str(number), NightOptions(), {}, {}, {}, METRICS)
    return history.begin(plan, "run", datetime.now(UTC))[0].id


async def plain(
    client: AsyncOpenAI, block: Sequence[Sides], _number: int
) -> dict[str, float | None]:
    """Judge a block as the documentation of RAGAS has it: its metrics, its batches, its prompts."""
    from ragas.llms import llm_factory
    from ragas.metrics.collections import FactualCorrectness as PlainCorrectness
    from ragas.metrics.collections import Faithfulness as PlainFaithfulness

    llm = llm_factory(QWEN_MEDIUM.name, client=client)
    rows = [(one, arm, one.sample(arm)) for one in block for arm in (BASE, ARM)]
    faithful = [
        {
            "user_input": sample.question,
            "response": sample.answer,
            "retrieved_contexts": [p.text for p in sample.passages],
        }
        for _, _, sample in rows
    ]
    correct = [{"response": s.answer, "reference": s.reference or ""} for _, _, s in rows]
    found: dict[str, float | None] = {}
    for metric, scorer, inputs in (
        (METRICS[0], PlainFaithfulness(llm=llm), faithful),
        (METRICS[1], PlainCorrectness(llm=llm), correct),
    ):
        try:
            results = await scorer.abatch_score(inputs)
            values: list[float | None] = [float(result.value) for result in results]
        except Exception as error:  # one reply that does not parse loses the whole batch
            print(f"a plain batch failed: {type(error).__name__}: {str(error)[:200]}", flush=True)
            values = [None] * len(inputs)
        for (one, arm, _), value in zip(rows, values, strict=True):
            finite = value is not None and math.isfinite(value)
            found[name_of(one, arm, metric)] = value if finite else None
    return found


def rows_kept() -> list[Row]:
    """Return the blocks that are finished."""
    if not BLOCKS.exists():
        return []
    return [json.loads(line) for line in BLOCKS.read_text().splitlines()]


async def measure(deadline: float) -> None:
    """Let both sides judge the same blocks in turn, until time is up."""
    todo: tuple[tuple[str, Side], ...] = (("ours", ours), ("plain", plain))
    done = {(row["side"], row["block"]) for row in rows_kept()}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        async with judge_client(folder, "ours") as one, judge_client(folder, "plain") as other:
            clients = {"ours": one, "plain": other}
            for number, block in enumerate(blocks()):
                for name, side in todo:
                    if (name, number) in done or time.monotonic() > deadline:
                        continue
                    CALLS.clear()
                    started = time.monotonic()
                    scores = await side(clients[name], block, number)
                    row = {
                        "side": name,
                        "block": number,
                        "seconds": round(time.monotonic() - started, 1),
                        "calls": len(CALLS),
                        "scores": scores,
                    }
                    with BLOCKS.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(row, ensure_ascii=False) + "\n")
                    print(f"{row['seconds']:7.1f} s {name} block {number}", flush=True)
            scores = {k: v for row in rows_kept() if row["side"] == "ours"
                      for k, v in row["scores"].items()}  # fmt: skip
            again = {"side": "next night", "block": -1, **await next_night(one, scores)}
            with BLOCKS.open("a", encoding="utf-8") as file:
                file.write(json.dumps(again) + "\n")


def verdicts(scores: Mapping[str, float | None], block_sides: Sequence[Sides]) -> dict[str, str]:
    """Return by metric what the comparison of a night says of the candidate against base."""
    found = {}
    for metric in METRICS:
        by_arm: dict[str, list[Scored]] = {BASE: [], ARM: []}
        for one in block_sides:
            for arm, scored in by_arm.items():
                value = scores.get(name_of(one, arm, metric))
                case = one.case
                scored.append(
                    Scored(
                        *(case.id, case.hash, case.id, one.segment, case.language, arm, metric),
                        *(value, "" if value is not None else "no score"),
                    )
                )
        (whole,) = compare(pair(by_arm[BASE], by_arm[ARM]), looked_at=[ScoreCell(ALL, ALL, metric)])
        found[metric] = whole.words()
    return found


def agreement(ours_: Mapping[str, float | None], plain_: Mapping[str, float | None]) -> str:
    """Return in words how the two sides' scores of the same answers go together."""
    both = [
        (a, b) for key, a in ours_.items() if a is not None and (b := plain_.get(key)) is not None
    ]
    if len(both) < FEWEST:
        return "too few"
    left, right = np.array(both).T
    same = np.mean((left >= 0.5) == (right >= 0.5))
    return f"{same:.0%} on the same side of .5, mean distance {np.abs(left - right).mean():.2f}"


def publish() -> None:
    """Write the table from the blocks that both sides have finished."""
    rows = rows_kept()
    by_side = {s: {r["block"]: r for r in rows if r["side"] == s} for s in ("ours", "plain")}
    shared = sorted(set(by_side["ours"]) & set(by_side["plain"]))
    listed = blocks()
    used = [one for number in shared for one in listed[number]]
    merged: dict[str, dict[str, float | None]] = {}
    lines = []
    for name, title in (("ours", "a night of Routeback"), ("plain", "plain RAGAS, `abatch_score`")):
        taken = [by_side[name][number] for number in shared]
        merged[name] = {key: value for row in taken for key, value in row["scores"].items()}
        seconds = sum(row["seconds"] for row in taken)
        lost = sum(value is None for value in merged[name].values())
        lines.append([title, len(merged[name]), lost, f"{seconds:.0f}"])
    total = {name: sum(by_side[name][n]["seconds"] for n in shared) for name in by_side}
    again = next((row for row in reversed(rows) if row["side"] == "next night"), None)
    every = {name: CASES * total[name] / max(len(used), 1) for name in by_side}
    night = "not measured"
    if again:
        lines.append(
            [
                "the next night, the same answers",
                4 * again["cases"],
                0,
                f"{again['seconds']:.0f} for all {again['cases']}",
            ]
        )
        night = (
            f"{again['seconds']:.0f} s and {again['calls']} calls, by design the same for "
            f"any number of cases: "
            f"{again['judged']} scores were asked for again, {again['taken']} taken over. "
            f"**For {CASES} cases a plain loop takes {every['plain'] / again['seconds']:.0f} times "
            f"as long** (by calculation)"
        )
    said = [
        [metric, verdicts(merged["ours"], used)[metric], verdicts(merged["plain"], used)[metric]]
        for metric in METRICS
        if used
    ]
    text = f"""{report.table(["who judges", "scores", "without a number", "seconds"], lines)}

{2 * len(used)} answers to {len(used)} cases, two arms (base and {ARM}), Faithfulness and
FactualCorrectness, {QWEN_MEDIUM.title} as judge, {THREADS} thread, {SLOTS} slots, each side on an
engine of its own of the same kind, the machine's other core busy with other work. Calls a case:
{_calls(by_side["ours"])} by a night, {_calls(by_side["plain"])} by the plain loop.

- **A first night**, on which nothing was judged before: plain takes
  **{_times(total["plain"], total["ours"])}** times as long (by case: {_spread(by_side, shared)}).
  For {CASES} cases × two arms that is {_hours(every["ours"])} and {_hours(every["plain"])} (by
  calculation). The time of a judge is bounded by `--judge-budget-minutes`.
- **An ordinary night**, on which the answers are those of the night before: {night}. Weights of our
  own engine are known by their hash; a judge at an endpoint is asked about 65 answers a metric
  before it is believed (ADR 21), where a plain loop asks about {2 * CASES}: six times less. Answers
  that changed are judged as on a first night.

{report.table(["metric", "verdict of the night", "verdict on the plain scores"], said)}

Scores of the same answers: {agreement(merged["ours"], merged["plain"])}.

What makes the difference on a first night: replies are bounded by a grammar, so that none is cut
off and asked again and reasons stay short; one thing is asked at a time, by metric, so that the
engine keeps the beginning of the prompt (ADR 20); and what is the same for both arms (the claims of
a reference, answers that do not differ) is asked once. Our first case includes reading the
beginning of each prompt for the first time.

What it does not show: a whole night ({len(used)} cases were judged by both); that verdicts agree
where they are decided, as none is on so few cases; an endpoint that batches many requests, where
the order matters less.
"""
    report.publish("cost", "What the judge of a night costs", text)


def _calls(by_block: Mapping[int, Row]) -> str:
    counted = [row["calls"] for row in by_block.values() if "calls" in row]
    return f"{np.mean(counted) / EACH:.1f}" if counted else "–"


def _times(left: float, right: float) -> str:
    return f"{left / right:.1f}" if right else "–"


def _spread(by_side: Mapping[str, Mapping[int, Row]], shared: Sequence[int]) -> str:
    ratios = [by_side["plain"][n]["seconds"] / by_side["ours"][n]["seconds"] for n in shared]
    return f"{min(ratios):.1f} to {max(ratios):.1f}" if ratios else "–"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.0f} hours"


def main() -> None:
    """Judge for as long as allowed, then publish."""
    environment.prepare()
    if "--report" not in sys.argv:
        asyncio.run(measure(time.monotonic() + 60 * MINUTES))
    publish()


if __name__ == "__main__":
    main()
