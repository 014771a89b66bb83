"""An audit: a file in, a report out."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assistant import sample
from assistant.progress import Watcher
from assistant.tuning.examples import Example, TrainingFile, read
from evals.audit.checks.contradictions import contradictions
from evals.audit.checks.domain import domain, measure
from evals.audit.checks.duplicates import duplicates
from evals.audit.checks.grounds import grounds
from evals.audit.checks.leakage import leakage
from evals.audit.checks.personal import personal
from evals.audit.checks.schema import languages, schema
from evals.audit.checks.style import WritingStyle, style, style_of
from evals.audit.checks.templates import templates
from evals.audit.findings import Finding, Severity
from evals.audit.limits import FITTED, AuditLimits
from evals.audit.material import AuditMaterial, shipped
from evals.audit.vectors import KeptVectors
from evals.audit.verdict import AuditVerdict, Ruling, rule, verdict

_ORDER: Final = (Severity.BLOCKER, Severity.WARNING, Severity.UNMEASURED, Severity.NOTE)


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit says. findings: the gravest first."""

    file: TrainingFile
    verdict: AuditVerdict
    segments: tuple[Ruling, ...]
    findings: tuple[Finding, ...]
    compared: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 for go and go for segments, 1 for no-go."""
        return int(self.verdict is AuditVerdict.NO_GO)

    def finding(self, name: str) -> Finding:
        """Return a finding by its name.

        Raises:
            KeyError: there is none of that name.
        """
        for finding in self.findings:
            if finding.name == name:
                return finding
        raise KeyError(name)


def audit(
    path: Path,
    material: AuditMaterial | None = None,
    vectors: KeptVectors | None = None,
    watcher: Watcher | None = None,
    limits: AuditLimits = FITTED,
) -> Report:
    """Audit a training file; only the file and what was given are looked at.

    material: what it is held against; the sample and the shipped eval cases if not given.
    vectors: embeddings; the embedded model's, kept in memory only, if not given.

    Raises:
        TrainingDataError: the file cannot be read at all.
    """
    file = read(path)
    material = material or shipped()
    watcher = watcher or Watcher()
    vectors = vectors or KeptVectors(sample.embedder(), None, watcher.progress)
    findings = tuple(sorted(
        _findings(file, material, vectors, watcher, limits),
        key=lambda finding: _ORDER.index(finding.severity),
    ))  # fmt: skip
    rulings = rule(findings, material.kinds)
    return Report(file, verdict(rulings), rulings, findings, _compared(material))


def _findings(
    file: TrainingFile,
    material: AuditMaterial,
    vectors: KeptVectors,
    watcher: Watcher,
    limits: AuditLimits,
) -> Iterator[Finding]:
    examples = file.examples
    yield from schema(examples, file.problems, limits)
    if not examples:
        return
    yield from languages(examples, Counter(material.languages()), limits)
    watcher.progress("duplicates and leakage", 0, 2)
    yield from duplicates(examples, limits)
    watcher.progress("duplicates and leakage", 1, 2)
    live = list(dict.fromkeys(question for question, _, _ in material.live))
    yield from leakage(examples, material.cases, live, limits)
    watcher.progress("duplicates and leakage", 2, 2)
    yield from templates(examples, limits)
    yield from personal(examples, material.public, limits)
    yield grounds(examples, limits, watcher.progress)
    yield contradictions(examples, material.entries, limits)
    yield from style(style_of(examples), _references(material), limits)
    yield from domain(measure(examples, material, vectors, limits), limits)


def _references(material: AuditMaterial) -> dict[str, WritingStyle]:
    return {
        kind: style_of([
            Example("", 0, language, "", text) for text, language in material.references(kind)
        ])
        for kind in material.kinds
    }  # fmt: skip


def _compared(material: AuditMaterial) -> tuple[str, ...]:
    name = material.knowledge_name or "given"
    entries = len(material.entries)
    documents = len(material.knowledge) - entries
    return (
        f"knowledge: {name} ({entries} entries, {documents} documents)",
        f"eval cases: {len(material.cases)}",
        f"labelled questions: {len(material.labelled)}",
        f"stored live questions: {len(material.live)}",
    )
