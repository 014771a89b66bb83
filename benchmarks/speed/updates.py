"""What a pair costs the sequential tests: time and memory of 1,000,000 pairs in 1,000 segments."""

import json
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.results import Table, number, table
from guardrails.statistics.confidence import ConfidenceSequence, ConfidenceSequences
from guardrails.statistics.detector import Detector, Detectors

PAIRS, SEGMENTS, BATCH, SINGLE = 1_000_000, 1000, 10_000, 5000
TOLERANCE = 0.02


def seconds(build: Callable[[], Any], updates: list[tuple[Any, ...]]) -> float:
    """Return the processor time of all updates."""
    subject = build()
    start = time.process_time()
    for update in updates:
        subject.update(*update)
    return time.process_time() - start


def kept_and_peak(build: Callable[[], Any], updates: list[tuple[Any, ...]]) -> tuple[float, float]:
    """Return what is kept, and the most that is used while updating, in MB."""
    tracemalloc.start()
    subject = build()
    for update in updates[:3]:
        subject.update(*update)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept / 1e6, peak / 1e6


COSTS = (
    *("", number("pairs/s, batched", 0), number("pairs/s, singly", 0)),
    *(number("kept", 1, "MB"), number("most used", 1, "MB"), number("one state as JSON", 1, "kB")),
)


def measure(*, quick: bool = False) -> list[Table]:
    """Measure; a minute."""
    pairs = BATCH * 3 if quick else PAIRS
    rng = np.random.default_rng(1)
    values = rng.choice([-1.0, -0.2, 0.0, 0.2, 1.0], pairs, p=[0.05, 0.1, 0.7, 0.1, 0.05])
    segments = rng.integers(0, SEGMENTS, pairs)
    batches = [(values[i : i + BATCH], segments[i : i + BATCH]) for i in range(0, pairs, BATCH)]
    singles = [(float(value),) for value in values[:SINGLE]]
    lines = []
    for name, many, one in (
        ("detector", lambda: Detectors(SEGMENTS, TOLERANCE), lambda: Detector(TOLERANCE)),
        ("confidence sequence", lambda: ConfidenceSequences(SEGMENTS), ConfidenceSequence),
    ):
        kept, peak = kept_and_peak(many, batches)
        alone = one()
        alone.update(0.1)
        speeds = [pairs / seconds(many, batches), SINGLE / seconds(one, singles)]
        lines.append([name, *speeds, kept, peak, len(json.dumps(alone.state())) / 1000])
    return [table("costs", COSTS, lines)]
