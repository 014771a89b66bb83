"""Writes what a night found: a page for people, a summary, JUnit for pipelines, JSON."""

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assistant.wire.night_result import ComparisonView, NightResult
from assistant.wire.nights import TrendView
from evals.report import plots
from evals.report.words import OUTCOMES, trust_words

if TYPE_CHECKING:
    from jinja2 import Environment

_MOODS: Final = {0: "good", 1: "bad", 2: "unsure"}
_ICONS: Final = {0: "✅", 1: "❌", 2: "⚠️"}
_TEMPLATES: Final = Path(str(files("evals.report")))
_MARGIN: Final = 0.02
_OPENED: Final = 2
_QUIET: Final = "no change shown"


def write(folder: Path, result: NightResult, trend: TrendView) -> dict[str, Path]:
    """Write the report into a folder; return the files by kind: html, markdown, junit, json.

    trend: as ``assistant.records.nights.Nights.trend`` gives it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plain = result.model_dump(mode="json")
    values = json.dumps(plain, ensure_ascii=False, indent=2, allow_nan=False)
    texts = {
        "html": ("report.html", page(result, trend)),
        "markdown": ("summary.md", summary(result)),
        "junit": ("junit.xml", junit(result)),
        "json": ("report.json", values + "\n"),
    }
    paths = {}
    for kind, (name, text) in texts.items():
        paths[kind] = folder / name
        paths[kind].write_text(text, encoding="utf-8")
    return paths


def page(result: NightResult, trend: TrendView) -> str:
    """Return the report as one HTML page that needs nothing else."""
    moves = result.attributions
    order = sorted(moves, key=lambda name: name != result.headline)
    telling = [n for n in order if moves[n].named or moves[n].status != _QUIET]
    opened = (
        telling[:_OPENED] or [name for name in moves if name == result.headline] or list(moves)[:1]
    )
    pictures = {
        "causes": {
            name: plots.causes(moves[name].effects, f"What moved {name}: {moves[name].words}")
            for name in opened
        },
        "since": _forests(result.since, result.headline, "against its frozen answers"),
        "versus": _forests(result.versus, result.headline, "against base"),
        "trend": plots.trend(trend.points, result.headline, "Means over the nights"),
    }
    code = result.exit_code
    template = _environment(html=True).get_template("report.html")
    return template.render(
        r=result,
        title=f"{OUTCOMES[code]} · eval night {result.night}",
        outcome=OUTCOMES[code],
        mood=_MOODS[code],
        opened=opened,
        pictures=pictures,
        trust=[f"{row.metric}: {trust_words(row)}" for row in result.trust],
        style=(_TEMPLATES / "report.css").read_text(encoding="utf-8"),
    )


def summary(result: NightResult) -> str:
    """Return a summary in Markdown, for a pull request."""
    changes = {
        (arm, row.metric): f"{row.verdict}, {_points(row.mean)}"
        for arm, rows in result.since.items()
        for row in rows
        if row.segment == "*"
    }
    code = result.exit_code
    template = _environment(html=False).get_template("summary.md")
    text: str = template.render(
        r=result,
        outcome=OUTCOMES[code],
        icon=_ICONS[code],
        changes=changes,
        hundred=lambda value: "–" if value is None else f"{100 * value:.1f}",
        cell=_cell,
    )
    return text


def junit(result: NightResult) -> str:
    """Return the gates as JUnit XML: a failure is a regression, an error is not measured."""
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    rows = [(arm, gate) for arm, gates in result.gates.items() for gate in gates]
    failures = sum(gate.outcome == "regression" for _, gate in rows)
    blind = sum(gate.outcome == "could not measure" for _, gate in rows)
    unmeasured = not rows
    suite = Element(
        "testsuite",
        name=f"routeback evals {result.night}",
        tests=str(max(1, len(rows))),
        failures=str(failures),
        errors=str(blind + unmeasured),
    )
    for arm, gate in rows:
        name = f"{gate.metric} in {_all(gate.segment)}, {_all(gate.language)}"
        test = SubElement(suite, "testcase", classname=f"evals.{arm}", name=name)
        if gate.outcome == "regression":
            SubElement(test, "failure", message=gate.reason)
        elif gate.outcome == "could not measure":
            SubElement(test, "error", message=gate.reason)
    if unmeasured:
        test = SubElement(suite, "testcase", classname="evals", name="night")
        SubElement(test, "error", message=result.words)
    indent(suite)
    return tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _forests(
    compared: Mapping[str, Sequence[ComparisonView]], metric: str, what: str
) -> dict[str, str]:
    return {
        arm: plots.forest(_rows(rows, metric), f"{metric} of {arm} {what}", _MARGIN)
        for arm, rows in compared.items()
    }


def _rows(rows: Sequence[ComparisonView], metric: str) -> list[plots.ForestRow]:
    """Return the metric's cells, and those of others that are decided, whole first."""
    shown = [row for row in rows if row.metric == metric or row.segment == "*"]
    shown.sort(key=lambda row: (row.segment != "*", row.metric != metric))
    return [
        plots.ForestRow(
            f"{row.metric}, {_where(row)} (n = {row.n})", row.mean, row.low, row.high, row.verdict
        )
        for row in shown
        if row.mean is not None
    ]


def _where(row: ComparisonView) -> str:
    return "all cases" if row.segment == "*" else f"{row.segment}/{row.language}"


def _all(name: str) -> str:
    return "all" if name == "*" else name


def _cell(text: str) -> str:
    """Return text that stays within its cell and shows as it is written."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    return " ".join(plain.split())


def _points(mean: float | None) -> str:
    return "–" if mean is None else f"{100 * mean:+.1f} points"


def _environment(*, html: bool) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=html,  # noqa: S701  (the other one is Markdown; ``cell`` makes it harmless)
        undefined=StrictUndefined,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
