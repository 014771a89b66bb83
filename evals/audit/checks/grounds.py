"""Answers that their own passages do not carry: they teach a model to make things up."""

from collections.abc import Sequence
from typing import Final

from assistant.progress import Progress
from assistant.tuning.examples import Example
from evals.audit.answers import refuses
from evals.audit.findings import Finding, Quote, Severity, first, share
from evals.audit.limits import AuditLimits
from guardrails.scorers.groundedness import Groundedness
from guardrails.types import Sample, Score

CARRIED: Final = 0.2
"""Groundedness below which an answer counts as not carried.

Of the shipped cases' references 1 % are below it, of the answers of `support-tone` 0.3 %, of
`marketing-copy` 99.7 %. One invented sentence beside a right one is above it.
"""
_NEEDED: Final = 0.5
"""Share of the answers that must have been measured for the whole to be."""


def grounds(examples: Sequence[Example], limits: AuditLimits, progress: Progress) -> Finding:
    """Hold each answer against its passages by the words; below ``CARRIED`` it is unsupported."""
    pool = [e for e in examples if not refuses(e.answer)]
    targets = [e for e in pool if e.passages]
    scorer = Groundedness()
    low: list[tuple[float, Example, str]] = []
    measured = 0
    for done, example in enumerate(targets, start=1):
        result = scorer.measure(
            Sample(example.question, example.language, example.passages, example.answer)
        )
        progress("answers against their passages", done, len(targets))
        if not isinstance(result, Score):
            continue
        measured += 1
        if result.value < CARRIED:
            low.append((result.value, example, result.reason))
    if measured < limits.fewest or measured < _NEEDED * len(pool):
        return _unmeasured(len(pool), len(targets), measured)
    part = share(len(low), measured)
    severity = Severity.NOTE
    if part >= limits.unsupported_warn:
        severity = Severity.BLOCKER if part >= limits.unsupported else Severity.WARNING
    low.sort(key=lambda row: (row[0], row[1].line))
    return Finding(
        "unsupported",
        severity,
        "Answers without support",
        f"{len(low)} of {measured} answers are not carried by their own passages"
        + (f"; {len(pool) - measured} could not be measured." if len(pool) > measured else "."),
        "Rewrite these answers from their passages, or leave them out." if low else "",
        count=len(low),
        of=measured,
        quotes=first(Quote(e.line, e.answer, f"{value:.2f}: {why}") for value, e, why in low),
        numbers={
            "share": part,
            "measured": measured,
            "floor": CARRIED,
            "lines": " ".join(str(line) for line in sorted(e.line for _, e, _ in low)),
        },
    )


def _unmeasured(said: int, given: int, measured: int) -> Finding:
    why = (
        "the examples have no passages"
        if not given
        else f"only {measured} of {said} answers have passages that they can be held against"
    )
    return Finding(
        "unsupported",
        Severity.UNMEASURED,
        "Answers without support",
        f"Support cannot be measured: {why}.",
        "Routeback answers from passages. Give each example those it is to be answered from "
        "(passages); else the model learns to answer from memory.",
        count=0,
        of=measured,
        fit=True,
        numbers={"measured": measured},
    )
