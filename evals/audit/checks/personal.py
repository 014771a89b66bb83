"""Personal data and secrets: a model may say what it was trained on, to anyone."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.privacy import parted
from assistant.tuning.examples import Example
from evals.audit.findings import Finding, Quote, Severity, first, share
from evals.audit.limits import AuditLimits

_RESERVED: Final = re.compile(
    r"@(?:[\w-]+\.)*(?:example(?:\.(?:com|org|net))?|test|invalid|localhost)$", re.IGNORECASE
)
"""Domains that belong to nobody (RFC 2606)."""
_DATE: Final = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_SHORTEST: Final = 7
"""Digits of a telephone number that reaches a person from anywhere."""
_GRAVE: Final = frozenset({"iban", "card", "tax-number", "insurance-number"})


@dataclass(frozen=True, slots=True)
class PersonalDatum:
    """Something that must not be learned. kind: ``e-mail``, ``iban``, …, or ``secret``."""

    example: Example
    kind: str
    value: str


def personal(examples: Sequence[Example], public: str, limits: AuditLimits) -> Iterator[Finding]:
    """Find personal data and secrets. public: texts whose contents may be said to anyone."""
    hits = [hit for example in examples for hit in found(example) if hit.value not in public]
    secrets = [hit for hit in hits if hit.kind == "secret"]
    people = [hit for hit in hits if hit.kind != "secret"]
    yield Finding(
        "secrets",
        Severity.BLOCKER if secrets else Severity.NOTE,
        "Keys and passwords",
        f"{_lines(secrets)} examples hold something that looks like a key, token or password.",
        "Take them out, and have them revoked: they have been copied already." if secrets else "",
        count=_lines(secrets),
        of=len(examples),
        quotes=first(_quote(hit) for hit in secrets),
        numbers={"lines": _listed(secrets)},
    )
    part = share(_lines(people), len(examples))
    grave = any(hit.kind in _GRAVE for hit in people)
    severity = Severity.NOTE
    if people:
        severity = Severity.BLOCKER if grave or part >= limits.personal else Severity.WARNING
    kinds = Counter(hit.kind for hit in people)
    tally = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    yield Finding(
        "personal_data",
        severity,
        "Personal data",
        f"{_lines(people)} of {len(examples)} examples hold personal data"
        f"{f': {tally}' if tally else ''}. Names and postal addresses are not recognised.",
        "Replace them by placeholders, such as name@example.com." if people else "",
        count=_lines(people),
        of=len(examples),
        quotes=first(_quote(hit) for hit in people),
        numbers={"share": part, "lines": _listed(people), **kinds},
    )


def found(example: Example) -> list[PersonalDatum]:
    """Return what is in an example: question, answer, history and passages."""
    texts = [example.question, example.answer, *(turn for _, turn in example.history)]
    texts += [part for passage in example.passages for part in (passage.title, passage.text)]
    hits = {
        (datum.kind, datum.value): PersonalDatum(example, datum.kind, datum.value)
        for text in texts
        for datum in parted(text)[1]
        if not _nobodys(datum.kind, datum.value)
    }
    return list(hits.values())


def _nobodys(kind: str, value: str) -> bool:
    """Whether a value that looks personal is not: a reserved address, a date, a short number."""
    if kind == "e-mail":
        return _RESERVED.search(value) is not None
    digits = sum(character.isdigit() for character in value)
    return kind == "phone" and (digits < _SHORTEST or _DATE.fullmatch(value) is not None)


def _quote(hit: PersonalDatum) -> Quote:
    """Say where it is without repeating it."""
    example = hit.example
    for text in (example.answer, example.question):
        if hit.value in text:
            return Quote(example.line, text.replace(hit.value, f"[{hit.kind}]"))
    return Quote(example.line, f"[{hit.kind}] in a passage or an earlier turn")


def _lines(hits: Sequence[PersonalDatum]) -> int:
    return len({hit.example.line for hit in hits})


def _listed(hits: Sequence[PersonalDatum]) -> str:
    return " ".join(str(line) for line in sorted({hit.example.line for hit in hits}))
