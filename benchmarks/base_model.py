"""Which embedded model is base: right, cited answers and seconds per answer, in both languages.

80 questions over the sample knowledge, worded unlike the entries: 60 that the documents answer
and 20 that they do not. Usage: ``python benchmarks/base_model.py [NAME …]``.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import report

from assistant import environment
from assistant.app import open_assistant
from assistant.assistant import Assistant
from assistant.language import language_of_question
from assistant.local.catalogue import QWEN_MEDIUM, QWEN_SMALL, SMOLLM
from assistant.progress import Watcher
from assistant.records.turns import Turn
from assistant.settings import EngineSettings, load

QUESTIONS = report.HERE / "questions.jsonl"


@dataclass(frozen=True, slots=True)
class Result:
    """How one question went. first_s, total_s: seconds to the first text and to the end."""

    row: Mapping[str, Any]
    turn: Turn
    first_s: float
    total_s: float

    @property
    def found(self) -> bool:
        """Whether the entry that answers was among the passages."""
        return any(self.row["source"] in self._names(s) for s in self.turn.sources)

    @property
    def right(self) -> bool:
        """Whether every fact that a right answer must state is in the answer."""
        said = self.turn.answer.casefold()
        groups = self.row["facts"]
        return self.answered and all(any(text in said for text in group) for group in groups)

    @property
    def answered(self) -> bool:
        """Whether there was an answer rather than an abstention."""
        return self.turn.outcome == "answered"

    @property
    def cited(self) -> bool:
        """Whether every sentence cites a passage that carries it."""
        return self.answered and all(s["cited"] and s["carried"] for s in self.turn.sentences)

    @property
    def in_language(self) -> bool:
        """Whether the answer is in the language of the question."""
        language = str(self.row["language"])
        return language_of_question(self.turn.answer, fallback=language) == language

    @staticmethod
    def _names(source: Mapping[str, Any]) -> str:
        return f"{source['key']} {source['source']}"


async def ask(assistant: Assistant, row: Mapping[str, Any]) -> Result:
    """Ask one question through the whole graph."""
    started = time.perf_counter()
    first = None
    turn = None
    async with aclosing(assistant.answer(row["question"])) as events:
        async for event in events:
            first = first or time.perf_counter() - started
            turn = event if isinstance(event, Turn) else turn
    assert turn is not None
    return Result(row, turn, first or 0.0, time.perf_counter() - started)


async def run(model: str, folder: Path, rows: list[dict[str, Any]]) -> list[Result]:
    """Ask all questions of one model."""
    settings = load().model_copy(
        update={"data_dir": folder, "engine": EngineSettings(model=model), "base": "embedded"}
    )
    results = []
    async with open_assistant(settings, Watcher(notice=print)) as assistant:
        await ask(assistant, {"question": "What is a token?"})  # computes the rules once
        for row in rows:
            result = await ask(assistant, row)
            results.append(result)
            wanted = row["behaviour"] == "answer"
            mark = "ok " if (result.right if wanted else not result.answered) else "BAD"
            print(f"{mark} {row['id']} {result.total_s:5.1f} s  {row['question']}")
            score = (result.turn.scores.get("fast") or {}).get("value")
            print(
                f"      {result.turn.outcome}, fast score {score}: {result.turn.answer}", flush=True
            )
    return results


def summary(model: str, results: list[Result]) -> list[list[object]]:
    """Return one row per language and question type."""
    rows: list[list[object]] = []
    for language in ("en", "de"):
        own = [r for r in results if r.row["language"] == language]
        asked = [r for r in own if r.row["behaviour"] == "answer"]
        silent = [r for r in own if r.row["behaviour"] == "abstain"]
        found = [r for r in asked if r.found]
        answered = [r for r in asked if r.answered]
        rows.append(
            [
                model,
                language,
                f"{sum(r.right for r in asked)}/{len(asked)}",
                f"{sum(r.right for r in found)}/{len(found)}",
                f"{sum(r.cited for r in answered)}/{len(answered)}",
                f"{sum(r.in_language for r in answered)}/{len(answered)}",
                f"{sum(not r.answered for r in silent)}/{len(silent)}",
                f"{statistics.median(r.first_s for r in answered):.1f}",
                f"{statistics.median(r.total_s for r in answered):.1f}",
            ]
        )
    return rows


def main() -> None:
    """Run every model that is asked for, and publish the table."""
    environment.prepare()
    names = sys.argv[1:] or [QWEN_SMALL.name, QWEN_MEDIUM.name, SMOLLM.name]
    rows = [json.loads(line) for line in QUESTIONS.read_text().splitlines()]
    table: list[list[object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            table += summary(name, asyncio.run(run(name, Path(folder), rows)))
            publish(table)


def publish(table: list[list[object]]) -> None:
    """Write the table; after each model, since one takes up to an hour."""
    head = [
        *("model", "language", "right", "right when found", "every sentence cited and carried"),
        *("in the question's language", "abstained when it should", "first text, s", "total, s"),
    ]
    text = (
        report.table(head, table)
        + """

*Right*: the answer states every fact that a right answer must (strings fixed beforehand, read off
the entries). *When found*: only questions whose entry retrieval had found. Seconds are medians
with one question at a time, on a machine that did other things too: only their ratios say
something. It does not show style, and 30 questions a language leave ±.15.
"""
    )
    report.publish("base_model", "Choosing the base model", text)


if __name__ == "__main__":
    main()
