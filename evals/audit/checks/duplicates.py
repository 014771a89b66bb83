"""Examples that repeat others: they are learned by heart, and count for more than they say."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from assistant.tuning.examples import Example
from evals.audit.answers import refuses
from evals.audit.checks.shingles import folded, repeated
from evals.audit.findings import Finding, Quote, Severity, first, share
from evals.audit.limits import AuditLimits


def duplicates(examples: Sequence[Example], limits: AuditLimits) -> Iterator[Finding]:
    """Find exact and near duplicates, and questions that are answered in two ways."""
    same = list(repeated([f"{e.question} {e.answer}" for e in examples], limits.duplicate))
    exact = sum(degree == 1.0 for _, _, degree in same)
    part = share(len(same), len(examples))
    severity = Severity.NOTE
    if part > limits.duplicates_warn:
        severity = Severity.BLOCKER if part >= limits.duplicates_block else Severity.WARNING
    yield Finding(
        "duplicates",
        severity,
        "Duplicates",
        f"{len(same)} of {len(examples)} examples repeat an earlier one: {exact} word for word, "
        f"{len(same) - exact} nearly.",
        "Keep one of each." if same else "",
        count=len(same),
        of=len(examples),
        quotes=first(_quote(examples, *pair) for pair in same),
        numbers={
            "exact": exact,
            "near": len(same) - exact,
            "share": part,
            "lines": " ".join(str(examples[late].line) for late, _, _ in same),
        },
    )
    yield from _two_answers(examples, limits)


def _two_answers(examples: Sequence[Example], limits: AuditLimits) -> Iterator[Finding]:
    groups: dict[tuple[str, ...], list[Example]] = defaultdict(list)
    for example in examples:
        sources = tuple(folded(passage.text) for passage in example.passages)
        turns = (turn for _, turn in example.history)
        groups[folded(example.question), *sources, "|", *map(folded, turns)].append(example)
    clashing = [
        (group[0], other)
        for group in groups.values()
        for other in group[1:2]
        if refuses(group[0].answer) != refuses(other.answer)
        or next(repeated([group[0].answer, other.answer], limits.duplicate), None) is None
    ]
    if clashing:
        yield Finding(
            "two_answers",
            Severity.WARNING,
            "One question, two answers",
            f"{len(clashing)} questions have different answers from the same passages.",
            "Decide for one of them.",
            count=len(clashing),
            of=len(groups),
            quotes=first(
                Quote(b.line, f"{b.question} → {b.answer}", f"line {a.line}: {a.answer}")
                for a, b in clashing
            ),
        )


def _quote(examples: Sequence[Example], late: int, early: int, degree: float) -> Quote:
    example, other = examples[late], examples[early]
    detail = f"line {other.line}, {degree:.0%} alike"
    return Quote(example.line, f"{example.question} → {example.answer}", detail)
