"""Whether kinds of question that have no case are named: CLINC150 with intents removed."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.evals.intents import EACH, INTENTS, Intents, drawn
from benchmarks.results import Table, figures, table
from evals.cases.coverage import CoverageText, coverage

Floats = NDArray[np.float64]
DRAWS = 20
MISSING, UNASKED = 12, 5
QUESTIONS = (6, 18)
CASES = (2, 6)
SHORT = 10


@dataclass(frozen=True, slots=True)
class Draw:
    """Questions and cases with the truth. intent: by text id. Vectors: shapes (n, 384)."""

    questions: list[CoverageText]
    question_vectors: Floats
    cases: list[CoverageText]
    case_vectors: Floats
    intent: dict[str, str]
    missing: frozenset[str]
    unasked: frozenset[str]


def draw(intents: Intents, seed: int, *, complete: bool = False) -> Draw:
    """Draw unequal numbers of questions and cases; remove some intents on either side."""
    random = np.random.default_rng(seed)
    order = random.permutation(INTENTS)
    missing = frozenset() if complete else frozenset(order[:MISSING].tolist())
    unasked = frozenset() if complete else frozenset(order[MISSING : MISSING + UNASKED].tolist())
    sides: tuple[list[CoverageText], list[CoverageText]] = ([], [])
    vectors: tuple[list[Floats], list[Floats]] = ([], [])
    intent = {}
    for number, name in enumerate(intents.names):
        texts = random.permutation(EACH)
        asked = int(random.integers(QUESTIONS[0], QUESTIONS[1] + 1))
        held = int(random.integers(CASES[0], CASES[1] + 1))
        parts = (texts[:asked], texts[EACH - held :])
        for side, part in enumerate(parts):
            if number in (unasked if side == 0 else missing):
                continue
            for i in part:
                key = f"{name}-{i}"
                intent[key] = name
                sides[side].append(CoverageText(key, intents.texts[number][i], name, "en"))
                vectors[side].append(intents.vectors[number, i])
    return Draw(
        *(sides[0], np.array(vectors[0]), sides[1], np.array(vectors[1]), intent),
        frozenset(intents.names[i] for i in missing),
        frozenset(intents.names[i] for i in unasked),
    )


def of(ids: tuple[str, ...], intent: dict[str, str]) -> str:
    """Return the intent of most texts of a group."""
    return Counter(intent[key] for key in ids).most_common(1)[0][0]


def distant(made: Draw, share: float) -> set[str]:
    """The naive rule: the share of questions that are least like any case; their intents."""
    nearest = (made.question_vectors @ made.case_vectors.T).max(axis=1)
    worst = np.argsort(nearest)[: int(share * len(nearest))]
    counts = Counter(made.intent[made.questions[i].id] for i in worst)
    return {name for name, n in counts.items() if n >= 4}


def rates(said: list[str], truth: frozenset[str]) -> tuple[float, float]:
    """Precision of what is said (groups) and recall of the truth (intents)."""
    right = sum(name in truth for name in said)
    precision = right / len(said) if said else float("nan")
    return precision, len(set(said) & truth) / len(truth)


def measure(*, quick: bool = False) -> list[Table]:
    """Measure; two minutes."""
    draws = 2 if quick else DRAWS
    intents = drawn()
    scores: dict[str, list[tuple[float, float]]] = {}
    added, covered, inside, often = [], [], [], []
    for seed in range(draws):
        made = draw(intents, seed)
        found = coverage(made.questions, made.question_vectors, made.cases, made.case_vectors)
        named = [of(group.questions, made.intent) for group in found.missing]
        unasked = [of(group.cases, made.intent) for group in found.unasked]
        lost = [q.id for q in made.questions if made.intent[q.id] in made.missing]
        true = 1 - len(lost) / len(made.questions)
        for name, said, truth in (
            ("missing intents, ours", named, made.missing),
            (
                "missing intents, farthest from any case",
                sorted(distant(made, 1 - true)),
                made.missing,
            ),
            ("intents that nobody asks, ours", unasked, made.unasked),
        ):
            scores.setdefault(name, []).append(rates(said, truth))
        count = Counter(made.intent[key] for key in lost)
        frequent = frozenset(name for name, n in count.items() if n >= SHORT)
        often.append(len(set(named) & frequent) / len(frequent))
        added.append(np.mean([made.intent[text.id] in made.missing for text in found.to_add]))
        covered.append((true, found.covered))
        inside.append(found.covered_interval[0] <= true <= found.covered_interval[1])
    whole = []
    for seed in range(draws):
        made = draw(intents, 500 + seed, complete=True)
        found = coverage(made.questions, made.question_vectors, made.cases, made.case_vectors)
        whole.append((len(found.missing), found.covered))
    rows = [
        [name, np.nanmean([p for p, _ in some]), np.mean([r for _, r in some])]
        for name, some in scores.items()
    ]
    true_share, told = np.mean(covered, axis=0)
    none, full = np.mean(whole, axis=0)
    more = [
        (
            f"recall of missing intents with at least {SHORT} questions",
            float(np.mean(often)),
            "",
            3,
        ),
        ("questions to add that belong to a missing intent", float(np.mean(added)), "%", 0),
        ("questions that are covered, true", true_share, "", 2),
        ("questions that are covered, reported", told, "", 2),
        ("draws whose 95 % interval holds the truth", float(np.mean(inside)), "%", 0),
        ("groups called missing where every intent has a case, a draw", none, "", 1),
        ("questions then called covered", full, "", 2),
    ]
    return [table("intents", ("", "precision", "recall"), rows), figures("figures", more)]
