"""What style the answers teach, beside the style of the answers that a segment has.

Marketing copy is far from a definition in a harmful direction: it drops figures and adds praise.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from statistics import median
from typing import Final

from assistant.tuning.examples import Example
from evals.audit.answers import cites, length, refuses
from evals.audit.findings import Finding, Quote, Severity, first, share
from evals.audit.limits import FITTED, AuditLimits
from guardrails.text import markers
from guardrails.text.figures import Figure, figures
from guardrails.text.reading import claims, read
from guardrails.text.words import content, words
from guardrails.types import Text

_STEPS: Final = re.compile(r"(?:^|\s)(?:1[.)]|[-*•])\s", re.MULTILINE)
_SHOUTS: Final = re.compile(r"!|[\U0001F300-\U0001FAFF\u2728\u2B50]")
_INVITES: Final = 2
"""Kinds of praise in one answer that make it hype: one exclamation mark is only friendly."""


@dataclass(slots=True)
class WritingStyle:
    """How a set of answers is written; shares are in [0, 1].

    hype, hedged, exclaims, steps, cited, refused: shares of the answers. words: median length.
    resting: answers that rest on a short passage with figures. kept: mean share of these figures
    that the answer has. invented: of the answers with passages, those with a figure that neither
    passage nor question has.
    """

    answers: int = 0
    words: float = 0.0
    hype: float = 0.0
    hedged: float = 0.0
    exclaims: float = 0.0
    steps: float = 0.0
    cited: float = 0.0
    refused: float = 0.0
    grounded: int = 0
    resting: int = 0
    kept: float = 0.0
    invented: float = 0.0
    quotes: dict[str, list[Quote]] = field(default_factory=dict)


def style_of(examples: Sequence[Example], limits: AuditLimits = FITTED) -> WritingStyle:
    """Measure the style of examples."""
    profile = WritingStyle(quotes={"hype": [], "dropped": [], "invented": []})
    pool = [e for e in examples if not refuses(e.answer)]
    profile.answers = len(pool)
    profile.refused = share(len(examples) - len(pool), len(examples))
    if not pool:
        return profile
    texts = [markers.strip(e.answer) for e in pool]
    praise = [praised(text, e.language) for text, e in zip(texts, pool, strict=True)]
    profile.words = float(median(map(length, texts)))
    profile.hype = share(sum(map(bool, praise)), len(pool))
    profile.exclaims = share(sum(bool(_SHOUTS.search(text)) for text in texts), len(pool))
    profile.hedged = share(
        sum(bool(_listed(text, e.language, "hedges")) for text, e in zip(texts, pool, strict=True)),
        len(pool),
    )
    profile.steps = share(sum(bool(_STEPS.search(text)) for text in texts), len(pool))
    profile.cited = share(sum(cites(e.answer) for e in pool), len(pool))
    for example, why in zip(pool, praise, strict=True):
        if why:
            profile.quotes["hype"].append(Quote(example.line, example.answer, ", ".join(why)))
    _figures(pool, texts, profile, limits.passage)
    return profile


def praised(answer: str, language: str) -> tuple[str, ...]:
    """Return what makes an answer hype: two kinds of it, or two of one; else nothing."""
    listed = _listed(answer, language, "hype")
    shouts = _SHOUTS.findall(answer)
    return (*listed, *shouts) if len(listed) + len(shouts) >= _INVITES else ()


def _figures(
    said: Sequence[Example], texts: Sequence[str], found: WritingStyle, longest: int
) -> None:
    shares: list[float] = []
    wrong = 0
    for example, text in zip(said, texts, strict=True):
        if not example.passages:
            continue
        found.grounded += 1
        numbers = _told(text, example.language)
        grounds = [f for p in example.passages for f in _all(p)]
        queries = _told(example.question, example.language)
        invented = [f for f in numbers if not f.spelled and not f.among((*grounds, *queries))]
        if invented:
            wrong += 1
            names = ", ".join(f.written for f in invented)
            found.quotes["invented"].append(Quote(example.line, text, f"in no passage: {names}"))
        carrier = _carrier(example, text)
        facts = _all(carrier) if length(carrier.text) <= longest else ()
        if facts:
            part = share(sum(f.among(numbers) for f in facts), len(facts))
            shares.append(part)
            if part == 0:
                names = ", ".join(f.written for f in facts)
                found.quotes["dropped"].append(Quote(example.line, text, f"left out: {names}"))
    found.resting = len(shares)
    found.kept = share(sum(shares), len(shares))
    found.invented = share(wrong, found.grounded)


def _told(text: str, language: str) -> list[Figure]:
    """Return the figures of an answer, list numbers left out."""
    joined = re.sub(r"(?:(?<=^)|(?<=[.:!?]\s))\d{1,2}[.)]\s", "", text, flags=re.MULTILINE)
    return [f for part in claims(joined, language) for f in read(part, language).figures]


def _all(passage: Text) -> tuple[Figure, ...]:
    text = f"{passage.title}. {passage.text}" if passage.title else passage.text
    return tuple(f for f in figures(text, passage.language) if f.told)


def _carrier(example: Example, text: str) -> Text:
    """Return the passage that shares most words with question and answer."""
    terms = content(f"{example.question} {text}", example.language)
    return max(
        example.passages,
        key=lambda p: len(terms & content(f"{p.title} {p.text}", example.language)),
    )


def style(
    found: WritingStyle, references: Mapping[str, WritingStyle], limits: AuditLimits
) -> Iterator[Finding]:
    """Say what style is taught; references: that of each segment's own answers."""
    yield _hype(found, references, limits)
    yield from _kept(found, limits)
    yield Finding(
        "style",
        Severity.NOTE,
        "Style of the answers",
        _told_style(found),
        numbers=_numbers(found)
        | {f"{s}: {k}": v for s, r in references.items() for k, v in _numbers(r).items()},
    )
    if found.refused >= limits.refusals:
        yield Finding(
            "refusals",
            Severity.WARNING,
            "Many answers refuse",
            f"{found.refused:.0%} of the answers say that there is none.",
            "A model tuned on this refuses too often; keep about one in ten.",
            numbers={"share": found.refused},
        )


def _hype(
    found: WritingStyle, references: Mapping[str, WritingStyle], limits: AuditLimits
) -> Finding:
    usual = max((r.hype for r in references.values() if r.answers), default=0.0)
    much = found.hype >= limits.hype and found.hype >= usual + limits.hype_excess
    quotes = found.quotes.get("hype", [])
    return Finding(
        "hype",
        Severity.BLOCKER if much else Severity.NOTE,
        "Answers that advertise",
        f"{found.hype:.0%} of the answers praise or exclaim ({found.exclaims:.0%} have an "
        f"exclamation mark); of the reference answers at most {usual:.0%} do.",
        "Leave these answers out, or have them rewritten in the tone of your documents."
        if much
        else "",
        count=len(quotes),
        of=found.answers,
        quotes=first(quotes) if much else (),
        numbers={"share": found.hype, "references": usual},
    )


def _kept(found: WritingStyle, limits: AuditLimits) -> Iterator[Finding]:
    if found.resting < limits.fewest:
        yield Finding(
            "figures_kept",
            Severity.UNMEASURED,
            "Figures kept",
            f"Only {found.resting} answers rest on a short passage with figures "
            f"(at least {limits.fewest} are needed).",
        )
    else:
        dropped = found.quotes.get("dropped", [])
        bad = found.kept < limits.kept
        yield Finding(
            "figures_kept",
            Severity.BLOCKER if bad else Severity.NOTE,
            "Figures kept",
            f"An answer keeps {found.kept:.0%} of the figures of the passage that it rests on; "
            f"{len(dropped)} of {found.resting} keep none.",
            "The file teaches to leave numbers out. Rewrite the answers so that limits, prices "
            "and times stay."
            if bad
            else "",
            count=len(dropped),
            of=found.resting,
            quotes=first(dropped) if bad else (),
            numbers={"kept": found.kept, "none_kept": share(len(dropped), found.resting)},
        )
    invented = found.quotes.get("invented", [])
    if invented:
        much = found.invented >= limits.invented
        yield Finding(
            "figures_invented",
            Severity.BLOCKER if much else Severity.WARNING,
            "Figures that are in no passage",
            f"{len(invented)} of {found.grounded} answers have a number that neither their "
            "passages nor their question has.",
            "Mend or leave out these lines.",
            count=len(invented),
            of=found.grounded,
            quotes=first(invented),
            numbers={"share": found.invented},
        )


def _told_style(found: WritingStyle) -> str:
    return (
        f"{found.words:.0f} words (median); {found.steps:.0%} in steps, {found.cited:.0%} with "
        f"citations, {found.hedged:.0%} hedged, {found.refused:.0%} say that there is no answer."
    )


def _numbers(found: WritingStyle) -> dict[str, float | str]:
    return {
        "answers": found.answers,
        "words": found.words,
        "hype": found.hype,
        "hedged": found.hedged,
        "exclaims": found.exclaims,
        "steps": found.steps,
        "cited": found.cited,
    }


def _listed(text: str, language: str, kind: str) -> list[str]:
    return [word for word in words(text) if _list(kind, language).fullmatch(word)]


@cache
def _list(kind: str, language: str) -> re.Pattern[str]:
    lists = tomllib.loads((files("evals.audit") / "words.toml").read_text("utf-8"))[kind]
    listed = lists.get(language, "\n".join(lists.values())).split()
    return re.compile("|".join(re.escape(word).replace(r"\*", r"\w*") for word in listed))
