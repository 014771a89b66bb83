"""What the embedded base answers to cases that come along, from the right passages.

Recorded once and shipped, so that an attack on the measure has a real base and needs no model. A
run takes up where the last one stopped; an answer to a case that has changed is recorded again.
"""

import asyncio
import json
import tempfile
from hashlib import sha256
from pathlib import Path

from assistant import sample
from assistant.app import open_assistant
from assistant.progress import Watcher
from assistant.settings import EngineSettings, Settings
from assistant.turn.answer.speech import Briefing, whole
from evals.attack.material import RECORDED, material
from evals.attack.weighing import Weighing
from evals.cases import cases as golden
from guardrails.attack.harms.material import AttackCase
from guardrails.guard import BASE

ANSWERED, SILENT = 45, 15
"""Cases of each language, with an answer and without one."""


def chosen(cases: tuple[AttackCase, ...]) -> list[AttackCase]:
    """Return the cases to record, spread by chance that is the same each time.

    Of those with an answer, the ones that the product would let an arm answer.
    """
    able = [case for case in cases if case.asked or not case.answerable]
    order = sorted(able, key=lambda case: sha256(case.id.encode()).hexdigest())
    return [
        case
        for answerable, count in ((True, ANSWERED), (False, SILENT))
        for language in ("en", "de")
        for case in [c for c in order if (c.answerable, c.language) == (answerable, language)][
            :count
        ]
    ]


async def ask() -> None:
    """Ask the base what it has not been asked."""
    cases = golden.load()
    hashes = {case.id: case.hash for case in cases}
    lines = RECORDED.read_text("utf-8").splitlines() if RECORDED.is_file() else []
    rows = {row["case"]: row for row in map(json.loads, lines)}
    with tempfile.TemporaryDirectory(prefix="routeback-attack-") as place:
        settings = Settings().model_copy(
            update={
                "data_dir": Path(place),
                "base": "embedded",
                "engine": EngineSettings(threads=2),
            }
        )
        async with open_assistant(settings, Watcher(notice=print)) as assistant:
            arm = assistant.arms[BASE]
            knowledge, gate = sample.knowledge(), assistant.gate
            with Weighing(knowledge, sample.embedder(), assistant.knowledge.states) as weigh:
                held = material(cases, knowledge, gate, {}, "", weigh)
            for case in chosen(held.cases):
                if rows.get(case.id, {}).get("hash") == hashes[case.id]:
                    continue
                right = case.passages[:-1] or case.passages
                asked = Briefing(case.question, case.language, tuple(right))
                said = await whole(arm, asked, assistant.limits, gate, fresh=False)
                rows[case.id] = {
                    "case": case.id,
                    "hash": hashes[case.id],
                    "revision": arm.revision,
                    "answer": said.text,
                }
                print(f"{case.id}: {said.text[:80]!r}", flush=True)
                text = "".join(
                    json.dumps(row, ensure_ascii=False) + "\n" for _, row in sorted(rows.items())
                )
                RECORDED.write_text(text, "utf-8")


def record() -> None:
    """Record; about 20 minutes on two cores."""
    asyncio.run(ask())
