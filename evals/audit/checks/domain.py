"""How well a file suits each segment: whose questions it has, and whose answers.

Triage itself says which segment a training question is in, since it decides which questions a
tuned model would get. The two-sample tests say how far the sets are apart at all.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import numpy as np

from assistant.segments import Segmenter
from assistant.tuning.examples import Example
from evals.audit.answers import refuses
from evals.audit.checks.distance import Distance, distance
from evals.audit.checks.form import forms
from evals.audit.findings import Finding, Quote, Severity, first, share
from evals.audit.limits import AuditLimits
from evals.audit.material import AuditMaterial, root
from evals.audit.vectors import KeptVectors
from guardrails.arrays import Vectors
from guardrails.text import markers

QUESTIONS: Final = 120
"""Training questions that triage looks at, drawn by a seed."""
COMPARED: Final = 60
"""Texts of each kind that the two-sample tests compare; embedding them takes longest."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Suits:
    """How a file suits one segment.

    reached: share of the training questions that triage puts there, in [0, 1]. alike: share of
    the training answers that have the form of its reference answers; None if form cannot be
    told. questions, answers: distances from its real questions and reference answers. scale_*:
    the squared discrepancy of another segment that is nearest to it: further than that means
    further away than a different kind of question.
    """

    segment: str
    reached: float
    alike: float | None
    questions: Distance | None = None
    answers: Distance | None = None
    scale_questions: float | None = None
    scale_answers: float | None = None


@dataclass(frozen=True, slots=True)
class Domain:
    """All segments, and how many training questions were looked at. elsewhere: of none."""

    suits: tuple[Suits, ...]
    asked: int
    elsewhere: float
    outside: tuple[Quote, ...] = field(default=())


def measure(
    examples: Sequence[Example],
    material: AuditMaterial,
    vectors: KeptVectors,
    limits: AuditLimits,
) -> Domain:
    """Compare a file with each segment."""
    labelled = [example.text for example in material.labelled]
    segmenter = Segmenter(material.labelled, vectors.queries(labelled, "labelled questions"))
    chosen = drawn(examples, QUESTIONS)
    rows = vectors.queries([e.question for e in chosen], "training questions")
    kinds = [
        root(segmenter.segment(e.question, vector)) for e, vector in zip(chosen, rows, strict=True)
    ]
    counts = Counter(kinds)
    pool = [e for e in examples if not refuses(e.answer)]
    written = drawn([markers.strip(e.answer) for e in pool], COMPARED)
    answer_rows = vectors.passages(written, "training answers")
    questions: dict[str, Vectors] = {}
    answers: dict[str, Vectors] = {}
    references = {kind: material.references(kind) for kind in material.kinds}
    for kind in material.kinds:
        real = drawn(material.questions(kind), COMPARED)
        questions[kind] = vectors.queries(real, f"questions of {kind}")
        right = drawn([markers.strip(text) for text, _ in references[kind]], COMPARED)
        answers[kind] = vectors.passages(right, f"answers of {kind}")
    alike = _alike(pool, references, limits)
    suits = tuple(
        Suits(
            kind,
            share(counts[kind], len(chosen)),
            alike.get(kind),
            _apart(rows[:COMPARED], questions[kind], limits),
            _apart(answer_rows, answers[kind], limits),
            _scale(kind, questions, limits),
            _scale(kind, answers, limits),
        )
        for kind in material.kinds
    )
    strange = [e for e, kind in zip(chosen, kinds, strict=True) if kind not in material.kinds]
    return Domain(
        suits,
        len(chosen),
        share(len(strange), len(chosen)),
        first(Quote(e.line, e.question) for e in strange),
    )


def domain(found: Domain, limits: AuditLimits) -> Iterator[Finding]:
    """Say of each segment whether the file is near enough to help there."""
    for fit in found.suits:
        yield _finding(fit, found, limits)
    mostly = found.asked >= limits.fewest and found.elsewhere > 1 - limits.reached
    yield Finding(
        "elsewhere",
        Severity.WARNING if mostly else Severity.NOTE,
        "Questions of no segment",
        f"{found.elsewhere:.0%} of {found.asked} training questions are in none of your segments.",
        "What these examples teach, no question of yours asks for." if mostly else "",
        count=round(found.elsewhere * found.asked),
        of=found.asked,
        quotes=found.outside,
    )


def drawn(texts: Sequence[_T], most: int, seed: int = 0) -> list[_T]:
    """Return at most ``most`` of them, drawn without replacement, in their order."""
    if len(texts) <= most:
        return list(texts)
    places = np.random.default_rng(seed).choice(len(texts), most, replace=False)
    return [texts[at] for at in sorted(places)]


def _finding(one: Suits, found: Domain, limits: AuditLimits) -> Finding:
    reasons = []
    if one.reached < limits.reached:
        reasons.append(f"only {one.reached:.0%} of the training questions are such questions")
    if one.alike is not None and one.alike < limits.alike:
        reasons.append(f"only {one.alike:.0%} of the answers are built like its answers")
    unknown = found.asked < limits.fewest or (one.alike is None and one.answers is None)
    if unknown:
        severity = Severity.UNMEASURED
        why = (
            f"{found.asked} training questions are too few"
            if found.asked < limits.fewest
            else "there are too few reference answers"
        )
        summary = f"Whether the file suits {one.segment} cannot be measured: {why}."
    elif reasons:
        severity = Severity.WARNING
        summary = f"Far from {one.segment}: {'; '.join(reasons)}."
    else:
        severity = Severity.NOTE
        form = "" if one.alike is None else f", {one.alike:.0%} of the answers built like its own"
        summary = (
            f"Near {one.segment}: {one.reached:.0%} of the training questions are such "
            f"questions{form}."
        )
    return Finding(
        f"domain.{one.segment}",
        severity,
        f"Distance from {one.segment}",
        f"{summary} {_tests(one)}".strip(),
        f"Expect no help for {one.segment}; a tuned model may answer it in the wrong form. "
        "Add examples of this kind, or do not offer the model for it."
        if reasons and not unknown
        else "",
        segments=(one.segment,),
        fit=True,
        numbers=_numbers(one),
    )


def _tests(one: Suits) -> str:
    parts = []
    for name, test, scale in (
        ("questions", one.questions, one.scale_questions),
        ("answers", one.answers, one.scale_answers),
    ):
        if test is None:
            continue
        times = f", {test.mmd / scale:.1f} times as far as another segment" if scale else ""
        parts.append(
            f"{name}: a classifier tells them apart with AUC {test.auc:.2f} "
            f"(p {test.p_auc:.3f}), MMD² {test.mmd:.3f} (p {test.p_mmd:.3f}){times}"
        )
    return f"Embeddings: {'; '.join(parts)}." if parts else ""


def _numbers(one: Suits) -> Mapping[str, float | str]:
    numbers: dict[str, float | str] = {"reached": one.reached}
    if one.alike is not None:
        numbers["alike"] = one.alike
    for name, test, scale in (
        ("questions", one.questions, one.scale_questions),
        ("answers", one.answers, one.scale_answers),
    ):
        if test is not None:
            numbers |= {
                f"{name}.mmd2": test.mmd,
                f"{name}.mmd2_p": test.p_mmd,
                f"{name}.auc": test.auc,
                f"{name}.auc_p": test.p_auc,
            }
        if scale is not None:
            numbers[f"{name}.mmd2_of_another_segment"] = scale
    return numbers


def _alike(
    said: Sequence[Example],
    references: Mapping[str, Sequence[tuple[str, str]]],
    limits: AuditLimits,
) -> dict[str, float]:
    model = forms(references, limits.fewest)
    if model is None or model.told < limits.told or len(said) < limits.fewest:
        return {}
    return model.shares([e.answer for e in said], [e.language for e in said])


def _apart(one: Vectors, other: Vectors, limits: AuditLimits) -> Distance | None:
    return distance(one, other) if min(len(one), len(other)) >= limits.fewest else None


def _scale(kind: str, held: Mapping[str, Vectors], limits: AuditLimits) -> float | None:
    """Return the discrepancy from the nearest other segment."""
    own = held[kind]
    apart = [
        distance(own, other, resamples=0).mmd
        for name, other in held.items()
        if name != kind and min(len(own), len(other)) >= limits.fewest
    ]
    return max(min(apart), 0.0) or None if apart else None
