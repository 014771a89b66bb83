"""How well the measure tells right from wrong answers of the product, judged by key facts.

Every question of ``answers.py`` over three collections is answered twice, whatever selection says:
by the base model from the passages that are likeliest, and by quoting the likeliest. The model's
answers are recorded once (``--record``, about 25 minutes on two cores) and kept beside the tables;
scoring them takes a minute. No constant was chosen by them.
"""

import argparse
import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import report
from answers import KEPT, REAL, collections, forms, held, plain

from assistant import sample
from assistant.app import open_assistant
from assistant.assistant import Assistant
from assistant.knowledge import selection
from assistant.local.checker import NearCopies
from assistant.progress import Watcher, silent
from assistant.settings import KnowledgeSettings, Settings
from assistant.turn.modes import choose
from assistant.turn.speech import Briefing, whole
from evals.cases.cases import Case
from guardrails.guard import BASE
from guardrails.scorers.answering import likely
from guardrails.scorers.fast import Fast
from guardrails.scorers.overlap import TokenOverlap
from guardrails.scorers.relevance import Relevance
from guardrails.statistics.agreement import auc
from guardrails.types import Sample, Score, Text

HERE: Final = Path(__file__).parent
RECORDED: Final = HERE / "results" / "real_answers.jsonl"
GIVEN: Final = 2
"""Passages that the model is given where selection chooses none."""
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


async def record() -> None:
    """Ask the base what it has not been asked."""
    lines = RECORDED.read_text("utf-8").splitlines() if RECORDED.is_file() else []
    rows = {row["case"]: row for row in map(json.loads, lines)}
    for name, items, cases in collections():
        if name == REAL:
            continue
        async with AsyncExitStack() as stack:
            folder = KEPT / name
            folder.mkdir(parents=True, exist_ok=True)
            settings = Settings(
                data_dir=folder, base="embedded", knowledge=KnowledgeSettings(sample=False)
            )
            assistant = await stack.enter_async_context(open_assistant(settings, Watcher()))
            assistant.knowledge.library.add(name, items, silent)
            for case in cases:
                if rows.get(case.id, {}).get("hash") == case.hash:
                    continue
                rows[case.id] = await _row(assistant, name, case)
                print(f"{case.id}: {rows[case.id]['answer'][:80]!r}", flush=True)
                kept = [json.dumps(row, ensure_ascii=False) for _, row in sorted(rows.items())]
                RECORDED.write_text("\n".join(kept) + "\n", "utf-8")


async def _row(assistant: Assistant, name: str, case: Case) -> dict[str, Any]:
    """Return what the base says to a question, and from which passages."""
    found = assistant.knowledge.search.find(case.question, case.language, selection.CONSIDERED)
    weighed = selection.select(case.question, case.language, found, assistant.knowledge.states)
    chosen = choose(case.question, weighed).passages
    ranked = sorted(weighed.passages, key=lambda passage: -(passage.answers or 0.0))
    passages = chosen or tuple(ranked[:GIVEN])
    asked = Briefing.of(case.question, case.language, passages, assistant.limits.characters)
    said = await whole(assistant.arms[BASE], asked, assistant.limits, assistant.gate, fresh=False)
    return {
        "case": case.id,
        "hash": case.hash,
        "set": name,
        "revision": assistant.arms[BASE].revision,
        "answer": said.text,
        "passages": [
            [text.text, text.language, text.title, text.curated, text.answers]
            for text in asked.passages
        ],
    }


def judged() -> Iterator[Judged]:
    """Yield the answers; where the model says that it finds none there is nothing to judge."""
    rows = [json.loads(line) for line in RECORDED.read_text("utf-8").splitlines()]
    told = {row["case"]: row for row in rows}
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


def seen() -> Iterator[tuple[bool, float, float]]:
    """Yield (right, fast score then, evidence then) of the answers that a person has judged."""
    path = report.DATA / "real_questions" / "questions.jsonl"
    for row in map(json.loads, path.read_text("utf-8").splitlines() if path.exists() else ()):
        then = row["seen"]
        if then["verdict"] in {"right", "partly", "wrong", "useless"} and then["fast"] is not None:
            yield then["verdict"] == "right", then["fast"], then["evidence"]


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


def tables(found: Sequence[Judged]) -> str:
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
        cells = [name]
        cells += [_interval(values[c], right[c], ids[c]) for c in groups.values()]
        rows.append(cells)
    gains = [["fast − retrieval evidence"]]
    for chosen in groups.values():
        gains[0].append(
            _interval(
                measured["fast"][chosen],
                right[chosen],
                ids[chosen],
                measured["retrieval evidence"][chosen],
            )
        )
    counts = [["answers (right)"]]
    counts[0] += [f"{int(c.sum())} ({int(right[c].sum())})" for c in groups.values()]
    return report.table(("AUC, right against wrong", *groups), [*counts, *rows, *gains])


def _interval(
    values: np.ndarray, right: np.ndarray, ids: np.ndarray, other: np.ndarray | None = None
) -> str:
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
    return f"{of(np.arange(len(ids))):.2f} [{low:.2f}, {high:.2f}]"


TEXT: Final = """
Right: every key fact stated, nothing forbidden, and the question has an answer. All 180 questions
are answered here, also those at which the product stays silent, so wrong answers are many.
*Written* by the 1.5B model; *quoted*: the likeliest entry, word for word. *Held half*: as under
*Answers*. Intervals: 95 %, bootstrap over questions.

What it shows: of what the model wrote the score knows right from wrong better than the retrieval
evidence and than overlap do; the goal of .88 is not reached. What is wrong and scores high is a
true sentence that leaves the key fact out, or one of an entry that selection takes for the right
one. Of quotations it knows nothing but what selection knew before. Relevance is no measure of
right and wrong by itself: it compares two answers to one question.
"""


def main() -> None:
    """Record what is missing, score, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="ask the base model first")
    if parser.parse_args().record:
        asyncio.run(record())
    found = list(judged())
    then = list(seen())
    text = f"{tables(found)}\n{TEXT}"
    if then:
        right = np.array([one[0] for one in then])
        old = [f"{auc(np.array([one[i] for one in then]), right):.2f}" for i in (1, 2)]
        text += (
            f"\nOf {len(then)} answers to the 60 real-life questions that a person judged at "
            f"22eb6db ({int(right.sum())} right): AUC of the fast score then {old[0]}, of the "
            f"retrieval evidence then {old[1]}.\n"
        )
    report.publish("real_answers", "Right from wrong: answers of the product", text)


if __name__ == "__main__":
    main()
