"""Examples that say something else of a curated term than its entry does."""

from collections.abc import Mapping, Sequence
from typing import Final

from assistant.knowledge.documents import Entry, Kind
from assistant.knowledge.names import candidates, folded
from assistant.tuning.examples import Example
from evals.audit.answers import refuses
from evals.audit.findings import Finding, Quote, Severity, first, share
from evals.audit.limits import AuditLimits
from guardrails.scorers.groundedness import Groundedness
from guardrails.text import markers
from guardrails.text.words import content
from guardrails.types import Sample, Score, Text

_ABOUT: Final = 0.5
"""Weighted share of a claim's words in one place of the entry from which both speak of the same."""
_OWN: Final = 0.25
_OTHERS: Final = 0.6
"""Support by its own entry at most, and by another one at least, for a swapped definition."""
_ASKED: Final = 0.6
"""Share of the question's content words that the term must be: the question is about it."""
_PREFIXES: Final = frozenset({"mean", "defin", "explain", "bedeut", "erklar", "erklär", "heisst"})


def contradictions(
    examples: Sequence[Example], entries: Sequence[Entry], limits: AuditLimits
) -> Finding:
    """Hold answers about a glossary term against its entry in the same language."""
    curated = [entry for entry in entries if entry.kind is Kind.GLOSSARY]
    if not curated:
        return Finding(
            "contradictions",
            Severity.UNMEASURED,
            "Contradictions with the glossary",
            "There is no glossary to compare with.",
            "Name it: --knowledge PATH.",
        )
    names = _names(curated)
    scorer = Groundedness()
    about = 0
    clashes: list[Quote] = []
    for example in examples:
        own = None if refuses(example.answer) else term(example, names)
        if own is None:
            continue
        about += 1
        why = _clash(example, own, curated, scorer)
        if why:
            detail = f"{why}. {own.name}: {own.text}"
            clashes.append(Quote(example.line, markers.strip(example.answer), detail))
    part = share(len(clashes), about)
    severity = Severity.NOTE
    if clashes:
        much = len(clashes) > limits.few and part >= limits.clashes
        severity = Severity.BLOCKER if much else Severity.WARNING
    return Finding(
        "contradictions",
        severity,
        "Contradictions with the glossary",
        f"{about} examples are about a term of the glossary; {len(clashes)} of them clash with "
        "its entry.",
        "Let the entry's owner decide which is right, and mend the other." if clashes else "",
        count=len(clashes),
        of=about,
        quotes=first(clashes),
        numbers={"about": about, "lines": " ".join(str(quote.line) for quote in clashes)},
    )


def term(example: Example, names: Mapping[tuple[str, str], Entry]) -> Entry | None:
    """Return the entry that a question asks for, in the language of the question."""
    terms = content(example.question, example.language) - _PREFIXES
    best: tuple[float, Entry] | None = None
    for form, _ in candidates(example.question):
        entry = names.get((example.language, form))
        if entry is None:
            continue
        own = frozenset(form.split())
        part = share(len(terms & own), len(terms))
        if part >= _ASKED and (best is None or part > best[0]):
            best = part, entry
    return best[1] if best else None


def _names(entries: Sequence[Entry]) -> dict[tuple[str, str], Entry]:
    names: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        for name in (entry.name, *entry.aliases):
            names.setdefault((entry.language, folded(name, entry.language)), entry)
    return names


def _clash(example: Example, own: Entry, entries: Sequence[Entry], scorer: Groundedness) -> str:
    sample = _sample(example, own)
    for claim in scorer.claims(sample):
        support = claim.support
        if support is None or not claim.claims or support.window < _ABOUT:
            continue
        if support.contradicted:
            return f"denies what the entry says: {claim.text}"
        if support.figures < 1:
            return f"{claim.reason}: {claim.text}"
    result = scorer.measure(sample)
    if isinstance(result, Score) and result.value <= _OWN:
        other = _better(example, own, entries, scorer)
        if other is not None:
            return f"this is the definition of {other.name}"
    return ""


def _better(
    example: Example, own: Entry, entries: Sequence[Entry], scorer: Groundedness
) -> Entry | None:
    terms = content(markers.strip(example.answer), example.language)
    near = sorted(
        (e for e in entries if e is not own and e.language == example.language),
        key=lambda e: -len(terms & content(e.text, e.language)),
    )
    for entry in near[:3]:
        result = scorer.measure(_sample(example, entry))
        if isinstance(result, Score) and result.value >= _OTHERS:
            return entry
    return None


def _sample(example: Example, entry: Entry) -> Sample:
    passage = Text(entry.text, entry.language, entry.name, curated=True)
    return Sample(example.question, example.language, (passage,), markers.strip(example.answer))
