"""Eval cases against real questions: which kinds have no case, which nobody asks, what to add.

Questions and cases are clustered together by Ward's method on their vectors, into about two cases
a group. A group without cases in a place where there should be some, and whose questions have few
cases among their nearest neighbours either, is a kind that is missing. The second condition is the
two-sample test idea of Schilling (1986): it takes back groups that only happen to have no case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from assistant.errors import RoutebackError
from guardrails.arrays import Floats, Indices

Interval = tuple[float, float]

SEED: Final = 20261124
MOST: Final = 4000
TO_ADD: Final = 10
_PER_GROUP: Final = 2  # cases
_FEWEST: Final = 4  # questions that make a kind
_FEWEST_CASES: Final = 2  # cases that make an unasked kind
_NEIGHBOURS: Final = 10
_FEW: Final = 0.25  # of the cases (or questions) that a group should have
_FEW_NEAR: Final = 0.7  # of the cases that should be near
_RESAMPLES: Final = 1000


@dataclass(frozen=True, slots=True)
class CoverageText:
    """A real question or an eval case. segment: without language."""

    id: str
    text: str
    segment: str
    language: str


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of question.

    medoid: the question (or case, if nobody asks) most like all others. share: of real questions,
    in [0, 1]. questions, cases: ids.
    """

    medoid: CoverageText
    share: float
    questions: tuple[str, ...]
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaseCoverage:
    """How well the cases stand for the real questions.

    covered: share in [0, 1] of real questions whose kind is not missing: the representativeness
    score. balance: 1 minus the total variation distance of the shares of segments and languages;
    in [0, 1]. Their 95 % bootstrap intervals take the groups as given and questions as
    independent. missing: kinds without cases, the most asked first. unasked: kinds with cases that
    nobody asks. to_add: at most ten real questions to write cases for: of the missing kinds, then
    of those with too few. left_out: real questions beyond the limit that were not looked at (a
    seeded draw).
    """

    covered: float
    covered_interval: Interval
    balance: float
    balance_interval: Interval
    missing: tuple[Group, ...]
    unasked: tuple[Group, ...]
    to_add: tuple[CoverageText, ...]
    questions: int
    cases: int
    left_out: int


def coverage(
    questions: Sequence[CoverageText],
    question_vectors: Floats,
    cases: Sequence[CoverageText],
    case_vectors: Floats,
) -> CaseCoverage:
    """Compare the cases with the real questions.

    Vectors: shapes (questions, d) and (cases, d), finite, from the same embedder. About
    n² · 8 bytes are needed for n questions and cases.

    Raises:
        RoutebackError: fewer than four questions or two cases, or vectors of another number.
    """
    _checked(questions, question_vectors, cases, case_vectors)
    random = np.random.default_rng(SEED)
    chosen = np.arange(len(questions))
    if len(questions) > MOST:
        chosen = np.sort(random.choice(len(questions), MOST, replace=False))
    texts = [questions[int(i)] for i in chosen]
    vectors = _centred(np.concatenate([question_vectors[chosen], case_vectors]))
    many, few = len(texts), len(cases)
    groups = _grouped(vectors, max(2, min(few // _PER_GROUP, many // _FEWEST)))
    near = _cases_near(vectors, many)
    every = [*texts, *cases]
    missing, unasked, lacking = list[Group](), list[Group](), list[tuple[float, Group]]()
    lost = np.zeros(many, np.bool_)
    for members in groups:
        own, tests = members[members < many], members[members >= many]
        target, due = len(own) * few / many, len(tests) * many / few
        group = _group(every, vectors, own, tests, many)
        usual = few / (many + few)
        if (
            len(own) >= _FEWEST
            and len(tests) <= _FEW * target
            and near[own].mean() < _FEW_NEAR * usual
        ):
            missing.append(group)
            lost[own] = True
        elif (
            len(tests) >= _FEWEST_CASES
            and len(own) <= _FEW * due
            and 1 - near[tests].mean() < _FEW_NEAR * (1 - usual)
        ):
            unasked.append(group)
        elif target - len(tests) >= 1:
            lacking.append((target - len(tests), group))
    missing.sort(key=lambda group: (-group.share, group.medoid.id))
    lacking.sort(key=lambda pair: (-pair[0], pair[1].medoid.id))
    more = [*missing, *(group for _, group in lacking)]
    hits = (~lost).astype(np.float64)
    draws = random.integers(0, many, (_RESAMPLES, many))
    balance, balance_interval = _balance(texts, cases, random)
    return CaseCoverage(
        covered=float(hits.mean()),
        covered_interval=_ends(hits[draws].mean(axis=1)),
        balance=balance,
        balance_interval=balance_interval,
        missing=tuple(missing),
        unasked=tuple(sorted(unasked, key=lambda group: (-len(group.cases), group.medoid.id))),
        to_add=tuple(group.medoid for group in more[:TO_ADD]),
        questions=many,
        cases=few,
        left_out=len(questions) - many,
    )


def _checked(
    questions: Sequence[CoverageText],
    question_vectors: Floats,
    cases: Sequence[CoverageText],
    case_vectors: Floats,
) -> None:
    if len(questions) < _FEWEST or len(cases) < _FEWEST_CASES:
        raise RoutebackError(
            f"Coverage needs {_FEWEST} real questions and {_FEWEST_CASES} cases or more; "
            f"got {len(questions)} and {len(cases)}.",
            hint="Wait for more questions, or look at more days.",
        )
    if len(question_vectors) != len(questions) or len(case_vectors) != len(cases):
        raise RoutebackError(
            f"There must be one vector a text; got {len(question_vectors)} for "
            f"{len(questions)} questions and {len(case_vectors)} for {len(cases)} cases."
        )


def _centred(vectors: Floats) -> Floats:
    """Take out what all texts share, as E5's cosines are compressed, and make unit vectors."""
    moved = vectors.astype(np.float64) - vectors.mean(axis=0)
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(lengths, 1e-12))


def _grouped(vectors: Floats, count: int) -> list[Indices]:
    from scipy.cluster.hierarchy import fcluster, linkage

    labels = fcluster(linkage(vectors, "ward"), count, "maxclust")
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def _cases_near(vectors: Floats, many: int) -> Floats:
    """Return for every text the share in [0, 1] of cases among its nearest others."""
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -np.inf)
    reach = min(_NEIGHBOURS, len(vectors) - 1)
    nearest = np.argpartition(-alike, reach - 1, axis=1)[:, :reach]
    return np.asarray((nearest >= many).mean(axis=1))


def _group(
    every: Sequence[CoverageText], vectors: Floats, own: Indices, held: Indices, many: int
) -> Group:
    shown = own if len(own) else held
    best = shown[int((vectors[shown] @ vectors[shown].sum(axis=0)).argmax())]
    return Group(
        medoid=every[int(best)],
        share=len(own) / many,
        questions=tuple(every[i].id for i in own),
        cases=tuple(every[i].id for i in held),
    )


def _balance(
    asked: Sequence[CoverageText], cases: Sequence[CoverageText], random: np.random.Generator
) -> tuple[float, Interval]:
    kinds = sorted({(text.segment, text.language) for text in (*asked, *cases)})
    number = {kind: i for i, kind in enumerate(kinds)}

    def shares(texts: Sequence[CoverageText]) -> Floats:
        own = np.bincount([number[t.segment, t.language] for t in texts], minlength=len(kinds))
        return np.asarray(own / len(texts))

    ours, theirs = shares(asked), shares(cases)
    drawn = random.multinomial(len(asked), ours, _RESAMPLES) / len(asked)
    other = random.multinomial(len(cases), theirs, _RESAMPLES) / len(cases)
    balance = float(np.minimum(ours, theirs).sum())
    low, high = _ends(np.minimum(drawn, other).sum(axis=1))
    # Chance only makes shares less alike, so resamples lie low.
    return balance, (low, max(high, balance))


def _ends(values: Floats) -> Interval:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
