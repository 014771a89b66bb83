"""Two nights side by side, case by case."""

from typing import Any

from assistant.errors import EvalsError
from assistant.records.nights import NightRecord
from evals.night.history import History
from evals.night.plan import NightPlan
from evals.night.result import comparison
from evals.statistics.compare import compare
from evals.statistics.scored import Scored, of_arm, pair


def difference(history: History, before: NightRecord, after: NightRecord) -> dict[str, Any]:
    """Return how each arm's live scores moved from one night to another.

    Raises:
        EvalsError: the nights have no arm in common.
    """
    old, new = NightPlan.of(before.plan), NightPlan.of(after.plan)
    arms = [arm for arm in new.arms if arm in old.arms]
    if not arms:
        raise EvalsError(f"The nights {before.id} and {after.id} have no arm in common.")
    left, right = scored(history, before), scored(history, after)
    by_arm = {}
    for arm in arms:
        pairing = pair(of_arm(left, arm), of_arm(right, arm))
        by_arm[arm] = {
            "cells": [comparison(cell) for cell in compare(pairing)],
            "only_before": len(pairing.left_only),
            "only_after": len(pairing.right_only),
            "revision": [old.arms[arm], new.arms[arm]],
        }
    return {"before": before.id, "after": after.id, "arms": by_arm}


def scored(history: History, night: NightRecord) -> tuple[Scored, ...]:
    """Return a night's live scores, with the kinds of question as they were that night."""
    kinds: dict[str, Any] = dict(night.result.get("kinds", {}))
    versions = dict(NightPlan.of(night.plan).cases)
    scores = []
    for score in history.scores(night.id, "live"):
        if score.case in versions and score.case in kinds:
            segment, language = kinds[score.case]
            scores.append(
                Scored(
                    case=score.case,
                    version=versions[score.case],
                    cluster=score.case,
                    segment=segment,
                    language=language,
                    arm=score.arm,
                    metric=score.metric,
                    value=score.value,
                    reason=score.reason or "nobody said why",
                )
            )
    return tuple(scores)
