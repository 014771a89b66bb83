"""Eval cases and live questions that stand in the training file.

A model that has seen a case can repeat it; the eval then measures its memory.
"""

from collections.abc import Iterator, Sequence

from assistant.tuning.examples import Example
from evals.audit.checks.shingles import near
from evals.audit.findings import Finding, Quote, Severity, first, share
from evals.audit.limits import AuditLimits
from evals.cases.cases import Case
from guardrails.text import markers


def leakage(
    examples: Sequence[Example], cases: Sequence[Case], live: Sequence[str], limits: AuditLimits
) -> Iterator[Finding]:
    """Find cases whose question or reference is nearly that of an example, and live questions."""
    yield _cases(examples, cases, limits)
    if live:
        yield _live(examples, live, limits)


def _cases(examples: Sequence[Example], cases: Sequence[Case], limits: AuditLimits) -> Finding:
    if not cases:
        return Finding(
            "leakage",
            Severity.UNMEASURED,
            "Leakage from eval cases",
            "There are no eval cases to compare with.",
            "Name them: --cases PATH.",
        )
    questions = [e.question for e in examples]
    answers = [markers.strip(e.answer) for e in examples]
    question_hits = near(questions, [c.question for c in cases], limits.duplicate)
    answer_hits = near(answers, [markers.strip(c.reference) for c in cases], limits.duplicate)
    by_question = {case: example for case, example, _ in question_hits}
    by_answer = {case: example for case, example, _ in answer_hits}
    leaked = sorted(by_question.keys() | by_answer.keys())
    part = share(len(leaked), len(cases))
    severity = Severity.NOTE
    if part > limits.leaked_warn:
        severity = Severity.BLOCKER if part >= limits.leaked_block else Severity.WARNING
    lines = {matches[case] for matches in (by_question, by_answer) for case in matches}
    return Finding(
        "leakage",
        severity,
        "Leakage from eval cases",
        f"{len(leaked)} of {len(cases)} eval cases are in the file: {len(by_question)} by their "
        f"question, {len(by_answer)} by their reference answer.",
        "Take these lines out of the file; do not change the cases." if leaked else "",
        count=len(leaked),
        of=len(cases),
        quotes=first(
            _quote(examples[by_answer.get(case, by_question.get(case, 0))], cases[case])
            for case in leaked
        ),
        numbers={
            "by_question": len(by_question),
            "by_answer": len(by_answer),
            "share": part,
            "lines": " ".join(str(examples[i].line) for i in sorted(lines)),
        },
    )


def _quote(example: Example, case: Case) -> Quote:
    origin = f"case {case.id}: {case.question} → {case.reference}"
    return Quote(example.line, f"{example.question} → {example.answer}", origin)


def _live(examples: Sequence[Example], live: Sequence[str], limits: AuditLimits) -> Finding:
    hits = list(near([e.question for e in examples], live, limits.duplicate))
    lines = {example for _, example, _ in hits}
    part = share(len(lines), len(examples))
    return Finding(
        "live_questions",
        Severity.NOTE,
        "Live questions",
        f"{len(lines)} of {len(examples)} training questions were also asked by people "
        f"({len(live)} stored questions compared). Good for the domain; but pairs from these "
        "questions judge the model on what it has seen.",
        count=len(lines),
        of=len(examples),
        quotes=first(Quote(examples[e].line, examples[e].question, live[q]) for q, e, _ in hits),
        numbers={"share": part},
    )
