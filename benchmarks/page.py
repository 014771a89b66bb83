"""The pages of results: their prose stands there by hand, their tables come from the results.

``<!-- table: detection.rates -->`` … ``<!-- end -->`` holds one table; ``<!-- run: detection -->``
… ``<!-- end -->`` the line that says when, where and at which commit a benchmark ran.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.results import FOLDER, HERE, read

PAGE: Final = HERE.parent / "docs" / "benchmarks.md"
PAGES: Final = (PAGE, *(PAGE.with_name(name) for name in ("security.md", "sizing.md")))
_PLACE: Final = re.compile(
    r"<!-- (?P<kind>table|run): (?P<name>[\w.-]+) -->\n.*?<!-- end -->", re.DOTALL
)


def rendered(page: str) -> str:
    """Return the page with each place filled anew. Raises FileNotFoundError, KeyError."""
    return _PLACE.sub(_filled, page)


def _filled(place: re.Match[str]) -> str:
    kind, name = place["kind"], place["name"]
    benchmark, _, part = name.partition(".")
    result = read(benchmark)
    text = result.origin() if kind == "run" else result.table(part).markdown()
    return f"<!-- {kind}: {name} -->\n{text}\n<!-- end -->"


def unplaced(page: str) -> list[str]:
    """Return the tables and runs that are published and have no place on the page."""
    places = {(place["kind"], place["name"]) for place in _PLACE.finditer(page)}
    wanted = []
    for path in sorted(FOLDER.glob("*.json")):
        result = read(path.stem)
        wanted.append(("run", result.name))
        wanted += [("table", f"{result.name}.{table.name}") for table in result.tables]
    return [f"{kind}: {name}" for kind, name in wanted if (kind, name) not in places]


def render(paths: Sequence[Path] = PAGES) -> list[str]:
    """Fill the pages; return what has no place on one of them."""
    texts = {path: rendered(path.read_text("utf-8")) for path in paths}
    for path, text in texts.items():
        path.write_text(text, "utf-8")
    return unplaced("".join(texts.values()))
