"""The table of a full attack on the default measure, from its JSON.

Usage: ``routeback guard attack --out FOLDER`` (three to eight minutes on two cores), then
``python benchmarks/attack.py FOLDER/attack.json``.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

import report
from answers import interval

BASES: Final = ("references", "copied", "recorded")
SHARES: Final = ("1", "0.3")


def outcome(cell: dict[str, Any]) -> str:
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


def rows(found: dict[str, Any]) -> list[list[str]]:
    """Return a line for each change and language."""
    cells = {(c["name"], c["language"], c["base"]): c for c in found["cells"]}
    lines = []
    for name, language in dict.fromkeys((c["name"], c["language"]) for c in found["cells"]):
        own = [cells[name, language, base] for base in BASES if (name, language, base) in cells]
        first = own[0]
        means = " / ".join(
            "–" if mean is None else f"{mean:+.2f}" for mean in first["mean"].values()
        )
        told = [outcome(cell) for cell in own]
        told += ["–"] * (len(BASES) - len(told))
        seen = interval(first["shown"], first["cases"])
        lines.append([name, language, str(first["cases"]), means, *told, seen])
    return lines


def main() -> None:
    """Publish the table of one attack."""
    found = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    head = ("change", "", "cases", "fast / relevance", *BASES, "a reader sees it")
    whole = "; ".join(
        f"{base} {interval(seen, of)} of {of}" for base, (seen, of) in found["shown_whole"].items()
    )
    text = f"""{report.table(head, rows(found))}

Harms, then improvements, in English and German; cases, means and *a reader sees it* (95 %, Wilson)
are of human references. A cell: what becomes of a candidate that answers so in all of its answers ·
in 30 % of them; 20 streams, at most 1,000 pairs each; *back n*: routed back after a median of n
pairs; *open*: neither routed back nor promoted; – with fewer than 25 cases: not measured. Shown
whole of what was not harmed: {whole}.

What it shows: of what is measured no harm is promoted where every answer is harmed, and no
improvement is routed back.
Where a third is harmed, half-missing answers and, in German, another fact of the same passage are:
only relevance sees them, by less than the tolerance. A reader is still shown most exchanged names,
half of the denials and nearly every yes in place of a no: the gate holds back only what words and
checker see together, so that people's own words pass.
"""
    report.publish("attack", "Harms made on purpose", text)


if __name__ == "__main__":
    main()
