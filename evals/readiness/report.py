"""The report as Markdown, and as one page of HTML: nothing is fetched, nothing runs."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Final

from assistant.errors import EvalsError
from evals.readiness.verdict import ReadinessReport

FORMS: Final = (".html", ".md", ".json")
_MARKS: Final = {"pass": "✓", "fail": "✗", "not applicable": "–"}


def form_of(path: Path) -> str:
    """Return what the name of a file ends with.

    Raises:
        EvalsError: it is no form of the report.
    """
    form = path.suffix.lower()
    if form not in FORMS:
        raise EvalsError(f"--out {path} ends with {form!r}; expected {', '.join(FORMS)}.")
    return form


def write(report: ReadinessReport, path: Path) -> None:
    """Write the report in the form that the name of the file ends with.

    Raises:
        EvalsError: it is none, or cannot be written.
    """
    made = {".html": page, ".md": markdown, ".json": text}[form_of(path)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made(report), "utf-8")
    except OSError as error:
        raise EvalsError(f"{path} cannot be written: {error.strerror}.") from error


def text(report: ReadinessReport) -> str:
    """Return the report as JSON."""
    return json.dumps(report.plain(), ensure_ascii=False, indent=2) + "\n"


def markdown(report: ReadinessReport) -> str:
    """Return the report as Markdown."""
    parts = [
        "# Is this installation ready to let a tuned model answer people?",
        f"**{report.words}** Routeback {report.version}, {report.at:%Y-%m-%d %H:%M} UTC.",
    ]
    for item in report.items:
        lines = [f"- {_plain(line)}" for line in item.grounds]
        lines += [f"\n**To do:** {_plain(item.todo)}"] if item.outcome == "fail" else []
        head = f"## {_MARKS[item.outcome]} {_plain(item.title)} ({item.outcome})"
        parts.append("\n".join((head, "", *lines)))
    return "\n\n".join(parts) + "\n"


def _plain(text: str) -> str:
    """Return a text in which nothing is Markdown or HTML: titles are other people's."""
    shown = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for sign in "\\`*_[]#":
        shown = shown.replace(sign, f"\\{sign}")
    return " ".join(shown.split())


def page(report: ReadinessReport) -> str:
    """Return the report as HTML."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string((files("evals.readiness") / "page.html").read_text("utf-8"))
    return template.render(report=report, marks=_MARKS)
