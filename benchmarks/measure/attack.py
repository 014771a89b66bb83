"""Harms made on purpose: what ``routeback guard attack`` finds about the default measure."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.answers.answers import interval
from benchmarks.results import Table, number, table

BASES: Final = ("references", "copied", "recorded")
SHARES: Final = ("1", "0.3")


def outcome(cell: dict[str, Any]) -> str | None:
    """Return how the streams of a cell ended at each share, in few words."""
    if not cell["outcomes"]:
        return f"– ({cell['cases']})"
    return " · ".join(_ended(cell["outcomes"][share]) for share in SHARES)


def _ended(found: dict[str, Any]) -> str:
    streams = found["routed_back"] + found["undecided"] + found["promoted"]
    told = []
    if found["routed_back"]:
        told.append(f"back {found['back_pairs']:.0f}{_of(found['routed_back'], streams)}")
    if found["promoted"]:
        told.append(f"**serves**{_of(found['promoted'], streams)}")
    return ", ".join(told) or "open"


def _of(count: int, streams: int) -> str:
    return "" if count == streams else f" ({count}/{streams})"


def rows(found: dict[str, Any]) -> list[list[object]]:
    """Return a line for each change and language."""
    cells = {(c["name"], c["language"], c["base"]): c for c in found["cells"]}
    lines = []
    for name, language in dict.fromkeys((c["name"], c["language"]) for c in found["cells"]):
        own = [cells[name, language, base] for base in BASES if (name, language, base) in cells]
        first = own[0]
        told = [outcome(cell) for cell in own]
        told += [None] * (len(BASES) - len(told))
        seen = interval(first["shown"], first["cases"])
        lines.append([name, language, first["cases"], list(first["mean"].values()), *told, seen])
    return lines


HARMS = (
    *("change", "", "cases", number("fast / relevance", 2, signed=True)),
    *(*BASES, number("a reader sees it", 2)),
)
UNHARMED = ("answers", "n", number("shown whole", 2))


def measure(*, quick: bool = False) -> list[Table]:
    """Attack; three to eight minutes on two cores."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).parent / "routeback"), "guard", "attack"]
        command += ["--out", folder, *(["--quick"] if quick else [])]
        subprocess.run(command, check=False)  # 1: a harm is promoted, which the table shows
        found = json.loads(Path(folder, "attack.json").read_text("utf-8"))
    whole = [[base, of, interval(seen, of)] for base, (seen, of) in found["shown_whole"].items()]
    return [table("harms", HARMS, rows(found)), table("unharmed", UNHARMED, whole)]
