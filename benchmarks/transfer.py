"""Transfer of the two sample fine-tunes, with both signs, and what the guardrail makes of it.

All cases that stand alone and have an answer, by base, both candidates and their lower strengths,
from the passage that holds the answer: what is compared is models, not the search. Answers and
judgements are kept in ``results/transfer_*.jsonl``; a run takes up where the last one stopped, for
at most ``TRANSFER_MINUTES`` (120) of answering and ``TRANSFER_JUDGE_MINUTES`` (60) of judging;
``TRANSFER_ARMS`` (all) names those to ask. Usage: ``python benchmarks/transfer.py [--report]``.
"""

import asyncio
import json
import math
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import report
from openai import AsyncOpenAI
from scipy.optimize import minimize_scalar
from sqlalchemy import event

from assistant import environment, sample
from assistant.app import open_assistant
from assistant.assistant import Assistant
from assistant.database import open_database
from assistant.knowledge.search import focus
from assistant.local.catalogue import QWEN_MEDIUM
from assistant.local.engine import Engine, EngineSpec
from assistant.local.weights import WeightsStore
from assistant.settings import Settings
from assistant.speech import Asked, whole
from assistant.watcher import Watcher
from evals.cases import Case, load
from evals.demo import folder
from evals.demo.session import holds
from evals.demo.show import SEGMENTS, questions
from guardrails.agreement import spearman
from guardrails.confidence import ConfidenceSequence
from guardrails.ladder import parted
from guardrails.monitor import Monitor
from guardrails.policy import Policy
from guardrails.scorers.fast import Fast
from guardrails.scorers.judge import FactualCorrectness, Faithfulness
from guardrails.scorers.judge_model import JudgeModel
from guardrails.sql_store import SqlStore
from guardrails.types import Pair, Result, Sample, Score, Stage, Text, Unscored
from guardrails.words import content

ANSWERS = report.HERE / "results" / "transfer_answers.jsonl"
JUDGED = report.HERE / "results" / "transfer_judged.jsonl"
MINUTES = float(os.environ.get("TRANSFER_MINUTES", "120"))
JUDGE_MINUTES = float(os.environ.get("TRANSFER_JUDGE_MINUTES", "60"))
BASE = "base"
BLOCK = 20
PASSAGES = 8
"""Passages to look for the entry in that holds the answer; the best of these is all an arm gets."""
JUDGE_PAIRS = 60
TIMEOUT_S = 600.0
CONFIDENCE = 0.05
FEWEST = 5
ARMS = [
    name if share == 1 else f"{name}@{share:g}"
    for share in (1.0, *folder.LADDER)
    for name in folder.CANDIDATES
]
ASKED = [arm for arm in os.environ.get("TRANSFER_ARMS", ",".join(ARMS)).split(",") if arm]
POLICIES = {
    "the product's": Policy(metrics=("fast",)),
    "the demo's": folder.GUARD.policy,
}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sides:
    """One question, and what each arm answered to it from the same passages."""

    case: Case
    segment: str
    passages: tuple[Text, ...]
    answerable: bool | None
    answers: Mapping[str, str]

    def sample(self, arm: str) -> Sample:
        """Return what a scorer sees of one arm's answer."""
        answer = self.answers[arm]
        return Sample(
            question=self.case.question,
            language=self.case.language,
            passages=self.passages,
            answer=answer,
            reference=self.case.reference,
            answerable=self.answerable,
            abstained=not answer,
        )


def rows(path: Path) -> list[Row]:
    """Return the rows of a results file; none if it is not there."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def keep(path: Path, row: Row) -> None:
    """Append one row."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


def ordered() -> list[tuple[str, Case]]:
    """Return all cases with their segment, segments taking turns."""
    found = questions(load())
    longest = max(len(cases) for cases in found.values())
    turns = ((s, found[s][i]) for i in range(longest) for s in SEGMENTS if i < len(found[s]))
    return list(turns)


def key(case: Case, arm: str, revision: str) -> tuple[str, str, str, str]:
    """Return what an answer belongs to: a changed case or model is asked again."""
    return case.id, case.hash, arm, revision


def newest() -> dict[tuple[str, str], Row]:
    """Return the last kept answer of each (case, arm), of cases as they are now."""
    hashes = {case.id: case.hash for _, case in ordered()}
    kept = rows(ANSWERS)
    revisions = {row["arm"]: row["revision"] for row in kept}
    return {
        (row["case"], row["arm"]): row
        for row in kept
        if hashes.get(row["case"]) == row["hash"] and row["revision"] == revisions[row["arm"]]
    }


async def answer(deadline: float) -> None:
    """Let every arm answer what it has not yet, in blocks, until time is up."""
    with tempfile.TemporaryDirectory(prefix="routeback-transfer-") as place:
        settings = Settings().model_copy(update={"data_dir": Path(place)})
        settings = folder.settings_of(settings, folder.adapters())
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
        asked = Asked.of(case.question, case.language, focus(right))
        more: Row = {
            "segment": segment,
            "passages": [asdict(passage) for passage in asked.passages],
            "answerable": True,
        }
    elif case.id in held:
        texts = [Text(**passage) for passage in held[case.id]["passages"]]
        asked, more = Asked.again(case.question, case.language, texts), {}
    else:
        return None
    begun = time.monotonic()
    model = assistant.arms[arm]
    said = await whole(model, asked, assistant.limits, assistant.support, fresh=False)
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


def sides() -> list[Sides]:
    """Return all questions that base has answered, in order, with every answer that is kept."""
    kept = newest()
    found = []
    for segment, case in ordered():
        base = kept.get((case.id, BASE))
        if base is None:
            continue
        texts = tuple(Text(**passage) for passage in base["passages"])
        answers = {
            arm: kept[case.id, arm]["answer"] for arm in (BASE, *ARMS) if (case.id, arm) in kept
        }
        found.append(Sides(case, segment, texts, base["answerable"], answers))
    return found


async def judge(deadline: float) -> None:
    """Judge both sides of pairs, all cells in turn, until each has enough or time is up."""
    settings = Settings()
    store = WeightsStore.of(settings.cache_dir, offline=settings.offline)
    spec = EngineSpec(store.ready(QWEN_MEDIUM), context_tokens=3072, slots=4, threads=1)
    async with Engine(spec, report.HERE / "results" / "engine.log") as engine:
        endpoint = await engine.endpoint()
        client = AsyncOpenAI(base_url=endpoint.base_url, api_key=endpoint.api_key, max_retries=0)
        model = JudgeModel(
            *(client, QWEN_MEDIUM.name, QWEN_MEDIUM.sha256[:12]),
            timeout_s=TIMEOUT_S,
            engine_body={"lora": engine.spec.scales(None), "cache_prompt": True},
        )
        scorers = (FactualCorrectness(model), Faithfulness(model))
        done = {(r["case"], r["answer"], r["metric"], r["version"]) for r in rows(JUDGED)}
        for one, arm in sampled(sides()):
            for side in (BASE, arm):
                for scorer in scorers:
                    if time.monotonic() > deadline:
                        await client.close()
                        return
                    place = (one.case.id, one.answers[side], scorer.name, scorer.version)
                    if place in done or not one.answers[side]:
                        continue
                    done.add(place)
                    result = await scorer.score(one.sample(side))
                    keep(JUDGED, judged_row(place, result))
        await client.close()


def judged_row(place: tuple[str, str, str, str], result: Result) -> Row:
    """Return one judgement as it is kept."""
    value = result.value if isinstance(result, Score) else None
    names = ("case", "answer", "metric", "version")
    return dict(zip(names, place, strict=True)) | {"value": value, "reason": result.reason}


def sampled(found: Sequence[Sides]) -> Iterator[tuple[Sides, str]]:
    """Yield pairs to judge: the n-th of every cell before the next one of any."""
    cells = {
        (segment, arm): [s for s in found if s.segment == segment and arm in s.answers]
        for arm in ARMS
        for segment in SEGMENTS
    }
    for number in range(JUDGE_PAIRS):
        for (_, arm), pairs in cells.items():
            if number < len(pairs):
                yield pairs[number], arm


def fast_results(found: Sequence[Sides]) -> dict[tuple[str, str], Result]:
    """Return the fast score of every kept answer, by (case, arm); kept beside the judge's."""
    fast = Fast(sample.embedder())
    known = {
        (r["case"], r["answer"]): scored(r)
        for r in rows(JUDGED)
        if (r["metric"], r["version"]) == (fast.name, fast.version)
    }
    results: dict[tuple[str, str], Result] = {}
    for one in found:
        for arm, said in one.answers.items():
            place = (one.case.id, said)
            if place not in known:
                known[place] = fast.measure(one.sample(arm))
                keep(JUDGED, judged_row((*place, fast.name, fast.version), known[place]))
            results[one.case.id, arm] = known[place]
    return results


def scored(row: Row) -> Result:
    """Return the result that a row was kept of."""
    return Unscored(row["reason"]) if row["value"] is None else Score(row["value"], row["reason"])


def judged_results(found: Sequence[Sides], metric: str) -> dict[tuple[str, str], Result]:
    """Return the judge's score of the answers that were judged, by (case, arm)."""
    kept = {(r["case"], r["answer"]): r for r in rows(JUDGED) if r["metric"] == metric}
    results: dict[tuple[str, str], Result] = {}
    for one in found:
        for arm, said in one.answers.items():
            if row := kept.get((one.case.id, said)):
                results[one.case.id, arm] = scored(row)
    return results


def f1_results(found: Sequence[Sides]) -> dict[tuple[str, str], Result]:
    """Return the naive baseline: F1 of the stems shared with the reference."""
    results: dict[tuple[str, str], Result] = {}
    for one in found:
        wanted = content(one.case.reference, one.case.language)
        for arm, said in one.answers.items():
            own = content(said, one.case.language)
            shared = len(own & wanted)
            results[one.case.id, arm] = Score(2 * shared / max(1, len(own) + len(wanted)))
    return results


def differences(
    results: Mapping[tuple[str, str], Result], found: Sequence[Sides], arm: str, segment: str
) -> dict[str, float]:
    """Return candidate - base by case, where both are scored and at least one has answered."""
    values = {}
    for one in found:
        if one.segment != segment or arm not in one.answers:
            continue
        if not one.answers[arm] and not one.answers[BASE]:
            continue
        base, tuned = results.get((one.case.id, BASE)), results.get((one.case.id, arm))
        if isinstance(base, Score) and isinstance(tuned, Score):
            values[one.case.id] = tuned.value - base.value
    return values


def measured(values: Sequence[float]) -> tuple[str, str]:
    """Return mean and confidence sequence in words, and what they show at tolerance .05."""
    if not values:
        return "–", "–"
    sequence = ConfidenceSequence(CONFIDENCE)
    for value in values:
        sequence.update(value)
    text = f"{sequence.mean:+.2f} [{sequence.lower:+.2f}, {sequence.upper:+.2f}] ({len(values)})"
    tolerance = POLICIES["the product's"].tolerance
    if sequence.upper < -tolerance:
        return text, "worse"
    if sequence.lower > 0:
        return text, "better"
    return text, "shown harmless" if sequence.lower >= -tolerance else "no harm shown yet"


def agreement(fast: Mapping[str, float], judged: Mapping[str, float]) -> str:
    """Return how the two scores' differences agree: same sign where both have one, and rank."""
    both = sorted(set(fast) & set(judged))
    left, right = (np.array([side[name] for name in both]) for side in (fast, judged))
    signed = [(a > 0) == (b > 0) for a, b in zip(left, right, strict=True) if a and b]
    if len(both) < FEWEST:
        return "too few"
    share = f"{sum(signed)}/{len(signed)}" if signed else "no signs"
    rank = spearman(left, right)
    return share if math.isnan(rank) else f"{share}, ρ {rank:+.2f}"


def growth(values: Sequence[float], tolerance: float, *, worse: bool) -> float:
    """Return the largest mean log growth of one bet on these differences; see detection.py."""
    d = np.asarray(values)
    scaled = -(d + tolerance) / (1 + tolerance) if worse else (d + tolerance) / (1 - tolerance)
    found = minimize_scalar(
        lambda bet: -float(np.log1p(bet * np.maximum(scaled, -1.0)).mean()),
        bounds=(0.0, 0.9999),
        method="bounded",
    )
    return -float(found.fun)


def bound(values: Sequence[float], policy: Policy, *, worse: bool) -> str:
    """Return the pairs that a bettor needs who knows these differences beforehand."""
    speed = growth(values, policy.tolerance, worse=worse) if values else 0.0
    needed = math.log(policy.budget.threshold if worse else 2 / policy.alpha)
    return f"{needed / speed:.0f}" if speed > 1e-4 else "–"


def decisions(
    policy: Policy, found: Sequence[Sides], results: Mapping[tuple[str, str], Result], arm: str
) -> dict[str, list[tuple[Stage, int, str]]]:
    """Return what the real monitor decides, pair by pair: by segment (stage, pairs, cause)."""
    moves: dict[str, list[tuple[Stage, int, str]]] = {segment: [] for segment in SEGMENTS}
    counts: Counter[str] = Counter()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as place:
        engine = open_database(Path(place) / "routeback.sqlite")
        event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA synchronous=OFF"))
        engine.dispose()
        monitor = Monitor(SqlStore(engine), policy)
        for number, one in enumerate(found):
            sides_of = [results.get((one.case.id, side)) for side in (BASE, arm)]
            base, tuned = sides_of
            void = arm not in one.answers or not (one.answers[arm] or one.answers[BASE])
            if void or base is None or tuned is None:
                continue
            counts[one.segment] += 1
            pair = Pair(
                *(one.case.id, arm, one.segment, start + timedelta(minutes=number), '{"v":1}'),
                base={"fast": base},
                candidate={"fast": tuned},
            )
            for decision in monitor.observe(pair, {}):
                where = decision.segment
                moves[where].append((decision.after, counts[where], decision.cause))
        engine.dispose()
    return moves


def told(moves: Sequence[tuple[Stage, int, str]]) -> str:
    """Return a cell's decisions in words."""
    said = [
        f"{stage} at {pairs}{' (all segments)' if cause == 'parent' else ''}"
        for stage, pairs, cause in moves
    ]
    return ", ".join(said) or "still in shadow"


TRANSFER_HEAD = (
    *("candidate", "segment", "fast", "shows", "faithfulness (judge)", "shows"),
    *("factual correctness (judge)", "shows", "reference F1 (naive)"),
)
AGREE_HEAD = ("candidate", "segment", "fast and faithfulness", "fast and factual correctness")
DECISION_HEAD = (
    *("candidate", "segment", "policy", "decisions, at which pair"),
    *("bound, route-back", "bound, promotion"),
)


def publish() -> None:
    """Write the tables from all that is kept."""
    found = sides()
    results = {
        "fast": fast_results(found),
        "faithful": judged_results(found, Faithfulness.name),
        "factual": judged_results(found, FactualCorrectness.name),
        "f1": f1_results(found),
    }
    transfer: list[list[object]] = []
    agree: list[list[object]] = []
    decided: list[list[object]] = []
    asked = [arm for arm in ARMS if any(arm in one.answers for one in found)]
    for arm in sorted(asked, key=lambda name: (parted(name)[0], -parted(name)[1])):
        paths = {
            name: decisions(policy, found, results["fast"], arm)
            for name, policy in POLICIES.items()
        }
        for segment in SEGMENTS:
            d = {name: differences(r, found, arm, segment) for name, r in results.items()}
            cells = [measured(list(d[name].values())) for name in ("fast", "faithful", "factual")]
            naive = measured(list(d["f1"].values()))[0]
            transfer.append([arm, segment, *(part for cell in cells for part in cell), naive])
            agree.append(
                [arm, segment, *(agreement(d["fast"], d[j]) for j in ("faithful", "factual"))]
            )
            values = list(d["fast"].values())
            for name, policy in POLICIES.items():
                bounds = [bound(values, policy, worse=worse) for worse in (True, False)]
                decided.append([arm, segment, name, told(paths[name][segment]), *bounds])
    counts = Counter(one.segment for one in found)
    text = TEXT.format(
        model=folder.MODEL,
        counts=", ".join(f"{counts[segment]} in `{segment}`" for segment in SEGMENTS),
        judge=QWEN_MEDIUM.title,
        transfer=report.table(TRANSFER_HEAD, transfer),
        agree=report.table(AGREE_HEAD, agree),
        decided=report.table(DECISION_HEAD, decided),
    )
    report.publish("transfer", "Transfer of the sample fine-tunes", text)


TEXT = """
Questions kept out of the training, English and German together: {counts}. Base is {model}; every
arm answers from the same passage, the one that holds the answer, with the same prompt. *fast* is
the score that the guardrail guards by default; the judge is {judge}. Numbers are the mean of
score(candidate) − score(base), its 95 % confidence sequence (valid at every pair), and the pairs.
*Worse*: all of it below −.05. *Better*: all of it above 0. *Shown harmless*: all of it at −.05 or
above. *No harm shown yet* is none of these, and not the same as harmless. –: not measured yet; the
script takes up where it stopped.

{transfer}

Do fast score and judge agree? Of the pairs where both see a difference, how many have the same
sign; and the rank correlation of the differences.

{agree}

What the guardrail's monitor decides when it gets these pairs one by one, segments taking turns,
and at which pair of the segment. The product's policy: 5 % in 4,000 pairs, 50 pairs at least; the
demo's: 5 % in 100 pairs, 12 at least. *Bound*: pairs that a bettor needs who knows these
differences beforehand, log(1/a)/KL_inf for a route-back and log(2/α)/KL_inf for each promotion
(from `shadow` to `serving` takes two).

{decided}

What this does not show: other base models, other adapters, real users' questions. Languages are
pooled. Reference F1 counts words that an answer shares with the reference: a right answer in
other words looks bad to it.
"""


def main() -> None:
    """Answer and judge for as long as allowed, then publish."""
    environment.prepare()
    if "--report" not in sys.argv:
        asyncio.run(answer(time.monotonic() + MINUTES * 60))
        asyncio.run(judge(time.monotonic() + JUDGE_MINUTES * 60))
    publish()


if __name__ == "__main__":
    main()
