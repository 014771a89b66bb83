"""What one process counts of its own work. Labels are names of settings and of code, never texts.

Arms, segments and scorers are those that are configured, so there are only so many.
"""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

NONE: Final = "none"
"""In place of a label that there is no value for."""
OURS: Final = frozenset({"assistant", "guardrails", "evals"})
"""Packages whose log lines are counted by their module."""
_ANSWER_S: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0)
_STEP_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class CountedTurn(Protocol):
    """What is counted of a turn: names and numbers. The fields of ``records.turns.Turn``."""

    @property
    def mode(self) -> str | None:
        """How it was answered."""

    @property
    def arm(self) -> str | None:
        """Who answered."""

    @property
    def segment(self) -> str:
        """What it was about, one of those of the settings."""

    @property
    def language(self) -> str:
        """The question's: en, de or unknown."""

    @property
    def outcome(self) -> str:
        """How it ended."""

    @property
    def checked(self) -> bool:
        """Whether all that was shown had been checked."""

    @property
    def fell_back(self) -> str | None:
        """Why base answered in a candidate's place. A text: only whether there is one counts."""

    @property
    def scores(self) -> Mapping[str, Any]:
        """``value`` of each fast scorer, None where there is none."""

    @property
    def timings_s(self) -> Mapping[str, float]:
        """Seconds by step."""


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        # Half as many series; nobody reads when one began.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        counter = partial(Counter, registry=self.registry)
        gauge = partial(Gauge, registry=self.registry)
        times = partial(Histogram, registry=self.registry, buckets=_ANSWER_S)
        self.answers = counter(
            "routeback_answers",
            "Turns that ended, by how. failed: with an error.",
            ("mode", "arm", "segment", "language", "outcome"),
        )
        self.failures = counter(
            "routeback_answer_failures", "Turns that ended with an error, by kind.", ("error",)
        )
        self.fell_back = counter(
            "routeback_answers_fell_back", "Answers made in the place of the routed arm's."
        )
        self.unchecked = counter(
            "routeback_answers_unchecked", "Answers shown that could not all be checked."
        )
        self.first_text = times(
            "routeback_first_text_seconds",
            "From the question to the first text that is shown.",
            ("mode",),
        )
        self.whole = times("routeback_answer_seconds", "From the question to the end.", ("mode",))
        self.steps = times("routeback_step_seconds", "Steps of a turn.", ("step",))
        self.checks = times(
            "routeback_check_seconds",
            "The check of a sentence or an answer.",
            ("what", "outcome"),
            buckets=_STEP_S,
        )
        self.scores = counter(
            "routeback_scores",
            "Scores of answers and pairs; unscored: there is none, which is no 0.",
            ("what", "scorer", "outcome"),
        )
        self.pairs = counter("routeback_pairs", "Pairs that this process ended.", ("arm", "ended"))
        self.waited = times("routeback_queue_wait_seconds", "Waiting for a slot of the engine.")
        self.queue = gauge(
            "routeback_queue_length", "Questions that wait now, by for what.", ("queue",)
        )
        self.underway = gauge("routeback_turns_underway", "Turns that are under way.")
        self.lines = counter(
            "routeback_log_lines",
            "Warnings and errors in the log, by the module that says so.",
            ("part", "level"),
        )
        ProcessCollector(registry=self.registry)

    def turn(self, turn: CountedTurn, seconds: float, first_s: float | None) -> None:
        """Count a turn. first_s: until the first text was shown; None: nothing was."""
        mode = turn.mode or NONE
        self.answers.labels(mode, turn.arm or NONE, turn.segment, turn.language, turn.outcome).inc()
        self.whole.labels(mode).observe(seconds)
        if first_s is not None:
            self.first_text.labels(mode).observe(first_s)
        if turn.fell_back:
            self.fell_back.inc()
        if not turn.checked:
            self.unchecked.inc()
        for step, took in turn.timings_s.items():
            self.steps.labels(step).observe(took)

    def failed(self, error: Exception) -> None:
        """Count a turn that ended with an error."""
        self.answers.labels(NONE, NONE, NONE, NONE, "failed").inc()
        self.failures.labels(type(error).__name__).inc()

    def scored(self, what: str, scorer: str, value: float | None) -> None:
        """Count a score. value: None: there is none."""
        self.scores.labels(what, scorer, "unscored" if value is None else "scored").inc()


class CountedLines(logging.Handler):
    """Counts what is said in the log: every loop in the background says there what failed."""

    def __init__(self, lines: Counter) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Count a line."""
        ours = record.name.partition(".")[0] in OURS
        level = "error" if record.levelno >= logging.ERROR else "warning"
        self._lines.labels(record.name if ours else "other", level).inc()
