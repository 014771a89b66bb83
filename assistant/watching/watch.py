"""Watches turns, pairs and nights: one call counts them, traces them, and names them in the log."""

import time
from collections.abc import AsyncGenerator, Awaitable, Iterator, Mapping
from contextlib import ExitStack, aclosing, contextmanager
from dataclasses import dataclass, field, fields
from typing import Any, Protocol, TypeVar

from prometheus_client import CollectorRegistry

from assistant.watching import traces
from assistant.watching.about import About, working_on
from assistant.watching.exporter import exporter
from assistant.watching.logs import heard
from assistant.watching.metrics import CountedLines, CountedTurn, Metrics
from assistant.watching.traces import OFF, Span, Tracing
from guardrails.gate import Checked, Gate
from guardrails.types import Result, Sample, Score, Text

_Event = TypeVar("_Event")
_T = TypeVar("_T")


class TurnWatch:
    """One turn, as it is watched; without ``metrics`` it is not, and every call does nothing."""

    def __init__(
        self, metrics: Metrics | None = None, span: Span = OFF, about: About | None = None
    ) -> None:
        self._metrics = metrics
        self._span = span
        self._about = about or About()
        self._began = time.perf_counter()
        self._first_s: float | None = None
        self._ended = False

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Watch a step of it."""
        if self._metrics is None:
            yield
            return
        with working_on(self._about), self._span.step(name).within():
            yield

    async def over(self, events: AsyncGenerator[_Event]) -> AsyncGenerator[_Event]:
        """Pass the events of it on: texts as they are shown, then the turn.

        However it ends, it is counted once.
        """
        if self._metrics is None:
            async with aclosing(events):
                async for event in events:
                    yield event
            return
        self._metrics.underway.inc()
        try:
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, str) and self._first_s is None:
                        self._first_s = time.perf_counter() - self._began
                    yield event
        except Exception as error:
            self._failed(error)
            raise
        finally:
            self._metrics.underway.dec()
            self._close()

    def ended(self, turn: CountedTurn) -> None:
        """Count it as it was recorded, with what the check said of it."""
        if self._metrics is None or self._ended:
            return
        self._metrics.turn(turn, time.perf_counter() - self._began, self._first_s)
        for name, kept in turn.scores.items():
            self._metrics.scored("answer", name, kept["value"])
            self._span.evaluated(name, kept["value"])
        self._span.tell(
            {
                "routeback.outcome": turn.outcome,
                "routeback.mode": turn.mode or "",
                "routeback.arm": turn.arm or "",
                "routeback.segment": turn.segment,
                "routeback.language": turn.language,
                "routeback.checked": turn.checked,
                "routeback.fell_back": bool(turn.fell_back),
            }
        )
        self._close()

    def _failed(self, error: Exception) -> None:
        if self._metrics is not None and not self._ended:
            self._metrics.failed(error)
            self._close(error)

    def _close(self, error: Exception | None = None) -> None:
        if not self._ended:
            self._ended = True
            self._span.end(error)


@dataclass(frozen=True, slots=True)
class WatchedGate(Gate):
    """A gate whose checks are timed."""

    metrics: Metrics = field(default_factory=Metrics)

    async def sentence(
        self, text: str, passages: tuple[Text, ...], question: str, language: str
    ) -> Checked:
        """Check one sentence."""
        checking = Gate.sentence(self, text, passages, question, language)
        return (await self._timed("sentence", _alone(checking)))[0]

    async def answer(self, sample: Sample) -> tuple[Checked, dict[str, Result]]:
        """Check a whole answer."""
        return await self._timed("answer", Gate.answer(self, sample))

    async def _timed(
        self, what: str, checking: Awaitable[tuple[Checked, _T]]
    ) -> tuple[Checked, _T]:
        began = time.perf_counter()
        with traces.current().step(f"check {what}").within() as span:
            done = await checking
            span.tell({"routeback.outcome": done[0].outcome})
        took = time.perf_counter() - began
        self.metrics.checks.labels(what, done[0].outcome).observe(took)
        return done


async def _alone(checking: Awaitable[Checked]) -> tuple[Checked, None]:
    return await checking, None


class WaitingLine(Protocol):
    """Where questions wait."""

    @property
    def waiting(self) -> int:
        """How many wait now."""
        ...


@dataclass(frozen=True, slots=True)
class Watch:
    """Who watches a process. metrics: None: nobody."""

    metrics: Metrics | None = None
    tracing: Tracing = field(default_factory=Tracing)

    @property
    def registry(self) -> CollectorRegistry:
        """What is exported."""
        return self.metrics.registry if self.metrics else CollectorRegistry()

    @contextmanager
    def telling(self, host: str, port: int | None) -> Iterator[None]:
        """Count what this process logs, and export all that is counted, until the block ends.

        port: of the metrics, for whoever reaches it; None: there is none.

        Raises:
            ServerError: the port cannot be had.
        """
        with ExitStack() as stack:
            if self.metrics is not None:
                stack.enter_context(heard(CountedLines(self.metrics.lines)))
            if port is not None:
                stack.enter_context(exporter(self.registry, host, port))
            yield

    def follow(self, queue: str, line: WaitingLine) -> None:
        """Tell how many wait in a line."""
        if self.metrics is not None:
            self.metrics.queue.labels(queue).set_function(lambda: line.waiting)

    def waited(self, seconds: float) -> None:
        """Count how long a question waited for a slot of the engine."""
        if self.metrics is not None:
            self.metrics.waited.observe(seconds)

    def gate(self, gate: Gate) -> Gate:
        """Return a gate whose checks are timed."""
        if self.metrics is None:
            return gate
        values: dict[str, Any] = {f.name: getattr(gate, f.name) for f in fields(Gate)}
        return WatchedGate(**values, metrics=self.metrics)

    def turn(self, turn_id: str, conversation_id: str, said: str) -> TurnWatch:
        """Begin to watch a turn. said: what was asked: no line of the log has it."""
        if self.metrics is None:
            return TurnWatch()
        span = self.tracing.turn(turn_id, conversation_id)
        about = About(turn_id, conversation_id, trace=span.trace_id, said=(said,))
        return TurnWatch(self.metrics, span, about)

    @contextmanager
    def pair(self, job_id: str, turn_id: str, arm: str, segment: str, said: str) -> Iterator[None]:
        """Watch a pair. said: as for a turn."""
        span = self.tracing.pair(job_id, turn_id, arm, segment)
        what = About(turn_id, pair=job_id, trace=span.trace_id, said=(said,))
        with span.within(), working_on(what):
            yield

    def paired(self, arm: str, ended: str) -> None:
        """Count a pair, by what became of it."""
        traces.current().tell({"routeback.outcome": ended})
        if self.metrics is not None:
            self.metrics.pairs.labels(arm, ended).inc()

    def scored(self, side: str, results: Mapping[str, Result]) -> None:
        """Count the scores of one side of a pair, and tell them of what is worked on."""
        for name, result in results.items():
            value = result.value if isinstance(result, Score) else None
            traces.current().evaluated(name, value, side)
            if self.metrics is not None:
                self.metrics.scored("pair", name, value)

    @contextmanager
    def night(self, kind: str) -> Iterator[Span]:
        """Watch a night of evals."""
        span = self.tracing.night(kind)
        with span.within(), working_on(About(night=kind, trace=span.trace_id)):
            yield span
