"""What a night works with, once it is open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from assistant.arms.roster import Roster, rungs
from assistant.errors import UnknownName
from assistant.local.embeddings import TextEmbedder
from assistant.progress import Watcher
from assistant.settings import Settings
from assistant.watching.watch import Watch
from evals.cases.cases import Case
from evals.night.history import History
from evals.night.subject import Service, Subject
from evals.night.verdict import Bars
from guardrails.guard import BASE
from guardrails.monitor import Monitor
from guardrails.scorers.scorer import Scorer
from guardrails.store.store import Store


@dataclass(frozen=True, slots=True)
class Parts:
    """What a night works with.

    records: where turns and the guardrail are kept. judge: scorers by metric; empty without a
    judge. parallel: questions at a time; judge_parallel: of the judge. embedder: by which real
    questions and cases are compared; None: they are not. watch: who is told of it.
    """

    settings: Settings
    subject: Subject
    history: History
    records: Engine
    fast: Scorer
    judge: Mapping[str, Scorer]
    cases: tuple[Case, ...]
    bars: Bars
    parallel: int
    judge_parallel: int
    judge_timeout_s: float
    judge_pinned: bool
    watcher: Watcher
    lender: Service | None = None
    embedder: TextEmbedder | None = None
    watch: Watch = field(default_factory=Watch)

    @property
    def monitor(self) -> Monitor:
        """What a night may tell the guardrail."""
        strengths = rungs(Roster(self.settings, self.records).entries())
        return Monitor(Store(self.records), self.settings.guard.policy, strengths)

    @property
    def reports(self) -> Path:
        """The folder of the reports."""
        return self.settings.evals.reports or self.settings.data_dir / "evals"


def arms_of(settings: Settings, subject: Subject) -> dict[str, str]:
    """Return the arms that are measured, base first, with their revisions.

    Raises:
        UnknownName: the settings name one that there is not.
    """
    named = settings.evals.arms or tuple(subject.arms)
    if unknown := [name for name in named if name not in subject.arms]:
        raise UnknownName(
            f"evals.arms names {', '.join(unknown)}; there is {', '.join(subject.arms)}."
        )
    return {name: subject.arms[name] for name in dict.fromkeys((BASE, *named))}
