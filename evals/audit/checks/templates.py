"""Signs of templates and of generated text: much of the same in many words."""

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, pstdev
from typing import Final

from assistant.tuning.examples import Example
from evals.audit.answers import refuses
from evals.audit.checks.shingles import folded
from evals.audit.findings import Finding, Quote, Severity, first, share
from evals.audit.limits import AuditLimits
from guardrails.text import markers
from guardrails.text.words import words

_RUN: Final = 6
_COMMON: Final = 0.02
"""Share of the answers, and at least ``_LEAST`` of them, that have a run of words in common."""
_LEAST: Final = 4
WORDS: Final = 4000
"""Words that variety is measured on: it falls with length, so sets must be equally long."""


@dataclass(frozen=True, slots=True)
class Variety:
    """How varied answers are.

    phrase: share of the answers that have a run of six words in common with many others.
    ratio: size of the text over its size compressed by zlib. distinct: different pairs of
    neighbouring words among all. unique: share of the answers that differ. spread: standard
    deviation of their lengths over the mean. runs: the runs, most frequent first.
    """

    answers: int
    phrase: float
    ratio: float
    distinct: float
    unique: float
    spread: float
    words: int
    runs: tuple[tuple[str, int], ...] = ()


def variety(answers: Sequence[str], seed: int = 0) -> Variety | None:
    """Measure answers, in an order drawn by ``seed``; None if there are none with words."""
    rows = [words(markers.strip(answer)) for answer in answers if not refuses(answer)]
    rows = [row for row in rows if row]
    if not rows:
        return None
    runs = Counter(run for row in rows for run in set(_runs(row)))
    many = max(_LEAST, round(_COMMON * len(rows)))
    common = {run: count for run, count in runs.items() if count >= many}
    sampled = _sampled(rows, seed)
    pairs = [pair for row in sampled for pair in pairwise(row)]
    raw = "\n".join(" ".join(row) for row in sampled).encode()
    lengths = [len(row) for row in rows]
    return Variety(
        answers=len(rows),
        phrase=share(sum(any(run in common for run in _runs(row)) for row in rows), len(rows)),
        ratio=len(raw) / len(zlib.compress(raw, 9)),
        distinct=share(len(set(pairs)), len(pairs)) if pairs else 1.0,
        unique=share(len({" ".join(row) for row in rows}), len(rows)),
        spread=pstdev(lengths) / fmean(lengths),
        words=sum(map(len, sampled)),
        runs=tuple(sorted(common.items(), key=lambda kept: (-kept[1], kept[0]))),
    )


def templates(examples: Sequence[Example], limits: AuditLimits) -> Iterator[Finding]:
    """Find repeated runs of words, low variety, and answers of one length."""
    result = variety([e.answer for e in examples])
    if result is None or result.answers < limits.fewest:
        yield Finding(
            "templates",
            Severity.UNMEASURED,
            "Templates",
            f"There are fewer than {limits.fewest} answers to compare.",
        )
        return
    signs = [
        sign
        for wrong, sign in (
            (result.phrase > limits.phrase,
             f"{result.phrase:.0%} of the answers share a phrase of six words with many others"),
            (result.ratio > limits.ratio, f"the text compresses {result.ratio:.1f} times"),
            (result.distinct < limits.distinct,
             f"only {result.distinct:.0%} of the word pairs are different"),
            (result.unique < limits.collapse, f"only {result.unique:.0%} of the answers differ"),
            (result.spread < limits.spread, "nearly all answers are equally long"),
        )
        if wrong
    ]  # fmt: skip
    collapsed = result.unique < limits.collapse or result.phrase >= limits.phrase_block
    severity = Severity.BLOCKER if collapsed else Severity.WARNING if signs else Severity.NOTE
    shown = [
        e for e in examples if result.runs and result.runs[0][0] in folded(markers.strip(e.answer))
    ]
    yield Finding(
        "templates",
        severity,
        "Templates",
        f"Signs of templates: {'; '.join(signs)}." if signs else "No sign of templates.",
        "Write or collect answers of your own; a model learns the frame before the content."
        if signs
        else "",
        count=round(result.phrase * result.answers),
        of=result.answers,
        quotes=first(Quote(e.line, e.answer) for e in shown) if signs else (),
        numbers={
            "phrase": result.phrase,
            "ratio": result.ratio,
            "distinct": result.distinct,
            "unique": result.unique,
            "spread": result.spread,
            "words": result.words,
            "most_frequent": f"{result.runs[0][0]} ({result.runs[0][1]})" if result.runs else "",
        },
    )


def _runs(said: Sequence[str]) -> Iterator[str]:
    masked = ["#" if word[0].isdigit() else word for word in said]
    for at in range(len(masked) - _RUN + 1):
        yield " ".join(masked[at : at + _RUN])


def _sampled(said: Sequence[list[str]], seed: int) -> list[list[str]]:
    import numpy as np

    sample: list[list[str]] = []
    left = WORDS
    for at in np.random.default_rng(seed).permutation(len(said)):
        if left <= 0:
            break
        sample.append(said[at][:left])
        left -= len(said[at])
    return sample
