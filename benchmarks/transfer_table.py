"""The tables of ``transfer.py``, from the answers and judgements that are kept."""

import math
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import report
from scipy.optimize import minimize_scalar
from sqlalchemy import event
from transfer_kept import BASE, JUDGED, Sides, arms_of, judged_row, keep, rows, scored, sides

from assistant import sample
from assistant.local.catalogue import QWEN_MEDIUM
from assistant.local.checker import NearCopies
from assistant.records.database import open_database
from evals.demo import folder
from evals.demo.show import SEGMENTS
from guardrails.judge.judge import FactualCorrectness, Faithfulness
from guardrails.monitor import Monitor
from guardrails.rules.policy import Policy
from guardrails.scorers.fast import Fast
from guardrails.statistics.agreement import spearman
from guardrails.statistics.confidence import ConfidenceSequence
from guardrails.store.sql_store import SqlStore
from guardrails.text.words import content
from guardrails.types import Pair, Result, Score, Stage

CONFIDENCE = 0.05
JUDGED_BY = (Faithfulness.name, FactualCorrectness.name)
FEWEST = 5
HALF = 0.5
BATCHED = "-bf16"
COST = report.HERE / "results" / "cost_blocks.jsonl"
PRODUCT = Policy(metrics=("fast",))
POLICIES = {
    "the product's": PRODUCT,
    "the demo's": replace(folder.GUARD.policy, metrics=("fast",)),
    "on faithfulness": Policy(metrics=(Faithfulness.name,)),
    "on factual correctness": Policy(metrics=(FactualCorrectness.name,)),
}


def fast_results(found: Sequence[Sides]) -> dict[tuple[str, str], Result]:
    """Return the fast score of every kept answer, by (case, arm); kept beside the judge's."""
    fast = Fast(sample.embedder(), checker=NearCopies())
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


def judged_results(found: Sequence[Sides], metric: str) -> dict[tuple[str, str], Result]:
    """Return the judge's score of the answers that were judged, by (case, arm)."""
    kept = {(r["case"], r["answer"]): r for r in rows(JUDGED) if r["metric"] == metric}
    results: dict[tuple[str, str], Result] = {}
    for one in found:
        for arm, said in one.answers.items():
            if row := kept.get((one.case.id, said)):
                results[one.case.id, arm] = scored(row)
    return results


def engines_agree() -> str:
    """Return how the batched judge's scores agree with the embedded engine's (``cost.py``)."""
    kept = {
        (r["case"], r["answer"], r["metric"]): r["value"]
        for r in rows(JUDGED)
        if r["version"].endswith(BATCHED)
    }
    pairs = []
    answers = {one.case.id: one.answers for one in sides()}
    for block in rows(COST):
        for name, value in block["scores"].items() if block["side"] == "ours" else ():
            case, arm, metric = name.split(" ")
            other = kept.get((case, answers[case][arm], metric))
            if other is not None and value is not None:
                pairs.append((value, other))
    same = sum((a >= HALF) == (b >= HALF) for a, b in pairs)
    apart = np.mean([abs(a - b) for a, b in pairs]) if pairs else math.nan
    return f"{same} of {len(pairs)} on the same side of .5, mean distance {apart:.2f}"


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
    tolerance = PRODUCT.tolerance
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
    """Return what the real monitor decides, pair by pair: by segment (stage, pairs, cause).

    results: of the metric that the policy guards, by (case, arm).
    """
    (metric,) = policy.metrics
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
                base={metric: base},
                candidate={metric: tuned},
            )
            for decision in monitor.observe(pair, {}):
                where = decision.segment
                moves[where].append((Stage(decision.after), counts[where], decision.cause))
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
        Faithfulness.name: judged_results(found, Faithfulness.name),
        FactualCorrectness.name: judged_results(found, FactualCorrectness.name),
        "f1": f1_results(found),
    }
    transfer: list[list[object]] = []
    agree: list[list[object]] = []
    decided: list[list[object]] = []
    for arm in arms_of(found):
        paths = {
            name: decisions(policy, found, results[policy.metrics[0]], arm)
            for name, policy in POLICIES.items()
        }
        for segment in SEGMENTS:
            d = {name: differences(r, found, arm, segment) for name, r in results.items()}
            cells = [measured(list(d[name].values())) for name in ("fast", *JUDGED_BY)]
            naive = measured(list(d["f1"].values()))[0]
            transfer.append([arm, segment, *(part for cell in cells for part in cell), naive])
            agree.append([arm, segment, *(agreement(d["fast"], d[j]) for j in JUDGED_BY)])
            for name, policy in POLICIES.items():
                values = list(d[policy.metrics[0]].values())
                if len(values) < policy.min_pairs:
                    continue
                bounds = [bound(values, policy, worse=worse) for worse in (True, False)]
                decided.append([arm, segment, name, told(paths[name][segment]), *bounds])
    counts = Counter(one.segment for one in found)
    text = TEXT.format(
        model=folder.MODEL,
        counts=", ".join(f"{counts[segment]} in `{segment}`" for segment in SEGMENTS),
        judge=QWEN_MEDIUM.title,
        engines=engines_agree(),
        transfer=report.table(TRANSFER_HEAD, transfer),
        agree=report.table(AGREE_HEAD, agree),
        decided=report.table(DECISION_HEAD, decided),
    )
    report.publish("transfer", "Transfer of the sample fine-tunes", text)


TEXT = """
Questions kept out of the training, English and German together: {counts}. Base is {model}; every
arm answers from the same passage, the one that holds the answer, with the same prompt. *fast* is
the score that the guardrail guards by default; the judge is {judge}, with RAGAS. Numbers are
the mean of
score(candidate) − score(base), its 95 % confidence sequence (valid at every pair), and the pairs.
*Worse*: all of it below −.05. *Better*: all of it above 0. *Shown harmless*: all of it at −.05 or
above. *No harm shown yet* is none of these, and not the same as harmless. –: not measured yet; the
script takes up where it stopped. The judge saw pairs that both arms have answered; the fast score
and F1 also count those where one abstained (always base). `.seed1` and `.seed2` are of the same
recipe and file with another
seed of the training; they are not shipped.

{transfer}

The judge's weights were run by torch in bfloat16, many requests at a time (`batched_judge.py`).
Where the embedded engine had judged the same answers for `cost.py`: {engines}.

Do fast score and judge agree? Of the pairs where both see a difference, how many have the same
sign; and the rank correlation of the differences.

{agree}

What the guardrail's monitor decides when it gets these pairs one by one, segments taking turns,
and at which pair of the segment; arms with too few pairs for a policy are left out. The product's
policy: 5 % in 4,000 pairs, 50 pairs at least; the demo's: 5 % in 100 pairs, 12 at least; *on
faithfulness* and *on factual correctness*: the product's, with that metric of the judge guarded in
place of the fast score. *Bound*: pairs that a bettor needs who knows these differences beforehand,
log(1/a)/KL_inf for a route-back and log(2/α)/KL_inf for each promotion (from `shadow` to `serving`
takes two).

{decided}

What this does not show: other base models, other adapters, real users' questions. Languages are
pooled. Reference F1 counts words that an answer shares with the reference: a right answer in
other words looks bad to it.
"""
