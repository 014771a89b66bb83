"""Two nights side by side, case by case."""

from assistant.errors import EvalsError
from assistant.records.nights import NightRecord
from assistant.wire.night_result import ArmDifference, NightDifference
from evals.night.history import History
from evals.night.plan import NightPlan
from evals.night.result import comparisons
from evals.night.tables import of_kept
from evals.statistics.compare import compare
from evals.statistics.scored import Scored, of_arm, pair


def difference(history: History, before: NightRecord, after: NightRecord) -> NightDifference:
    """Return how each arm's live scores moved from one night to another.

    Raises:
        EvalsError: the nights have no arm in common.
    """
    old, new = NightPlan.model_validate(before.plan), NightPlan.model_validate(after.plan)
    arms = [arm for arm in new.arms if arm in old.arms]
    if not arms:
        raise EvalsError(f"The nights {before.id} and {after.id} have no arm in common.")
    left, right = scored(history, before), scored(history, after)
    by_arm = {}
    for arm in arms:
        pairing = pair(of_arm(left, arm), of_arm(right, arm))
        by_arm[arm] = ArmDifference(
            cells=comparisons(compare(pairing)),
            only_before=len(pairing.left_only),
            only_after=len(pairing.right_only),
            revision=(old.arms[arm], new.arms[arm]),
        )
    return NightDifference(before=before.id, after=after.id, arms=by_arm)


def scored(history: History, night: NightRecord) -> tuple[Scored, ...]:
    """Return a night's live scores, with the kinds of question as they were that night."""
    found = night.detail().result
    kinds = found.kinds if found else {}
    versions = dict(NightPlan.model_validate(night.plan).cases)
    return tuple(
        of_kept(kinds[score.case], versions[score.case], score)
        for score in history.scores(night.id, "live")
        if score.case in versions and score.case in kinds
    )
