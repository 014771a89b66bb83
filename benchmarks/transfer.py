"""Transfer of the two sample fine-tunes, with both signs, and what the guardrail makes of it.

All cases that stand alone and have an answer, by base, both candidates and their lower strengths,
from the passage that holds the answer: what is compared is models, not the search. Answers and
judgements are kept in ``results/transfer_*.jsonl``; a run takes up where the last one stopped, for
at most ``TRANSFER_MINUTES`` (120) of answering and ``TRANSFER_JUDGE_MINUTES`` (60) of judging.
``TRANSFER_ADAPTERS`` (``NAME=FILE,…``) adds adapters, for example of another training seed;
``TRANSFER_ARMS`` (all) names the arms to ask. ``TRANSFER_JUDGES`` (the embedded engine) are the
addresses of judges that take many requests at a time: see ``batched_judge.py``.
Usage: ``python benchmarks/transfer.py [--report]``.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from itertools import product, zip_longest
from pathlib import Path

import report
from openai import AsyncOpenAI
from transfer_kept import (
    ANSWERS,
    BASE,
    JUDGED,
    Row,
    Sides,
    judged_row,
    keep,
    newest,
    ordered,
    rows,
    sides,
)
from transfer_table import publish

from assistant import environment
from assistant.app import open_assistant
from assistant.assistant import Assistant
from assistant.local.catalogue import QWEN_MEDIUM
from assistant.local.engine import Engine, EngineSpec
from assistant.local.weights import WeightsStore
from assistant.progress import Watcher
from assistant.settings import Settings
from assistant.turn.speech import Briefing, whole
from evals.cases.cases import Case
from evals.demo import folder
from evals.demo.session import holds
from evals.demo.show import SEGMENTS
from guardrails.judge.judge import FactualCorrectness, Faithfulness, Judged
from guardrails.judge.model import JudgeModel, asked_once
from guardrails.types import Text

MINUTES = float(os.environ.get("TRANSFER_MINUTES", "120"))
JUDGE_MINUTES = float(os.environ.get("TRANSFER_JUDGE_MINUTES", "60"))
BLOCK = 20
PASSAGES = 8
"""Passages to look for the entry in that holds the answer; the best of these is all an arm gets."""
JUDGE_PAIRS = 60
TIMEOUT_S = 600.0
JUDGES = [url for url in os.environ.get("TRANSFER_JUDGES", "").split(",") if url]
AT_ONCE = 64
BATCH_S = 3600.0
MORE = {
    name: Path(file)
    for name, _, file in (
        one.partition("=") for one in os.environ.get("TRANSFER_ADAPTERS", "").split(",") if one
    )
}
ARMS = [
    name if share == 1 else f"{name}@{share:g}"
    for share in (1.0, *folder.LADDER)
    for name in (*folder.CANDIDATES, *MORE)
]
ASKED = [arm for arm in os.environ.get("TRANSFER_ARMS", ",".join(ARMS)).split(",") if arm]


def key(case: Case, arm: str, revision: str) -> tuple[str, str, str, str]:
    """Return what an answer belongs to: a changed case or model is asked again."""
    return case.id, case.hash, arm, revision


async def answer(deadline: float) -> None:
    """Let every arm answer what it has not yet, in blocks, until time is up."""
    with tempfile.TemporaryDirectory(prefix="routeback-transfer-") as place:
        settings = Settings().model_copy(update={"data_dir": Path(place)})
        settings = folder.settings_of(settings, folder.adapters() | MORE)
        async with open_assistant(settings, Watcher(notice=print)) as assistant:
            done = {(r["case"], r["hash"], r["arm"], r["revision"]) for r in rows(ANSWERS)}
            held = {row["case"]: row for (_, arm), row in newest().items() if arm == BASE}
            cases = ordered()
            for start in range(0, len(cases), BLOCK):
                part = cases[start : start + BLOCK]
                for arm in (BASE, *ASKED):
                    revision = assistant.arms[arm].revision
                    for segment, case in part:
                        if time.monotonic() > deadline:
                            return
                        if key(case, arm, revision) not in done:
                            row = await answered(assistant, segment, case, arm, held)
                            if row is not None:
                                keep(ANSWERS, row)


async def answered(
    assistant: Assistant, segment: str, case: Case, arm: str, held: dict[str, Row]
) -> Row | None:
    """Return the row of one answer; None for a question whose entry the search does not find."""
    if arm == BASE:
        found = await asyncio.to_thread(
            assistant.knowledge.search.find, case.question, case.language, PASSAGES
        )
        right = [passage for passage in found if holds(case, [passage])][:1]
        if not right:
            return None
        asked = Briefing.of(case.question, case.language, right, assistant.limits.characters)
        more: Row = {
            "segment": segment,
            "passages": [asdict(passage) for passage in asked.passages],
            "answerable": True,
        }
    elif case.id in held:
        texts = [Text(**passage) for passage in held[case.id]["passages"]]
        asked, more = Briefing(case.question, case.language, tuple(texts)), {}
    else:
        return None
    begun = time.monotonic()
    model = assistant.arms[arm]
    said = await whole(model, asked, assistant.limits, assistant.gate, fresh=False)
    row = {
        "case": case.id,
        "hash": case.hash,
        "arm": arm,
        "revision": model.revision,
        **more,
        "answer": said.text,
        "seconds": round(time.monotonic() - begun, 1),
    }
    if arm == BASE:
        held[case.id] = row
    print(f"{row['seconds']:6.1f} s {arm:20} {case.id}: {said.text[:70]!r}", flush=True)
    return row


@asynccontextmanager
async def judges() -> AsyncIterator[tuple[list[JudgeModel], int]]:
    """Yield the judges, and how many scores to ask each for at a time."""
    revision = QWEN_MEDIUM.sha256[:12]
    if JUDGES:
        async with AsyncExitStack() as stack:
            models = []
            for url in JUDGES:
                client = AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
                await stack.enter_async_context(client)
                model = JudgeModel(client, QWEN_MEDIUM.name, f"{revision}-bf16", timeout_s=BATCH_S)
                models.append(model)
            yield models, AT_ONCE
        return
    settings = Settings()
    store = WeightsStore.of(settings.cache_dir, offline=settings.offline)
    spec = EngineSpec(store.ready(QWEN_MEDIUM), context_tokens=3072, slots=4, threads=1)
    async with Engine(spec, report.HERE / "results" / "engine.log") as engine:
        endpoint = await engine.endpoint()
        async with AsyncOpenAI(
            base_url=endpoint.base_url, api_key=endpoint.api_key, max_retries=0
        ) as client:
            model = JudgeModel(
                *(client, QWEN_MEDIUM.name, revision),
                timeout_s=TIMEOUT_S,
                engine_body={"lora": engine.spec.scales(None), "cache_prompt": True},
            )
            yield [model], 1


async def judge(deadline: float) -> None:
    """Judge both sides of pairs, all cells in turn, until each has enough or time is up.

    What got no number in an earlier run is asked for again.
    """
    found = list(sampled(sides()))
    async with judges() as (models, at_once):
        done = {
            (r["case"], r["answer"], r["metric"], r["version"])
            for r in rows(JUDGED)
            if r["value"] is not None
        }
        waiting: list[deque[tuple[Sides, str, Judged]]] = []
        turns = {case: i for i, case in enumerate(dict.fromkeys(one.case.id for one, _ in found))}
        for number, model in enumerate(models):
            mine = [pair for pair in found if turns[pair[0].case.id] % len(models) == number]
            scorers = (FactualCorrectness(model), Faithfulness(model))
            work: deque[tuple[Sides, str, Judged]] = deque()
            for one, arm in mine:
                for side, scorer in product((BASE, arm), scorers):
                    place = (one.case.id, one.answers[side], scorer.name, scorer.version)
                    if place not in done and one.answers[side]:
                        done.add(place)
                        work.append((one, side, scorer))
            waiting.append(work)
        print(f"{sum(map(len, waiting))} scores to ask for", flush=True)

        async def ask(work: deque[tuple[Sides, str, Judged]]) -> None:
            while work and time.monotonic() < deadline:
                one, side, scorer = work.popleft()
                result = await scorer.score(one.sample(side))
                place = (one.case.id, one.answers[side], scorer.name, scorer.version)
                keep(JUDGED, judged_row(place, result))

        with asked_once():
            await asyncio.gather(*(ask(work) for work in waiting for _ in range(at_once)))


def sampled(found: Sequence[Sides]) -> Iterator[tuple[Sides, str]]:
    """Yield pairs that both arms have answered: the n-th of every cell before the next of any."""
    cells = []
    for arm, segment in product(ASKED, SEGMENTS):
        pairs = [s for s in found if s.segment == segment and s.answers.get(arm)]
        cells.append([(one, arm) for one in pairs if one.answers[BASE]][:JUDGE_PAIRS])
    for turn in zip_longest(*cells):
        yield from (pair for pair in turn if pair is not None)


def main() -> None:
    """Answer and judge for as long as allowed, then publish."""
    environment.prepare()
    if "--report" not in sys.argv:
        asyncio.run(answer(time.monotonic() + MINUTES * 60))
        asyncio.run(judge(time.monotonic() + JUDGE_MINUTES * 60))
    publish()


if __name__ == "__main__":
    main()
