"""Nights over the test documents: two scripted arms behind real endpoints, and cases about them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assistant.progress import Watcher
from assistant.settings import (
    ArmSettings,
    EvalSettings,
    JudgeSettings,
    KnowledgeSettings,
    Settings,
)
from evals.launch import measure
from evals.night.night import NightOutcome
from tests.support.documents import fill
from tests.support.endpoint import Endpoint, first_sentence, serving

QUESTIONS = {
    "token": ("What is a token?", "smallest piece of text"),
    "token-2": ("Please explain the term token", "smallest piece of text"),
    "token-3": ("Define token in short", "smallest piece of text"),
    "pod": ("What is a pod?", "smallest unit that Kubernetes runs"),
    "pod-2": ("What are pods?", "smallest unit that Kubernetes runs"),
    "pod-3": ("Explain the term pod to me", "smallest unit that Kubernetes runs"),
    "negative-transfer": ("What is negative transfer?", "makes a model worse"),
    "negative-transfer-2": ("What does negative transfer mean?", "makes a model worse"),
    "harmful-transfer": ("What is harmful transfer?", "makes a model worse"),
    "reset": ("How do I reset my password?", "sign-in page"),
    "forgot": ("I forgot my password", "sign-in page"),
    "refund": ("Can I get a refund?", "14 days"),
}
KEYS = {"reset": "reset-password", "forgot": "reset-password", "harmful": "negative-transfer"}
BAD = "Bananas are yellow fruit that grow in 12 warm countries."


def well(messages: list[dict[str, str]]) -> str:
    """Answer from the first passage; a probe has none."""
    return first_sentence(messages) if "[1] " in messages[-1]["content"] else "Yes."


def key_of(name: str) -> str:
    stem = name.rsplit("-", 1)[0] if name[-1].isdigit() else name
    return KEYS.get(stem.split("-")[0], stem)


def write_cases(path: Path) -> Path:
    """Write a case for each question; half of the facts are what any good answer states."""
    rows = []
    for name, (question, fact) in QUESTIONS.items():
        support = name in {"reset", "forgot", "refund"}
        rows.append(
            {
                "id": name,
                "segment": "support.account" if support else "glossary",
                "language": "en",
                "question": question,
                "reference": f"It is the {fact}.",
                "facts": [fact],
                "sources": [key_of(name)],
                "behaviour": "answer",
            }
        )
    rows.append(
        {
            "id": "moon",
            "segment": "other",
            "language": "en",
            "question": "How far away is the moon in kilometres?",
            "behaviour": "abstain",
        }
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@dataclass
class House:
    """Everything a night needs. judge: url of a judge; empty: none."""

    settings: Settings
    base: Endpoint
    tuned: Endpoint
    notices: list[str] = field(default_factory=list)

    async def night(
        self, kind: str = "nightly", judge_minutes: float | None = None, **more: object
    ) -> NightOutcome:
        watcher = Watcher(self.notices.append)
        outcome, _ = await measure(
            self.settings, watcher, kind, judge_minutes=judge_minutes, **more
        )
        return outcome

    def asked(self) -> int:
        """How many questions came with passages; probes of who an arm is do not."""
        both = [*self.base.asked, *self.tuned.asked]
        return sum("[1] " in messages[-1]["content"] for messages in both)


@contextmanager
def house(
    tmp_path: Path, cache_dir: Path, documents: Path, judge: str = "", **evals: object
) -> Iterator[House]:
    with serving() as base, serving() as tuned:
        base.script = tuned.script = well
        settings = Settings(
            data_dir=tmp_path / "data",
            cache_dir=cache_dir,
            knowledge=KnowledgeSettings(sample=False),
            arms=(
                ArmSettings(name="base", base_url=base.url, model="scripted", revision="1"),
                ArmSettings(name="tuned", base_url=tuned.url, model="scripted", revision="1"),
            ),
            judge=JudgeSettings(base_url=judge, model="scripted", timeout_s=5)
            if judge
            else JudgeSettings(),
            evals=EvalSettings(cases=write_cases(tmp_path / "cases.jsonl"), **evals),
        )
        fill(settings.data_dir, documents)
        yield House(settings, base, tuned)
