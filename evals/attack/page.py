"""An attack as JSON and as one page of HTML: nothing is fetched, nothing runs."""

import json
from importlib.resources import files
from pathlib import Path

from guardrails.attack.result import Result


def page(result: Result) -> str:
    """Return the result as HTML, with the worst examples in words."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string((files("evals.attack") / "page.html").read_text("utf-8"))
    shares = sorted({s for cell in result.cells for s in cell.outcomes}, reverse=True)
    return template.render(result=result, shares=shares)


def write(result: Result, folder: Path) -> dict[str, Path]:
    """Write attack.html and attack.json; return their paths by kind."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {"html": folder / "attack.html", "json": folder / "attack.json"}
    text = json.dumps(result.plain(), ensure_ascii=False, indent=2)
    paths["json"].write_text(text + "\n", "utf-8")
    paths["html"].write_text(page(result), "utf-8")
    return paths
