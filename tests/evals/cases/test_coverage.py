"""Kinds of question without a case."""

import numpy as np
import pytest

from assistant.errors import RoutebackError
from evals.cases import coverage as module
from evals.cases.coverage import CoverageText, coverage
from evals.cases.survey import CoverageView
from evals.commands.evals_text import coverage_lines

DIMENSIONS = 32


def texts(name, segment, centre, count, random):
    ids = [CoverageText(f"{name}{i}", f"{name} {i}?", segment, "en") for i in range(count)]
    vectors = centre + random.normal(0, 0.08, (count, DIMENSIONS))
    return ids, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def drawn(asked, held, *, seed=1):
    """Return texts about topics: so many questions and cases each. Distinct, known centres."""
    random = np.random.default_rng(seed)
    sides = ([], []), ([], [])
    for number, counts in enumerate(zip(asked, held, strict=True)):
        centre = random.normal(0, 1, DIMENSIONS)
        centre /= np.linalg.norm(centre)
        for side, count, mark in zip(sides, counts, "qc", strict=True):
            some, vectors = texts(f"t{number}{mark}", f"s{number % 2}", centre, count, random)
            side[0].extend(some)
            side[1].append(vectors)
    return (
        sides[0][0],
        np.concatenate(sides[0][1]),
        sides[1][0],
        np.concatenate(sides[1][1]),
    )


def test_missing_and_unasked_kinds_are_named_most_asked_first():
    found = coverage(*drawn([20, 20, 30, 12, 20, 0], [5, 5, 0, 0, 5, 5]))
    # A kind may be split into several groups, and a group of three is too small to be one.
    assert {group.medoid.id[:3] for group in found.missing} == {"t2q", "t3q"}
    lost = sum(len(group.questions) for group in found.missing)
    assert 36 <= lost <= 42
    shares = [group.share for group in found.missing]
    assert shares == sorted(shares, reverse=True)
    assert [group.medoid.id[:3] for group in found.unasked] == ["t5c"]
    assert found.to_add[: len(shares)] == tuple(group.medoid for group in found.missing)
    assert found.covered == pytest.approx(1 - lost / 102)
    assert found.covered_interval[0] < found.covered < found.covered_interval[1]


def test_what_is_missing_is_told_by_the_question_most_like_all_others():
    found = coverage(*drawn([20, 20, 30, 12, 20, 0], [5, 5, 0, 0, 5, 5]))
    view = CoverageView.model_validate(found)
    kind, group = view.missing[0], found.missing[0]
    assert (kind.like, kind.segment, kind.language) == (
        group.medoid.text,
        group.medoid.segment,
        group.medoid.language,
    )
    assert (kind.questions, kind.cases) == (len(group.questions), len(group.cases))
    assert [case.question for case in view.to_add] == [text.text for text in found.to_add]
    lines = list(coverage_lines(view))
    assert f"No case asks: {kind.like!r} (" in "\n".join(lines)
    last = view.to_add[-1]
    assert lines[-1] == f"  {len(view.to_add)}. {last.question} ({last.segment}/en)"


def test_a_case_for_everything_leaves_nothing_missing():
    found = coverage(*drawn([20] * 5, [5] * 5))
    assert found.missing == found.unasked == ()
    assert found.covered == 1.0
    assert found.balance == pytest.approx(1.0)
    assert found.balance_interval[0] < 1.0


def test_balance_is_the_shared_part_of_segment_shares():
    found = coverage(*drawn([30, 10], [5, 5]))
    assert found.balance == pytest.approx(0.5 + 0.25)


def test_the_same_twice():
    made = drawn([20, 20, 9], [5, 5, 0])
    assert coverage(*made) == coverage(*made)


def test_more_questions_than_can_be_looked_at_are_drawn_and_counted(monkeypatch):
    monkeypatch.setattr(module, "MOST", 40)
    found = coverage(*drawn([40, 40], [10, 10]))
    assert (found.questions, found.left_out) == (40, 40)


def test_too_little_is_refused():
    questions, vectors, cases, case_vectors = drawn([20, 20], [5, 5])
    with pytest.raises(RoutebackError, match="got 2 and 10"):
        coverage(questions[:2], vectors[:2], cases, case_vectors)
    with pytest.raises(RoutebackError, match="one vector a text"):
        coverage(questions, vectors[1:], cases, case_vectors)
