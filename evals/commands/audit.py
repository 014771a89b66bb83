"""``routeback audit``: what a training file would teach, before anyone trains on it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.progress import Watcher
from assistant.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evals.audit.run import Report


def audit(
    train: Annotated[Path, typer.Argument(help="JSON lines; see docs/audit.md.")],
    knowledge: Annotated[
        Path | None, typer.Option(help="Your glossary and documents; default: the sample's.")
    ] = None,
    cases: Annotated[
        Path | None, typer.Option(help="Eval cases, a file or folder; default: those shipped.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the reports; default: in the data folder.")
    ] = None,
) -> None:
    """Audit a training file before tuning on it.

    Exit code: 0 for go and go for segments, 1 for no-go, 2 if it cannot be audited.
    """
    from assistant.commands.console import out as console
    from assistant.commands.console import watching
    from evals.audit.report import write

    settings = load()
    with watching() as watcher:
        report = _audited(train, knowledge, cases, settings, watcher)
    short = report.file.sha256[:12]
    folder = out or settings.data_dir / "audits" / f"{train.stem}-{short}"
    write(report, folder)
    for line in lines(report):
        console.print(line, markup=False, highlight=False)
    console.print(f"Report: {folder / 'report.html'}", markup=False, soft_wrap=True)
    raise typer.Exit(report.exit_code)


def _audited(
    train: Path, knowledge: Path | None, cases: Path | None, settings: Settings, watcher: Watcher
) -> "Report":
    from assistant import sample
    from evals.audit import run
    from evals.audit.material import AuditMaterial, read_knowledge, read_live
    from evals.audit.vectors import KeptVectors
    from evals.cases.cases import load as load_cases

    material = AuditMaterial(
        read_knowledge(knowledge, settings.knowledge.reading),
        tuple(sample.examples(settings.segments_file)),
        load_cases(cases),
        read_live(settings.data_dir, settings.database_url),
        str(knowledge or "the sample"),
    )
    path = settings.cache_dir / "embeddings" / "audit.npz"
    vectors = KeptVectors(sample.embedder(), path, watcher.progress)
    return run.audit(train, material, vectors, watcher)


def lines(report: "Report") -> "Iterator[str]":
    """Yield what a person reads in the terminal."""
    from evals.audit.findings import Severity
    from evals.audit.report import headline

    yield f"{headline(report)}: {report.file.path.name}, {len(report.file.examples)} examples"
    for ruling in report.segments:
        yield f"  {ruling.segment}: {ruling.fate.value}"
        for reason in ruling.reasons:
            yield f"    - {reason}"
    grave = [f for f in report.findings if f.severity is not Severity.NOTE]
    for finding in grave:
        yield f"{finding.severity.value.upper()}  {finding.title}: {finding.summary}"
        if finding.action:
            yield f"    → {finding.action}"
    yield f"{len(report.findings) - len(grave)} other checks found nothing to worry about."
