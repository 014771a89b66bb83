"""Asks single cases and scores them at once: for tests of a team's own."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from assistant import environment
from assistant.language import Language
from assistant.progress import Watcher
from assistant.settings import load
from evals.app import open_parts
from evals.cases.cases import Behaviour, Case
from evals.night.answers import Run
from evals.night.history import CaseAnswer
from evals.night.parts import Parts
from evals.night.plan import NightPlan

T = TypeVar("T")
_CLOSE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class ScoredAnswer:
    """An answer with its scores. scores: in [0, 1], or None; reasons: why, by metric."""

    answer: str
    outcome: str
    segment: str
    sources: tuple[str, ...]
    scores: Mapping[str, float | None]
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks one arm. Blocking; may be used from any test."""

    arm: str
    _parts: Parts
    _loop: asyncio.AbstractEventLoop = field(repr=False)

    @property
    def cases(self) -> tuple[Case, ...]:
        """The cases of the settings."""
        return self._parts.cases

    def __call__(
        self,
        question: str | Case,
        *,
        reference: str = "",
        facts: Sequence[str] = (),
        sources: Sequence[str] = (),
        behaviour: Behaviour = "answer",
        language: Language = "en",
        arm: str | None = None,
    ) -> ScoredAnswer:
        """Ask a question, or a case, and score the answer by what needs no judge.

        Raises:
            RoutebackError: the arm did not answer.
        """
        case = question
        if isinstance(case, str):
            case = Case.model_construct(  # a case of a file must have a reference; this need not
                id="asked",
                segment="other",
                language=language,
                question=case,
                reference=reference,
                facts=tuple(facts),
                sources=tuple(sources),
                behaviour=behaviour,
            )
        return _wait(self._loop, self._ask(case, arm or self.arm))

    async def _ask(self, case: Case, arm: str) -> ScoredAnswer:
        history: Any = [{"role": m.role, "content": m.content} for m in case.history]
        ask = self._parts.subject.ask
        measured = await ask(arm, case.question, history=history, interface=case.language)
        plan = NightPlan(cases={case.id: case.hash}, arms={arm: ""})
        parts = self._parts
        run = Run("", plan, {case.id: case}, parts.subject, parts.history, parts.fast)
        scores = await run.cheap(CaseAnswer("live", arm, case.id, case.hash, measured))
        return ScoredAnswer(
            answer=measured.answer,
            outcome=measured.outcome,
            segment=measured.segment,
            sources=tuple(
                p["chunk"]["key"] or p["chunk"]["source"] for p in measured.passages if p["given"]
            ),
            scores={score.metric: score.value for score in scores},
            reasons={score.metric: score.reason for score in scores},
        )


@contextmanager
def asking(url: str | None, key: str, arm: str) -> Iterator[Asker]:
    """Open what is asked, in a thread with a loop of its own, so that no test's loop matters.

    Raises:
        RoutebackError: it cannot be opened.
    """
    environment.prepare()
    settings = load()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="routeback", daemon=True)
    thread.start()
    opening = open_parts(settings, Watcher(), judge_minutes=0.0, url=url, headers=headers)
    try:
        parts = _wait(loop, opening.__aenter__())
        try:
            yield Asker(arm, parts, loop)
        finally:
            _wait(loop, opening.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_CLOSE_S)
        loop.close()


def _wait(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run_coroutine_threadsafe(work, loop).result()
