"""Weights beside today's base and the document's own words, on the answer cases that come along.

Everybody is asked the same questions about the sample knowledge, in a folder of its own: nothing
that is kept is touched, and no server is asked. What an answer is worth is said by the case alone:
its facts, what it must not contain, and whether there is an answer at all. No model judges.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final, Literal

import numpy as np

from assistant.app import open_assistant
from assistant.arms.arm import EmbeddedArm
from assistant.background.probe import Probe, ProbeResult
from assistant.conversation import Message
from assistant.errors import ArmError, EvalsError, QuestionError
from assistant.local import memory
from assistant.progress import Watcher
from assistant.settings import Settings
from evals.cases.cases import Case
from evals.cases.marks import FACTS, marks, plain
from evals.night.subject import Subject
from evals.statistics.estimate import NOTHING, Estimate, estimate
from guardrails.guard import BASE, QUOTE
from guardrails.statistics.share import wilson

Verdict = Literal[
    "right", "partly right", "wrong", "abstained", "asked back", "handed over", "failed"
]
VERDICTS: Final[tuple[Verdict, ...]] = (
    *("right", "partly right", "wrong", "abstained"),
    *("asked back", "handed over", "failed"),
)
ALPHA: Final = 0.05
_OUTCOMES: Final[Mapping[str, Verdict]] = {
    "asked": "asked back",
    "handed_off": "handed over",
}
_AS_SET: Final = frozenset(
    {
        *("cache_dir", "offline", "openai_base_url", "openai_api_key", "openai_model"),
        *("hf_endpoint", "hf_token", "engine", "answer_tokens", "question_characters"),
        *("base", "log_level"),
    }
)
"""Settings that a contender keeps; all others are as they are by default."""


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What came of one question. seconds: of the whole turn."""

    case: str
    verdict: Verdict
    seconds: float
    answer: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Contender:
    """One that was asked. memory: the most bytes that its engine had; None if it has none."""

    name: str
    revision: str
    outcomes: tuple[CaseOutcome, ...]
    memory: int | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How often each verdict came."""
        found = Counter(outcome.verdict for outcome in self.outcomes)
        return {verdict: found[verdict] for verdict in VERDICTS}

    def share(self, verdict: Verdict) -> tuple[float, float, float]:
        """Return the share in [0, 1] of a verdict, and its 95 % interval (Wilson 1927)."""
        count = self.counts[verdict]
        return (count / len(self.outcomes), *wilson(count, len(self.outcomes)))

    @property
    def seconds(self) -> tuple[float, float]:
        """The median and the 95th percentile of the time for an answer."""
        times = [outcome.seconds for outcome in self.outcomes]
        return median(times), float(np.quantile(times, 0.95))


@dataclass(frozen=True, slots=True)
class BaseContest:
    """New weights, today's base, and the quotation, in this order, on the same cases."""

    new: Contender
    today: Contender
    quote: Contender

    def difference(self, other: Contender) -> Estimate:
        """Return the share of right answers of the new one, less that of another, case by case."""
        theirs = {outcome.case: outcome.verdict == "right" for outcome in other.outcomes}
        pairs = [(o.case, (o.verdict == "right") - theirs[o.case]) for o in self.new.outcomes]
        if not pairs:
            return NOTHING
        return estimate(np.array([d for _, d in pairs], float), [case for case, _ in pairs])


def verdict(case: Case, measured: ProbeResult) -> Verdict:
    """Judge an answer by its case."""
    given = measured.outcome == "answered"
    other = _OUTCOMES.get(measured.outcome, "abstained")
    if case.behaviour == "abstain":
        return "wrong" if given else "right"
    if case.behaviour != "answer":
        wanted = {"ask_back": "asked back", "hand_over": "handed over"}[case.behaviour]
        return "wrong" if given else "right" if other == wanted else other
    if not given:
        return other
    said = plain(measured.answer)
    if any(plain(text) in said for text in case.forbidden):
        return "wrong"
    stated = marks(case, measured).get(FACTS)
    share = getattr(stated, "value", 0.0)
    return "right" if share == 1 else "partly right" if share else "wrong"


async def contest(
    settings: Settings, name: str, cases: Sequence[Case], watcher: Watcher
) -> BaseContest:
    """Ask weights, today's base and the quotation the same questions.

    name: of weights that are known or were added; they are fetched if need be.

    Raises:
        EvalsError: they are today's base, or there are no cases.
        WeightsError: they cannot be had, or do not fit into memory.
        ArmError: an engine cannot load them.
    """
    if not cases:
        raise EvalsError("There are no cases to ask.", hint="Give --cases 0 for all.")
    if name == settings.engine.model and not settings.remote_base:
        raise EvalsError(
            f"{name} is base today; there is nothing to compare it with.",
            hint="routeback models list shows what else there is.",
        )
    store = settings.weights_store()
    weights = store.find(name)
    await asyncio.to_thread(store.pull, weights, watcher.progress)
    memory.check(weights)
    engine = settings.engine.model_copy(update={"model": name})
    async with _opened(settings, watcher, base="embedded", arms=(), engine=engine) as probe:
        new = await asked(probe, BASE, name, cases, watcher)
    own = tuple(arm for arm in settings.arms if arm.name == BASE)
    async with _opened(settings, watcher, arms=own) as probe:
        called = "today's base" if settings.remote_base else settings.engine.model
        today = await asked(probe, BASE, called, cases, watcher)
        quote = await asked(probe, QUOTE, QUOTE, cases, watcher)
    return BaseContest(new, today, quote)


async def asked(
    subject: Subject, arm: str, called: str, cases: Sequence[Case], watcher: Watcher
) -> Contender:
    """Ask one arm all cases, one after the other. called: what it is called for a person."""
    outcomes = []
    for number, case in enumerate(cases):
        watcher.progress(f"asking {called}", number, len(cases))
        outcomes.append(await _asked(subject, arm, case))
    watcher.progress(f"asking {called}", len(cases), len(cases))
    peak = _peak(subject) if arm == BASE else None
    return Contender(called, subject.arms[arm], tuple(outcomes), peak)


async def _asked(subject: Subject, arm: str, case: Case) -> CaseOutcome:
    history: list[Message] = [{"role": m.role, "content": m.content} for m in case.history]
    try:
        measured = await subject.ask(arm, case.question, history=history, interface=case.language)
    except (ArmError, QuestionError) as error:
        return CaseOutcome(case.id, "failed", 0.0, error.message)
    return CaseOutcome(case.id, verdict(case, measured), measured.seconds, measured.answer)


def _peak(subject: Subject) -> int | None:
    base = subject.assistant.arms[BASE] if isinstance(subject, Probe) else None
    pid = base.engine.pid if isinstance(base, EmbeddedArm) else None
    return memory.peak(pid) if pid else None


@asynccontextmanager
async def _opened(settings: Settings, watcher: Watcher, **changed: object) -> AsyncIterator[Probe]:
    """Open an assistant over the sample knowledge, in a folder that is gone afterwards."""
    fields = Settings.model_fields.items()
    bare = {
        name: field.get_default(call_default_factory=True)
        for name, field in fields
        if name not in _AS_SET
    }
    with tempfile.TemporaryDirectory(prefix="routeback-try-") as folder:
        update = {**bare, "data_dir": Path(folder), **changed}
        async with open_assistant(settings.model_copy(update=update), watcher) as assistant:
            engine = assistant.engine
            wanted = assistant.settings.engine.model
            if engine is not None and engine.weights.name != wanted:
                raise EvalsError(
                    f"{wanted} cannot be asked: {engine.coming.message}",
                    hint=f"Run 'routeback models pull {wanted}'.",
                )
            yield Probe(assistant)
