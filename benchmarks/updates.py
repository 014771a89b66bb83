"""What a pair costs the sequential tests: time and memory of 1,000,000 pairs in 1,000 segments."""

import json
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import report

from guardrails.statistics.confidence import ConfidenceSequence, ConfidenceSequences
from guardrails.statistics.sequential import Detector, Detectors

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


def main() -> None:
    rng = np.random.default_rng(1)
    values = rng.choice([-1.0, -0.2, 0.0, 0.2, 1.0], PAIRS, p=[0.05, 0.1, 0.7, 0.1, 0.05])
    segments = rng.integers(0, SEGMENTS, PAIRS)
    batches = [(values[i : i + BATCH], segments[i : i + BATCH]) for i in range(0, PAIRS, BATCH)]
    singles = [(float(value),) for value in values[:SINGLE]]
    lines = []
    for name, many, one in (
        ("detector", lambda: Detectors(SEGMENTS, TOLERANCE), lambda: Detector(TOLERANCE)),
        ("confidence sequence", lambda: ConfidenceSequences(SEGMENTS), ConfidenceSequence),
    ):
        kept, peak = kept_and_peak(many, batches)
        alone = one()
        alone.update(0.1)
        lines.append(
            [
                name,
                f"{PAIRS / seconds(many, batches):,.0f}",
                f"{SINGLE / seconds(one, singles):,.0f}",
                f"{kept:.1f} MB",
                f"{peak:.1f} MB",
                f"{len(json.dumps(alone.state())) / 1000:.1f} kB",
            ]
        )
    report.publish("updates", "Cost of a pair", report.table(HEAD, lines) + TEXT)


HEAD = ("", "pairs/s, batched", "pairs/s, singly", "kept", "most used", "one state as JSON")
TEXT = f"""

{PAIRS:,} pairs in random order over {SEGMENTS:,} segments, in batches of {BATCH:,}; singly,
{SINGLE:,} pairs of one segment. Pairs per second of processor time on one core, which
others were using too.

What it shows: both tests are far from being the bottleneck; scoring a pair costs more.

What it does not show: storing and reading pairs, which the database does, and scoring them.
"""

if __name__ == "__main__":
    main()
