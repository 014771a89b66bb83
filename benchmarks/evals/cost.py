"""What a judged night costs beside a plain RAGAS loop: same answers, judge and metrics.

Answers of two arms to eight cases are kept in ``cost_answers.jsonl``. Both sides judge case after
case, each with an engine of its own; finished cases are kept in ``.benchmarks/`` and a run goes on
behind them, for at most ``--minutes`` (0: no limit). Then comes the next night: the same again.
"""

import asyncio
import json
import math
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from assistant.local.catalogue import QWEN_MEDIUM
from assistant.local.engine import Engine, EngineSpec
from assistant.records.database import open_database
from assistant.settings import Settings
from benchmarks import data
from benchmarks.results import KEPT, Table, figures, number, table
from evals.cases.cases import Case, load
from evals.night.history import History, StoredScore
from evals.night.judge import Judging, Task
from evals.night.plan import NightPlan
from guardrails.judge.cache import key_of
from guardrails.judge.judge import FactualCorrectness, Faithfulness
from guardrails.judge.model import JudgeModel
from guardrails.scorers.scorer import Scorer
from guardrails.types import Sample, Text

ANSWERS = Path(__file__).parent / "cost_answers.jsonl"
BLOCKS = KEPT / "cost_blocks.jsonl"
BASE, ARM = "base", "support-tone"
METRICS = ("faithfulness", "factual_correctness")
TIMEOUT_S = 3600.0
SLOTS, CONTEXT, THREADS = 4, 3072, 1
CASES = 200
"""Of a night that is spoken of."""
CALLS: list[int] = []
"""One for each request to a judge; emptied before each measurement."""
Row = dict[str, Any]
Values = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Sides:
    """One question, and what both arms answered to it from the same passages."""

    case: Case
    segment: str
    passages: tuple[Text, ...]
    answers: Mapping[str, str]

    def sample(self, arm: str) -> Sample:
        """Return what a scorer sees of one arm's answer."""
        case = self.case
        return Sample(
            question=case.question,
            language=case.language,
            passages=self.passages,
            answer=self.answers[arm],
            reference=case.reference,
            answerable=True,
            abstained=not self.answers[arm],
        )


Side = Callable[[AsyncOpenAI, Sides, int], Awaitable[dict[str, float | None]]]


def sides() -> list[Sides]:
    """Return the cases, segments taking turns."""
    cases = {case.id: case for case in load()}
    return [
        Sides(
            cases[row["case"]],
            row["segment"],
            tuple(Text(*passage) for passage in row["passages"]),
            {arm: row[arm] for arm in (BASE, ARM)},
        )
        for row in data.lines(ANSWERS)
    ]


def name_of(one: Sides, arm: str, metric: str) -> str:
    """Return what a score is kept under."""
    return f"{one.case.id} {arm} {metric}"


@asynccontextmanager
async def judge_client(place: Path, name: str) -> AsyncIterator[AsyncOpenAI]:
    """Yield a client of an engine with the judge's weights, that nothing else uses."""
    settings = Settings()
    store = settings.weights_store()
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


def tasks_of(one: Sides) -> list[Task]:
    """Return what a night asks the judge about a case."""
    return [
        Task("live", arm, one.case.id, metric, one.sample(arm))
        for arm in (BASE, ARM)
        for metric in METRICS
    ]


async def ours(client: AsyncOpenAI, one: Sides, turn: int) -> dict[str, float | None]:
    """Judge a case as a night does: in its order, each thing asked once, replies bounded."""
    scorers, tasks = scorers_at(client), tasks_of(one)
    with tempfile.TemporaryDirectory() as place:
        database = open_database(Path(place) / "routeback.sqlite")
        history = History(database)
        night = begun(history, turn)
        await Judging(night, history, scorers, TIMEOUT_S).run(tasks, math.inf)
        scores = history.scores(night)
        database.dispose()
    return {f"{s.case} {s.arm} {s.metric}": s.value for s in scores}


async def next_night(client: AsyncOpenAI, first: Values) -> Row:
    """Judge all answers again, after a night that gave them the scores ``first``."""
    scorers = scorers_at(client)
    found = [one for one in sides() if name_of(one, BASE, METRICS[0]) in first]
    tasks = [task for one in found for task in tasks_of(one)]
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


def begun(history: History, place: int) -> str:
    """Begin a night and return its name."""
    plan = NightPlan(place=str(place), judged=METRICS)
    return history.begin(plan, "run", datetime.now(UTC))[0].id


async def plain(client: AsyncOpenAI, one: Sides, _place: int) -> dict[str, float | None]:
    """Judge a case as the documentation of RAGAS has it: its metrics, its batches, its prompts."""
    from ragas.llms import llm_factory
    from ragas.metrics.collections import FactualCorrectness as PlainCorrectness
    from ragas.metrics.collections import Faithfulness as PlainFaithfulness

    llm = llm_factory(QWEN_MEDIUM.name, client=client)
    rows = [(arm, one.sample(arm)) for arm in (BASE, ARM)]
    faithful = [
        {
            "user_input": sample.question,
            "response": sample.answer,
            "retrieved_contexts": [p.text for p in sample.passages],
        }
        for _, sample in rows
    ]
    correct = [{"response": s.answer, "reference": s.reference or ""} for _, s in rows]
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
        for (arm, _), value in zip(rows, values, strict=True):
            finite = value is not None and math.isfinite(value)
            found[name_of(one, arm, metric)] = value if finite else None
    return found


def rows_kept() -> list[Row]:
    """Return the cases that are finished."""
    return list(data.lines(BLOCKS)) if BLOCKS.exists() else []


def keep(row: Row) -> None:
    """Append one row."""
    with BLOCKS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


async def judged(deadline: float) -> None:
    """Let both sides judge the same cases in turn, until time is up; then the next night."""
    todo: tuple[tuple[str, Side], ...] = (("ours", ours), ("plain", plain))
    done = {(row["side"], row["block"]) for row in rows_kept()}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        async with judge_client(folder, "ours") as one, judge_client(folder, "plain") as other:
            clients = {"ours": one, "plain": other}
            for block, case in enumerate(sides()):
                for name, side in todo:
                    if (name, block) in done or time.monotonic() > deadline:
                        continue
                    CALLS.clear()
                    started = time.monotonic()
                    scores = await side(clients[name], case, block)
                    seconds = round(time.monotonic() - started, 1)
                    row = {"side": name, "block": block, "seconds": seconds}
                    keep({**row, "calls": len(CALLS), "scores": scores})
                    print(f"{seconds:7.1f} s {name} case {block}", flush=True)
            first = {
                key: value
                for row in rows_kept()
                if row["side"] == "ours"
                for key, value in row["scores"].items()
            }
            keep({"side": "next night", "block": -1, **await next_night(one, first)})


SECONDS = ("who judges", "cases", "scores", "without a number", number("in all", 0, "s"), "calls")


def measure(*, quick: bool = False, minutes: float = 0.0) -> list[Table]:
    """Judge every case, some two hours, or for as long as allowed."""
    asyncio.run(judged(time.monotonic() + (0.0 if quick else 60 * minutes or math.inf)))
    rows = rows_kept()
    by_side = {s: {r["block"]: r for r in rows if r["side"] == s} for s in ("ours", "plain")}
    shared = sorted(set(by_side["ours"]) & set(by_side["plain"]))
    used = [sides()[block] for block in shared]
    merged: dict[str, dict[str, float | None]] = {}
    lines: list[list[object]] = []
    for name, title in (("ours", "a night of Routeback"), ("plain", "plain RAGAS, `abatch_score`")):
        taken = [by_side[name][block] for block in shared]
        scores = merged[name] = {k: v for row in taken for k, v in row["scores"].items()}
        lost = sum(value is None for value in scores.values())
        spent = [sum(row[part] for row in taken) for part in ("seconds", "calls")]
        lines.append([title, len(used), len(scores), lost, *spent])
    last = next(row for row in reversed(rows) if row["side"] == "next night")
    count = 2 * len(METRICS) * last["cases"]
    title = "the next night, the same answers"
    lines.append([title, last["cases"], count, 0, last["seconds"], last["calls"]])
    return [
        table("seconds", SECONDS, lines),
        figures("figures", figures_of(by_side, last, merged)),
    ]


def figures_of(
    by_side: Mapping[str, Mapping[int, Row]], last: Row, merged: Mapping[str, Values]
) -> list[tuple[str, float, str, int]]:
    """Return what follows from the seconds; nothing before both sides have judged a case."""
    shared = sorted(set(by_side["ours"]) & set(by_side["plain"]))
    if not shared:
        return []
    ours_s, plain_s = (
        np.array([by_side[name][block]["seconds"] for block in shared]) for name in by_side
    )
    both = [
        (a, b)
        for key, a in merged["ours"].items()
        if (b := merged["plain"].get(key)) is not None and a is not None
    ]
    left, right = np.array(both).T
    each = CASES / len(shared)
    return [
        ("a first night: plain / ours", plain_s.sum() / ours_s.sum(), "", 1),
        ("· by case, least", (plain_s / ours_s).min(), "", 1),
        ("· by case, most", (plain_s / ours_s).max(), "", 1),
        (f"{CASES} cases, two arms, ours, by calculation", each * ours_s.sum() / 3600, "h", 0),
        (f"{CASES} cases, two arms, plain, by calculation", each * plain_s.sum() / 3600, "h", 0),
        ("the next night: scores asked for again", last["judged"], "", 0),
        ("the next night: scores taken over", last["taken"], "", 0),
        (f"{CASES} cases, plain / the next night", each * plain_s.sum() / last["seconds"], "", 0),
        (
            "the same answers, on the same side of .5",
            np.mean((left >= 0.5) == (right >= 0.5)),
            "%",
            0,
        ),
        ("· mean distance of their scores", np.abs(left - right).mean(), "", 2),
    ]
