"""What the embedded base answers to the questions of ``answers.py``, whatever selection says.

Kept, so that scoring the answers needs no model. An answer to a case that has changed is recorded
again.
"""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any, Final

from assistant.app import open_assistant
from assistant.assistant import Assistant
from assistant.knowledge import selection
from assistant.progress import Watcher, silent
from assistant.settings import KnowledgeSettings, Settings
from assistant.turn.answer.speech import Briefing, whole
from assistant.turn.modes import choose
from benchmarks.answers.answers import INDEXES, REAL, collections
from benchmarks.answers.real_answers import RECORDED
from evals.cases.cases import Case
from guardrails.guard import BASE

GIVEN: Final = 2
"""Passages that the model is given where selection chooses none."""


async def ask() -> None:
    """Ask the base what it has not been asked."""
    lines = RECORDED.read_text("utf-8").splitlines() if RECORDED.is_file() else []
    rows = {row["case"]: row for row in map(json.loads, lines)}
    for name, items, cases in collections():
        if name == REAL:
            continue
        async with AsyncExitStack() as stack:
            folder = INDEXES / name
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


def record() -> None:
    """Record what is missing; about 25 minutes on two cores."""
    asyncio.run(ask())
