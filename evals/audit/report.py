"""A report as JSON and as one page of HTML: nothing is fetched, nothing runs."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from evals.audit.findings import Finding, Severity
from evals.audit.run import Report
from evals.audit.verdict import AuditVerdict

_SAID: Final = {
    AuditVerdict.GO: "Go",
    AuditVerdict.GO_FOR_SEGMENTS: "Go for",
    AuditVerdict.NO_GO: "No-go",
}
FORMAT: Final = 1
"""Of the JSON; changes when a key changes its meaning."""


def headline(report: Report) -> str:
    """Return the verdict in a line."""
    words = _SAID[report.verdict]
    if report.verdict is AuditVerdict.GO_FOR_SEGMENTS:
        return f"{words} {', '.join(r.segment for r in report.segments if r.fate == 'go')}"
    return words


def values(report: Report) -> Mapping[str, Any]:
    """Return the report as plain JSON values."""
    file = report.file
    return {
        "format": FORMAT,
        "verdict": report.verdict.value,
        "headline": headline(report),
        "segments": [
            {"segment": r.segment, "verdict": r.fate.value, "reasons": list(r.reasons)}
            for r in report.segments
        ],
        "data": {
            "path": str(file.path),
            "sha256": file.sha256,
            "examples": len(file.examples),
            "problems": len(file.problems),
        },
        "compared_with": list(report.compared),
        "findings": [_finding(finding) for finding in report.findings],
    }


def page(report: Report) -> str:
    """Return the report as HTML."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string((files("evals.audit") / "page.html").read_text("utf-8"))
    grave = [f for f in report.findings if f.severity is not Severity.NOTE]
    notes = [f for f in report.findings if f.severity is Severity.NOTE]
    return template.render(
        report=report,
        headline=headline(report),
        name=report.file.path.name,
        groups=(("What to look at", grave), ("What is in order", notes)),
        bar=bar,
        number=number,
    )


def write(report: Report, folder: Path) -> None:
    """Write report.html and report.json."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(values(report), ensure_ascii=False, indent=2)
    (folder / "report.json").write_text(text + "\n", "utf-8")
    (folder / "report.html").write_text(page(report), "utf-8")


def bar(finding: Finding) -> float | None:
    """Return how much of the bar of a finding is full, in (0, 100]; None for no bar."""
    return 100.0 * min(1.0, finding.count / finding.of) if finding.of and finding.count else None


def number(value: float | str) -> str:
    """Return a measured number with three digits at most behind the point."""
    return value if isinstance(value, str) else f"{value:.3f}".rstrip("0").rstrip(".")


def _finding(one: Finding) -> Mapping[str, Any]:
    plain = asdict(one)
    plain["severity"] = one.severity.value
    plain["examples"] = plain.pop("quotes")
    plain["segments"] = list(one.segments)
    plain["numbers"] = dict(one.numbers)
    return plain
