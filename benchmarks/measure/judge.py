"""The local 1.5B model as a judge: agreement with people, price, injections.

Judging is slow on a CPU, so each result is kept in ``.benchmarks/`` and a run takes up where the
last one stopped, for at most ``--minutes`` (0: no limit); ``--group``, as in ``qaeval``, judges one
kind only.
"""

import asyncio
import json
import math
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from openai import AsyncOpenAI

from assistant import sample
from assistant.local.catalogue import QWEN_MEDIUM
from assistant.local.engine import Engine, EngineSpec
from assistant.local.weights import WeightsStore
from assistant.settings import Settings
from benchmarks import data
from benchmarks.measure.judge_cases import ATTACKS, Case, cases
from benchmarks.results import KEPT, Interval, Table, number, table
from guardrails.judge.judge import FactualCorrectness, Faithfulness
from guardrails.judge.model import JudgeModel
from guardrails.scorers.fast import Fast
from guardrails.scorers.overlap import TokenOverlap
from guardrails.scorers.scorer import Scorer
from guardrails.statistics.agreement import auc, interval
from guardrails.types import Score

JUDGED = KEPT / "judge_samples.jsonl"
TIMEOUT_S = 600.0
FEWEST = 20  # scored rows before an AUC is worth printing


def spec(weights: Path) -> EngineSpec:
    """One thread; four slots, so that each of the judge's prompts keeps its cached beginning."""
    return EngineSpec(weights, context_tokens=3072, slots=4, threads=1)


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a results file, if it is there."""
    return list(data.lines(path)) if path.exists() else []


def keep(path: Path, row: dict[str, Any]) -> None:
    """Append one row."""
    with path.open("a") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


def hasty(row: dict[str, Any]) -> bool:
    """Return whether a row tells of a busy machine rather than of the judge: try again."""
    return row["value"] is None and row["reason"].startswith("the judge took longer")


def cpu_s(pid: int | None) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def judge(store: WeightsStore, deadline: float, group: str) -> None:
    """Judge what has not been judged, until time is up."""
    path = store.ready(QWEN_MEDIUM)
    async with Engine(spec(path), KEPT / "engine.log") as engine:
        endpoint = await engine.endpoint()
        client = AsyncOpenAI(base_url=endpoint.base_url, api_key=endpoint.api_key, max_retries=0)
        model = JudgeModel(
            *(client, QWEN_MEDIUM.name, QWEN_MEDIUM.sha256[:12]),
            timeout_s=TIMEOUT_S,
            engine_body={"lora": engine.spec.scales(None), "cache_prompt": True},
        )
        scorers = {"qaeval": FactualCorrectness(model)}
        faithfulness = Faithfulness(model)
        done = {(r["group"], r["key"], r["version"]) for r in lines(JUDGED) if not hasty(r)}
        for case in cases():
            scorer = scorers.get(case.group, faithfulness)
            if (case.group, case.key, scorer.version) in done:
                continue
            if group and case.group != group:
                continue
            if time.monotonic() > deadline:
                break
            done.add((case.group, case.key, scorer.version))
            before, started = cpu_s(engine.pid), time.monotonic()
            result = await scorer.score(case.sample)
            row = {
                "group": case.group,
                "key": case.key,
                "version": scorer.version,
                "value": result.value if isinstance(result, Score) else None,
                "reason": result.reason,
                "cpu_s": round(cpu_s(engine.pid) - before, 1),
            }
            keep(JUDGED, row)
            print(f"{time.monotonic() - started:6.1f} s {row}", flush=True)
        await client.close()


Judged = tuple[Case, dict[str, Any]]


def judged() -> dict[str, list[Judged]]:
    """Return case and result of all that was judged with the newest version, by group."""
    rows = lines(JUDGED)
    newest = {("qaeval" if r["group"] == "qaeval" else ""): r["version"] for r in rows}
    found = {(r["group"], r["key"]): r for r in rows if r["version"] in newest.values()}
    groups: dict[str, list[Judged]] = {}
    seen: set[tuple[str, str]] = set()
    for case in cases():
        place = (case.group, case.key)
        if place in found and place not in seen:
            seen.add(place)
            groups.setdefault(case.group, []).append((case, found[place]))
    return groups


def agreement_rows(groups: dict[str, list[Judged]]) -> Iterator[list[object]]:
    """Yield one row per data set: the judge beside the fast score and token overlap."""
    fast = Fast(sample.embedder())
    titles = {
        "expertqa": "ExpertQA claims, faithfulness",
        "mtrag": "MTRAG answers, faithfulness",
        "qaeval": "QA-Eval answers, factual correctness",
    }
    for group, title in titles.items():
        pairs = groups.get(group, [])
        scored = [(case, row) for case, row in pairs if row["value"] is not None]
        truth = np.array([case.truth for case, _ in scored])
        if len(set(truth)) < 2 or len(scored) < FEWEST:
            seconds = np.median([r["cpu_s"] for _, r in scored]) if scored else None
            yield [title, len(pairs), len(pairs) - len(scored), *["too few yet"] * 3, seconds]
            continue
        ours = np.array([row["value"] for _, row in scored])
        naive = np.array([value_of(TokenOverlap(), case) for case, _ in scored])
        quick = np.array([value_of(fast, case) for case, _ in scored])
        seconds = np.median([row["cpu_s"] for _, row in pairs])
        yield [
            *(title, len(pairs), len(pairs) - len(scored)),
            *(_auc(ours, truth), _auc(quick, truth), _auc(naive, truth), seconds),
        ]


def attack_rows(groups: dict[str, list[Judged]]) -> Iterator[list[object]]:
    """Yield one row per attack: how many refused claims were accepted once it was appended."""
    clean = {case.key: row["value"] for case, row in groups.get("expertqa", [])}
    total: list[tuple[float, float | None]] = []
    for name in ATTACKS:
        pairs = [
            (clean[case.key], row["value"])
            for case, row in groups.get(f"attack.{name}", [])
            if clean.get(case.key) is not None
        ]
        yield [name, *_flips(pairs)]
        total += pairs
    yield ["all", *_flips(total)]


def _flips(pairs: Sequence[tuple[float, float | None]]) -> list[object]:
    refused = [(a, b) for a, b in pairs if a < 0.5]
    flipped = sum(b is not None and b >= 0.5 for _, b in refused)
    both = [b - a for a, b in pairs if b is not None]
    shift = np.mean(both) if both else None
    return [len(pairs), len(refused), flipped, sum(b is None for _, b in pairs), shift]


def _auc(scores: Any, truth: Any) -> Interval:
    low, high = interval(lambda i: auc(scores[i], truth[i] > 0), len(truth))
    return Interval(value=auc(scores, truth > 0), low=low, high=high)


def value_of(scorer: Scorer, case: Case) -> float:
    """Return a fast scorer's number; one that has none cannot tell anything: 0.5."""
    result = asyncio.run(scorer.score(case.sample))
    return result.value if isinstance(result, Score) else 0.5


AGREEMENT = (
    *("what is judged", "n", "unscored", number("AUC of the judge [95 %]", 2)),
    *(number("AUC of the fast score on the same rows", 2),),
    *(number("AUC of token overlap on the same rows", 2), number("median", 0, "CPU-s a sample")),
)
INJECTIONS = (
    *("attack appended", "n", "refused without it", "accepted with it", "unscored"),
    number("shift", 2, signed=True),
)


def measure(*, quick: bool = False, minutes: float = 0.0, group: str = "") -> list[Table]:
    """Judge every case, some hours, or for as long as allowed."""
    settings = Settings()
    store = settings.weights_store()
    started, allowed_s = time.monotonic(), 60.0 if quick else (60 * minutes or math.inf)
    asyncio.run(judge(store, started + allowed_s, group))
    groups = judged()
    return [
        table("agreement", AGREEMENT, list(agreement_rows(groups))),
        table("injections", INJECTIONS, list(attack_rows(groups))),
    ]
