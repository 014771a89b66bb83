"""Whether the file can be trained on at all, and which languages it is in."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from assistant.tuning.examples import OTHER, Example, Problem
from evals.audit.findings import Finding, Quote, Severity, first, share
from evals.audit.limits import AuditLimits


def schema(
    examples: Sequence[Example], problems: Sequence[Problem], limits: AuditLimits
) -> Iterator[Finding]:
    """Find lines that are no examples, and files that are too small."""
    lines = len(examples) + len(problems)
    yield Finding(
        "lines",
        Severity.BLOCKER if problems else Severity.NOTE,
        "Lines",
        f"{len(problems)} of {lines} lines are not training examples.",
        "Mend or delete these lines: the trainer refuses a file that has them." if problems else "",
        count=len(problems),
        of=lines,
        quotes=first(Quote(p.line, p.message) for p in problems),
    )
    if len(examples) < limits.small:
        few = len(examples) < limits.fewest
        yield Finding(
            "size",
            Severity.BLOCKER if few else Severity.WARNING,
            "Few examples",
            f"{len(examples)} examples: "
            + (
                f"fewer than the {limits.fewest} from which anything can be concluded."
                if few
                else f"below {limits.small}, what they teach is mostly chance."
            ),
            "Collect more.",
            count=len(examples),
            of=limits.small,
        )
    named = Counter(e.id for e in examples)
    twice = [e for e in examples if named[e.id] > 1]
    if twice:
        yield Finding(
            "ids",
            Severity.WARNING,
            "Ids used twice",
            f"{len(twice)} examples share their id with another.",
            "Give each an id of its own.",
            count=len(twice),
            of=len(examples),
            quotes=first(Quote(e.line, e.id) for e in twice),
        )


def languages(
    examples: Sequence[Example], asked: Mapping[str, int], limits: AuditLimits
) -> Iterator[Finding]:
    """Compare the languages of the file with those that people ask in.

    asked: number of real questions by language.
    """
    counts = Counter(e.language for e in examples)
    foreign = [e for e in examples if e.language == OTHER]
    missing = [
        code
        for code, count in asked.items()
        if share(count, sum(asked.values())) >= limits.reached
        and counts[code] < limits.reached * len(examples)
    ]
    shares = ", ".join(f"{code} {share(n, len(examples)):.0%}" for code, n in counts.most_common())
    lacking = f" Hardly any in {', '.join(missing)}, which people ask in." if missing else ""
    yield Finding(
        "languages",
        Severity.WARNING if missing or foreign else Severity.NOTE,
        "Languages",
        f"{shares or 'none'}.{lacking}",
        "The guardrail decides for each language; expect nothing where there are no examples. "
        "Other languages than English and German are not checked."
        if missing or foreign
        else "",
        count=len(foreign),
        of=len(examples),
        quotes=first(Quote(e.line, e.question) for e in foreign),
        numbers={code: share(count, len(examples)) for code, count in counts.items()},
    )
