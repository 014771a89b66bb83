"""Nights made of numbers: what a night keeps, without asking any model."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from assistant.background.probe import ProbeResult
from assistant.wire.night_result import NightResult, TrustView
from assistant.wire.nights import NightOptions
from evals.cases.cases import Case
from evals.cases.marks import FACTS, FAST
from evals.night.history import CaseAnswer, Frozen, StoredScore
from evals.night.judge import Spent
from evals.night.plan import NightPlan
from evals.night.result import result
from evals.night.tables import Measurements
from evals.night.verdict import Bars, NightVerdict, verdict
from evals.statistics.gates import NightGate

ARMS = {"base": "qwen@1", "support-tone": "qwen+support-tone@1"}
JUDGED = "faithfulness"
SEGMENTS = ("glossary", "support.account", "support.billing")
SENTENCES = (
    "Negative transfer means that knowledge from one task makes a model worse at another.",
    "Choose Forgot password on the sign-in page; the link is valid for 60 minutes.",
    "The first payment is refunded within 14 days.",
)
Value = Callable[[str, str, str], float]
"""Score of (case, arm, metric)."""


def cases(count: int = 48) -> dict[str, Case]:
    found = {}
    for number in range(count):
        kind = number % 3
        language = "de" if number % 4 == 3 else "en"
        found[f"case-{number:03d}"] = Case(
            id=f"case-{number:03d}",
            segment=SEGMENTS[kind],
            language=language,
            question=f"Question {number} about {SEGMENTS[kind]}: what does the entry say?",
            reference=SENTENCES[kind],
            facts=("a fact",),
            sources=(f"entry-{kind}",),
        )
    return found


def measured(case: Case, arm: str, passage: str = "p", answer: str = "") -> ProbeResult:
    kind = SEGMENTS.index(case.segment)
    chunk = {
        "root": "sample", "source": "faq.jsonl", "title_path": [f"Entry {kind}"],
        "text": SENTENCES[kind], "language": "en", "kind": "faq", "audience": "public",
        "url": "", "key": f"entry-{kind}", "names": [],
    }  # fmt: skip
    found = {
        "id": f"{passage}-{kind}", "score": 1.0, "similarity": 0.9, "window": 0.9,
        "matched": False, "given": True, "chunk": chunk,
    }  # fmt: skip
    text = answer or f"{SENTENCES[kind]} [1]"
    return ProbeResult(
        "answered", text, case.question, case.language, case.segment, 0.9, (found,), True,
        420, 45, 2.5,
    )  # fmt: skip


def ability(seed: int) -> Value:
    """Scores that are hard or easy by case, alike for all arms and nights."""
    random = np.random.default_rng(seed)
    hard = {f"case-{n:03d}": random.beta(4, 1.5) for n in range(500)}

    def value(case: str, arm: str, metric: str) -> float:
        del arm, metric
        return float(round(hard[case], 2))

    return value


def night(
    value: Value,
    frozen: Mapping[tuple[str, str, str], Frozen],
    *,
    again: Value | None = None,
    reanswered: Value | None = None,
    passage: str = "p",
    answers: Mapping[str, str] | None = None,
    number: int = 48,
) -> Measurements:
    """Return a night whose live scores are ``value``; the frozen ones alike unless given."""
    known = cases(number)
    plan = NightPlan(
        date="2026-11-24",
        place="this process",
        options=NightOptions(judge_minutes=5.0),
        cases={c.id: c.hash for c in known.values()},
        arms=ARMS,
        scorers={FAST: "1", FACTS: "1", JUDGED: "ragas/judge@1"},
        judged=(JUDGED,),
    )
    given, kept = [], []
    for case in known.values():
        for arm in ARMS:
            told = (answers or {}).get(arm, "")
            for kind, source in (
                ("live", value), ("again", again or value), ("frozen", reanswered or value),
            ):  # fmt: skip
                if kind != "live" and (case.id, case.hash, arm) not in frozen:
                    continue
                if kind != "again":
                    what = measured(case, arm, passage if kind == "live" else "p", told)
                    given.append(CaseAnswer(kind, arm, case.id, case.hash, what))
                for metric in plan.scorers:
                    number_ = min(1.0, max(0.0, source(case.id, arm, metric)))
                    kept.append(
                        StoredScore(
                            kind, arm, case.id, metric, number_, f"{metric} says so", "1", ""
                        )
                    )
    return Measurements(plan, known, given, kept, {("glossary", "en"): 40})


def freeze(first: Measurements, name: str = "2026-11-01") -> dict[tuple[str, str, str], Frozen]:
    found = {}
    for answer in first.answers:
        if answer.kind == "live" and answer.measured:
            scores = {
                k.metric: {"value": k.value, "reason": k.reason, "scorer": "1"}
                for k in first.scores
                if k.kind == "live" and (k.arm, k.case) == (answer.arm, answer.case)
            }
            key = (answer.case, answer.version, answer.arm)
            found[key] = Frozen(*key, name, answer.measured, scores)
    return found


GATES = tuple(NightGate(metric=metric, margin=0.02) for metric in (FAST, FACTS, JUDGED))


def judged(tonight: Measurements, frozen: Mapping[tuple[str, str, str], Frozen]) -> NightVerdict:
    return verdict(tonight, frozen, dict(tonight.mix), Bars(GATES, 0.02))


def told(
    tonight: Measurements, found: NightVerdict, frozen: Mapping[tuple[str, str, str], Frozen]
) -> NightResult:
    spent = Spent(seconds=212.0, judged=170, copied=220)
    trust = TrustView(
        metric=JUDGED, kappa=0.61, low=0.4, high=0.78, labelled=60, unscored=0, bias=0.03, reason=""
    )
    return result("2026-11-24", tonight, found, frozen, spent, [trust], ())


def lower(value: Value, by: float, arm: str = "", segment: str = "") -> Value:
    """Return scores that are lower for one arm, or in one segment."""
    known = cases(500)

    def changed(case: str, who: str, metric: str) -> float:
        hit = (not arm or who == arm) and (not segment or known[case].segment == segment)
        return value(case, who, metric) - by * hit

    return changed


def without(tonight: Measurements, metric: str, reason: str) -> Measurements:
    """Return the night with one metric's scores missing for a reason."""
    return replace(
        tonight,
        scores=[
            replace(k, value=None, reason=reason) if k.metric == metric else k
            for k in tonight.scores
        ],
    )
