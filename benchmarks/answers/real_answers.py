"""How well the measure tells right from wrong answers of the product, judged by key facts.

Every question of ``answers.py`` over three collections is answered twice, whatever selection says:
by the base model from the passages that are likeliest, and by quoting the likeliest. The model's
answers are recorded once, by ``record_answers``; no constant was chosen by them.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from assistant import sample
from assistant.local.checker import NearCopies
from benchmarks import data
from benchmarks.answers.answers import REAL, collections, forms, held, plain
from benchmarks.results import Count, Interval, Table, number, table
from evals.cases.cases import Case
from guardrails.scorers.answering import likely
from guardrails.scorers.fast import Fast
from guardrails.scorers.overlap import TokenOverlap
from guardrails.scorers.relevance import Relevance
from guardrails.statistics.agreement import auc
from guardrails.types import Sample, Score, Text

RECORDED: Final = Path(__file__).parent / "recorded.jsonl"
RESAMPLES: Final = 2000


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer. way: written or quoted. right: states every key fact and nothing forbidden."""

    id: str
    set: str
    language: str
    way: str
    right: bool
    sample: Sample


def judged() -> Iterator[Judged]:
    """Yield the answers; where the model says that it finds none there is nothing to judge."""
    told = {row["case"]: row for row in data.lines(RECORDED)}
    for name, _, cases in collections():
        for case in cases if name != REAL else ():
            row = told.get(case.id)
            if row is None or row["hash"] != case.hash:
                continue
            passages = tuple(Text(*fields) for fields in row["passages"])
            best = max(passages, key=lambda text: text.answers or 0.0)
            number = passages.index(best) + 1
            for way, answer in (("written", row["answer"]), ("quoted", f"{best.text} [{number}]")):
                if answer:
                    one = Sample(case.question, case.language, passages, answer)
                    yield Judged(case.id, name, case.language, way, _right(case, answer), one)


def _right(case: Case, answer: str) -> bool:
    said = plain(answer)
    if case.behaviour != "answer" or any(plain(text) in said for text in case.forbidden):
        return False
    return all(any(plain(form) in said for form in forms(fact)) for fact in case.facts)


def scores(found: Sequence[Judged]) -> dict[str, np.ndarray]:
    """Return the scores of each measure, shape (answers,); what is not scored is 0."""
    embedder, checker = sample.embedder(), NearCopies()
    fast, relevance = Fast(embedder, checker=checker), Relevance(embedder)
    overlap = TokenOverlap()

    def value(result: object) -> float:
        return result.value if isinstance(result, Score) else 0.0

    parts = [fast.measure_all(one.sample) for one in found]
    table = {
        "fast": [value(fast.combine(part)) for part in parts],
        "relevance": [value(relevance.measure(one.sample)) for one in found],
        **{
            name: [value(part[name]) for part in parts]
            for name in ("groundedness", "answering", "readable")
        },
        "retrieval evidence": [likely(one.sample.passages) for one in found],
        "token overlap": [value(asyncio.run(overlap.score(one.sample))) for one in found],
    }
    return {name: np.array(values) for name, values in table.items()}


def tables(found: Sequence[Judged]) -> list[Table]:
    """Return AUCs with bootstrap intervals over questions, and of the gain over the evidence."""
    measured = scores(found)
    groups = {
        "all": np.ones(len(found), bool),
        "written": np.array([one.way == "written" for one in found]),
        "quoted": np.array([one.way == "quoted" for one in found]),
        "held half": np.array([held(one.id) for one in found]),
        "en": np.array([one.language == "en" for one in found]),
        "de": np.array([one.language == "de" for one in found]),
    }
    right = np.array([one.right for one in found])
    ids = np.array([one.id for one in found])
    rows = []
    for name, values in measured.items():
        cells: list[object] = [name]
        cells += [_interval(values[c], right[c], ids[c]) for c in groups.values()]
        rows.append(cells)
    gains: list[object] = ["fast − retrieval evidence"]
    for chosen in groups.values():
        evidence = measured["retrieval evidence"][chosen]
        gains += [_interval(measured["fast"][chosen], right[chosen], ids[chosen], evidence)]
    counts = [Count(hits=int(right[c].sum()), of=int(c.sum())) for c in groups.values()]
    return [
        table("counts", ("", *groups), [["answers that are right", *counts]]),
        table("auc", ("AUC", *(number(name, 2) for name in groups)), [*rows, gains]),
    ]


def _interval(
    values: np.ndarray, right: np.ndarray, ids: np.ndarray, other: np.ndarray | None = None
) -> Interval:
    """Return an AUC, or the difference of two, with its 95 % interval over questions."""
    names, place = np.unique(ids, return_inverse=True)
    rng = np.random.default_rng(0)

    def of(rows: np.ndarray) -> float:
        less = 0.0 if other is None else auc(other[rows], right[rows])
        return auc(values[rows], right[rows]) - less

    members = [np.flatnonzero(place == one) for one in range(len(names))]
    drawn = [
        of(np.concatenate([members[i] for i in rng.integers(0, len(names), len(names))]))
        for _ in range(RESAMPLES)
    ]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Interval(value=of(np.arange(len(ids))), low=float(low), high=float(high))


def measure(*, quick: bool = False) -> list[Table]:
    """Score what is recorded; a minute."""
    return tables(list(judged())[:: 20 if quick else 1])
