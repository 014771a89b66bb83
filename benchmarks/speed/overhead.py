"""What the check costs: CPU per answer, and its share of the time that a reader waits."""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assistant import sample
from assistant.app import open_assistant, open_knowledge
from assistant.assistant import Assistant
from assistant.knowledge.chunk import chunks
from assistant.knowledge.search import Search
from assistant.local.checker import NearCopies
from assistant.progress import Watcher
from assistant.records.turns import Turn
from assistant.settings import Settings, load
from assistant.turn.answer.citations import split
from assistant.turn.answer.speech import Briefing
from assistant.turn.permissions import Writing
from benchmarks.results import Table, figures, number, table
from guardrails.gate import Checked, Gate
from guardrails.scorers.fast import Fast
from guardrails.types import Result, Sample, Score, Text

ANSWERS = 200
QUESTIONS = (
    "What is negative transfer?",
    "How do I reset my password?",
    "What is overfitting?",
    "How do I cancel my subscription?",
    "What is a context window?",
    "Was ist ein Token?",
    "Wie lade ich jemanden ein?",
    "Was bedeutet Halluzination?",
    "What is fine-tuning?",
    "What is transfer learning?",
    "How do I invite a colleague?",
    "Was ist ein Chunk?",
    "Wie ändere ich mein Passwort?",
    "What does recall mean?",
)


@dataclass(frozen=True, slots=True)
class Open(Gate):
    """Lets everything through and looks at nothing: the product without its check."""

    async def sentence(
        self, text: str, passages: tuple[Text, ...], question: str, language: str
    ) -> Checked:
        """Let a sentence through."""
        del text, passages, question, language
        return Checked("passed")

    async def answer(self, sample: Sample) -> tuple[Checked, dict[str, Result]]:
        """Let an answer through."""
        del sample
        return Checked("passed"), {}


def samples(search: Search, count: int) -> list[Sample]:
    """Return entries of the sample knowledge as answers, each with the passages of its name."""
    rng = np.random.default_rng(0)
    held = [c for item in sample.knowledge() for c in chunks("", item) if c.names]
    found = []
    for index in rng.choice(len(held), size=count, replace=False):
        chunk = held[index]
        passages = search.find(chunk.names[0], chunk.language, 4)
        asked = Briefing.of(chunk.names[0], chunk.language, passages, 2400)
        found.append(
            Sample(chunk.names[0], chunk.language, asked.passages, chunk.text, answerable=True)
        )
    return found


def cpu_ms(fast: Fast, rows: Sequence[Sample]) -> tuple[list[float], list[float]]:
    """Return the CPU milliseconds of checking each answer, and by sentence.

    As a reader waits for it: for each sentence, who carries it, and whether it may be shown; then
    the answer as a whole.
    """
    took, each = [], []
    for row in rows:
        started = time.process_time()
        sentences = split(row.answer, row.language)
        for text in sentences:
            asked = (text, row.passages, row.question, row.language)
            fast.groundedness.claim(*asked, checked=False)
            fast.groundedness.claim(*asked)
        result = fast.measure(row)
        took.append(1000 * (time.process_time() - started))
        each.append(took[-1] / len(sentences))
        assert isinstance(result, Score), result
    return took, each


def memory_mb() -> float:
    """Return the resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def total_s(assistant: Assistant, question: str) -> tuple[float, float, str]:
    """Return seconds to the first text and to the end of an answer, and the answer."""
    started = time.perf_counter()
    first = 0.0
    async with aclosing(assistant.answer(question)) as events:
        async for event in events:
            first = first or time.perf_counter() - started
            if isinstance(event, Turn):
                return first, time.perf_counter() - started, event.answer
    raise AssertionError


async def compared(
    settings: Settings, asked: Sequence[str]
) -> tuple[list[float], list[float], float]:
    """Return total and first-text times with the check over those without, and the median total."""
    ratios, firsts, totals = [], [], []
    async with open_assistant(settings, Watcher(notice=print)) as opened:
        assistant = replace(opened, writing=Writing("never"))
        unchecked = replace(assistant, gate=Open(assistant.gate.scorers))
        for place, question in enumerate(asked):
            await total_s(assistant, question)  # what both need is computed once
            order = [assistant, unchecked] if place % 2 else [unchecked, assistant]
            took = {}
            for one in order:
                took[one is assistant] = await total_s(one, question)
            if took[True][2] != took[False][2]:  # a sentence was held back: other work, other time
                print(f"left out, the check changed the answer: {question}", flush=True)
                continue
            ratios.append(took[True][1] / took[False][1])
            firsts.append(took[True][0] / took[False][0])
            totals.append(took[False][1])
            print(f"{ratios[-1]:.3f} {took[False][1]:5.1f} s  {question}", flush=True)
    return ratios, firsts, statistics.median(totals)


CHECKS = ("check", "answers", number("median", 3, "CPU-ms"), number("p95", 3, "CPU-ms"))
WAITS = (
    *("questions", number("median answer", 1, "s"), "with / without, median", "p95", "first text"),
)


def measure(*, quick: bool = False) -> list[Table]:
    """Measure both; ten minutes on two cores."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load().model_copy(update={"data_dir": Path(folder), "base": "embedded"})
        with open_knowledge(settings, Watcher()) as knowledge:
            rows = samples(knowledge.search, 10 if quick else ANSWERS)
        before = memory_mb()
        checker = NearCopies()
        words, _ = cpu_ms(Fast(live=True), rows)
        fresh, each = cpu_ms(Fast(checker=checker, live=True), rows)
        again, _ = cpu_ms(Fast(checker=checker, live=True), rows[-1:] * len(rows))
        more = memory_mb() - before
        ratios, firsts, total = asyncio.run(compared(settings, QUESTIONS[: 1 if quick else None]))
    cost = [
        ["words alone", len(words), *_of(words)],
        ["the whole check", len(fresh), *_of(fresh)],
        ["· a sentence of it", len(fresh), *_of(each)],
        ["the same answer again", len(again), *_of(again)],
    ]
    late = float(np.percentile(ratios, 95))
    waits = [[len(ratios), total, statistics.median(ratios), late, statistics.median(firsts)]]
    goals = figures(
        "goals",
        [
            ("a sentence at p95, at most 120", _of(each)[1], "CPU-ms", 0),
            ("of the answer's time at p95, at most 8 %", late - 1, "%", 1),
            ("memory, at most 250", more, "MB", 0),
        ],
        "goal",
    )
    return [table("checks", CHECKS, cost), table("waits", WAITS, waits), goals]


def _of(values: Sequence[float]) -> tuple[float, float]:
    return float(np.median(values)), float(np.percentile(values, 95))
