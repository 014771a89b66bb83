"""Findings to a verdict, by rules that docs/audit.md states. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from evals.audit.findings import Finding, Severity


class Fate(StrEnum):
    """What is said of one segment.

    warning: nothing speaks against the file, but nothing shows that it suits the segment.
    """

    GO = "go"
    WARNING = "warning"
    NO = "no"


class AuditVerdict(StrEnum):
    """What is said of the file."""

    GO = "go"
    GO_FOR_SEGMENTS = "go for segments"
    NO_GO = "no-go"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is said of one segment, and why. reasons: names of findings and what they say."""

    segment: str
    fate: Fate
    reasons: tuple[str, ...]


def rule(findings: Sequence[Finding], segments: Sequence[str]) -> tuple[Ruling, ...]:
    """Judge each segment.

    no: a blocker speaks of it. warning: a finding of fit is a warning or could not be measured.
    go: neither, and at least one finding of fit is about it.
    """
    return tuple(_ruling(findings, segment) for segment in segments)


def verdict(rulings: Sequence[Ruling]) -> AuditVerdict:
    """Judge the file: *go* if all segments are, *no-go* if none is."""
    good = sum(ruling.fate is Fate.GO for ruling in rulings)
    if not good:
        return AuditVerdict.NO_GO
    return AuditVerdict.GO if good == len(rulings) else AuditVerdict.GO_FOR_SEGMENTS


def _ruling(findings: Sequence[Finding], segment: str) -> Ruling:
    about = [f for f in findings if not f.segments or segment in f.segments]
    blockers = [f for f in about if f.severity is Severity.BLOCKER]
    if blockers:
        return Ruling(segment, Fate.NO, tuple(map(_reason, blockers)))
    doubts = [f for f in about if f.fit and f.severity in {Severity.WARNING, Severity.UNMEASURED}]
    if doubts:
        return Ruling(segment, Fate.WARNING, tuple(map(_reason, doubts)))
    shown = [f for f in about if f.fit and segment in f.segments]
    if not shown:
        return Ruling(segment, Fate.WARNING, (f"nothing was measured for {segment}",))
    return Ruling(segment, Fate.GO, tuple(map(_reason, shown)))


def _reason(finding: Finding) -> str:
    head, _, _ = finding.summary.partition(" Embeddings: ")
    return f"{finding.title}: {head}"
